"""A block's year of two sets for tests: the halves of 2025, finalised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from agencies.models import Agency, Block
from parindex.clock import db_now
from scoring.assessment.models import Answer, CycleBlock, Scoresheet, SheetState
from scoring.assessment.services.parts import Share, add_part
from tests.factories import UserFactory
from tests.factories_scoring import add_sheet, make_set, open_windows
from tests.publication.years import mark, scored

FIRST, SECOND = "6 tháng đầu năm", "6 tháng cuối năm"
#: 75 points: the first half has no area 3.
FIRST_LEAVES = (
    {"code": "1.1.1", "max": "45", "rule": {"kind": "manual"}, "title": "Thực hiện kế hoạch"},
    {"code": "2.1.1", "max": "30", "rule": {"kind": "manual"}, "title": "Thủ tục hành chính"},
)
#: 80 points.
SECOND_LEAVES = (
    {"code": "1.1.1", "max": "40", "rule": {"kind": "manual"}, "title": "Kế hoạch hai cấp"},
    {"code": "3.1.1", "max": "40", "rule": {"kind": "manual"}, "title": "Chuyển đổi số"},
)
Points = Mapping[Agency, Sequence[str]]


def two_halves(
    first: Points,
    second: Points,
    *,
    block: Block,
    weight: str = "60",
    settings: Mapping[str, Any] | None = None,
    unranked: Sequence[Agency] = (),
    unranked_second: Sequence[Agency] = (),
) -> tuple[CycleBlock, CycleBlock]:
    """The main row (first half) and the second half with its weight; all sheets finalised with these points."""
    main = scored(first, block=block, settings=settings, leaves=FIRST_LEAVES, unranked=unranked)
    part = add_half(main, second, weight=weight, unranked=unranked_second)
    main.refresh_from_db()
    return main, part


def add_half(
    main: CycleBlock,
    points: Points,
    *,
    weight: str = "60",
    leaves: Sequence[Mapping[str, Any]] = SECOND_LEAVES,
    period: str = SECOND,
    unranked: Sequence[Agency] = (),
) -> CycleBlock:
    """A further part of the year, opened and finalised."""
    part = add_part(
        actor=None,
        cycle_block=main,
        criteria_set=make_set(leaves, block=main.block, year=main.cycle.year, title=f"Bộ tiêu chí {period}"),
        share=Share(period, Decimal(weight)),
        main_period=FIRST,
        with_agencies=False,
    )
    CycleBlock.objects.filter(pk=part.pk).update(opened_at=db_now())
    part.refresh_from_db()
    open_windows(part)
    by, now = UserFactory(), db_now()
    for agency, got in points.items():
        sheet = add_sheet(part, agency, ranked=agency not in unranked)
        for leaf, value in zip(leaves, got, strict=True):
            answer = Answer.objects.select_related("criterion").get(
                scoresheet=sheet, criterion__code=leaf["code"]
            )
            mark(answer, value, by=by, now=now)
    Scoresheet.objects.filter(participation__cycle_block=part).update(state=SheetState.FINALISED, version=4)
    return part
