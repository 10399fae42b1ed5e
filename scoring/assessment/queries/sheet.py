"""An agency's sheet as its page shows it: one area at a time, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.db.models import OuterRef, Subquery

from evidence.models import DocumentVersion
from scoring import engine
from scoring.assessment import permissions
from scoring.assessment.models import (
    Adjustment,
    Answer,
    Citation,
    ExplanationRequest,
    ImportedPoints,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
    Stage,
    Transition,
)
from scoring.assessment.queries.divisions import assignments_of, spread
from scoring.assessment.queries.facts import own_facts, sources_for, waits_for
from scoring.assessment.queries.last_year import last_year_of
from scoring.assessment.queries.leaves import Branch, LeafView
from scoring.assessment.queries.progress import DivisionProgress as DivisionProgress
from scoring.assessment.queries.progress import (
    Progress,
    area_of,
    by_division,
    gaps_of,
    progress_from,
)
from scoring.assessment.queries.second_looks import NO_LOOKS, Looks, looks_of
from scoring.assessment.queries.seen import (
    AFTER_ROUND_1,
    AFTER_ROUND_2,
    Curtain,
    hide_decisions,
    is_outside,
    last_by_round,
    marks_shown,
    transitions_of,
)
from scoring.assessment.queries.sums import Cap, adjusted_by, caps_of, roll_up
from scoring.assessment.windows import Span, spans
from scoring.criteria.dependencies import dependents, looked_at
from scoring.criteria.models import Criterion
from scoring.criteria.queries import SetTree, tree_of

if TYPE_CHECKING:
    from agencies.actors import Actor

ZERO = Decimal(0)
Applicability = Answer.Applicability

#: The window that matters to the agency in a state.
STAGE_OF = {
    SheetState.DRAFTING: Stage.SELF_ASSESSMENT,
    SheetState.AWAITING_APPROVAL: Stage.SELF_ASSESSMENT,
    SheetState.SUBMITTED: Stage.SELF_ASSESSMENT,
    SheetState.APPRAISING: Stage.ROUND_1,
    SheetState.EXPLAINING: Stage.EXPLANATION,
    SheetState.REAPPRAISING: Stage.ROUND_2,
    SheetState.REVIEWING: Stage.COUNCIL,
}


@dataclass
class SheetView:
    """A sheet with its progress and one area (or all) in full."""

    sheet: Scoresheet
    criteria: list[Criterion]
    progress: Progress
    area: Criterion | None
    branches: list[Branch]
    windows: dict[str, Span]
    transitions: list[Transition]
    curtain: Curtain
    now: datetime
    final: tuple[Decimal, Decimal] | None
    divisions: list[DivisionProgress]
    last_step: Transition | None
    looks: Looks = NO_LOOKS
    adjustments: list[Adjustment] = field(default_factory=list)
    own_division_ids: frozenset[int] = frozenset()
    asked_count: int = 0
    last_note: str = ""

    @property
    def own_divisions(self) -> list[DivisionProgress]:
        """Progress of the reader's own divisions."""
        return [one for one in self.divisions if one.division_id in self.own_division_ids]

    @property
    def window(self) -> Span | None:
        stage = STAGE_OF.get(SheetState(self.sheet.state))
        return self.windows.get(stage) if stage else None

    @property
    def is_open(self) -> bool:
        return self.window is not None and self.window.is_open(self.now)

    @property
    def shows_round_1(self) -> bool:
        return self.curtain.state in AFTER_ROUND_1

    @property
    def shows_round_2(self) -> bool:
        return self.curtain.state in AFTER_ROUND_2

    def leaf(self, answer: Answer) -> LeafView:
        """The row of one answer, in the area that was read."""
        return next(
            leaf
            for branch in self.branches
            for leaf in branch.all_leaves()
            if leaf.answer is not None and leaf.answer.pk == answer.pk
        )

    def ancestors(self, criterion: Criterion) -> list[tuple[Criterion, Decimal, Decimal, Cap | None]]:
        """The nodes above a leaf with their subtotals and caps: what a save changes elsewhere on the page."""
        by_id = {node.pk: node for node in self.criteria}
        found = []
        parent_id = criterion.parent_id
        while parent_id is not None:
            node = by_id[parent_id]
            found.append((node, *self.progress.nodes[parent_id], self.progress.caps.get(parent_id)))
            parent_id = node.parent_id
        return found

    def next_area(self) -> Criterion | None:
        """The area after the one shown."""
        tops = [node for node in self.criteria if node.parent_id is None]
        if self.area is None or self.area not in tops:
            return None
        place = tops.index(self.area)
        return tops[place + 1] if place + 1 < len(tops) else None


