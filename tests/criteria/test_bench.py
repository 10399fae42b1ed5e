"""`make bench`: a set out of a workbook, from the bytes to the rows of the database."""

from __future__ import annotations

import time
from typing import Any

import pytest

from scoring.criteria import services
from scoring.criteria.xlsx_write import write_workbook
from tests.bench import growth, write
from tests.criteria.files import leaf, small
from tests.factories_scoring import home_affairs, make_block

NODES = (50, 100, 200, 400, 800)
REPEATS = 3
RULES: list[dict[str, Any]] = [
    {"kind": "boolean", "yes": "2", "no": "0"},
    {"kind": "choice", "options": [["Kịp thời", "2"], ["Không kịp thời", "1"], ["Không ban hành", "0"]]},
    {
        "kind": "tiers",
        "variable": "tỷ lệ %",
        "bands": [{"points": "2", "gt": "90"}, {"points": "0", "le": "90"}],
    },
    {"kind": "proportion", "numerator": "b", "denominator": "a", "factor": "2", "denominator_zero": "zero"},
]


def workbook(nodes: int) -> bytes:
    """A set of exactly ``nodes`` nodes: areas of one criterion with eight leaves."""
    document = small()
    document["areas"] = []
    left = nodes
    while left > 0:
        area = len(document["areas"]) + 1
        number = min(8, left - 2) if left - 10 not in (1, 2) else left - 5
        leaves = [
            leaf(
                f"{area}.1.{place + 1}",
                "2",
                RULES[place % 4],
                evidence="Kế hoạch, báo cáo " * 5,
                rule_text="Nguyên văn " * 10,
            )
            for place in range(number)
        ]
        points = str(2 * number)
        criterion = {"code": f"{area}.1", "title": f"Tiêu chí {area}.1", "max": points, "children": leaves}
        document["areas"].append(
            {"code": str(area), "title": f"Lĩnh vực {area}", "max": points, "children": [criterion]}
        )
        left -= number + 2
    document["total"] = str(sum(int(area["max"]) for area in document["areas"]))
    return write_workbook(document)


@pytest.mark.bench
@pytest.mark.django_db
def test_import_of_a_workbook() -> None:
    home_affairs()
    make_block("Sở, ban, ngành")
    rows: list[dict[str, Any]] = []
    for nodes in NODES:
        data = workbook(nodes)
        rehearsed = stored = float("inf")
        for _ in range(REPEATS):
            start = time.perf_counter()
            outcome = services.import_criteria_set(actor=None, data=data, dry_run=True)
            rehearsed = min(rehearsed, time.perf_counter() - start)
            assert outcome.errors == () and outcome.file is not None and len(outcome.file.nodes) == nodes
            start = time.perf_counter()
            done = services.import_criteria_set(actor=None, data=data)
            stored = min(stored, time.perf_counter() - start)
            assert done.criteria_set is not None
        row = {
            "nodes": nodes,
            "kilobytes": len(data) // 1024,
            "rehearsal_seconds": round(rehearsed, 3),
            "seconds": round(stored, 3),
        }
        rows.append(row)
        print(row)
    growth(rows, "nodes")
    write("xlsx_import", rows)
    assert all(row.get("growth", 1) < 1.8 for row in rows)
