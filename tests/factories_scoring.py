"""Builders of criteria sets, cycles and scoresheets for tests: plain rows, straight into the database.

criteria_set = make_set(leaves=[("1.1.1", "2", {"kind": "boolean", "yes": "2", "no": "0"})])
year = open_cycle(agencies=3)            # every window open now, sheets and answers there
answer = year.answer(year.sheets[0], "1.1.1")
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from agencies.models import Agency, Block
from parindex.clock import db_now
from parindex.ui.collation import code_sort_key, fold, sort_key
from scoring.assessment.models import Answer, Cycle, CycleBlock, Participation, Scoresheet, Stage, Window
from scoring.criteria.models import CriteriaSet, Criterion, Method

_serial = itertools.count(1)

#: One leaf of each kind: 20 points, of which 15 are self-scored.
LEAVES: tuple[dict[str, Any], ...] = (
    {"code": "1.1.1", "max": "1", "rule": {"kind": "boolean", "yes": "1", "no": "0"}},
    {
        "code": "1.1.2",
        "max": "2",
        "rule": {
            "kind": "choice",
            "options": [["Kịp thời", "2"], ["Không kịp thời", "1"], ["Không ban hành", "0"]],
        },
    },
    {
        "code": "1.2.1",
        "max": "1",
        "rule": {"kind": "checklist", "mode": "all", "items": ["đủ báo cáo", "đúng hạn"]},
    },
    {
        "code": "1.2.2",
        "max": "2",
        "rule": {
            "kind": "tiers",
            "variable": "tỷ lệ % hoàn thành",
            "bands": [
                {"gt": "90", "points": "2"},
                {"ge": "70", "le": "90", "points": "1"},
                {"lt": "70", "points": "0"},
            ],
        },
    },
    {
        "code": "2.1.1",
        "max": "4",
        "rule": {
            "kind": "proportion",
            "numerator": "số hồ sơ đúng hạn",
            "denominator": "số hồ sơ đã giải quyết",
            "factor": "4",
            "denominator_zero": "not_applicable",
        },
        "not_applicable_for": ["no_tthc"],
    },
    {"code": "2.1.2", "max": "1", "rule": {"kind": "count", "unit": "sáng kiến", "each": "0.5", "cap": "1"}},
    {
        "code": "2.2.1",
        "max": "2",
        "rule": {"kind": "deduction", "start": "2", "unit": "báo cáo trễ", "each": "0.5", "floor": "0"},
    },
    {"code": "2.2.2", "max": "2", "rule": {"kind": "manual", "step": "0.25"}},
    {
        "code": "3.1.1",
        "max": "3",
        "method": "survey",
        "rule": {
            "kind": "survey",
            "option_weights_pct": {"A": "100", "B": "60", "C": "20", "D": "0"},
            "factor": "3",
        },
    },
    {
        "code": "3.1.2",
        "max": "2",
        "method": "external",
        "rule": {"kind": "external_index", "index": "SIPAS", "factor": "2"},
    },
)

Leaf = Mapping[str, Any] | Sequence[Any]


def make_block(name: str = "", **fields: Any) -> Block:
    """A block; its slug is the folded name."""
    number = next(_serial)
    name = name or f"Khối thử {number}"
    fields.setdefault("slug", fold(name).replace(" ", "-"))
    fields.setdefault("order", number)
    return Block.objects.create(name=name, name_folded=fold(name), **fields)


def make_agency(name: str = "", *, block: Block | None = None, **fields: Any) -> Agency:
    """An agency, in no block unless one is given."""
    name = name or f"Cơ quan thử {next(_serial)}"
    fields.setdefault("slug", fold(name).replace(" ", "-"))
    return Agency.objects.create(
        name=name, block=block, sort_key=sort_key(name), name_folded=fold(name), **fields
    )


def home_affairs() -> Agency:
    """Sở Nội vụ, made when it is not there."""
    return Agency.objects.filter(is_home_affairs=True).first() or make_agency(
        "Sở Nội vụ", is_home_affairs=True
    )


def make_set(
    leaves: Iterable[Leaf] = LEAVES,
    *,
    block: Block | None = None,
    year: int = 2025,
    locked: bool = True,
    appraiser: Agency | None = None,
    nodes: Mapping[str, Mapping[str, Any]] | None = None,
    **fields: Any,
) -> CriteriaSet:
    """A criteria set of these leaves: mappings as in the file, or (code, max, rule[, method]).

    The nodes above come from the codes ("1.1.1" lies under "1.1" under "1"), their maxima are the sums.
    ``nodes``: what else a node has, by code ({"1.2": {"cap": D(3)}, "4": {"role": "bonus"}}).
    """
    more = nodes or {}
    block = block or make_block()
    appraiser = appraiser or home_affairs()
    fields.setdefault("title", f"Bộ tiêu chí thử {year}")
    fields.setdefault("profiles", {"no_tthc": "Cơ quan không có thủ tục hành chính"})
    fields.setdefault("bonus_cap", Decimal(5))
    fields.setdefault("penalty_cap", Decimal(5))
    fields.setdefault("version", CriteriaSet.objects.filter(year=year, block=block).count() + 1)
    plain = [_leaf(leaf) for leaf in leaves]
    maxima: dict[str, Decimal] = {}
    for leaf in plain:
        parts = leaf["code"].split(".")
        for depth in range(1, len(parts)):
            above = ".".join(parts[:depth])
            maxima[above] = maxima.get(above, Decimal(0)) + Decimal(leaf["max"])
    now = db_now()
    total = sum((Decimal(leaf["max"]) for leaf in plain), Decimal(0))
    fields.setdefault("total", total)
    criteria_set = CriteriaSet.objects.create(year=year, block=block, created_at=now, **fields)
    made: dict[str, Criterion] = {}
    for leaf in plain:
        parts = leaf["code"].split(".")
        for depth in range(1, len(parts)):
            _node(made, criteria_set, ".".join(parts[:depth]), maxima, more)
        code = leaf["code"]
        made[code] = Criterion.objects.create(
            criteria_set=criteria_set,
            parent=made.get(code.rpartition(".")[0]),
            code=code,
            sort_key=code_sort_key(code),
            order=len(made) + 1,
            level=len(parts),
            title=leaf.get("title", f"Tiêu chí thành phần {code}"),
            max_points=Decimal(leaf["max"]),
            method=leaf.get("method", Method.APPRAISAL),
            rule=leaf["rule"],
            rule_text=leaf.get("rule_text", ""),
            guidance=leaf.get("guidance", ""),
            evidence=leaf.get("evidence", "Báo cáo, văn bản liên quan"),
            appraiser=leaf.get("appraiser", appraiser),
            not_applicable_for=leaf.get("not_applicable_for", []),
            na_request=leaf.get("na_request", True),
            **more.get(code, {}),
        )
    if locked:
        CriteriaSet.objects.filter(pk=criteria_set.pk).update(locked_at=now)
        criteria_set.refresh_from_db()
    return criteria_set


def _leaf(leaf: Leaf) -> Mapping[str, Any]:
    if isinstance(leaf, Mapping):
        return leaf
    return dict(zip(("code", "max", "rule", "method"), leaf, strict=False))


def _node(
    nodes: dict[str, Criterion],
    criteria_set: CriteriaSet,
    code: str,
    maxima: Mapping[str, Decimal],
    more: Mapping[str, Mapping[str, Any]],
) -> None:
    if code in nodes:
        return
    level = code.count(".") + 1
    nodes[code] = Criterion.objects.create(
        criteria_set=criteria_set,
        parent=nodes.get(code.rpartition(".")[0]),
        code=code,
        sort_key=code_sort_key(code),
        order=len(nodes) + 1,
        level=level,
        title=("Lĩnh vực" if level == 1 else "Tiêu chí") + f" {code}",
        max_points=maxima[code],
        **more.get(code, {}),
    )


def open_windows(
    cycle_block: CycleBlock,
    *,
    now: datetime | None = None,
    windows: Mapping[str, tuple[datetime, datetime]] | None = None,
) -> None:
    """Windows of all stages: open since yesterday for 30 days, or as given by stage."""
    now = now or db_now()
    for stage in Stage.values:
        opens, closes = (windows or {}).get(stage, (now - timedelta(days=1), now + timedelta(days=30)))
        Window.objects.update_or_create(
            cycle_block=cycle_block, stage=stage, defaults={"opens": opens, "closes": closes}
        )


@dataclass(frozen=True)
class OpenedYear:
    """A block whose sheets have come into being."""

    cycle: Cycle
    cycle_block: CycleBlock
    criteria_set: CriteriaSet
    agencies: list[Agency]
    sheets: list[Scoresheet]

    def sheet(self, agency: Agency) -> Scoresheet:
        return next(s for s in self.sheets if s.participation.agency_id == agency.pk)

    def criterion(self, code: str) -> Criterion:
        return self.criteria_set.criteria.get(code=code)

    def answer(self, sheet: Scoresheet, code: str) -> Answer:
        return Answer.objects.get(scoresheet=sheet, criterion__code=code)


def open_cycle(
    agencies: int | Sequence[Agency] = 1,
    *,
    criteria_set: CriteriaSet | None = None,
    block: Block | None = None,
    cycle: Cycle | None = None,
    year: int = 2025,
    windows: Mapping[str, tuple[datetime, datetime]] | None = None,
    settings: Mapping[str, Any] | None = None,
    profiles: Mapping[int, Sequence[str]] | None = None,
    unranked: Iterable[int] = (),
    rehearsal: bool = False,
) -> OpenedYear:
    """A cycle with one opened block: all windows open now unless given by stage as (opens, closes).

    ``profiles``: applicability profiles by agency id; ``unranked``: ids of agencies outside the ranking.
    """
    block = block or (criteria_set.block if criteria_set else make_block())
    criteria_set = criteria_set or make_set(block=block, year=year)
    if isinstance(agencies, int):
        agencies = [make_agency(block=block) for _ in range(agencies)]
    now = db_now()
    cycle = (
        cycle
        or Cycle.objects.get_or_create(
            year=year,
            defaults={
                "title": f"Kỳ đánh giá năm {year}",
                "settings": dict(settings or {}),
                "rehearsal": rehearsal,
                "created_at": now,
            },
        )[0]
    )
    cycle_block = CycleBlock.objects.create(
        cycle=cycle, block=block, criteria_set=criteria_set, opened_at=now
    )
    open_windows(cycle_block, now=now, windows=windows)
    outside = set(unranked)
    sheets = [
        add_sheet(
            cycle_block, agency, profiles=(profiles or {}).get(agency.pk, ()), ranked=agency.pk not in outside
        )
        for agency in agencies
    ]
    return OpenedYear(cycle, cycle_block, criteria_set, list(agencies), sheets)


def add_sheet(
    cycle_block: CycleBlock, agency: Agency, *, profiles: Sequence[str] = (), ranked: bool = True
) -> Scoresheet:
    """A participation with its sheet and one answer for each self-scored leaf."""
    participation = Participation.objects.create(
        cycle_block=cycle_block, agency=agency, profiles=list(profiles), ranked=ranked
    )
    sheet = Scoresheet.objects.create(
        participation=participation, criteria_set=cycle_block.criteria_set, created_at=db_now()
    )
    leaves = cycle_block.criteria_set.criteria.filter(method=Method.APPRAISAL)
    Answer.objects.bulk_create(
        Answer(
            scoresheet=sheet,
            criterion=leaf,
            applicability=(
                Answer.Applicability.PROFILE
                if set(profiles) & set(leaf.not_applicable_for)
                else Answer.Applicability.APPLIES
            ),
        )
        for leaf in leaves
    )
    return sheet
