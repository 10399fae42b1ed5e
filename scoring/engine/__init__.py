"""The scoring engine: ``(rule, maximum, inputs) → points, applicable maximum, trace``.

Pure and exact: the standard library alone, Decimal alone, no state, no translation. The layers above
import from here and from nowhere deeper.
"""

from . import kinds as _kinds  # registers the kinds
from .bands import Band
from .fields import Field
from .grades import Candidate, GradeBand, Graded, assign_grades, grade_of
from .numbers import index_of, mean, plain, printed, round_points
from .parts import Part, combine
from .problems import (
    EngineErrors,
    InputErrors,
    Problem,
    RuleErrors,
    SettingsErrors,
    gettext_noop,
    render,
)
from .ranking import rank
from .rule import KINDS, Rule, parse_rule
from .scoring import (
    ENGINE_VERSION,
    Score,
    best_of_block,
    block_values,
    clean_inputs,
    is_answered,
    not_applicable,
    score,
    typed_points,
    unanswered,
)
from .settings import RankingSettings
from .settle import Settled, settle
from .trace import trace_expression, trace_sentence
from .tree import Node, Rollup, Tree, TreeError, rollup

__all__ = [
    "ENGINE_VERSION",
    "KINDS",
    "Band",
    "Candidate",
    "EngineErrors",
    "Field",
    "GradeBand",
    "Graded",
    "InputErrors",
    "Node",
    "Part",
    "Problem",
    "RankingSettings",
    "Rollup",
    "Rule",
    "RuleErrors",
    "Score",
    "Settled",
    "SettingsErrors",
    "Tree",
    "TreeError",
    "assign_grades",
    "best_of_block",
    "block_values",
    "clean_inputs",
    "combine",
    "gettext_noop",
    "grade_of",
    "index_of",
    "is_answered",
    "mean",
    "not_applicable",
    "parse_rule",
    "plain",
    "printed",
    "rank",
    "render",
    "rollup",
    "round_points",
    "score",
    "settle",
    "trace_expression",
    "trace_sentence",
    "typed_points",
    "unanswered",
]

del _kinds
