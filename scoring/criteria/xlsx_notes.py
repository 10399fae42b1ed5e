"""The user's own workbook with every fault in the cell concerned: coloured, with the message as its comment."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from scoring.criteria.json_source import Finding
from scoring.criteria.xlsx_layout import FAULTS_SHEET
from scoring.criteria.xlsx_open import UnreadableWorkbook, load_book

__all__ = ["annotated"]

_ERROR = PatternFill("solid", fgColor="F8B4B4")
_WARNING = PatternFill("solid", fgColor="FCE8A6")


def annotated(data: bytes, errors: Iterable[Finding], warnings: Iterable[Finding] = ()) -> bytes:
    """A copy of the workbook with its findings, and a first sheet that lists them. Raises UnreadableWorkbook."""
    book = load_book(data)
    try:
        listed = [(_("Error"), one) for one in errors] + [(_("Warning"), one) for one in warnings]
        notes: dict[tuple[str, str], list[str]] = {}
        for kind, finding in listed:
            sheet, _mark, cell = finding.place.rpartition("!")
            if sheet in book.sheetnames:
                at = _visible(book[sheet], cell)
                notes.setdefault((sheet, at), []).append(finding.message)
                if len(notes[sheet, at]) == 1:
                    book[sheet][at].fill = _ERROR if kind == _("Error") else _WARNING
        for (sheet, at), messages in notes.items():
            before = book[sheet][at].comment
            told = [*([before.text] if before is not None else []), *messages]
            comment = Comment("\n".join(told)[:8000], _("Check of the criteria set"))
            comment.width, comment.height = 360, min(400, 60 + 40 * len(told))
            book[sheet][at].comment = comment
        _list(book, listed)
        out = io.BytesIO()
        book.save(out)
    except Exception:  # parts of a workbook that can be read but not written again
        raise UnreadableWorkbook(
            _("A copy of this workbook can't be made. The list of errors on the page has every cell.")
        ) from None
    return out.getvalue()


def _visible(sheet: Any, cell: str) -> str:
    """The cell itself, or the first of the merged range that hides it."""
    if isinstance(sheet[cell], MergedCell):
        return next((one.start_cell.coordinate for one in sheet.merged_cells.ranges if cell in one), cell)
    return cell


def _list(book: Any, listed: list[tuple[str, Finding]]) -> None:
    if FAULTS_SHEET in book.sheetnames:  # of an earlier check
        del book[FAULTS_SHEET]
    sheet = book.create_sheet(FAULTS_SHEET, 0)
    sheet.append([_("Place in the file"), _("Code"), _("Kind"), _("What is wrong")])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row, (kind, finding) in enumerate(listed, start=2):
        for column, text in enumerate((finding.place, finding.code, kind, finding.message), start=1):
            cell = sheet.cell(row, column)
            cell.value, cell.data_type = text, "s"  # text, whatever it begins with
        name, _mark, at = finding.place.rpartition("!")
        if name in book.sheetnames:
            quoted = name.replace("'", "''")
            sheet.cell(row, 1).hyperlink = f"#'{quoted}'!{at}"
            sheet.cell(row, 1).style = "Hyperlink"
    for letter, width in (("A", 24), ("B", 12), ("C", 12), ("D", 100)):
        sheet.column_dimensions[letter].width = width
    book.active = 0
