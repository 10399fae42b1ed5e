"""What comes back from the editor's table: the cells that a person changed, and nothing else.

A page without script sends every cell. Each page therefore carries a short mark of every cell that it showed
(``shown``), so that a page over an older state neither overwrites nor reports what nobody typed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal

from parindex.ui.formats import NotANumber, parse_decimal
from scoring.criteria.editing.queries import EditorRow, as_typed
from scoring.criteria.models import Criterion

__all__ = ["FIELDS", "marks", "read_cells", "typed_cells"]

FIELDS = ("code", "title", "max_points")
_NAME = re.compile(r"(code|title|max_points)-(\d{1,12})")


def marks(rows: Iterable[EditorRow]) -> str:
    """Marks of all cells as stored: ``12:1a2b.3c4d.5e6f …``."""
    return " ".join(
        f"{row.node.pk}:" + ".".join(_mark(stored(row.node, name)) for name in FIELDS) for row in rows
    )


def stored(node: Criterion, name: str) -> str:
    """A stored value as its field shows it."""
    if name == "max_points":
        return as_typed(node.max_points)
    return " ".join(str(getattr(node, name)).split())


def typed_cells(post: Mapping[str, str], nodes: Mapping[int, Criterion]) -> dict[int, dict[str, str]]:
    """The cells that differ from what the page showed and from what is stored, as typed; by pk and field."""
    shown: dict[int, list[str]] = {}
    for entry in post.get("shown", "").split(" "):
        key, _colon, given = entry.partition(":")
        if key.isdecimal() and len(key) <= 12 and given.count(".") == len(FIELDS) - 1:
            shown[int(key)] = given.split(".")
    cells: dict[int, dict[str, str]] = {}
    for name, value in post.items():
        if (found := _NAME.fullmatch(name)) is None:
            continue
        column, pk = found[1], int(found[2])
        text = " ".join(value.split()) if column != "max_points" else value.strip()
        if pk in shown and shown[pk][FIELDS.index(column)] == _mark(text):
            continue
        if pk in nodes and stored(nodes[pk], column) == text:
            continue
        cells.setdefault(pk, {})[column] = text
    return cells


def read_cells(
    cells: Mapping[int, Mapping[str, str]],
) -> tuple[dict[int, dict[str, str | Decimal | None]], dict[str, list[str]]]:
    """(values by pk and field, faults by ``field-pk``): figures are read, texts stay."""
    values: dict[int, dict[str, str | Decimal | None]] = {}
    faults: dict[str, list[str]] = {}
    for pk, cell in cells.items():
        for name, text in cell.items():
            try:
                values.setdefault(pk, {})[name] = parse_decimal(text) if name == "max_points" else text
            except NotANumber as error:
                faults[f"{name}-{pk}"] = [str(error)]
    return values, faults


def _mark(text: str) -> str:
    return f"{zlib.crc32(text.encode()):x}"
