"""What closing a round would touch, and what still stands in its way: for the page and, under locks, for the act."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from scoring.assessment.models import (
    Answer,
    CycleBlock,
    ExplanationRequest,
    Extension,
    Mark,
    RoundClosing,
    Scoresheet,
    SheetState,
    Stage,
    Window,
)
from scoring.assessment.windows import Span

#: The stages that are closed by an act, and the states of the sheets that the act concerns.
CLOSABLE: dict[Stage, tuple[SheetState, ...]] = {
    Stage.SELF_ASSESSMENT: (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL),
    Stage.ROUND_1: (SheetState.SUBMITTED, SheetState.APPRAISING),
    Stage.EXPLANATION: (SheetState.EXPLAINING,),
    Stage.ROUND_2: (SheetState.REAPPRAISING,),
}
ROUNDS = {Stage.ROUND_1: Mark.Round.ROUND_1, Stage.ROUND_2: Mark.Round.ROUND_2}


@dataclass(frozen=True, slots=True)
class Touched:
    """A sheet that the closing moves: by which steps, to which state. ``asked``: open explanation requests.

    ``days_late``: begun days after the regular end, where self-assessment is closed on an agency.
    """

    sheet: Scoresheet
    steps: tuple[str, ...]
    target: SheetState
    asked: int = 0
    days_late: int = 0

    @property
    def agency_id(self) -> int:
        return self.sheet.participation.agency_id


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sheet that the closing leaves alone because its own time still runs."""

    sheet: Scoresheet
    closes: datetime


@dataclass(frozen=True, slots=True)
class ClosingPlan:
    """What closing a stage would do now. ``lacking``: covered answers without a mark (they refuse the act).

    ``shut``: the scored agencies among these whose round is over, with its end: nothing is marked there until
    an extension is given.
    """

    stage: Stage
    touched: list[Touched] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    lacking: list[Answer] = field(default_factory=list)
    shut: dict[int, datetime] = field(default_factory=dict)
    last_closing: RoundClosing | None = None

    @property
    def key(self) -> str:
        """What the page showed: the act is refused when it would touch other sheets, or sheets that moved."""
        told = ";".join(f"{t.sheet.pk}:{t.sheet.version}:{t.target}" for t in self.touched)
        return hashlib.sha256(f"{self.stage}|{told}".encode()).hexdigest()[:32]

    @property
    def shut_since(self) -> datetime | None:
        """The latest of these ends."""
        return max(self.shut.values(), default=None)

    @property
    def can_close(self) -> bool:
        return bool(self.touched) and not self.lacking


def plan_closing(
    cycle_block: CycleBlock,
    stage: Stage,
    *,
    now: datetime,
    sheets: Iterable[Scoresheet] | None = None,
) -> ClosingPlan:
    """The plan of closing a stage of a block. ``sheets``: those locked by the act (default: all concerned).

    At most six queries, whatever the number of sheets.
    """
    concerned = list(sheets_concerned(cycle_block, stage)) if sheets is None else list(sheets)
    concerned.sort(key=lambda sheet: sheet.participation.agency.sort_key)
    last = (
        RoundClosing.objects.filter(cycle_block=cycle_block, stage=stage).select_related("closed_by").first()
    )
    plan = ClosingPlan(stage, last_closing=last)
    if stage in (Stage.SELF_ASSESSMENT, Stage.EXPLANATION):
        spans = spans_of(cycle_block, stage, (sheet.participation.agency_id for sheet in concerned))
        for sheet in concerned:
            span = spans.get(sheet.participation.agency_id)
            if span is not None and not span.is_over(now):
                plan.waiting.append(Waiting(sheet, span.closes))
            elif stage == Stage.EXPLANATION:
                plan.touched.append(Touched(sheet, ("close_explanation",), SheetState.REAPPRAISING))
            else:
                step = "close_draft" if sheet.state == SheetState.DRAFTING else "close_awaiting"
                late = span.days_late(now) if span is not None else 0
                plan.touched.append(Touched(sheet, (step,), SheetState.SUBMITTED, days_late=late))
        return plan
    round = ROUNDS[stage]
    ids = [sheet.pk for sheet in concerned]
    plan.lacking.extend(
        unmarked(ids, round)
        .select_related("criterion", "scoresheet__participation__agency")
        .only(
            "public_id",
            "version",
            "criterion__code",
            "scoresheet__public_id",
            "scoresheet__participation__agency__name",
        )
        .order_by("scoresheet__participation__agency__sort_key", "criterion__order")
    )
    if plan.lacking:
        agencies = {answer.scoresheet.participation.agency_id for answer in plan.lacking}
        found = spans_of(cycle_block, stage, agencies).items()
        plan.shut.update({agency: span.closes for agency, span in found if span.is_over(now)})
    asked: dict[int, int] = {}
    if stage == Stage.ROUND_1:
        open_requests = _unsettled(ExplanationRequest.objects.filter(answer__scoresheet__in=ids))
        for sheet_id in open_requests.values_list("answer__scoresheet_id", flat=True):
            asked[sheet_id] = asked.get(sheet_id, 0) + 1
    for sheet in concerned:
        plan.touched.append(_after_round(sheet, stage, asked.get(sheet.pk, 0)))
    return plan


