"""Writing the rows of a run: COPY on PostgreSQL, batches elsewhere. One statement a table on PostgreSQL."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice

from django.db import connection

from scoring.ranking.figures import NodeFigure, Total
from scoring.ranking.models import NodeRow, RankingPart, RankingRow
from scoring.ranking.year import PartFigure

TOTAL_COLUMNS = (
    "run_id", "agency_id", "ranked", "points", "maximum", "bonus", "penalty", "index", "index_exact", "rank", "grade",
)  # fmt: skip
PART_COLUMNS = (
    "run_id", "agency_id", "cycle_block_id", "weight_pct", "points", "maximum", "bonus", "penalty", "index",
    "index_exact",
)  # fmt: skip
NODE_COLUMNS = ("run_id", "agency_id", "criterion_id", "points", "maximum", "index", "rank", "trace")
TWELVE = Decimal("1e-12")
BATCH = 5000

Cell = str | int | bool | None


def store_totals(run_id: int, totals: Iterable[Total]) -> None:
    """Write the agencies' rows of a run inside the caller's transaction."""
    rows = (
        (
            run_id,
            t.agency_id,
            t.ranked,
            f"{t.points:f}",
            f"{t.maximum:f}",
            f"{t.bonus:f}",
            f"{t.penalty:f}",
            None if t.index is None else f"{t.index:f}",
            None if t.index_exact is None else f"{t.index_exact.quantize(TWELVE):f}",
            t.rank,
            t.grade,
        )
        for t in totals
    )
    _write(RankingRow._meta.db_table, TOTAL_COLUMNS, rows)


def store_parts(run_id: int, parts: Iterable[PartFigure]) -> None:
    """Write what each set of the year says of each agency, inside the caller's transaction."""
    rows = (
        (
            run_id,
            p.agency_id,
            p.cycle_block_id,
            f"{p.weight:f}",
            f"{p.points:f}",
            f"{p.maximum:f}",
            f"{p.bonus:f}",
            f"{p.penalty:f}",
            None if p.index is None else f"{p.index:f}",
            None if p.index_exact is None else f"{p.index_exact.quantize(TWELVE):f}",
        )
        for p in parts
    )
    _write(RankingPart._meta.db_table, PART_COLUMNS, rows)


def store_nodes(run_id: int, nodes: Iterable[NodeFigure]) -> None:
    """Write the nodes' rows of a run inside the caller's transaction, without holding them all in memory."""
    rows = (
        (
            run_id,
            n.agency_id,
            n.node,
            f"{n.points:f}",
            f"{n.maximum:f}",
            None if n.index is None else f"{n.index:f}",
            n.rank,
            n.trace,
        )
        for n in nodes
    )
    _write(NodeRow._meta.db_table, NODE_COLUMNS, rows)


def _write(table: str, columns: tuple[str, ...], rows: Iterator[tuple[Cell, ...]]) -> None:
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.copy_expert(
                f'COPY "{table}" ({names}) FROM STDIN', _Stream(map(_line, rows)), size=1 << 20
            )
            return
        marks = ", ".join(["%s"] * len(columns))
        while batch := list(islice(rows, BATCH)):
            cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', batch)


def _line(row: tuple[Cell, ...]) -> str:
    """A row in the text format of COPY."""
    return "\t".join([_cell(value) for value in row]) + "\n"


def _cell(value: Cell) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        if "\\" in value or "\t" in value or "\n" in value or "\r" in value:
            value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        return value
    return str(value)


class _Stream(io.RawIOBase):
    """A file to read from, over an iterator of lines."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if len(self._rest) < size or size < 0:
            parts, length = [self._rest], len(self._rest)
            for line in self._lines:
                piece = line.encode()
                parts.append(piece)
                length += len(piece)
                if 0 <= size <= length:
                    break
            self._rest = b"".join(parts)
        if size < 0:
            size = len(self._rest)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece
