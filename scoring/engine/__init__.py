"""The scoring engine: ``(rule, maximum, inputs) → points, applicable maximum, trace``.

Pure and exact: the standard library alone, Decimal alone, no state, no translation. The layers above
import from here and from nowhere deeper.
"""

from . import kinds as _kinds  # registers the kinds
from .bands import Band
from .fields import Field
from .numbers import index_of, mean, plain, printed
from .problems import (
    EngineErrors,
    InputErrors,
    Problem,
    RuleErrors,
    SettingsErrors,
    gettext_noop,
    render,
)
from .ranking import GradeBand, grade_of, rank
from .rule import KINDS, Rule, parse_rule
from .scoring import (
    ENGINE_VERSION,
    Score,
    clean_inputs,
    is_answered,
    not_applicable,
    score,
    typed_points,
    unanswered,
)
from .settings import RankingSettings
from .trace import trace_expression, trace_sentence
from .tree import Node, Rollup, Tree, TreeError, rollup

__all__ = [
    "ENGINE_VERSION",
    "KINDS",
    "Band",
    "EngineErrors",
    "Field",
    "GradeBand",
    "InputErrors",
    "Node",
    "Problem",
    "RankingSettings",
    "Rollup",
    "Rule",
    "RuleErrors",
    "Score",
    "SettingsErrors",
    "Tree",
    "TreeError",
    "clean_inputs",
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
    "score",
    "trace_expression",
    "trace_sentence",
    "typed_points",
    "unanswered",
]

del _kinds
