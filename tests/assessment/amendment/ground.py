"""A block whose set is amended in mid-year: one leaf of every class, people of every side."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agencies.actors import Actor, actor_for
from agencies.models import Agency, Role, User
from parindex.clock import db_now
from scoring import engine
from scoring.assessment.models import (
    Adjustment,
    Amendment,
    Answer,
    Citation,
    Explanation,
    ExplanationRequest,
    ImportBatch,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
)
from scoring.assessment.services.amendment import amend_block
from scoring.criteria.models import Comparability, CriteriaSet, CriterionLink, SetLink
from tests.assessment.sheet.conftest import make_version
from tests.factories import person
from tests.factories_scoring import OpenedYear, home_affairs, make_agency, make_block, make_set, open_cycle

YES = {"kind": "boolean", "yes": "1", "no": "0"}
SHARE = {"kind": "proportion", "numerator": "đúng hạn", "denominator": "được giao", "factor": "2"}
CHOICE = {"kind": "choice", "options": [["Đạt", "1"], ["Không đạt", "0"]]}
MANUAL = {"kind": "manual", "step": "0.25"}

#: The set in force.
BEFORE = (
    {"code": "1.1", "max": "1", "rule": YES, "title": "Ban hành kế hoạch"},
    {"code": "1.2", "max": "1", "rule": YES, "title": "Báo cáo đúng hạn"},
    {"code": "1.3", "max": "2", "rule": SHARE, "title": "Tỷ lệ hồ sơ đúng hạn"},
    {"code": "1.4", "max": "1", "rule": CHOICE, "title": "Mức độ hoàn thành"},
    {"code": "2.1", "max": "1", "rule": YES, "title": "Tuyên truyền và tập huấn"},
    {"code": "2.2", "max": "1", "rule": YES, "title": "Kiểm tra đơn vị"},
    {"code": "2.3", "max": "1", "rule": YES, "title": "Xử lý sau kiểm tra"},
    {"code": "2.4", "max": "1", "rule": YES, "title": "Sáng kiến"},
    {"code": "3.1", "max": "2", "rule": MANUAL, "method": "office", "title": "Đánh giá của Văn phòng"},
    {"code": "3.2", "max": "2", "rule": MANUAL, "method": "office", "title": "Công tác phối hợp"},
)  # fmt: skip
#: The amended set: same, renamed, maximum, rule, split in two, merged, new; 2.4 is gone.
AFTER = (
    {"code": "1.1", "max": "1", "rule": YES, "title": "Ban hành kế hoạch"},
    {"code": "1.2", "max": "1", "rule": YES, "title": "Báo cáo đầy đủ, đúng hạn"},
    {"code": "1.3", "max": "3", "rule": SHARE | {"factor": "3"}, "title": "Tỷ lệ hồ sơ đúng hạn"},
    {"code": "1.4", "max": "1", "rule": MANUAL, "title": "Mức độ hoàn thành"},
    {"code": "2.1", "max": "1", "rule": YES, "title": "Tuyên truyền"},
    {"code": "2.2", "max": "1", "rule": YES, "title": "Tập huấn"},
    {"code": "2.3", "max": "1", "rule": YES, "title": "Kiểm tra và xử lý sau kiểm tra"},
    {"code": "2.5", "max": "1", "rule": YES, "title": "Chuyển đổi số"},
    {"code": "3.1", "max": "2", "rule": MANUAL, "method": "office", "title": "Đánh giá của Văn phòng"},
    {"code": "3.2", "max": "1", "rule": MANUAL, "method": "office", "title": "Công tác phối hợp"},
)  # fmt: skip
#: (code there, code before)
TIES = (
    ("1", "1"), ("2", "2"), ("3", "3"), ("1.1", "1.1"), ("1.2", "1.2"), ("1.3", "1.3"), ("1.4", "1.4"),
    ("2.1", "2.1"), ("2.2", "2.1"), ("2.3", "2.2"), ("2.3", "2.3"), ("3.1", "3.1"), ("3.2", "3.2"),
)  # fmt: skip
CLASSES = {
    "1.1": "same", "1.2": "renamed", "1.3": "maximum", "1.4": "rule", "2.1": "split", "2.2": "split",
    "2.3": "merged", "2.5": "new", "3.1": "same", "3.2": "maximum",
}  # fmt: skip
CHANGED = ("1.3", "1.4", "2.1", "2.2", "2.3", "2.5")
INPUTS: dict[str, dict[str, Any]] = {
    "1.1": {"value": True}, "1.2": {"value": False}, "1.3": {"numerator": "9", "denominator": "10"},
    "1.4": {"option": "0"}, "2.1": {"value": True}, "2.2": {"value": True}, "2.3": {"value": False},
    "2.4": {"value": True},
}  # fmt: skip


def link(newer: CriteriaSet, earlier: CriteriaSet, ties: Any = TIES, **more: Any) -> SetLink:
    """State how one set follows another."""
    there = {one.code: one for one in newer.criteria.all()}
    before = {one.code: one for one in earlier.criteria.all()}
    made = SetLink.objects.create(newer=newer, earlier=earlier, stated=True, **more)
    CriterionLink.objects.bulk_create(
        CriterionLink(
            set_link=made,
            criterion=there[new],
            earlier=before[old],
            comparability=Comparability.SAME,
        )
        for new, old in ties
    )
    return made


@dataclass
class Ground:
    """An opened block of agencies, the version that will follow, and the secretary."""

    year: OpenedYear
    newer: CriteriaSet
    secretary: User
    assessor: User
    people: dict[int, dict[str, User]] = field(default_factory=dict)

    @property
    def block(self) -> Any:
        return type(self.year.cycle_block).objects.get(pk=self.year.cycle_block.pk)

    def actor(self, user: User) -> Actor:
        return actor_for(User.objects.get(pk=user.pk))

    def person(self, agency: Agency, role: str) -> User:
        mine = self.people.setdefault(agency.pk, {})
        if role not in mine:
            mine[role] = person(role, agency)
        return mine[role]

    def amend(self, **more: Any) -> Amendment:
        values: dict[str, Any] = {"effective_on": date(2025, 9, 1), "note": "Theo Quyết định 1/QĐ-UBND"}
        return amend_block(
            actor=self.actor(self.secretary),
            cycle_block=self.year.cycle_block,
            criteria_set=self.newer,
            **(values | more),
        )

    def old(self, agency: Agency) -> Scoresheet:
        return Scoresheet.objects.get(participation__agency=agency, criteria_set=self.year.criteria_set)

    def new(self, agency: Agency) -> Scoresheet:
        return Scoresheet.objects.get(participation__agency=agency, criteria_set=self.newer)

    def answer(self, sheet: Scoresheet, code: str) -> Answer:
        return Answer.objects.select_related("criterion", "scoresheet").get(
            scoresheet=sheet, criterion__code=code
        )


def make_ground(
    agencies: int = 1,
    *,
    before: Any = BEFORE,
    after: Any = AFTER,
    ties: Any = TIES,
    locked: bool = True,
    **more: Any,
) -> Ground:
    block, home = make_block(), home_affairs()
    old = make_set(before, block=block)
    new = make_set(after, block=block, locked=locked)
    link(new, old, ties)
    houses = [make_agency(block=block) for _ in range(agencies)]
    year = open_cycle(houses, criteria_set=old, block=block, **more)
    return Ground(year, new, person(Role.SECRETARY, home), person(Role.ASSESSOR, home))


def declare(ground: Ground, agency: Agency, code: str, inputs: dict[str, Any] | None = None) -> Answer:
    """An answer with its points, a note and one cited document."""
    sheet, who = ground.old(agency), ground.person(agency, Role.EDITOR)
    answer = ground.answer(sheet, code)
    leaf = answer.criterion
    inputs = INPUTS[code] if inputs is None else inputs
    rule = engine.parse_rule(leaf.rule, max_points=leaf.max_points)
    score = engine.score(rule, leaf.max_points, inputs)
    answer.inputs = engine.clean_inputs(rule, inputs)
    answer.self_points, answer.applicable_max, answer.trace = score.points, score.applicable_max, score.trace
    answer.note, answer.version = f"Ghi chú {code}", 1
    answer.answered_by, answer.answered_at = who, db_now()
    answer.save()
    Citation.objects.create(
        answer=answer,
        document_version=make_version(agency, who, f"{code}/BC"),
        page="1",
        added_by=who,
        added_at=db_now(),
    )
    return answer


def mark(ground: Ground, answer: Answer, round: int = 1, points: str | None = None) -> Mark:
    return Mark.objects.create(
        answer=answer,
        round=round,
        by=ground.assessor,
        inputs=answer.inputs if points is None else None,
        points=answer.self_points if points is None else Decimal(points),
        applicable_max=answer.applicable_max,
        trace=answer.trace or {},
        reason=f"Vòng {round}",
        at=db_now(),
    )


def fill(ground: Ground, agency: Agency, state: str, *, marked: bool = False) -> Scoresheet:
    """Everything answered and cited; frozen, and with ``marked`` round 1 given, where the state is past that."""
    sheet = ground.old(agency)
    for code in INPUTS:
        answer = declare(ground, agency, code)
        if marked:
            mark(ground, answer)
    if state not in (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL):
        Citation.objects.filter(answer__scoresheet=sheet).update(frozen=True)
        Scoresheet.objects.filter(pk=sheet.pk).update(submitted_at=db_now(), days_late=2)
    Scoresheet.objects.filter(pk=sheet.pk).update(state=state)
    return ground.old(agency)


def import_points(ground: Ground, sheet: Scoresheet, code: str, points: str = "1") -> ImportedPoints:
    batch = ImportBatch.objects.create(
        cycle_block=ground.year.cycle_block,
        source="survey",
        file_name="d.csv",
        sha256="0" * 64,
        rows=1,
        at=db_now(),
    )
    leaf = ground.year.criterion(code)
    return ImportedPoints.objects.create(
        batch=batch,
        scoresheet=sheet,
        criterion=leaf,
        inputs={"points": points},
        points=Decimal(points),
        applicable_max=leaf.max_points,
        trace={},
    )


__all__ = [
    "AFTER", "BEFORE", "CHANGED", "CLASSES", "INPUTS", "TIES", "Adjustment", "Explanation", "ExplanationRequest",
    "Ground", "NotApplicableRequest", "datetime", "declare", "fill", "import_points", "link", "make_ground", "mark",
]  # fmt: skip
