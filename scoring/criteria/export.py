"""A set as a ``parindex.criteria-set/1`` file, JSON or XLSX, that imports to the same again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from agencies.models import Agency, Block
from scoring.criteria.fileformat import FORMAT
from scoring.criteria.matching import Names
from scoring.criteria.models import CriteriaSet, Criterion, StoredCase
from scoring.criteria.stored_cases import cases_of
from scoring.criteria.xlsx_write import write_template, write_workbook
from scoring.engine import plain

__all__ = ["export_criteria_set", "export_json", "export_template", "export_xlsx", "file_name"]


def export_criteria_set(criteria_set: CriteriaSet) -> dict[str, Any]:
    """The set as plain JSON values, decimals as texts. Three queries at most."""
    rows = list(criteria_set.criteria.select_related("appraiser").order_by("order"))
    cases = cases_of(criteria_set)
    below: dict[int | None, list[Criterion]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    decision = None
    if criteria_set.decision_number or criteria_set.decision_date or criteria_set.decision_issuer:
        decision = {
            "number": criteria_set.decision_number or None,
            "date": criteria_set.decision_date.isoformat() if criteria_set.decision_date else None,
            "issuer": criteria_set.decision_issuer or None,
        }
    effective = criteria_set.effective_from
    return {
        "format": FORMAT,
        "title": criteria_set.title,
        "year": criteria_set.year,
        "block": criteria_set.block.slug,
        "official": criteria_set.official,
        "decision": decision,
        "effective_from": effective.isoformat() if effective else None,
        "total": plain(criteria_set.total),
        "applicability_profiles": dict(criteria_set.profiles),
        "bonus_cap": plain(criteria_set.bonus_cap),
        "penalty_cap": plain(criteria_set.penalty_cap),
        "areas": _nodes(below.get(None, ()), below, cases),
    }


def _nodes(
    rows: Iterable[Criterion],
    below: dict[int | None, list[Criterion]],
    cases: Mapping[int, list[StoredCase]],
) -> list[dict[str, Any]]:
    return [_node(row, below, cases) for row in rows]


def _node(
    row: Criterion, below: dict[int | None, list[Criterion]], cases: Mapping[int, list[StoredCase]]
) -> dict[str, Any]:
    node: dict[str, Any] = {"code": row.code, "title": row.title, "max": plain(row.max_points)}
    if row.cap is not None:
        node["cap"] = plain(row.cap)
    if row.role:
        node["role"] = row.role
    if row.rule is not None:
        node |= {"method": row.method, "rule": row.rule}
    for key in ("rule_text", "guidance", "evidence"):
        if text := getattr(row, key):
            node[key] = text
    if row.rule is None:
        node["children"] = _nodes(below.get(row.pk, ()), below, cases)
        return node
    if row.appraiser is not None:
        node["appraiser"] = row.appraiser.slug
    if row.not_applicable_for:
        node["not_applicable_for"] = list(row.not_applicable_for)
    if not row.na_request:
        node["na_request"] = False
    if row.pk in cases:
        node["tests"] = [_case(case) for case in cases[row.pk]]
    return node


def _case(case: StoredCase) -> dict[str, Any]:
    given: dict[str, Any] = {"inputs": case.inputs, "points": plain(case.points)}
    if case.applicable_max is not None:
        given["max"] = plain(case.applicable_max)
    if case.note:
        given["note"] = case.note
    return given


def export_json(criteria_set: CriteriaSet) -> bytes:
    """The file's bytes: UTF-8, indented, the same for the same set."""
    return json.dumps(export_criteria_set(criteria_set), ensure_ascii=False, indent=1).encode() + b"\n"


def export_xlsx(criteria_set: CriteriaSet) -> bytes:
    """The same as a workbook; appraisers by name where the name finds them again. Four queries at most."""
    rows = list(Agency.objects.all())
    names = Names(rows)
    found = {one.slug: one.name for one in rows if names.find(one.name) is one}
    told = sorted(found.get(one.slug, one.slug) for one in rows)
    return write_workbook(export_criteria_set(criteria_set), names=found, agencies=told)


def export_template() -> bytes:
    """An empty workbook with the blocks and agencies of the province in its drop-downs. Two queries."""
    agencies = Agency.objects.order_by("name").values_list("name", flat=True)
    return write_template(agencies=list(agencies), blocks=list(Block.objects.values_list("name", flat=True)))


def file_name(criteria_set: CriteriaSet, extension: str = "json") -> str:
    """``bo-tieu-chi-2025-so-ban-nganh-v1.json``."""
    return f"bo-tieu-chi-{criteria_set.year}-{criteria_set.block.slug}-v{criteria_set.version}.{extension}"