def read_sheet(
    sheet: Scoresheet,
    *,
    actor: Actor,
    now: datetime,
    area: str = "",
    whole: bool = False,
    last_year: bool = True,
) -> SheetView:
    """The sheet for its agency's eyes: the area of this code (default: the first), or all areas.

    ``last_year``: whether leaves say what they earned then. Always the same number of queries for the same state,
    whatever the size. ``sheet`` comes from ``permissions.sheet_for``.
    """
    participation = sheet.participation
    agency_id = participation.agency_id
    criteria = list(
        Criterion.objects.filter(criteria_set_id=sheet.criteria_set_id)
        .select_related("appraiser")
        .order_by("order")
    )
    by_id = {node.pk: node for node in criteria}
    areas = area_of(criteria)
    tops = [node for node in criteria if node.parent_id is None]
    divisions = spread(((node.pk, node.parent_id) for node in criteria), assignments_of(sheet))
    own_divisions = actor.division_ids(agency_id)
    chosen = next((top for top in tops if top.code == area), None)
    if chosen is None and own_divisions:  # a division's own work comes first
        mine = (areas[pk] for pk, one in divisions.items() if one.division_id in own_divisions)
        chosen = min(mine, key=lambda top: top.order, default=None)
    chosen = chosen or (tops[0] if tops else None)
    shown = {node.pk for node in criteria if whole or (chosen and areas[node.pk].pk == chosen.pk)}

    answers: dict[int, Answer] = {}
    for answer in Answer.objects.filter(scoresheet=sheet).select_related("answered_by"):
        answer.criterion, answer.scoresheet = by_id[answer.criterion_id], sheet
        answers[answer.criterion_id] = answer
    citations = _citations(sheet)
    requests = _requests(sheet)
    transitions = transitions_of(sheet)
    curtain = Curtain.of(sheet, transitions)
    hide_decisions(answers.values(), requests, curtain)
    pending = {
        pk: one
        for pk, one in requests.items()
        if one.state == NotApplicableRequest.State.PENDING or not curtain.shows_decision(one)
    }
    outside = {
        node.pk
        for node in criteria
        if node.is_leaf and is_outside(answers.get(node.pk), node.not_applicable_for, participation.profiles)
    }
    progress = progress_from(
        sheet.criteria_set,
        criteria,
        answers,
        citations,
        pending,
        mine=lambda pk: pk in divisions and divisions[pk].division_id in own_divisions,
        outside=outside,
        looks=(looks := looks_of(sheet)),
    )
    marks = last_by_round(marks_shown(sheet, curtain))
    asked = _asked(sheet) if curtain.state in AFTER_ROUND_1 else {}
    imported = _imported(sheet) if curtain.shows_final else {}
    with_past = [node.pk for node in criteria if last_year and node.is_leaf and node.pk in shown]
    last = last_year_of(sheet, with_past)

    views: dict[int, LeafView] = {}
    for node in criteria:
        if not node.is_leaf:
            continue
        own = answers.get(node.pk)
        division = divisions.get(node.pk)
        division_id = division.division_id if division else None
        writes = own is not None and own.applicability != Applicability.PROFILE
        view = LeafView(
            node,
            areas[node.pk],
            own,
            participation.agency.name,
            division=division,
            last=last.get(node.pk),
            imported=imported.get(node.pk),
            curtain=curtain,
            mine=division_id is not None and division_id in own_divisions,
            outside=node.pk in outside,
            cap=progress.caps.get(node.pk),
            may_write=writes
            and own is not None
            and looks.may_change(own)
            and permissions.may_draft(actor, agency_id=agency_id, state=sheet.state, division_id=division_id),
        )
        if own is not None:
            view.citations = citations.get(own.pk, [])
            view.request = requests.get(own.pk)
            view.gaps = looks.gaps(own, gaps_of(own, view.citations, pending.get(own.pk)))
            view.look = looks.by_answer.get(own.pk)
            view.marks = marks.get(own.pk, {})
            view.asked = asked.get(own.pk)
            view.may_reply = view.asked is not None and permissions.may_reply(
                actor, agency_id=agency_id, state=sheet.state, division_id=division_id
            )
        views[node.pk] = view
    _attach_facts(tree_of(sheet.criteria_set), views, answers, asked)
    adjustments = _adjustments(sheet) if curtain.shows_final else []
    finals = _finals(sheet, views, adjustments) if curtain.shows_final else None
    caps = _final_caps(sheet, views, finals) if finals else progress.caps
    return SheetView(
        sheet=sheet,
        criteria=criteria,
        progress=progress,
        area=None if whole else chosen,
        branches=_branches([n for n in criteria if n.pk in shown], views, progress, finals, caps),
        windows=spans(participation.cycle_block, agency_id=agency_id),
        transitions=transitions,
        curtain=curtain,
        now=now,
        final=(finals.points, finals.maximum) if finals else None,
        divisions=by_division(progress, answers, divisions),
        own_division_ids=own_divisions,
        asked_count=len(asked),
        last_note=last.note,
        last_step=transitions[-1] if transitions else None,
        looks=looks,
        adjustments=adjustments,
    )


