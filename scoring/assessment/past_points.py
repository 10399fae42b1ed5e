"""POINTS.csv of a past year: read and checked row by row. Nothing is stored here.

Columns: ``agency,criterion,points,max,unranked``; UTF-8, comma or semicolon, decimal comma or point. ``max`` stands
only where it is lower than the set's; empty points with ``max`` 0 mean not applicable; ``unranked`` is 1 for an
agency outside the ranking. Source: docs/scoring.md, "Bringing a past year".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from parindex.ui.collation import fold
from parindex.ui.formats import NotANumber, format_points, parse_file_decimal

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 500_000
COLUMNS = ("agency", "criterion", "points", "max", "unranked")
REQUIRED = COLUMNS[:3]
SIX = Decimal("0.000001")
NAME_LENGTH = 250


@dataclass(frozen=True, slots=True)
class LeafPoints:
    """One leaf of one agency: points of an applicable maximum. A maximum of 0 means not applicable."""

    line: int
    points: Decimal
    maximum: Decimal


@dataclass(slots=True)
class PastAgency:
    """One agency of the file, by its first spelling."""

    name: str
    line: int
    unranked: bool | None = None
    leaves: dict[str, LeafPoints] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row (line 0: with the file), already translated."""

    line: int
    message: str


@dataclass(slots=True)
class PastPoints:
    """The file's agencies by folded name, and every error. With errors, nothing may be stored."""

    agencies: dict[str, PastAgency]
    errors: list[RowError]
    rows: int = 0


def read_points(data: bytes, leaves: Mapping[str, Decimal]) -> PastPoints:
    """Read the file against the set's leaves (code → maximum). All errors are collected, each with its line."""
    result = PastPoints({}, [])
    if len(data) > MAX_BYTES:
        result.errors.append(
            RowError(0, _("The file is larger than %(size)s MB.") % {"size": MAX_BYTES >> 20})
        )
        return result
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        result.errors.append(RowError(0, _("The file is not in UTF-8. Save it again as “CSV UTF-8”.")))
        return result
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        header = [cell.strip().casefold() for cell in next(reader, [])]
        if not _check_header(header, result):
            return result
        for cells in reader:
            if any(cell.strip() for cell in cells):
                result.rows += 1
                if result.rows > MAX_ROWS:
                    result.errors.append(
                        RowError(0, _("The file has more than %(rows)s rows.") % {"rows": MAX_ROWS})
                    )
                    return result
                _read_row(reader.line_num, header, cells, leaves, result)
    except csv.Error:
        result.errors.append(
            RowError(
                0,
                _(
                    "The file can't be read as CSV: a quotation mark is missing or out of place, or a cell is too long."
                ),
            )
        )
        return result
    if not result.rows:
        result.errors.append(RowError(0, _("The file has no rows.")))
    _check_complete(leaves, result)
    result.errors.sort(key=lambda error: error.line)
    return result


def _check_header(header: list[str], result: PastPoints) -> bool:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing:
        result.errors.append(
            RowError(1, _("Columns are missing: %(names)s.") % {"names": ", ".join(missing)})
        )
    if unknown:
        result.errors.append(RowError(1, _("Unknown columns: %(names)s.") % {"names": ", ".join(unknown)}))
    if len(set(header)) < len(header):
        result.errors.append(RowError(1, _("A column stands twice.")))
    return not result.errors


def _read_row(
    line: int, header: list[str], cells: list[str], leaves: Mapping[str, Decimal], result: PastPoints
) -> None:
    def wrong(message: str) -> None:
        result.errors.append(RowError(line, message))

    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        wrong(
            _(
                "The row has more cells than the heading. A decimal comma needs quotes in a file parted by commas."
            )
        )
        return
    row = {name: (cells[at].strip() if at < len(cells) else "") for at, name in enumerate(header)}
    name, code = " ".join(row["agency"].split()), row["criterion"]
    if not name:
        wrong(_("The agency is missing."))
        return
    if len(name) > NAME_LENGTH:
        wrong(_("The agency's name is longer than %(count)s characters.") % {"count": NAME_LENGTH})
        return
    agency = result.agencies.setdefault(fold(name), PastAgency(name, line))
    _read_unranked(row.get("unranked", ""), agency, wrong)
    if code not in leaves:
        wrong(_("“%(code)s” is not a leaf of the criteria set.") % {"code": code})
        return
    if code in agency.leaves:
        wrong(
            _("%(agency)s has %(code)s already in line %(line)s.")
            % {"agency": agency.name, "code": code, "line": agency.leaves[code].line}
        )
        return
    full = leaves[code]
    maximum = full if not row.get("max") else _number(row["max"], "max", wrong)
    if maximum is None:
        return
    if maximum > full:
        wrong(_("The maximum %(max)s is above the set's %(full)s.") % _shown(max=maximum, full=full))
        return
    if not row["points"]:
        if maximum != 0:
            wrong(_("The points are missing. Not applicable is written as empty points with max 0."))
            return
        points: Decimal | None = Decimal(0)
    else:
        points = _number(row["points"], "points", wrong)
    if points is None:
        return
    if points > maximum:
        wrong(_("The points %(points)s are above the maximum %(max)s.") % _shown(points=points, max=maximum))
        return
    agency.leaves[code] = LeafPoints(line, points, maximum)


def _read_unranked(text: str, agency: PastAgency, wrong: Callable[[str], None]) -> None:
    if text not in ("", "0", "1"):
        wrong(_("“unranked” is 1 or 0, not “%(text)s”.") % {"text": text[:40]})
        return
    if text:
        value = text == "1"
        if agency.unranked is not None and agency.unranked != value:
            wrong(_("%(agency)s is ranked in one row and unranked in another.") % {"agency": agency.name})
        agency.unranked = value


def _number(text: str, column: str, wrong: Callable[[str], None]) -> Decimal | None:
    try:
        value: Decimal | None = parse_file_decimal(text)
    except NotANumber:
        value = None
    if value is None or value < 0 or value != value.quantize(SIX) or value >= 1_000_000:
        wrong(
            _("“%(text)s” in the column %(column)s is not a number of 0 or more with at most six decimals.")
            % {"text": text[:40], "column": column}
        )
        return None
    return value


def _check_complete(leaves: Mapping[str, Decimal], result: PastPoints) -> None:
    faulty = {error.line for error in result.errors}
    for agency in result.agencies.values():
        missing = [code for code in leaves if code not in agency.leaves]
        if missing and not faulty:
            result.errors.append(
                RowError(
                    agency.line,
                    _(
                        "%(agency)s has no row for: %(codes)s. Not applicable is written as empty points with max 0."
                    )
                    % {
                        "agency": agency.name,
                        "codes": ", ".join(missing[:20]) + ("…" if len(missing) > 20 else ""),
                    },
                )
            )


def _shown(**values: Decimal) -> dict[str, str]:
    return {name: format_points(value) for name, value in values.items()}
