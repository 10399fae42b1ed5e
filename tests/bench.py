"""Where `make bench` writes what it measures: one file, a key for each bench."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Put the rows of one bench into var/bench.json (or BENCH_FILE) beside those of the others."""
    path = Path(os.environ.get("BENCH_FILE", ROOT / "var" / "bench.json"))
    path.parent.mkdir(parents=True, exist_ok=True)
    found = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(found | {name: rows}, indent=1) + "\n")


def growth(rows: list[dict[str, Any]], size: str) -> None:
    """Add to each row the growth of its time against that of its size since the row before: 1 is linear."""
    for before, row in zip(rows, rows[1:], strict=False):
        times, sizes = row["seconds"] / before["seconds"], row[size] / before[size]
        row["growth"] = round(times / sizes, 2)