def _attach_facts(
    tree: SetTree,
    views: dict[int, LeafView],
    answers: dict[int, Answer],
    asked: dict[int, ExplanationRequest],
) -> None:
    """Give every leaf whose rule looks at others what they answer, and where they stand on the page."""
    facts = own_facts(tree, answers)
    explained = facts | {
        views[leaf.id].code: one.inputs
        for leaf in looked_at(tree)
        if (answer := answers.get(leaf.id)) is not None
        and (one := getattr(asked.get(answer.pk), "explanation", None)) is not None
        and one.points is not None
    }
    for node in dependents(tree):
        view = views.get(node.id)
        if view is None or node.rule is None:
            continue
        view.facts, view.reply_facts = facts, explained
        view.waits = waits_for(node.rule, facts)
        view.sources = [
            (one, f"?area={quote(one.area)}#{views[one.criterion_id].anchor}")
            for one in sources_for(tree, node.id, facts)
        ]


def _branches(
    nodes: Sequence[Criterion],
    views: dict[int, LeafView],
    progress: Progress,
    finals: engine.Rollup[int] | None,
    caps: dict[int, Cap],
) -> list[Branch]:
    """The nodes as nested branches; an area that is itself a leaf becomes a branch of one leaf."""
    built: dict[int, Branch] = {}
    tops: list[Branch] = []
    for node in nodes:
        if not node.is_leaf or node.parent_id is None:
            points, maximum = progress.nodes[node.pk]
            final = finals.nodes[node.pk] if finals else None
            branch = Branch(node, points, maximum, final=final, cap=caps.get(node.pk))
            built[node.pk] = branch
            (built[node.parent_id].branches if node.parent_id in built else tops).append(branch)
        if node.is_leaf:
            built[node.parent_id or node.pk].leaves.append(views[node.pk])
    for branch in built.values():
        names = {
            leaf.criterion.appraiser.name
            for leaf in branch.leaves
            if leaf.criterion.appraiser and leaf.answer is not None
        }
        branch.appraiser = names.pop() if len(names) == 1 else ""
    return tops


def _adjustments(sheet: Scoresheet) -> list[Adjustment]:
    return list(Adjustment.objects.filter(scoresheet=sheet, voided_at__isnull=True).order_by("at"))


def _finals(
    sheet: Scoresheet, views: dict[int, LeafView], adjustments: list[Adjustment]
) -> engine.Rollup[int]:
    return roll_up(sheet.criteria_set, _settled(views), adjusted_by(adjustments))


def _settled(views: dict[int, LeafView]) -> dict[int, tuple[Decimal, Decimal]]:
    return {pk: view.final or (ZERO, view.criterion.max_points) for pk, view in views.items()}


def _final_caps(sheet: Scoresheet, views: dict[int, LeafView], finals: engine.Rollup[int]) -> dict[int, Cap]:
    return caps_of(tree_of(sheet.criteria_set), finals.nodes, _settled(views))


def _citations(sheet: Scoresheet) -> dict[int, list[Citation]]:
    """Citations by answer id; ``newer`` is the number of a newer version of the document, if there is one."""
    newer = DocumentVersion.objects.filter(
        document=OuterRef("document_version__document"),
        current=True,
        version__gt=OuterRef("document_version__version"),
    )
    rows = (
        Citation.objects.filter(answer__scoresheet=sheet)
        .select_related("document_version__document")
        .annotate(newer=Subquery(newer.values("version")[:1]))
    )
    found: dict[int, list[Citation]] = {}
    for row in rows:
        found.setdefault(row.answer_id, []).append(row)
    return found


def _requests(sheet: Scoresheet) -> dict[int, NotApplicableRequest]:
    """The last request "not applicable" of each answer that was not taken back."""
    rows = NotApplicableRequest.objects.filter(answer__scoresheet=sheet).exclude(
        state=NotApplicableRequest.State.TAKEN_BACK
    )
    return {row.answer_id: row for row in rows.order_by("requested_at", "pk")}


def _asked(sheet: Scoresheet) -> dict[int, ExplanationRequest]:
    rows = ExplanationRequest.objects.filter(
        answer__scoresheet=sheet, taken_back_at__isnull=True
    ).select_related("explanation__by")
    return {row.answer_id: row for row in rows}


def _imported(sheet: Scoresheet) -> dict[int, ImportedPoints]:
    return {row.criterion_id: row for row in ImportedPoints.objects.filter(scoresheet=sheet, current=True)}


__all__ = ["SheetView", "read_sheet"]
