"""The first page of the agency's people: their sheets, what waits for them, results of earlier years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from agencies.models import Role
from scoring.assessment import permissions
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import (
    Adjustment,
    Answer,
    ExplanationRequest,
    Extension,
    ImportedPoints,
    Mark,
    Scoresheet,
    SecondLook,
    SheetState,
    Window,
)
from scoring.assessment.queries.seen import current, final_result, is_outside
from scoring.assessment.queries.sheet import STAGE_OF
from scoring.assessment.queries.sums import NOTHING, Adjusted, roll_up
from scoring.assessment.windows import Span
from scoring.assessment.workflow import Step, steps_from
from scoring.criteria.queries import trees_of

if TYPE_CHECKING:
    from agencies.actors import Actor

ZERO = Decimal(0)
Applicability = Answer.Applicability


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """One sheet on the first page. ``points`` of ``maximum`` and ``index`` (percent) once it is finalised."""

    sheet: Scoresheet
    answered: int
    leaves: int
    asked: int
    replied: int
    span: Span | None
    steps: list[Step]
    looks: int = 0
    points: Decimal | None = None
    maximum: Decimal | None = None
    index: Decimal | None = None
    digits: int = 2

    @property
    def is_finalised(self) -> bool:
        return self.sheet.state == SheetState.FINALISED

    @property
    def waits_for_agency(self) -> bool:
        return self.sheet.state in (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL, SheetState.EXPLAINING)

    @property
    def step_names(self) -> list[str]:
        return [step.name for step in self.steps]


@dataclass(frozen=True, slots=True)
class Home:
    """Sheets at work, latest year first, and the years that are settled."""

    open: list[OwnSheet]
    settled: list[OwnSheet]
    is_division_editor: bool


def home_of(actor: Actor, now: datetime) -> Home:
    """The sheets of this person's agencies. Ten queries at most, however many there are."""
    sheets = list(
        permissions.own_sheets(actor)
        .exclude(state=SheetState.REPLACED)
        .select_related(
            "participation__agency",
            "participation__cycle_block__cycle",
            "participation__cycle_block__block",
            "criteria_set",
        )
        .annotate(
            leaf_count=Count("answers", filter=~Q(answers__applicability=Applicability.PROFILE)),
            answered_count=Count(
                "answers",
                filter=Q(
                    answers__inputs__isnull=False,
                    answers__self_points__isnull=False,
                    answers__applicability="",
                )
                # decided or not: the count must not tell how a request was decided before the round closes
                | Q(
                    answers__applicability__in=[
                        Applicability.REQUESTED,
                        Applicability.GRANTED,
                        Applicability.REFUSED,
                    ]
                ),
            ),
        )
        .order_by("-participation__cycle_block__cycle__year", "participation__agency__sort_key", "pk")
    )
    spans = _spans(sheets)
    asked = _asked(sheets)
    looks = _looks(sheets)
    results = results_of([sheet for sheet in sheets if sheet.state == SheetState.FINALISED])
    rows = [
        OwnSheet(
            sheet,
            sheet.answered_count,
            sheet.leaf_count,
            *asked.get(sheet.pk, (0, 0)),
            spans.get(sheet.pk),
            steps_from(sheet.state, actor=actor, agency_id=sheet.participation.agency_id),
            looks.get(sheet.pk, 0),
            *results.get(sheet.pk, ()),
        )
        for sheet in sheets
    ]
    return Home(
        sorted((row for row in rows if not row.is_finalised), key=lambda row: not row.waits_for_agency),
        [row for row in rows if row.is_finalised],
        actor.has(Role.DIVISION_EDITOR),
    )


def _spans(sheets: Sequence[Scoresheet]) -> dict[int, Span]:
    """The window that matters to each sheet now. Two queries."""
    blocks = {sheet.participation.cycle_block_id for sheet in sheets}
    windows = {(w.cycle_block_id, w.stage): w for w in Window.objects.filter(cycle_block__in=blocks)}
    ends: dict[tuple[int, str, int | None], datetime] = {}
    for row in Extension.objects.filter(cycle_block__in=blocks):
        key = (row.cycle_block_id, row.stage, row.agency_id)
        ends[key] = max(row.closes, ends.get(key, row.closes))
    found = {}
    for sheet in sheets:
        stage = STAGE_OF.get(SheetState(sheet.state))
        block, agency = sheet.participation.cycle_block_id, sheet.participation.agency_id
        window = windows.get((block, stage)) if stage else None
        if window is None or stage is None:
            continue
        later = [ends[key] for key in ((block, stage, None), (block, stage, agency)) if key in ends]
        found[sheet.pk] = Span(stage, window.opens, max([window.closes, *later]), window.closes)
    return found


