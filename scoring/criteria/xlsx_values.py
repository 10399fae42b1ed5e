"""Single cells → plain values of the criteria-set format; what is wrong in a cell is noted once, at the cell. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from parindex.ui.collation import fold
from parindex.ui.formats import NotANumber, parse_file_decimal
from scoring.criteria import rule_words
from scoring.criteria.json_source import Finding, Findings
from scoring.criteria.values import is_points
from scoring.criteria.xlsx_open import Cell
from scoring.engine import plain

_SUFFIX = re.compile(r"\s*(?:điểm|đ)\.?$", re.IGNORECASE)
_DAY = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", re.ASCII)
_FLAGS = {fold(rule_words.YES): True, "yes": True, "true": True, "x": True, "1": True} | {
    fold(rule_words.NO): False, "no": False, "false": False, "0": False
}  # fmt: skip


#: Stands for points that can't be read: the common checks pass over what depends on them.
UNREADABLE = "?"


@dataclass
class CellValues:
    """Reads cells; ``places`` maps each place of the plain values to its cell."""

    findings: Findings = field(default_factory=Findings)
    places: dict[str, str] = field(default_factory=dict)
    #: Places already reported: the common checks would say it again in other words.
    told: set[str] = field(default_factory=set)

    def wrong(self, place: str, cell: str, message: str, code: str = "") -> None:
        self.told.add(place)
        self.findings.add(Finding(cell, message, code))

    def is_told(self, place: str) -> bool:
        """Whether a fault of the common checks stands at a place that has been reported."""
        node, rule, rest = place.partition(".rule")
        return place in self.told or bool(rule) and not rest.startswith("_") and f"{node}.rule" in self.told

    def points(self, cell: Cell, place: str, at: str, code: str = "") -> str | None:
        """Points of a cell as the format writes them; a fault is noted and a stand-in given."""
        if cell.fault:
            self.wrong(place, at, cell.fault, code)
            return UNREADABLE
        if not cell.text:
            return None
        text = _SUFFIX.sub("", cell.text)
        try:
            number = parse_file_decimal(text)
        except NotANumber:
            number = None
        if number is None or number < 0 or cell.is_date or len(text) > 60 or not is_points(plain(number)):
            told = _(
                "“%(value)s” is no number of points: write for example 0,5 (below 1 000 000, at most 6 decimals)."
            )
            self.wrong(place, at, told % {"value": cell.text[:40]}, code)
            return UNREADABLE
        return plain(number)

    def flag(self, cell: Cell, place: str, at: str, code: str = "") -> bool | None:
        value = _FLAGS.get(fold(cell.text)) if cell.text else None
        if cell.fault or (cell.text and value is None):
            self.wrong(
                place,
                at,
                cell.fault or _("Write “%(yes)s” or “%(no)s”.") % {"yes": "có", "no": "không"},
                code,
            )
        return value

    def day(self, cell: Cell, place: str, at: str) -> str | None:
        match = _DAY.fullmatch(cell.text)
        text = f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}" if match else cell.text
        if not text and not cell.fault:
            return None
        try:
            date.fromisoformat(text)
        except ValueError:
            self.wrong(place, at, cell.fault or _("A date is expected, written as 31/10/2025."))
            return None
        return text
