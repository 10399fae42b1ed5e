"""Survey, external and office points in a CSV or XLSX file: read with limits, nothing judged, nothing stored.

One row for an agency and leaf: ``agency,criterion,pct`` (a mean in percent, or an index), or
``agency,criterion,A,B,C…`` (how many chose each option of the rule), or ``agency,criterion,points,note`` for
office leaves. UTF-8 (a BOM is fine), comma or semicolon, decimal comma or point. Source: docs/scoring.md.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import openpyxl
import xlsxwriter
from django.utils.translation import gettext as _

from parindex.ui.collation import fold

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 60
MAX_CELL = 1000
MAX_UNPACKED = 60 * 1024 * 1024
MAX_PARTS = 500

#: Columns by their folded heading, in English and as the template writes them.
HEADINGS = {
    "agency": "agency",
    "co quan": "agency",
    "co quan don vi": "agency",
    "criterion": "criterion",
    "tieu chi": "criterion",
    "ma tieu chi": "criterion",
    "title": "title",
    "ten tieu chi": "title",
    "pct": "pct",
    "ty le": "pct",
    "ty le phan tram": "pct",
    "points": "points",
    "diem": "points",
    "note": "note",
    "ghi chu": "note",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class PointsRow:
    """One row as it stands in the file; empty cells are left out of ``counts``."""

    line: int
    agency: str
    criterion: str
    pct: str = ""
    points: str = ""
    note: str = ""
    counts: dict[str, str] = field(default_factory=dict)
    criterion_is_number: bool = False


class UnreadableFile(Exception):
    """The file as a whole can't be read; the message says what to do."""


def read_points_file(data: bytes, name: str) -> list[PointsRow]:
    """The rows of a CSV or XLSX file, in order. Raises UnreadableFile."""
    if len(data) > MAX_BYTES:
        raise UnreadableFile(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES >> 20})
    if not data.strip():
        raise UnreadableFile(_("The file is empty."))
    table = (
        _xlsx(data) if data[:2] == b"PK" or name.lower().endswith((".xlsx", ".xlsm", ".xls")) else _csv(data)
    )
    rows = iter(table)
    heading = next(rows, None)
    if heading is None:
        raise UnreadableFile(_("The file has no rows."))
    columns = _columns([cell.text for cell in heading[1]])
    found: list[PointsRow] = []
    for line, cells in rows:
        if not any(cell.text for cell in cells):
            continue
        if len(found) >= MAX_ROWS:
            raise UnreadableFile(_("The file has more than %(rows)s rows.") % {"rows": MAX_ROWS})
        found.append(_row(line, cells, columns))
    if not found:
        raise UnreadableFile(_("The file has no rows."))
    return found


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    is_number: bool = False
    is_percent: bool = False


def _columns(heading: Sequence[str]) -> list[str]:
    """The meaning of each column: a known name, ``option:…`` for the options of a survey, or empty."""
    columns: list[str] = []
    for text in heading:
        known = HEADINGS.get(fold(text.replace("%", "")))
        columns.append(known or (f"option:{text}" if text else ""))
    missing = [name for name in ("agency", "criterion") if name not in columns]
    if missing:
        raise UnreadableFile(_("Columns are missing: %(names)s.") % {"names": ", ".join(missing)})
    named = [column for column in columns if column]
    if len(set(named)) < len(named):
        raise UnreadableFile(_("A column stands twice."))
    if not any(column in ("pct", "points") or column.startswith("option:") for column in columns):
        raise UnreadableFile(_("No column holds points: give pct, points or one column for each option."))
    return columns


def _row(line: int, cells: Sequence[_Cell], columns: Sequence[str]) -> PointsRow:
    values: dict[str, str] = {}
    counts: dict[str, str] = {}
    code_is_number = False
    if any(cell.text for cell in cells[len(columns) :]):
        raise UnreadableFile(
            _(
                "Line %(line)s has more cells than the heading. With commas between cells a decimal comma needs quotes."
            )
            % {"line": line}
        )
    for column, cell in zip(columns, cells, strict=False):
        if len(cell.text) > MAX_CELL:
            raise UnreadableFile(_("Line %(line)s: a cell is too long.") % {"line": line})
        if column.startswith("option:"):
            if cell.text:
                counts[column.removeprefix("option:")] = cell.text
        elif column == "pct" and cell.is_percent:
            values[column] = f"{(Decimal(cell.text) * 100).normalize():f}"
        elif column and column != "title":
            values[column] = cell.text
            code_is_number = code_is_number or (column == "criterion" and cell.is_number)
    return PointsRow(line, counts=counts, criterion_is_number=code_is_number, **values)


def _csv(data: bytes) -> Iterator[tuple[int, list[_Cell]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(_("The file is not in UTF-8. Save it again as “CSV UTF-8”.")) from None
    if "\x00" in text:
        raise UnreadableFile(_("The file is neither CSV nor XLSX."))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text.split("\n", 1)[0]
    delimiter = max(";\t,", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise UnreadableFile(
                    _("The file has more than %(columns)s columns.") % {"columns": MAX_COLUMNS}
                )
            yield reader.line_num, [_Cell(cell.strip()) for cell in cells]
    except csv.Error:
        raise UnreadableFile(
            _(
                "The file can't be read as CSV: a quotation mark is missing or out of place, or a cell is too long."
            )
        ) from None


def _xlsx(data: bytes) -> Iterator[tuple[int, list[_Cell]]]:
    _check_container(data)
    try:
        # openpyxl parses by defusedxml, which is installed: no entities, no outside references
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, max_row=MAX_ROWS + 2), start=1):
            cells = [_cell(cell) for cell in row]
            if len(cells) > MAX_COLUMNS and cells[MAX_COLUMNS].text:
                raise UnreadableFile(
                    _("The file has more than %(columns)s columns.") % {"columns": MAX_COLUMNS}
                )
            while cells and not cells[-1].text:
                cells.pop()
            yield number, cells
    except UnreadableFile:
        raise
    except Exception:  # whatever a broken or hostile workbook makes the reader stumble over
        raise UnreadableFile(
            _("The workbook can't be read. Save it again as .xlsx, or as CSV UTF-8.")
        ) from None


def _check_container(data: bytes) -> None:
    """Refuse what is no plain workbook before anything is unpacked: macros, bombs, other archives."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise UnreadableFile(
            _("The workbook can't be read. Save it again as .xlsx, or as CSV UTF-8.")
        ) from None
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise UnreadableFile(_("The file is neither CSV nor XLSX."))
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise UnreadableFile(_("The workbook contains macros. Save it as .xlsx without macros."))
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnreadableFile(_("The workbook is too large when unpacked."))


def _cell(cell: Any) -> _Cell:
    value = cell.value
    if value is None:
        return _Cell("")
    if isinstance(value, bool):
        return _Cell(str(value))
    if isinstance(value, int | float):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        text = f"{number:f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return _Cell(text, is_number=True, is_percent="%" in str(getattr(cell, "number_format", "") or ""))
    return _Cell(str(value).strip())


# --- the template -------------------------------------------------------------------------------


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_csv(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV that Excel opens as it is in Việt Nam: UTF-8 with BOM, parted by semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def write_xlsx(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook whose codes stay text, so that 1.10 does not turn into 1.1."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("points")
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 12, text)
    sheet.set_column(2, 2, 60)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(heading):
        sheet.write_string(0, column, name, bold)
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if cell:
                sheet.write_string(line, column, cell, text if column == 1 else None)
    book.close()
    return out.getvalue()
