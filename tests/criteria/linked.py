"""Two sets and their links for tests: a draft copied from a locked set, edited straight in the database."""

from __future__ import annotations

from typing import Any

from agencies.actors import SYSTEM
from scoring.criteria.copying import copy_set
from scoring.criteria.models import CriteriaSet, Criterion, CriterionLink, SetLink
from tests.factories_scoring import make_set

CHOICE = {"kind": "choice", "options": [["Kịp thời", "2"], ["Chậm", "1"], ["Không", "0"]]}
TIERS = {
    "kind": "tiers",
    "variable": "tỷ lệ % hoàn thành",
    "bands": [{"ge": "90", "points": "2"}, {"lt": "90", "points": "0.5"}],
}
LEAVES: tuple[dict[str, Any], ...] = (
    {"code": "1.1.1", "max": "2", "rule": CHOICE, "title": "Ban hành kế hoạch"},
    {"code": "1.1.2", "max": "2", "rule": TIERS, "title": "Hoàn thành kế hoạch"},
    {"code": "1.2.1", "max": "1", "rule": {"kind": "manual"}, "title": "Sáng kiến"},
    {"code": "2.1.1", "max": "3", "rule": {"kind": "manual"}, "title": "Hồ sơ đúng hạn"},
    {"code": "2.1.2", "max": "2", "rule": {"kind": "manual"}, "title": "Hồ sơ trực tuyến"},
)


def two(year: int = 2026, **fields: Any) -> tuple[CriteriaSet, CriteriaSet]:
    """(draft of ``year``, the locked set of 2025 it was copied from)."""
    old = make_set(LEAVES, year=2025, **fields)
    return copy_set(actor=SYSTEM, source=old, year=year, block=old.block), old


def node(of: CriteriaSet, code: str) -> Criterion:
    return Criterion.objects.get(criteria_set=of, code=code)


def edit(of: CriteriaSet, code: str, /, **fields: Any) -> Criterion:
    Criterion.objects.filter(criteria_set=of, code=code).update(**fields)
    return node(of, fields.get("code", code))


def link(newer: CriteriaSet, earlier: CriteriaSet) -> SetLink:
    return SetLink.objects.get(newer=newer, earlier=earlier)


def tie(newer: CriteriaSet, earlier: CriteriaSet, ties: dict[str, list[str]], **fields: Any) -> None:
    """What nodes follow, straight into the database: code → earlier codes, whatever stood before."""
    own = link(newer, earlier)
    for code, codes in ties.items():
        CriterionLink.objects.filter(set_link=own, criterion=node(newer, code)).delete()
        for before in codes:
            CriterionLink.objects.create(
                set_link=own, criterion=node(newer, code), earlier=node(earlier, before), **fields
            )
