"""An agency's own scoresheet as a workbook: what its page shows, a row a node, with how each leaf's points came about.

Made from the same view as the page (queries/sheet.py), so that the curtain over marks and decisions holds here too.
Codes and texts stay text: nothing in the file is ever a formula.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.models import Mark
from scoring.assessment.queries.leaves import Branch, LeafView
from scoring.assessment.queries.seen import current
from scoring.assessment.queries.sheet import SheetView
from scoring.criteria.wording import trace_in_words

__all__ = ["write_sheet"]

Cell = str | Decimal | None
#: A cell of a spreadsheet holds 32 767 characters.
LONGEST = 32_000
WIDTHS = (10, 52, 10, 44, 11, 11, 60, 11, 11, 11, 60)


def write_sheet(view: SheetView) -> bytes:
    """The workbook of a sheet that was read whole, for its agency. Points are numbers with up to six places."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": _title(view)})
    sheet = book.add_worksheet(_("Scoresheet")[:31])
    plain = {"valign": "top", "text_wrap": True}
    formats = {
        "head": book.add_format({**plain, "bold": True, "bottom": 1}),
        "text": book.add_format({**plain, "num_format": "@"}),
        "group": book.add_format({**plain, "num_format": "@", "bold": True}),
        "number": book.add_format({"valign": "top", "num_format": "0.######"}),
        "sum": book.add_format({"valign": "top", "num_format": "0.######", "bold": True}),
    }
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, _title(view), book.add_format({"bold": True}))
    for column, name in enumerate(_headings()):
        sheet.write_string(2, column, name, formats["head"])
    sheet.freeze_panes(3, 2)
    for line, (is_leaf, cells) in enumerate(_rows(view), start=3):
        for column, cell in enumerate(cells):
            if isinstance(cell, Decimal):
                sheet.write_number(line, column, float(cell), formats["number" if is_leaf else "sum"])
            elif cell:
                sheet.write_string(line, column, cell[:LONGEST], formats["text" if is_leaf else "group"])
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    book.close()
    return out.getvalue()


def _title(view: SheetView) -> str:
    participation = view.sheet.participation
    year = participation.cycle_block.cycle.year
    return f"{participation.agency.name} · {_('Scoresheet %(year)s') % {'year': year}}"


def _headings() -> list[str]:
    return [
        _("Code"),
        _("Criterion"),
        _("Maximum"),
        _("Declared"),
        _("Own points"),
        _("Applicable maximum"),
        _("How the own points came about"),
        _("Round 1"),
        _("Round 2"),
        _("Final points"),
        _("How the appraised points came about"),
    ]


def _rows(view: SheetView) -> Iterator[tuple[bool, list[Cell]]]:
    """(whether it is a leaf, its cells), depth first."""
    for branch in view.branches:
        yield from _branch(branch)


def _branch(branch: Branch) -> Iterator[tuple[bool, list[Cell]]]:
    node = branch.criterion
    if not node.is_leaf:
        final = branch.final[0] if branch.final else None
        cells: list[Cell] = [
            node.code, node.title, node.max_points, "", branch.points, branch.maximum, "", None, None, final, "",
        ]  # fmt: skip
        yield False, cells
    for leaf in branch.leaves:
        yield True, _leaf(leaf)
    for inner in branch.branches:
        yield from _branch(inner)


def _leaf(leaf: LeafView) -> list[Cell]:
    own = leaf.answer.trace if leaf.answer is not None and leaf.shown_points is not None else None
    shown: Any = current(leaf.marks)
    imported = leaf.imported if leaf.final is not None and shown is None else None
    settled = shown.trace if shown is not None else (imported.trace if imported is not None else None)
    return [
        leaf.criterion.code,
        leaf.criterion.title,
        leaf.criterion.max_points,
        _declared(leaf),
        leaf.shown_points,
        None if leaf.answer is None and not leaf.by_profile else _maximum(leaf),
        trace_in_words(own),
        _points(leaf, Mark.Round.ROUND_1),
        _points(leaf, Mark.Round.ROUND_2),
        leaf.final[0] if leaf.final is not None else None,
        trace_in_words(settled),
    ]


def _maximum(leaf: LeafView) -> Decimal:
    return Decimal(0) if leaf.by_profile or leaf.is_granted else leaf.shown_max


def _points(leaf: LeafView, round: int) -> Decimal | None:
    mark = leaf.marks.get(round)
    return mark.points if mark is not None else None


def _declared(leaf: LeafView) -> str:
    """What the agency said, as people read it."""
    if leaf.by_profile:
        return _("Not applicable")
    if leaf.answer is None:
        return _("scored by others")
    if leaf.is_requested:
        return _("Asked to be not applicable")
    if leaf.is_granted:
        return _("Not applicable: granted")
    words = inputs_in_words(leaf.rule, leaf.answer.inputs)
    return "; ".join(f"{label}: {value}" for label, value in words) or _("Not answered")
