"""The sheets of a block and year of the sample, in bulk: what its people would have done on its pages, one by one.

The engine scores every figure; the rows are those that the services write. Thousands of them would take the
services minutes, so the record tells of the load as a whole (scoring.demo.load).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agencies.models import Role, User
from evidence.models import DocumentVersion
from scoring import engine
from scoring.assessment.models import (
    Adjustment,
    Answer,
    Citation,
    CycleBlock,
    Explanation,
    ExplanationRequest,
    ImportBatch,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    Participation,
    RoundClosing,
    Scoresheet,
    Stage,
    Transition,
)
from scoring.criteria.models import Criterion, Method
from scoring.demo.documents import PLACES, REPORT
from scoring.demo.judging import Judged, judge
from scoring.demo.people import Province
from scoring.demo.spread import inputs_for
from scoring.demo.stories import Plan

BATCH = 400
#: How many of the leaves an agency has filled in, by the path of its sheet.
FILLED = {"drafting": (0.25, 0.85), "returned": (1.0, 1.0), "taken": (0.8, 0.9)}
NOTE = "Đơn vị đã thực hiện đầy đủ; số liệu lấy từ hệ thống thông tin của tỉnh."
#: What does not arise everywhere: where agencies ask for "not applicable".
NA_LEAVES = frozenset({"1.3.2", "2.1.1", "2.3.1", "5.1.2", "6.1.3"})
Versions = Mapping[tuple[int, str, int], DocumentVersion]


@dataclass(slots=True)
class Leaf:
    """A leaf of the set with its parsed rule."""

    criterion: Criterion
    rule: engine.Rule
    appraiser: str

    @property
    def code(self) -> str:
        return self.criterion.code

    @property
    def raw(self) -> Mapping[str, Any]:
        rule: Mapping[str, Any] = self.criterion.rule or {}
        return rule

    def score(self, inputs: Mapping[str, Any]) -> engine.Score:
        return engine.score(self.rule, self.criterion.max_points, inputs)

    def applies_to(self, profiles: Sequence[str]) -> bool:
        return not set(self.criterion.not_applicable_for) & set(profiles)


@dataclass(slots=True)
class Sheet:
    """A sheet being made: its plan and its rows."""

    plan: Plan
    row: Scoresheet
    answers: list[tuple[Leaf, Answer]] = field(default_factory=list)


def make_sheets(
    province: Province, block: CycleBlock, plans: Sequence[Plan], versions: Versions
) -> list[Scoresheet]:
    """All rows of a block and year, from participations to marks."""
    leaves = leaves_of(block)
    sheets = _sheets(province, block, plans)
    for sheet in sheets:
        _answers(province, sheet, [leaf for leaf in leaves if leaf.criterion.method == Method.APPRAISAL])
    everything = [answer for sheet in sheets for _leaf, answer in sheet.answers]
    Answer.objects.bulk_create(everything, batch_size=BATCH)
    _citations(province, block, sheets, versions)
    _judge(province, sheets)
    _imported(province, block, sheets, [leaf for leaf in leaves if leaf.criterion.method != Method.APPRAISAL])
    _closings(province, block, sheets)
    return [sheet.row for sheet in sheets]


def leaves_of(block: CycleBlock) -> list[Leaf]:
    """The leaves of the block's set, in order."""
    rows = Criterion.objects.filter(criteria_set=block.criteria_set, rule__isnull=False)
    return [
        Leaf(
            one,
            engine.parse_rule(one.rule or {}, max_points=one.max_points),
            one.appraiser.slug if one.appraiser else "",
        )
        for one in rows.select_related("appraiser").order_by("order")
    ]


def _sheets(province: Province, block: CycleBlock, plans: Sequence[Plan]) -> list[Sheet]:
    participations = Participation.objects.bulk_create(
        [Participation(cycle_block=block, agency=plan.agency, profiles=plan.profiles) for plan in plans]
    )
    rows = Scoresheet.objects.bulk_create(
        [
            Scoresheet(
                participation=participation,
                criteria_set=block.criteria_set,
                state=plan.state,
                version=len(plan.steps) - 1,
                submitted_at=plan.submitted_at,
                days_late=plan.days_late,
                created_at=plan.steps[0].at,
            )
            for plan, participation in zip(plans, participations, strict=True)
        ]
    )
    Transition.objects.bulk_create(
        [
            Transition(
                scoresheet=row,
                name=step.name,
                source=step.source,
                target=step.target,
                by=province.users[step.by],
                at=step.at,
                reason=step.reason,
            )
            for plan, row in zip(plans, rows, strict=True)
            for step in plan.steps
        ],
        batch_size=BATCH,
    )
    opened = min(plan.steps[0].at for plan in plans)
    CycleBlock.objects.filter(pk=block.pk).update(opened_at=opened)
    block.opened_at = opened
    return [Sheet(plan, row) for plan, row in zip(plans, rows, strict=True)]