def _after_round(sheet: Scoresheet, stage: Stage, asked: int) -> Touched:
    if stage == Stage.ROUND_2:
        return Touched(sheet, ("close_round_2",), SheetState.REVIEWING)
    begin = ("begin_appraisal",) if sheet.state == SheetState.SUBMITTED else ()
    if asked:
        return Touched(sheet, (*begin, "ask_for_explanation"), SheetState.EXPLAINING, asked)
    return Touched(sheet, (*begin, "close_round_1"), SheetState.REVIEWING)


def _unsettled(requests: QuerySet[ExplanationRequest]) -> QuerySet[ExplanationRequest]:
    """The open requests but those that were answered and marked again already, before the set was amended."""
    marked = Mark.objects.filter(answer=OuterRef("answer"), round__gte=Mark.Round.ROUND_2)
    return requests.filter(taken_back_at=None).exclude(Q(explanation__isnull=False) & Exists(marked))


def sheets_concerned(cycle_block: CycleBlock, stage: Stage) -> QuerySet[Scoresheet]:
    """The sheets of the block that stand where this stage's closing would find them."""
    return Scoresheet.objects.filter(
        participation__cycle_block=cycle_block, state__in=CLOSABLE[stage]
    ).select_related("participation__agency")


def unmarked(sheet_ids: Iterable[int], round: int) -> QuerySet[Answer]:
    """The answers that a round covers and that lack its mark: all in round 1, those explained in round 2.

    Round 2 leaves out what the council has settled: its points stand. A mark that another criterion's change left
    without points (``lapsed``) has to be given again, whichever the round.
    """
    given = Mark.objects.filter(answer=OuterRef("pk"), round=round)
    lacking = lapsed() | ~Exists(given)
    answers = Answer.objects.filter(lacking, scoresheet__in=list(sheet_ids)).exclude(
        applicability=Answer.Applicability.PROFILE
    )
    if round == Mark.Round.ROUND_2:
        asked = ExplanationRequest.objects.filter(answer=OuterRef("pk"), taken_back_at=None)
        settled = Mark.objects.filter(answer=OuterRef("pk"), round=Mark.Round.COUNCIL)
        answers = answers.filter(lapsed() | Exists(asked), ~Exists(settled))
    return answers


def lapsed() -> Exists:
    """Whether the last mark of an answer lost its points with another criterion's change (facts.is_lapsed)."""
    later = Mark.objects.filter(answer=OuterRef("answer")).filter(
        Q(round__gt=OuterRef("round")) | Q(round=OuterRef("round"), pk__gt=OuterRef("pk"))
    )
    return Exists(
        Mark.objects.filter(
            ~Exists(later), answer=OuterRef("pk"), points=0, inputs__isnull=False, trace__kind="unanswered"
        )
    )


def spans_of(cycle_block: CycleBlock, stage: Stage, agency_ids: Iterable[int]) -> dict[int, Span]:
    """The window of one stage for many agencies, extensions counted. Two queries; empty without a window."""
    window = Window.objects.filter(cycle_block=cycle_block, stage=stage).first()
    if window is None:
        return {}
    block_end, own = window.closes, dict[int, datetime]()
    rows = Extension.objects.filter(cycle_block=cycle_block, stage=stage).values_list("agency_id", "closes")
    for agency, closes in rows:
        if agency is None:
            block_end = max(block_end, closes)
        else:
            own[agency] = max(closes, own.get(agency, closes))
    return {
        agency: Span(stage, window.opens, max(block_end, own.get(agency, block_end)), window.closes)
        for agency in agency_ids
    }
