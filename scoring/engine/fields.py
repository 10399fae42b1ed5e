"""What a form needs to ask for the inputs of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Field:
    """One input.

    ``type`` is boolean, choice, items, integer, decimal, percent, points or date. ``label`` is the
    label of the criteria set, or an English message to translate for the general ones. ``choices``
    are (value, label). ``group`` names the part or the case of a composed rule that asks.
    """

    name: str
    type: str
    label: str
    unit: str = ""
    required: bool = True
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    step: Decimal | None = None
    choices: tuple[tuple[object, str], ...] = ()
    group: str = ""