def _answers(province: Province, sheet: Sheet, leaves: Sequence[Leaf]) -> None:
    """What the agency declares: all of it, or what a draft holds by now."""
    plan = sheet.plan
    rng = plan.dice("filled", plan.agency.slug)
    filled = rng.uniform(*FILLED.get(plan.path, (1.0, 1.0)))
    editor = province.staff(Role.EDITOR, plan.agency)
    begun = plan.steps[0].at + timedelta(days=2)
    ended = plan.at("submit_for_approval") or plan.at("close_draft") or province.now
    wanted = _not_arising(plan, leaves)
    for at, leaf in enumerate(leaves):
        answer = Answer(scoresheet=sheet.row, criterion=leaf.criterion)
        sheet.answers.append((leaf, answer))
        if not leaf.applies_to(plan.profiles):
            answer.applicability = Answer.Applicability.PROFILE
            continue
        if rng.random() > filled:
            continue
        when = begun + (ended - begun) * at / (len(leaves) + 1)
        answer.version, answer.answered_by, answer.answered_at = 1, editor, when
        if leaf.code == wanted:
            answer.applicability = Answer.Applicability.REQUESTED
            continue
        dice = plan.dice(leaf.code)
        inputs = engine.clean_inputs(
            leaf.rule, inputs_for(leaf.raw, plan.worth + dice.uniform(-0.05, 0.05), dice)
        )
        declare(answer, inputs, leaf.score(inputs))


def _not_arising(plan: Plan, leaves: Sequence[Leaf]) -> str:
    """The leaf on which the agency asks for "not applicable"; most ask for none."""
    dice = plan.dice("na")
    if dice.random() > 0.4:
        return ""
    fit = [
        leaf.code
        for leaf in leaves
        if leaf.code in NA_LEAVES
        and leaf.applies_to(plan.profiles)
        and leaf.raw["kind"] == "proportion"
        and leaf.criterion.max_points <= 3
    ]
    return dice.choice(fit) if fit else ""


def declare(answer: Answer, inputs: dict[str, Any], score: engine.Score) -> None:
    """Inputs with the points that the rule gives them."""
    answer.inputs, answer.self_points = inputs, score.points
    answer.applicable_max, answer.trace = score.applicable_max, score.trace


def _citations(province: Province, block: CycleBlock, sheets: Sequence[Sheet], versions: Versions) -> None:
    """Every answer above 0 cites a document or has a note, unless it is still being drafted."""
    rows: list[Citation] = []
    noted: list[Answer] = []
    year = block.cycle.year
    for sheet in sheets:
        agency = sheet.plan.agency
        dice = sheet.plan.dice("citations", agency.slug)
        for leaf, answer in sheet.answers:
            if not answer.self_points:
                continue
            if sheet.plan.path == "drafting" and dice.random() < 0.2:
                continue
            kind, page, clause = PLACES[leaf.code[0]]
            version = versions.get((agency.pk, kind, year)) or versions.get((agency.pk, REPORT, year))
            if version is None or dice.random() < 0.12:
                answer.note = NOTE
                noted.append(answer)
                continue
            rows.append(
                Citation(
                    answer=answer,
                    document_version=version,
                    page=page,
                    clause=clause,
                    frozen=sheet.row.submitted_at is not None,
                    added_by=answer.answered_by,
                    added_at=answer.answered_at or province.now,
                )
            )
    Citation.objects.bulk_create(rows, batch_size=BATCH)
    Answer.objects.bulk_update(noted, ["note"], batch_size=BATCH)