def _looks(sheets: Sequence[Scoresheet]) -> dict[int, int]:
    """Sheet id → how many criteria its agency looks at once more. One query, none without an amendment."""
    amended = [sheet.pk for sheet in sheets if sheet.carried_from_id is not None]
    if not amended:
        return {}
    rows = SecondLook.objects.filter(
        answer__scoresheet__in=amended, who=SecondLook.Who.AGENCY, done_at=None
    ).order_by()
    return dict(rows.values_list("answer__scoresheet").annotate(Count("pk")))


def _asked(sheets: Sequence[Scoresheet]) -> dict[int, tuple[int, int]]:
    """Sheet id → (requests, answered ones) of sheets in the explanation stage. One query."""
    explaining = [sheet.pk for sheet in sheets if sheet.state == SheetState.EXPLAINING]
    rows = (
        ExplanationRequest.objects.filter(answer__scoresheet__in=explaining, taken_back_at__isnull=True)
        .order_by()
        .values_list("answer__scoresheet")
        .annotate(Count("pk"), Count("explanation"))
    )
    return {sheet: (asked, replied) for sheet, asked, replied in rows}


def results_of(sheets: Sequence[Scoresheet]) -> dict[int, tuple[Decimal, Decimal, Decimal | None, int]]:
    """Sheet id → (points, maximum, printed index in percent, its digits) of finalised sheets.

    ``sheets`` with participation, cycle, block and set. Five queries at most.
    """
    if not sheets:
        return {}
    trees = trees_of(sheet.criteria_set for sheet in sheets)
    answers: dict[tuple[int, int], Answer] = {}
    for answer in Answer.objects.filter(scoresheet__in=sheets).only(
        "scoresheet_id", "criterion_id", "applicability"
    ):
        answers[answer.scoresheet_id, answer.criterion_id] = answer
    marks: dict[int, dict[int, Mark]] = {}
    for mark in (
        Mark.objects.filter(answer__scoresheet__in=sheets).defer("trace", "inputs", "reason").order_by("pk")
    ):
        marks.setdefault(mark.answer_id, {})[mark.round] = mark
    imported = {
        (row.scoresheet_id, row.criterion_id): row
        for row in ImportedPoints.objects.filter(scoresheet__in=sheets, current=True).defer("trace", "inputs")
    }
    given = adjustments_of(sheets)
    found: dict[int, tuple[Decimal, Decimal, Decimal | None, int]] = {}
    for sheet in sheets:
        tree = trees[sheet.criteria_set_id]
        results = {}
        for leaf in tree.leaves:
            own = answers.get((sheet.pk, leaf.id))
            last = current(marks.get(own.pk)) if own else None
            outside = is_outside(own, leaf.not_applicable_for, sheet.participation.profiles)
            results[leaf.id] = final_result(
                own, last, imported.get((sheet.pk, leaf.id)), outside=outside
            ) or (ZERO, leaf.max_points)
        rolled = roll_up(sheet.criteria_set, results, given.get(sheet.pk, NOTHING), tree=tree)
        block = sheet.participation.cycle_block
        chosen, slug = CycleSettings.parse(block.cycle.settings), block.block.slug
        index = chosen.printed_index(slug, rolled.points, rolled.maximum)
        found[sheet.pk] = (rolled.points, rolled.maximum, index, chosen.ranking_for(slug).digits)
    return found


def adjustments_of(sheets: Sequence[Scoresheet]) -> dict[int, Adjusted]:
    """Sheet id → bonus and penalty in force, before the caps. One query."""
    sums: dict[int, Adjusted] = {}
    for sheet, kind, points in Adjustment.objects.filter(
        scoresheet__in=sheets, voided_at__isnull=True
    ).values_list("scoresheet_id", "kind", "points"):
        bonus, penalty = sums.get(sheet, NOTHING)
        if kind == Adjustment.Kind.BONUS:
            bonus += points
        else:
            penalty += points
        sums[sheet] = Adjusted(bonus, penalty)
    return sums
