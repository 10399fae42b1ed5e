"""The year of an assessment: cycle, windows, scoresheets, answers, citations, marks, explanations."""

from scoring.assessment.models.appraisal import (
    Adjustment,
    Explanation,
    ExplanationRequest,
    Mark,
    NotApplicableRequest,
)
from scoring.assessment.models.cycle import (
    Assignment,
    Cycle,
    CycleBlock,
    Extension,
    Participation,
    RoundClosing,
    Stage,
    Window,
)
from scoring.assessment.models.imported import (
    ImportBatch,
    ImportedPoints,
)
from scoring.assessment.models.sheet import (
    Answer,
    Citation,
    DivisionAssignment,
    Scoresheet,
    SheetState,
    Transition,
)

__all__ = [
    "Adjustment",
    "Answer",
    "Assignment",
    "Citation",
    "Cycle",
    "CycleBlock",
    "DivisionAssignment",
    "Explanation",
    "ExplanationRequest",
    "Extension",
    "ImportBatch",
    "ImportedPoints",
    "Mark",
    "NotApplicableRequest",
    "Participation",
    "RoundClosing",
    "Scoresheet",
    "SheetState",
    "Stage",
    "Transition",
    "Window",
]
