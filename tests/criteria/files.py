"""Criteria-set files for tests: the samples, and a small valid set to break."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "scoring" / "samples"
CA_MAU = Path(__file__).parent / "data" / "ca_mau_2013_partial.json"
ALL_FILES = (SAMPLES / "departments.json", SAMPLES / "communes.json", CA_MAU)


def leaf(code: str = "1.1.1", maximum: str = "2", rule: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "title": f"Tiêu chí thành phần {code}",
        "max": maximum,
        "method": "appraisal",
        "rule": rule or {"kind": "boolean", "yes": maximum, "no": "0"},
        "appraiser": "so-noi-vu",
        **more,
    }


def small(*leaves: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One area, one criterion, the given leaves (default: two of 2 points)."""
    parts = list(leaves) or [leaf(), leaf("1.1.2")]
    total = sum(int(part["max"]) for part in parts if str(part.get("max", "")).isdigit())
    return {
        "format": "parindex.criteria-set/1",
        "title": "Bộ tiêu chí thử",
        "year": 2025,
        "block": "so-ban-nganh",
        "official": False,
        "decision": None,
        "effective_from": "2025-01-01",
        "total": str(total),
        "applicability_profiles": {"no_tthc": "Không có thủ tục hành chính"},
        "bonus_cap": "5",
        "penalty_cap": "5",
        "areas": [
            {
                "code": "1",
                "title": "Lĩnh vực 1",
                "max": str(total),
                "children": [{"code": "1.1", "title": "Tiêu chí 1.1", "max": str(total), "children": parts}],
            }
        ],
        **more,
    }


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def with_value(document: dict[str, Any], path: list[str | int], value: Any) -> dict[str, Any]:
    """A copy with one value set (or, for ``...``, taken away)."""
    document = copy.deepcopy(document)
    spot: Any = document
    for step in path[:-1]:
        spot = spot[step]
    if value is ...:
        del spot[path[-1]]
    else:
        spot[path[-1]] = value
    return document
