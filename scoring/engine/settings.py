"""Settings of a ranking: digits, rounding, what ranks, ties, grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .bands import gaps, overlaps, read_ends
from .numbers import HUNDRED, MODES, ZERO, printed
from .problems import Problem, SettingsErrors
from .ranking import TIES, GradeBand
from .reading import Reader

MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """Checked settings; what a file leaves out has the default.

    ``warnings`` are gaps between grades: allowed, to be shown.
    """

    digits: int = 2
    rounding: str = "half_up"
    rank_on: str = "printed"
    ties: str = "competition"
    grades: tuple[GradeBand, ...] = ()
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @classmethod
    def parse(cls, data: Mapping[str, object] | None) -> RankingSettings:
        """Check settings. Raises SettingsErrors with every fault and its place."""
        reader = Reader({} if data is None else data, maximum=HUNDRED)
        digits = 2
        value = reader.take("digits", required=False)
        if reader.has("digits"):
            number = reader.checked_number(value, "digits")
            if number is not None:
                if number != number.to_integral_value():
                    reader.wrong("digits", "number_not_whole")
                elif number > MAX_DIGITS:
                    reader.wrong("digits", "number_above", value=number, max=Decimal(MAX_DIGITS))
                else:
                    digits = int(number)
        rounding = reader.one_of("rounding", tuple(MODES), default="half_up")
        rank_on = reader.one_of("rank_on", ("printed", "exact"), default="printed")
        ties = reader.one_of("ties", TIES, default="competition")
        grades, warnings = _read_grades(reader)
        reader.finish()
        if reader.problems:
            raise SettingsErrors(reader.problems)
        return cls(digits, rounding, rank_on, ties, grades, tuple(warnings))

    def as_dict(self) -> dict[str, Any]:
        """All settings, plain JSON; ``parse`` reads it to the same."""
        return {
            "digits": self.digits,
            "rounding": self.rounding,
            "rank_on": self.rank_on,
            "ties": self.ties,
            "grades": [dict(grade.data) for grade in self.grades],
        }

    def printed(self, index: Decimal) -> Decimal:
        """An index as it is printed."""
        return printed(index, self.digits, self.rounding)

    def ranked(self, index: Decimal | None) -> Decimal | None:
        """The one value that both rank and grade use: the printed index, or the exact one."""
        if index is None or self.rank_on == "exact":
            return index
        return self.printed(index)


def _read_grades(reader: Reader) -> tuple[tuple[GradeBand, ...], list[Problem]]:
    before = len(reader.problems)
    grades: list[GradeBand] = []
    if reader.data.get("grades") == [] or not reader.has("grades"):
        reader.take("grades", required=False)
        return (), []
    for number, inner in enumerate(reader.objects("grades", limit=20)):
        label = inner.text("label", limit=100)
        if label and any(label.casefold() == other.label.casefold() for other in grades):
            inner.wrong("label", "duplicate", label=label)
        if not any(inner.has(key) for key in ("gt", "ge", "lt", "le")):
            inner.wrong("", "one_of_needed", keys="ge, gt, le, lt")
        band = read_ends(inner, None, None, number=number)
        grades.append(GradeBand(label, band, inner.out))
    warnings: list[Problem] = []
    if len(reader.problems) == before:
        bands = [grade.band for grade in grades]
        reader.problems += overlaps(bands, "grades")
        # the index lies within 0 and 100: what is open below or above is not a gap there
        warnings = gaps(bands, "grades", ZERO, None) if len(reader.problems) == before else []
        warnings = [one for one in warnings if one.code != "band_gap_above"]
    return tuple(grades), warnings
