"""Settings of a ranking: digits, rounding, what ranks, ties, grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .grades import GradeBand, read_grades
from .numbers import HUNDRED, MODES, printed
from .problems import Problem, SettingsErrors
from .ranking import TIES
from .reading import Reader

MAX_DIGITS = 6


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """Checked settings; what a file leaves out has the default.

    ``tie_breakers`` name what the ranking compares where values are equal; ``warnings`` are gaps between
    grades: allowed, to be shown.
    """

    digits: int = 2
    rounding: str = "half_up"
    rank_on: str = "printed"
    ties: str = "competition"
    grades: tuple[GradeBand, ...] = ()
    tie_breakers: tuple[str, ...] = ()
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
        grades, warnings = read_grades(reader)
        tie_breakers = _read_tie_breakers(reader)
        reader.finish()
        if reader.problems:
            raise SettingsErrors(reader.problems)
        return cls(digits, rounding, rank_on, ties, grades, tie_breakers, tuple(warnings))

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON that ``parse`` reads to the same; ``tie_breakers`` only where there are some."""
        data: dict[str, Any] = {
            "digits": self.digits,
            "rounding": self.rounding,
            "rank_on": self.rank_on,
            "ties": self.ties,
            "grades": [dict(grade.data) for grade in self.grades],
        }
        if self.tie_breakers:
            data["tie_breakers"] = list(self.tie_breakers)
        return data

    def printed(self, index: Decimal) -> Decimal:
        """An index as it is printed."""
        return printed(index, self.digits, self.rounding)

    def ranked(self, index: Decimal | None) -> Decimal | None:
        """The one value that both rank and grade use: the printed index, or the exact one."""
        if index is None or self.rank_on == "exact":
            return index
        return self.printed(index)


def _read_tie_breakers(reader: Reader) -> tuple[str, ...]:
    """Codes of areas or leaves, ``survey`` or ``bonus``: what breaks ties, in turn."""
    if reader.take("tie_breakers", required=False) == []:
        return ()
    found: list[str] = []
    for number, entry in enumerate(reader.entries("tie_breakers", required=False, limit=20)):
        name = reader.checked_text(entry, f"tie_breakers[{number}]", limit=60)
        if name in found:
            reader.wrong(f"tie_breakers[{number}]", "duplicate", label=name)
        found.append(name)
    return tuple(found)
