"""What assessment asks of the rooms above it: whether a block's year is published.

Rooms above register a function in AppConfig.ready(); assessment calls it and never imports them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoring.assessment.models import CycleBlock

#: Whether the final ranking of this block's year (its main row, or a part) is published.
Rule = Callable[["CycleBlock"], bool]

_rules: list[Rule] = []


def register(rule: Rule) -> None:
    """Add a rule. Registering twice is once."""
    if rule not in _rules:
        _rules.append(rule)


def is_published(cycle_block: CycleBlock) -> bool:
    """Whether any room has published the year that this row belongs to."""
    return any(rule(cycle_block) for rule in _rules)
