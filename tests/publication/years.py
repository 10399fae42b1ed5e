"""Published years for tests: marks straight into the database, then the real run, proposal and approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from agencies.models import Agency, Block, Role
from parindex.clock import db_now
from scoring.assessment.models import Answer, CycleBlock, Mark, Scoresheet, SheetState
from scoring.publication import services
from scoring.publication.models import Publication
from scoring.ranking import services as ranking
from scoring.ranking.models import RankingRun
from tests.factories import UserFactory, actor
from tests.factories_scoring import make_agency, make_block, make_set, open_cycle

GRADES = [
    {"label": "Xuất sắc", "ge": "90"},
    {"label": "Tốt", "ge": "80", "lt": "90"},
    {"label": "Khá", "ge": "65", "lt": "80"},
    {"label": "Trung bình", "lt": "65"},
]
SETTINGS: dict[str, Any] = {"digits": 2, "ties": "competition", "grades": GRADES}
LEAVES = (
    {"code": "1.1.1", "max": "60", "rule": {"kind": "manual"}, "title": "Thực hiện kế hoạch"},
    {"code": "2.1.1", "max": "40", "rule": {"kind": "manual"}, "title": "Thủ tục hành chính"},
)
Points = Sequence[str]


def scored(
    points: Mapping[Agency, Points],
    *,
    block: Block,
    year: int = 2025,
    settings: Mapping[str, Any] | None = None,
    leaves: Sequence[Mapping[str, Any]] = LEAVES,
    unranked: Sequence[Agency] = (),
    rehearsal: bool = False,
) -> CycleBlock:
    """A block of a year whose sheets are finalised with these points, leaf by leaf."""
    opened = open_cycle(
        list(points),
        criteria_set=make_set(leaves, block=block, year=year),
        year=year,
        settings=settings or SETTINGS,
        unranked=[agency.pk for agency in unranked],
        rehearsal=rehearsal,
    )
    by, now = UserFactory(), db_now()
    codes = [leaf["code"] for leaf in leaves]
    for agency, got in points.items():
        for code, value in zip(codes, got, strict=True):
            answer = Answer.objects.select_related("criterion").get(
                scoresheet__participation__agency=agency,
                scoresheet__participation__cycle_block=opened.cycle_block,
                criterion__code=code,
            )
            mark(answer, value, by=by, now=now)
    Scoresheet.objects.filter(participation__cycle_block=opened.cycle_block).update(
        state=SheetState.FINALISED, version=4
    )
    return opened.cycle_block


def mark(answer: Answer, value: str, *, by: Any = None, now: Any = None, reason: str = "") -> Mark:
    """Points of an answer, as the council settles them."""
    maximum = answer.criterion.max_points
    trace = {
        "kind": "manual",
        "points": value,
        "max": str(maximum),
        "expression": value,
        "sign": "=",
        "steps": [{"op": "typed", "points": value}],
    }
    return Mark.objects.create(
        answer=answer,
        round=Mark.Round.COUNCIL,
        by=by or UserFactory(),
        points=Decimal(value),
        applicable_max=maximum,
        trace=trace,
        reason=reason,
        at=now or db_now(),
    )


def change(block: CycleBlock, agency: Agency, code: str, value: str) -> None:
    """The council settles one leaf anew (reopened and finalised again)."""
    answer = Answer.objects.select_related("criterion").get(
        scoresheet__participation__agency=agency,
        scoresheet__participation__cycle_block=block,
        criterion__code=code,
    )
    mark(answer, value, reason="Tính lại")


def run_of(block: CycleBlock) -> RankingRun:
    """The final run of a block, computed now."""
    asked = ranking.queue_run(cycle_block=block, actor=None, dispatch=False)
    done = ranking.work(asked.pk)
    assert done is not None and done.state == RankingRun.State.DONE, asked.error
    return RankingRun.objects.select_related("cycle_block__cycle", "cycle_block__block").get(pk=done.pk)


def decision(number: str = "12/QĐ-UBND", on: date = date(2026, 1, 9)) -> services.DecisionData:
    return services.DecisionData(number=number, date=on, signatory="Chủ tịch UBND tỉnh")


def propose(*runs: RankingRun, notice: str = "", number: str = "12/QĐ-UBND", by: Any = None) -> Publication:
    return services.propose(
        actor=by or actor(Role.PUBLISHER),
        cycle=runs[0].cycle_block.cycle,
        runs=runs,
        decision=decision(number),
        notice=notice,
    )


def publish(*blocks: CycleBlock, notice: str = "", number: str = "12/QĐ-UBND") -> Publication:
    """Rank the blocks, propose and approve them."""
    proposed = propose(*(run_of(block) for block in blocks), notice=notice, number=number)
    return services.approve(actor=actor(Role.APPROVER), publication=proposed, content=proposed.content_sha256)


def three(block: Block | None = None) -> list[Agency]:
    """Three agencies of a block."""
    block = block or make_block("Sở, ban, ngành", slug="so-ban-nganh")
    return [make_agency(name, block=block) for name in ("Sở Y tế", "Sở Đất đai", "Sở Ánh sáng")]
