"""The line of a ranking table, as components/ranking_table.html draws it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

GRADE_TONES = ("good", "info", "warn", "bad")


@dataclass(frozen=True, slots=True)
class RankingLine:
    """One agency in a ranking table; figures are points and percent, already rounded for print.

    `places` is how many places it rose (above zero) or fell since the year before, None when it
    cannot be compared; `change` is the change of the index in percentage points.
    """

    name: str
    rank: int | None
    points: Decimal | None
    maximum: Decimal | None
    index: Decimal | None
    url: str = ""
    grade: str = ""
    grade_tone: str = ""
    places: int | None = None
    change: Decimal | None = None
    note: str = ""
    own: bool = False


def grade_tone(place: int, count: int) -> str:
    """The tone of the grade at `place` (0 is the best) of `count`: best good, last bad, words beside it."""
    if count > 1 and place == count - 1 and count >= len(GRADE_TONES):
        return "bad"
    return GRADE_TONES[min(place, len(GRADE_TONES) - 2)]
