"""Rows of a table → nodes: levels, codes and merged cells as officials write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from parindex.ui.collation import fold
from scoring.criteria.xlsx_layout import Columns
from scoring.criteria.xlsx_open import EMPTY, Cell, Sheet

__all__ = ["RowNode", "Rows", "read_rows"]

#: “1.2. Kế hoạch”, “II. Cải cách”, “Lĩnh vực 1: …”: a code that stands before the title.
_LEADING_CODE = re.compile(
    r"(?:(?:lĩnh vực|tiêu chí)\s+)?(?P<code>\d+(?:\.\d+)+[.:)]?|\d+[.:)]|[IVXLC]+[.:)])\s*(?P<title>[^\W\d_].*)",
    re.IGNORECASE | re.DOTALL,
)
_COLUMN_NUMBER = re.compile(r"\(?\d{1,2}\)?|[A-Z]")
_TOTAL = frozenset({"tong", "tong cong", "tong diem", "tong so", "cong", "tong so diem", "total"})
_NOTES = ("ghi chu", "luu y")
#: Columns whose merged cells speak for every row that they cover.
_SHARED = (
    "method", "rule_text", "guidance", "evidence", "appraiser", "not_applicable_for", "na_request", "role",
)  # fmt: skip
MAX_LEVEL = 6


@dataclass
class RowNode:
    """One node with the cells that tell it. ``maximum`` and the rest are cells; their places are in ``at``."""

    row: int
    level: int
    code: str
    title: str
    place: str
    cells: dict[str, Cell] = field(default_factory=dict)
    at: dict[str, str] = field(default_factory=dict)
    #: Cells that came from a merged range: they count for leaves alone.
    shared: frozenset[str] = frozenset()
    children: list[RowNode] = field(default_factory=list)

    def text(self, key: str) -> str:
        return self.cells.get(key, EMPTY).text


@dataclass
class Rows:
    """What the rows of a table say: the nodes as a tree, a stated total, and what was passed over."""

    areas: list[RowNode] = field(default_factory=list)
    nodes: list[RowNode] = field(default_factory=list)
    total: tuple[Cell, str] | None = None
    skipped: dict[int, str] = field(default_factory=dict)
    #: (place, message, code)
    faults: list[tuple[str, str, str]] = field(default_factory=list)


def read_rows(sheet: Sheet, columns: Columns) -> Rows:
    """All rows beneath the heading."""
    found = Rows()
    reader = _Reader(sheet, columns, found)
    for row in sheet.by_row:
        if row >= columns.first:
            reader.row(row)
    return found


class _Reader:
    def __init__(self, sheet: Sheet, columns: Columns, found: Rows) -> None:
        self.sheet, self.columns, self.found = sheet, columns, found
        self.open: list[RowNode] = []  # the node at work on each level
        self.wide = {
            top: left
            for top, left, bottom, right in sheet.merges
            if right > left and top == bottom and top >= columns.first
        }
        self.over: dict[tuple[int, int], int] = {}  # (row, column) → row of the merged cell above
        shared = {columns.at[key] for key in _SHARED if key in columns.at}
        for top, left, bottom, _right in sheet.merges:
            if bottom > top and left in shared:
                self.over.update({(row, left): top for row in range(top + 1, bottom + 1)})

    # single cells

    def cell(self, row: int, key: str) -> Cell:
        column = self.columns.at.get(key)
        return EMPTY if column is None else self.sheet.at(row, column)

    def named(self, row: int) -> list[tuple[int, int]]:
        """(level, column) of the titles of a row; level 0 where the column does not say it."""
        if self.columns.levels:
            named = [
                (level, column)
                for level, column in sorted(self.columns.levels.items())
                if self.sheet.at(row, column).text or self.sheet.at(row, column).fault
            ]
            if named:
                return named
        title = self.columns.at.get("title")
        if title is not None and self.sheet.at(row, title).text:
            return [(0, title)]
        left = self.wide.get(row)
        if left is not None and self.sheet.at(row, left).text:
            return [(0, left)]  # a heading written across the row
        return []

    def first_text(self, row: int) -> str:
        return next((cell.text for cell in self.sheet.row(row).values() if cell.text), "")

    # rows

    def row(self, row: int) -> None:
        named = self.named(row)
        if self.passed_over(row, named):
            return
        if not named:
            column = self.columns.at.get("title") or min(self.columns.levels.values())
            self.fault(self.sheet.place(row, column), _("The title is missing."))
            return
        depths = [self.level(row, level, column) for level, column in named]
        for position, (level, (_own, column)) in enumerate(zip(depths, named, strict=True)):
            if level is None:
                return
            self.node(row, level, column, deepest=position == len(named) - 1)

    def passed_over(self, row: int, named: list[tuple[int, int]]) -> bool:
        """Numbers of columns, totals, notes and signatures are no nodes."""
        first = self.first_text(row)
        maximum = self.cell(row, "max")
        cells = self.sheet.row(row).values()
        texts = [cell.text for cell in cells if cell.text]
        if not texts and not any(cell.fault for cell in cells):
            return True
        code, stated = self.cell(row, "code").text, self.cell(row, "level").text
        if stated:
            return False
        named_total = not code and any(fold(self.sheet.at(row, at).text) in _TOTAL for _level, at in named)
        if not self.found.nodes and len(texts) > 2 and all(_COLUMN_NUMBER.fullmatch(text) for text in texts):
            self.found.skipped[row] = _("numbers of the columns")
        elif fold(first) in _TOTAL or named_total:
            self.found.skipped[row] = _("total")
            if maximum.text or maximum.fault:
                self.found.total = (maximum, self.sheet.place(row, self.columns.at["max"]))
        elif maximum.text:
            return False
        elif (
            fold(first).startswith(_NOTES) or first.startswith("*") or texts == [self.cell(row, "note").text]
        ):
            self.found.skipped[row] = _("note")
        elif self.found.total and not code:
            self.found.skipped[row] = _("text beneath the total")
        return row in self.found.skipped

    def level(self, row: int, level: int, column: int) -> int | None:
        """The level of a node: its own column, the column “Cấp”, or the parts of its code."""
        stated = self.cell(row, "level")
        if stated.text or stated.fault:
            if stated.text in ("1", "2", "3", "4", "5", "6"):
                return int(stated.text)
            self.fault(
                self.sheet.place(row, self.columns.at["level"]),
                stated.fault or _("The level is a number from 1 to 6."),
            )
            return None
        if level:
            return level
        code, _title = self.code_and_title(row, column)
        if self.columns.levels:
            return code.count(".") + 1 if code else 1
        if code:
            return code.count(".") + 1
        if row in self.wide:
            return 1
        self.fault(
            self.sheet.place(row, self.columns.at.get("code", column)),
            _("Give the node a code such as 1.2.3, so that its place in the tree is known."),
        )
        return None

    def code_and_title(
        self, row: int, column: int, *, level: int = 0, deepest: bool = True
    ) -> tuple[str, str]:
        title = self.sheet.at(row, column).text
        own = self.columns.at.get("code")
        code = self.sheet.at(row, own).text if own is not None and own != column and deepest else ""
        if code and self.columns.counts and not self.is_code(code, title, level):
            code = ""
        if code:
            # our own files state the level and keep every code as it is; others write “1.1.”
            return (code if "level" in self.columns.at else code.rstrip(".:)")), title
        match = _LEADING_CODE.fullmatch(title)
        if match and len(match["code"]) <= 30:
            return match["code"].rstrip(".:)"), match["title"].strip()
        return "", title

    def is_code(self, code: str, title: str, level: int) -> bool:
        """Whether the number in a column “TT” is the code, or only counts the rows of a table."""
        if _LEADING_CODE.fullmatch(title):
            return False
        return not self.columns.levels or code.rstrip(".").count(".") + 1 == level

    def node(self, row: int, level: int, column: int, *, deepest: bool) -> None:
        code, title = self.code_and_title(row, column, level=level, deepest=deepest)
        place = self.sheet.place(row, column)
        if not deepest and len(self.open) >= level:
            same = self.open[level - 1]
            if fold(same.title) == fold(title) and code in ("", same.code):
                return  # the same parent, written again on each row
        if level > len(self.open) + 1:
            self.fault(
                place,
                _("A level is missing above this node: it stands on level %(level)s beneath level %(above)s.")
                % {"level": level, "above": len(self.open)},
            )
            level = max(len(self.open), 1)
        if level > MAX_LEVEL:
            self.fault(place, _("The tree has more than %(max)s levels.") % {"max": MAX_LEVEL})
            return
        del self.open[level - 1 :]
        above = self.open[-1].children if self.open else self.found.areas
        node = RowNode(row, level, code, title, place)
        self.fill(node, column, deepest=deepest)
        if not code:
            node.code = self.made_code(node, row, level, deepest=deepest, number=len(above) + 1)
        above.append(node)
        self.open.append(node)
        self.found.nodes.append(node)

    def made_code(self, node: RowNode, row: int, level: int, *, deepest: bool, number: int) -> str:
        """A code for a node without one: cut from its leaf's code, else its number beneath its parent."""
        if not deepest:
            parts = self.cell(row, "code").text.rstrip(".").split(".")
            if len(parts) > level and all(parts):
                return ".".join(parts[:level])
        return f"{self.open[-1].code}.{number}" if self.open else str(number)

    def fill(self, node: RowNode, column: int, *, deepest: bool) -> None:
        node.at["title"] = node.place
        node.at["code"] = node.place
        code = self.columns.at.get("code")
        if deepest and code is not None and code != column and self.code_stands_in(node, code):
            node.cells["code"] = self.sheet.at(node.row, code)
            node.at["code"] = self.sheet.place(node.row, code)
        for key, at in self.level_maxima(node.level, deepest=deepest):
            node.cells[key], node.at[key] = self.sheet.at(node.row, at), self.sheet.place(node.row, at)
        if not deepest:
            self.role_of_area(node)
            return
        shared = set()
        for key, at in self.columns.at.items():
            if key in ("code", "title", "level", "max", "max1", "max2", "note") or at == column:
                continue
            top = self.over.get((node.row, at))
            if top is not None:
                shared.add(key)
            node.cells[key] = self.sheet.at(node.row if top is None else top, at)
            node.at[key] = self.sheet.place(node.row, at)
        node.shared = frozenset(shared)
        for key, further in self.columns.more.items():
            if key in node.cells:
                first = node.cells[key]
                more = "".join(self.sheet.at(node.row, at).text for at in further)
                node.cells[key] = Cell(first.text + more, first.is_number, first.is_date, first.fault)

    def role_of_area(self, node: RowNode) -> None:
        """The role of an area whose row also names what lies beneath it, in tables with a column for each level."""
        at = self.columns.at.get("role")
        if at is not None and node.level == 1:
            node.cells["role"] = self.sheet.at(node.row, at)
            node.at["role"] = self.sheet.place(node.row, at)

    def code_stands_in(self, node: RowNode, column: int) -> bool:
        """Whether the node's code, or what hides it, stands in this column."""
        cell = self.sheet.at(node.row, column)
        return bool(cell.fault) or bool(node.code) and cell.text.rstrip(".:)") == node.code.rstrip(".:)")

    def level_maxima(self, level: int, *, deepest: bool) -> Iterator[tuple[str, int]]:
        """The column of a node's maximum: that of its level where there is one, else the common one."""
        own = self.columns.at.get(f"max{level}")
        common = self.columns.at.get("max")
        if own is not None:
            yield "max", own
        elif common is not None and deepest:
            yield "max", common

    def fault(self, place: str, message: str, code: str = "") -> None:
        self.found.faults.append((place, message, code))
