"""The cells of a table that was copied out of Word or Excel, row by row. Pure.

Excel puts a cell that holds line ends into quotation marks; Word does not: each paragraph of a cell begins a new
line. Where a row of headings says how many columns there are, such broken rows are put together again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["Row", "joined", "rows", "whole_rows"]

Row = tuple[int, list[str]]  # line of the paste (from 1), cells
#: Lines that paragraphs may break one row into.
MOST_LINES = 100

_CELL = re.compile(r'"((?:[^"]|"")*)"(?=\t|\n|$)|([^\t\n]*)')
_CODE = re.compile(r"\(?(?:[A-Za-z]{0,3}\.?\d+(?:\.\d+)*|[IVXLC]+|[A-Za-zĐđ]|[-+–—•*·])[.)]?")


def rows(text: str) -> list[Row]:
    """(line, cells) of each row; a cell of Excel in quotation marks may hold line ends and tabs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found_rows: list[Row] = []
    at, line = 0, 1
    while at < len(text):
        start, cells = line, list[str]()
        while True:
            found = _CELL.match(text, at)
            assert found is not None
            quoted = found[1]
            cell = found[2] if quoted is None else quoted.replace('""', '"')
            cells.append(" ".join(cell.split()) if quoted is None else cell.strip())
            line += text.count("\n", at, found.end())
            at = found.end()
            if at < len(text) and text[at] == "\t":
                at += 1
                continue
            break
        found_rows.append((start, cells))
        at += 1
        line += 1
    return found_rows


def joined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Two lines of one row: the second goes on in the last cell of the first."""
    return [*first[:-1], f"{first[-1]}\n{second[0]}".strip(), *second[1:]]


def whole_rows(broken: Sequence[Row], width: int) -> list[Row]:
    """Rows of ``width`` cells out of lines that paragraphs broke. What does not make a whole row stays as it is."""
    if width < 3:
        return list(broken)
    out: list[Row] = []
    at = 0
    while at < len(broken):
        line, cells = broken[at]
        end = at + 1
        made = list(cells)
        last = min(len(broken), at + MOST_LINES)
        while end < last and len(made) < width and _goes_on(made, broken[end][1], width):
            made = joined(made, broken[end][1])
            end += 1
        if len(made) < width:
            made, end = list(cells), at + 1
        while end < last and len(made) == width and _is_paragraph(broken[end][1]):
            made = joined(made, broken[end][1])
            end += 1
        out.append((line, made))
        at = end
    return out


def _goes_on(made: Sequence[str], cells: Sequence[str], width: int) -> bool:
    """Whether a line can go on in the last cell of an unfinished row: it begins no row of its own."""
    if len(made) + len(cells) - 1 > width or _CODE.fullmatch(cells[0]):
        return False
    return bool(cells[0]) or len(cells) == 1 or made[-1] == ""


def _is_paragraph(cells: Sequence[str]) -> bool:
    """One more paragraph of the last cell: a line without tabs and without a code of its own."""
    return len(cells) == 1 and bool(cells[0]) and not re.match(r"\d+(?:\.\d+)+\s|[IVXLC]+[.)]\s", cells[0])
