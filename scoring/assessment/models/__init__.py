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
    Amendment,
    Answer,
    Citation,
    DivisionAssignment,
    Scoresheet,
    SecondLook,
    SheetState,
    Transition,
)

__all__ = [
    "Adjustment",
    "Amendment",
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
    "SecondLook",
    "SheetState",
    "Stage",
    "Transition",
    "Window",
]
