"""Open a workbook that a stranger made: bounded before it is parsed, formulas never evaluated. Pure."""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import openpyxl
from defusedxml import ElementTree
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter, range_boundaries

from scoring.criteria.json_source import MAX_BYTES
from scoring.criteria.rule_words import NO, YES

__all__ = ["Cell", "Sheet", "UnreadableWorkbook", "is_workbook", "load_book", "open_sheets"]

MAX_UNPACKED = 30 * 1024 * 1024
MAX_PARTS = 400
MAX_CELLS = 200_000
MAX_MERGED = 200_000
MAX_SHEETS = 30
MAX_ROW = 8000
MAX_COLUMN = 120


class UnreadableWorkbook(Exception):
    """The file as a whole can't be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as a reader sees it. ``fault`` says why its value can't be taken."""

    text: str
    is_number: bool = False
    is_date: bool = False
    fault: str = ""


EMPTY = Cell("")


@dataclass
class Sheet:
    """The filled cells of one sheet by (row, column), from 1, and its merged ranges."""

    name: str
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    #: (first row, first column, last row, last column)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)

    def at(self, row: int, column: int) -> Cell:
        return self.cells.get((row, column), EMPTY)

    def place(self, row: int, column: int) -> str:
        """``Bộ tiêu chí!D7``."""
        return f"{self.name}!{get_column_letter(column)}{row}"

    @cached_property
    def by_row(self) -> dict[int, dict[int, Cell]]:
        """The cells of each row by column, both in order."""
        found: dict[int, dict[int, Cell]] = {}
        for row, column in sorted(self.cells):
            found.setdefault(row, {})[column] = self.cells[row, column]
        return found

    def row(self, row: int) -> dict[int, Cell]:
        return self.by_row.get(row, {})


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a zip archive, as every XLSX is (judged by content, not by name)."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def open_sheets(data: bytes) -> list[Sheet]:
    """All sheets as they show: a formula counts by its stored value. Raises UnreadableWorkbook."""
    try:
        book = load_book(data)
        formulas = any(cell.data_type == "f" for sheet in book.worksheets for cell in sheet._cells.values())
        shown = (
            openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False) if formulas else book
        )
        return [_sheet(sheet, shown[sheet.title]) for sheet in book.worksheets]
    except UnreadableWorkbook:
        raise
    except Exception:  # whatever a broken or hostile workbook makes the reader stumble over
        raise UnreadableWorkbook(_broken()) from None


def load_book(data: bytes) -> Any:
    """The workbook with its formulas, for a copy to write in. Raises UnreadableWorkbook."""
    _check_container(data)
    try:
        # openpyxl parses by defusedxml, which is installed: no entities, no outside references
        return openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
    except Exception:
        raise UnreadableWorkbook(_broken()) from None


def _broken() -> str:
    return _("The workbook can't be read. Open it in the spreadsheet and save it again as .xlsx.")


def _check_container(data: bytes) -> None:
    """Refuse bombs, macros and other archives before anything is unpacked into memory."""
    if len(data) > MAX_BYTES:
        raise UnreadableWorkbook(
            _("The file is larger than %(size)s MB; a criteria set is not.") % {"size": MAX_BYTES >> 20}
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
                raise UnreadableWorkbook(
                    _("The file is neither a criteria set in JSON nor a workbook (.xlsx).")
                )
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise UnreadableWorkbook(_("The workbook contains macros. Save it as .xlsx without macros."))
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise UnreadableWorkbook(_("The workbook is too large when unpacked."))
            sheets = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml")]
            if len(sheets) > MAX_SHEETS:
                raise UnreadableWorkbook(_("The workbook has too many sheets."))
            _count_cells(archive, sheets)
    except UnreadableWorkbook:
        raise
    except Exception:  # a broken archive, or XML with entities
        raise UnreadableWorkbook(_broken()) from None


def _count_cells(archive: zipfile.ZipFile, sheets: list[str]) -> None:
    """A merged range of a few bytes can ask for billions of cells: count before they are made."""
    cells = merged = 0
    for name in sheets:
        with archive.open(name) as source:
            for _event, element in ElementTree.iterparse(source, events=("end",), forbid_dtd=True):
                tag = element.tag.rpartition("}")[2]
                if tag == "c":
                    cells += 1
                elif tag == "mergeCell":
                    left, top, right, bottom = (end or 1 for end in range_boundaries(element.get("ref", "")))
                    merged += (right - left + 1) * (bottom - top + 1)
                if cells > MAX_CELLS or merged > MAX_MERGED:
                    raise UnreadableWorkbook(
                        _("The workbook has too many cells: copy the table into a new workbook.")
                    )
                if tag in ("c", "row"):
                    element.clear()


def _sheet(sheet: Any, shown: Any) -> Sheet:
    found = Sheet(sheet.title)
    # not iter_rows: it would make every cell of the rectangle, however far the last one stands
    for (row, column), cell in sheet._cells.items():
        value = cell.value
        if value is None:
            continue
        formula = cell.data_type == "f"
        read = _cell(shown._cells[row, column] if formula else cell, formula=formula)
        if not read.text and not read.fault:
            continue
        if row > MAX_ROW or column > MAX_COLUMN:
            raise UnreadableWorkbook(
                _("The workbook has too many cells: copy the table into a new workbook.")
            )
        found.cells[row, column] = read
    found.merges = [(one.min_row, one.min_col, one.max_row, one.max_col) for one in sheet.merged_cells.ranges]
    return found


def _cell(cell: Any, *, formula: bool) -> Cell:
    value = cell.value
    if value is None or (formula and cell.data_type == "f"):
        return Cell(
            "",
            fault=_(
                "The cell holds a formula without a stored value: open the file in the spreadsheet and save it."
            ),
        )
    if cell.data_type == "e":
        return Cell(str(value), fault=_("The cell shows the error %(error)s.") % {"error": str(value)[:20]})
    if isinstance(value, bool):
        return Cell(YES if value else NO)
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            return Cell(str(value))
        return Cell(_number(value, str(cell.number_format or "")), is_number=True)
    if isinstance(value, (date, datetime)):
        return Cell(value.strftime("%Y-%m-%d") if value.year >= 1000 else str(value), is_date=True)
    return Cell(str(value).replace("_x000D_", "").replace("\r\n", "\n").strip())


def _number(value: int | float, style: str) -> str:
    """What the spreadsheet means: 15 significant digits, so that a stored 0.30000000000000004 is 0.3.

    A fixed number of places is kept, so that the code 1.10 does not turn into 1.1.
    """
    number = Decimal(format(value, ".15g")) if isinstance(value, float) else Decimal(value)
    text = format(number, "f")
    places = len(style.partition(".")[2]) if style.startswith("0.") and not style.strip("0.") else 0
    if "." in text or places:
        whole, _point, fraction = text.partition(".")
        fraction = fraction.rstrip("0").ljust(places, "0")
        text = f"{whole}.{fraction}" if fraction else whole
    return text
