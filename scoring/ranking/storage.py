"""Writing the rows of a run: COPY on PostgreSQL, batches elsewhere. One statement a table on PostgreSQL."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice

from django.db import connection

from scoring.ranking.figures import NodeFigure, Total
from scoring.ranking.models import NodeRow, RankingRow

NODE_COLUMNS = ("run_id", "agency_id", "criterion_id", "points", "maximum", "index", "rank", "trace")
TOTAL_COLUMNS = (
    "run_id", "agency_id", "ranked", "points", "maximum", "bonus", "penalty", "index", "index_exact", "rank", "grade",
)  # fmt: skip
TWELVE = Decimal("1e-12")


def store_totals(run_id: int, totals: Iterable[Total]) -> None:
    """Write the agencies' rows of a run inside the caller's transaction."""
    RankingRow.objects.bulk_create(
        [
            RankingRow(
                run_id=run_id,
                agency_id=t.agency_id,
                ranked=t.ranked,
                points=t.points,
                maximum=t.maximum,
                bonus=t.bonus,
                penalty=t.penalty,
                index=t.index,
                index_exact=None if t.index_exact is None else t.index_exact.quantize(TWELVE),
                rank=t.rank,
                grade=t.grade,
            )
            for t in totals
        ]
    )


def store_nodes(run_id: int, nodes: Iterable[NodeFigure]) -> None:
    """Write the nodes' rows of a run inside the caller's transaction, without holding them all in memory."""
    if connection.vendor == "postgresql":
        _copy(run_id, nodes)
    else:
        _insert(run_id, nodes)


def _copy(run_id: int, nodes: Iterable[NodeFigure]) -> None:
    columns = ", ".join(f'"{name}"' for name in NODE_COLUMNS)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f'COPY "{NodeRow._meta.db_table}" ({columns}) FROM STDIN',
            _Stream(_lines(run_id, nodes)),
            size=1 << 20,
        )


def _lines(run_id: int, nodes: Iterable[NodeFigure]) -> Iterator[str]:
    """The rows in the text format of COPY. Decimals as they are; only the trace can hold a character to escape."""
    start = f"{run_id}\t"
    for node in nodes:
        trace = node.trace
        if trace is None:
            trace = r"\N"
        elif "\\" in trace or "\n" in trace or "\t" in trace or "\r" in trace:
            trace = trace.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
        index = r"\N" if node.index is None else f"{node.index:f}"
        place = r"\N" if node.rank is None else node.rank
        yield (
            f"{start}{node.agency_id}\t{node.node}\t{node.points:f}\t{node.maximum:f}\t{index}\t{place}\t{trace}\n"
        )


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


def _insert(run_id: int, nodes: Iterable[NodeFigure]) -> None:
    columns = ", ".join(f'"{name}"' for name in NODE_COLUMNS)
    marks = ", ".join(["%s"] * len(NODE_COLUMNS))
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
    with connection.cursor() as cursor:
        while batch := list(islice(rows, 5000)):
            cursor.executemany(f'INSERT INTO "{NodeRow._meta.db_table}" ({columns}) VALUES ({marks})', batch)
