"""A comparison of two sets as a table to take away: XLSX or CSV, one row a criterion, texts as the page shows them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence

import xlsxwriter
from django.utils.translation import gettext as _

from parindex.ui.cells import neutral
from parindex.ui.formats import format_points
from scoring.criteria.comparison import Pair
from scoring.criteria.models import Comparability, CriteriaSet
from scoring.criteria.queries import SetNode
from scoring.criteria.wording import rule_data_in_words

__all__ = ["WRITERS", "as_csv", "as_xlsx"]

_WIDTHS = (16, 14, 10, 40, 9, 50, 10, 40, 9, 50, 60)
#: What a cell of a spreadsheet holds.
_CELL = 32_000


def as_csv(newer: CriteriaSet, earlier: CriteriaSet, pairs: Sequence[Pair]) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read the accents."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(one) for one in _heads(newer, earlier)])
    writer.writerows([neutral(cell) for cell in row] for row in _rows(pairs))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(newer: CriteriaSet, earlier: CriteriaSet, pairs: Sequence[Pair]) -> bytes:
    """A workbook with a frozen head and a filter; every cell is text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(_("Comparison")[:31])
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    body = book.add_format({"text_wrap": True, "valign": "top"})
    for column, (text, width) in enumerate(zip(_heads(newer, earlier), _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, text, head)
    number = 0
    for number, row in enumerate(_rows(pairs), start=1):
        for column, text in enumerate(row):
            sheet.write_string(number, column, text[:_CELL], body)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(number, 1), len(_WIDTHS) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    book.close()
    return out.getvalue()


WRITERS: dict[str, tuple[Callable[[CriteriaSet, CriteriaSet, Sequence[Pair]], bytes], str]] = {
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (as_csv, "text/csv; charset=utf-8"),
}


def _heads(newer: CriteriaSet, earlier: CriteriaSet) -> list[str]:
    columns = [_("Code"), _("Title"), _("Maximum"), _("Rule")]
    sides = (
        _("%(year)s, version %(version)s") % {"year": one.year, "version": one.version}
        for one in (earlier, newer)
    )
    return [
        _("Change"),
        _("Comparability"),
        *(f"{column} ({side})" for side in sides for column in columns),
        _("What differs"),
    ]


def _rows(pairs: Sequence[Pair]) -> Iterator[list[str]]:
    for pair in pairs:
        told = "\n".join(f"{one.label}: {one.before or '—'} → {one.after or '—'}" for one in pair.details)
        yield [
            pair.label,
            str(Comparability(pair.comparability).label) if pair.comparability else "",
            *_side(pair.earlier),
            *_side(() if pair.node is None else (pair.node,)),
            told,
        ]


def _side(nodes: Sequence[SetNode]) -> list[str]:
    return [
        "\n".join(node.code for node in nodes),
        "\n".join(node.title for node in nodes),
        "\n".join(format_points(node.max_points) for node in nodes),
        "\n".join(rule_data_in_words(n.rule.data, n.max_points) for n in nodes if n.rule is not None),
    ]