def _judge(province: Province, sheets: Sequence[Sheet]) -> None:
    """Requests "not applicable" and how they were decided, marks, questions and explanations."""
    judged = Judged()
    for sheet in sheets:
        for leaf, answer in sheet.answers:
            judge(province, sheet.plan, leaf, answer, judged)
    NotApplicableRequest.objects.bulk_create(judged.na_requests, batch_size=BATCH)
    ExplanationRequest.objects.bulk_create(judged.questions, batch_size=BATCH)
    Explanation.objects.bulk_create(judged.explanations, batch_size=BATCH)
    judged.marks.sort(key=lambda mark: (mark.round, mark.at))
    Mark.objects.bulk_create(judged.marks, batch_size=BATCH)
    Answer.objects.bulk_update(judged.changed, ["applicability"], batch_size=BATCH)
    touched: dict[int, int] = {}
    for mark in judged.marks:
        touched[mark.answer_id] = touched.get(mark.answer_id, 1) + 1
    for count in set(touched.values()):
        ids = [answer for answer, times in touched.items() if times == count]
        for start in range(0, len(ids), BATCH):
            Answer.objects.filter(pk__in=ids[start : start + BATCH]).update(version=count)


def _imported(province: Province, block: CycleBlock, sheets: Sequence[Sheet], leaves: Sequence[Leaf]) -> None:
    """Survey and external points: all of them once a year is over; while it runs, what is known by then."""
    windows = {window.stage: window for window in block.windows.all()}
    running = block.cycle.year == province.year
    if running and windows[Stage.COUNCIL].opens > province.now:
        leaves = [leaf for leaf in leaves if leaf.criterion.method == Method.SURVEY]
        if windows[Stage.SELF_ASSESSMENT].closes > province.now:
            return
    at = min(windows[Stage.ROUND_1].opens + timedelta(days=5, hours=10), province.now - timedelta(hours=3))
    file = f"dieu-tra-xhh-{block.block.slug}-{block.cycle.year}.xlsx"
    rows = []
    for sheet in sheets:
        for leaf in leaves:
            if not leaf.applies_to(sheet.plan.profiles):
                continue
            dice = sheet.plan.dice(leaf.code)
            inputs = engine.clean_inputs(leaf.rule, inputs_for(leaf.raw, sheet.plan.worth, dice))
            score = leaf.score(inputs)
            rows.append(
                ImportedPoints(
                    scoresheet=sheet.row,
                    criterion=leaf.criterion,
                    inputs=inputs,
                    points=score.points,
                    applicable_max=score.applicable_max,
                    trace=score.trace,
                )
            )
    batch = ImportBatch.objects.create(
        cycle_block=block,
        source=ImportBatch.Source.SURVEY,
        file_name=file,
        sha256=hashlib.sha256(file.encode()).hexdigest(),
        rows=len(rows),
        by=province.users["thu-ky"],
        at=at,
    )
    for row in rows:
        row.batch = batch
    ImportedPoints.objects.bulk_create(rows, batch_size=BATCH)
    if not running:
        _bonus(province, sheets, at)


def _bonus(province: Province, sheets: Sequence[Sheet], at: datetime) -> None:
    """One agency of the block earned a bonus in a year that is over."""
    sheet = sheets[len(sheets) // 2]
    if any(other.plan.seed == sheet.plan.seed for other in sheets if other is not sheet):
        return
    Adjustment.objects.create(
        scoresheet=sheet.row,
        kind=Adjustment.Kind.BONUS,
        points=1,
        reason="Có mô hình cải cách hành chính được nhân rộng trong tỉnh.",
        by=province.users["thu-ky"],
        at=at,
    )


def _closings(province: Province, block: CycleBlock, sheets: Sequence[Sheet]) -> None:
    """The acts by which the secretary closed the stages, with the number of sheets that each touched."""
    secretary: User = province.users["thu-ky"]
    stages = {
        Stage.SELF_ASSESSMENT: ("close_draft",),
        Stage.ROUND_1: ("ask_for_explanation", "close_round_1"),
        Stage.ROUND_2: ("close_round_2",),
    }
    for stage, names in stages.items():
        times = [at for sheet in sheets for name in names if (at := sheet.plan.at(name)) is not None]
        if times:
            RoundClosing.objects.create(
                cycle_block=block, stage=stage, closed_by=secretary, closed_at=max(times), sheets=len(times)
            )
