"""A sheet, and one leaf of it, for the eyes of those who appraise: everything beside each other."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from agencies.actors import Actor
from parindex.errors import NotVisible
from scoring import engine
from scoring.assessment.appraisal_permissions import ROUND_OF_STATE, Reach, may_settle, round_reached
from scoring.assessment.forms.answer import inputs_in_words
from scoring.assessment.models import (
    Answer,
    Citation,
    ExplanationRequest,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
    Transition,
)
from scoring.assessment.queries.appraisal_sums import CapAbove
from scoring.assessment.queries.facts import Facts, Source, facts_of_sheet, is_lapsed, sources_for
from scoring.assessment.queries.last_year import LastYear, last_year_of
from scoring.assessment.queries.panels import reach_of
from scoring.criteria.models import Criterion, Method
from scoring.criteria.queries import tree_of
from scoring.criteria.wording import expression_in_words, rule_in_words, trace_in_words

#: States in which an explanation has been sent: before, it is the agency's draft.
AFTER_EXPLANATION = (SheetState.REAPPRAISING, SheetState.REVIEWING, SheetState.FINALISED)
SHEET_JOINS = (
    "participation__agency",
    "participation__cycle_block__cycle",
    "participation__cycle_block__block",
    "criteria_set",
)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a block's marks on one leaf (points), and of how many."""

    points: Decimal
    count: int


@dataclass(slots=True)
class LeafWork:
    """One leaf of one sheet as it is appraised."""

    criterion: Criterion
    area: Criterion
    answer: Answer | None = None
    marks: list[Mark] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    asked: ExplanationRequest | None = None
    shows_explanation: bool = False
    request: NotApplicableRequest | None = None
    imported: ImportedPoints | None = None
    last: LastYear | None = None
    mean: Mean | None = None
    mine: bool = False
    in_round: int | None = None
    returned: bool = False
    caps: list[CapAbove] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)

    @property
    def rounds(self) -> dict[int, Mark]:
        """The mark that counts of each round."""
        return {mark.round: mark for mark in self.marks}

    @property
    def current(self) -> Mark | None:
        """The mark that counts."""
        rounds = self.rounds
        return rounds[max(rounds)] if rounds else None

    @property
    def rule_words(self) -> str:
        return self.criterion.rule_text or rule_in_words(self.criterion)

    @property
    def rule(self) -> engine.Rule:
        return engine.parse_rule(self.criterion.rule or {}, max_points=self.criterion.max_points)

    @property
    def inputs_words(self) -> list[tuple[str, str]]:
        """What the agency declared, as people read it."""
        return inputs_in_words(self.rule, self.answer.inputs) if self.answer and self.answer.inputs else []

    @property
    def expression(self) -> str:
        return shown_expression(self.answer.trace) if self.answer else ""

    @property
    def trace_words(self) -> str:
        return trace_in_words(self.answer.trace) if self.answer else ""

    @property
    def explanation(self) -> object | None:
        """The agency's reply, once it has been sent."""
        return getattr(self.asked, "explanation", None) if self.asked and self.shows_explanation else None

    @property
    def is_profile(self) -> bool:
        return self.answer is not None and self.answer.applicability == Answer.Applicability.PROFILE

    @property
    def is_requested(self) -> bool:
        return self.answer is not None and self.answer.applicability == Answer.Applicability.REQUESTED

    @property
    def is_settled(self) -> bool:
        """Whether the council gave points here and the sheet is back in round 2: only the council changes them."""
        return self.in_round == Mark.Round.ROUND_2 and Mark.Round.COUNCIL in self.rounds

    @property
    def is_lapsed(self) -> bool:
        """Whether another criterion's change left the mark without points: it has to be given again."""
        return is_lapsed(self.current)

    @property
    def is_open(self) -> bool:
        """Whether the round that runs takes a mark on this leaf."""
        if self.answer is None or self.is_profile or self.in_round is None or self.is_settled:
            return False
        if self.in_round == Mark.Round.ROUND_1 and max(self.rounds, default=0) > Mark.Round.ROUND_1:
            return False  # marked in a later round before the set was amended: that stands
        return (
            self.in_round != Mark.Round.ROUND_2 or self.asked is not None or self.returned or self.is_lapsed
        )

    @property
    def needs_mark(self) -> bool:
        """Whether the round that runs still lacks a mark here."""
        if self.is_lapsed and self.is_open:
            return True
        if self.in_round == Mark.Round.ROUND_2 and self.asked is None:
            return False
        return self.is_open and self.in_round in (1, 2) and self.in_round not in self.rounds

    @property
    def result(self) -> tuple[Decimal, Decimal] | None:
        """(points, maximum) as they stand now; None while nothing was given."""
        if self.is_profile:
            return Decimal(0), Decimal(0)
        if self.current is not None:
            return self.current.points, self.current.applicable_max
        if self.imported is not None:
            return self.imported.points, self.imported.applicable_max
        return None


@dataclass(slots=True)
class SheetWork:
    """A sheet for one reader: the leaves that he or she sees, by area."""

    sheet: Scoresheet
    reach: Reach
    leaves: list[LeafWork]
    can_settle: bool
    returned: Transition | None = None
    last_note: str = ""

    @property
    def areas(self) -> list[tuple[Criterion, list[LeafWork]]]:
        found: dict[int, tuple[Criterion, list[LeafWork]]] = {}
        for leaf in self.leaves:
            found.setdefault(leaf.area.pk, (leaf.area, []))[1].append(leaf)
        return list(found.values())

    @property
    def to_mark(self) -> list[LeafWork]:
        return [leaf for leaf in self.leaves if leaf.mine and leaf.needs_mark]

    @property
    def marked(self) -> int:
        return sum(1 for leaf in self.leaves if leaf.is_open and not leaf.needs_mark)

    @property
    def open(self) -> int:
        return sum(1 for leaf in self.leaves if leaf.is_open)


def shown_expression(trace: Mapping[str, Any] | None) -> str:
    """The arithmetic in one line; empty where there is none beyond the points themselves."""
    if not trace or str(trace.get("expression")) in ("—", str(trace.get("points"))):
        return ""
    return expression_in_words(trace)


def sheet_for_appraisal(actor: Actor, public_id: uuid.UUID) -> tuple[Scoresheet, Reach]:
    """The sheet with its joins and this person's reach in its block, or NotVisible. At most six queries."""
    sheet = Scoresheet.objects.select_related(*SHEET_JOINS).filter(public_id=public_id).first()
    if sheet is None:
        raise NotVisible(_("There is no such scoresheet."))
    reach = reach_of(actor, sheet.participation.cycle_block)
    seen = reach.sees_sheet(sheet.participation.agency_id, sheet.state) or reach.sees_earlier(sheet)
    if not seen:
        raise NotVisible(_("There is no such scoresheet."))
    return sheet, reach


def answer_for_appraisal(actor: Actor, public_id: uuid.UUID) -> tuple[Answer, Reach]:
    """The answer with criterion, sheet, agency, block and this person's reach, or NotVisible. Six queries."""
    joins = [f"scoresheet__{join}" for join in SHEET_JOINS]
    answer = Answer.objects.select_related("criterion", *joins).filter(public_id=public_id).first()
    if answer is None:
        raise NotVisible(_("There is no such answer."))
    sheet = answer.scoresheet
    reach = reach_of(actor, sheet.participation.cycle_block)
    agency_id = sheet.participation.agency_id
    if not (reach.sees_leaf(agency_id, answer.criterion_id, sheet.state) or reach.sees_earlier(sheet)):
        raise NotVisible(_("There is no such answer."))
    answer.criterion.criteria_set = sheet.criteria_set
    return answer, reach


def read_work(
    sheet: Scoresheet, reach: Reach, actor: Actor, *, answer: Answer | None = None, with_mean: bool = True
) -> SheetWork:
    """The leaves that this person sees, or only that of ``answer``, with all that belongs beside them.

    At most eighteen queries, whatever the number of leaves. ``sheet`` has its joins (SHEET_JOINS).
    """
    agency_id = sheet.participation.agency_id
    duty = reach.duty.leaves_on(agency_id)
    nodes = {
        node.pk: node
        for node in Criterion.objects.filter(criteria_set=sheet.criteria_set_id)
        .select_related("appraiser")
        .order_by("order")
    }
    chosen = [
        node
        for node in nodes.values()
        if node.is_leaf
        and (answer is None or node.pk == answer.criterion_id)
        and (reach.oversees or node.pk in duty)
    ]
    answers = {
        one.criterion_id: one
        for one in Answer.objects.filter(
            scoresheet=sheet, criterion__in=[node.pk for node in chosen]
        ).select_related("answered_by")
    }
    ids = [one.pk for one in answers.values()]
    marks = _grouped(Mark.objects.filter(answer__in=ids).select_related("by").order_by("round", "pk"))
    citations = _grouped(citations_shown(sheet, ids))
    asked = {
        one.answer_id: one
        for one in ExplanationRequest.objects.filter(answer__in=ids, taken_back_at=None).select_related(
            "explanation__by", "asked_by"
        )
    }
    requests = {
        one.answer_id: one
        for one in NotApplicableRequest.objects.filter(answer__in=ids)
        .exclude(state=NotApplicableRequest.State.TAKEN_BACK)
        .select_related("requested_by", "decided_by")
        .order_by("requested_at", "pk")
    }
    imported = {
        one.criterion_id: one
        for one in ImportedPoints.objects.filter(scoresheet=sheet, current=True).select_related("batch")
    }
    last = last_year_of(sheet, [node.pk for node in chosen])
    means = block_means(reach, [node.pk for node in chosen]) if with_mean else {}
    returned = (
        sheet.transitions.filter(name="return_to_round_2").select_related("by").order_by("-at", "-pk").first()
        if sheet.state == SheetState.REAPPRAISING
        else None
    )
    tree = tree_of(sheet.criteria_set)
    looking = any(rule.looks_at() for node in chosen if (rule := tree.by_id[node.pk].rule) is not None)
    facts = facts_of_sheet(sheet, up_to=round_of(sheet)) if looking else {}
    leaves = []
    for node in chosen:
        node.criteria_set = sheet.criteria_set
        one = answers.get(node.pk)
        work = LeafWork(
            node,
            _area(node, nodes),
            one,
            imported=imported.get(node.pk),
            last=last.get(node.pk),
            mean=means.get(node.pk),
            mine=node.pk in duty,
            in_round=ROUND_OF_STATE.get(sheet.state),
            returned=returned is not None,
            shows_explanation=sheet.state in AFTER_EXPLANATION,
            facts=facts,
            sources=sources_for(tree, node.pk, facts),
        )
        if one is not None:
            one.criterion, one.scoresheet = node, sheet
            work.marks = marks.get(one.pk, [])
            work.citations = citations.get(one.pk, [])
            for citation in work.citations:
                citation.where = _place(citation)  # type: ignore[attr-defined]
            work.asked, work.request = asked.get(one.pk), requests.get(one.pk)
        leaves.append(work)
    return SheetWork(sheet, reach, leaves, may_settle(actor, agency_id=agency_id), returned, last.note)


def round_of(sheet: Scoresheet) -> int:
    """The round that a sheet stands in, else that at which it ended."""
    return round_reached(sheet.state)


def _place(citation: Citation) -> str:
    page = _("p. %(page)s") % {"page": citation.page} if citation.page else ""
    return ", ".join(part for part in (page, citation.clause) if part)


def citations_shown(sheet: Scoresheet, answer_ids: Iterable[int]) -> QuerySet[Citation]:
    """The citations that the appraising side sees: those of an explanation only once it was sent."""
    rows = Citation.objects.filter(answer__in=list(answer_ids)).select_related("document_version")
    if sheet.state not in AFTER_EXPLANATION:
        rows = rows.exclude(for_explanation=True, frozen=False)
    return rows.order_by("added_at", "pk")


def block_means(reach: Reach, criterion_ids: Sequence[int]) -> dict[int, Mean]:
    """The mean mark of each leaf over the block's sheets, own houses and "not applicable" left out. One query."""
    marks = Mark.objects.filter(answer=OuterRef("pk")).order_by("-round", "-pk")
    rows = (
        Answer.objects.filter(
            scoresheet__participation__cycle_block=reach.cycle_block_id, criterion__in=list(criterion_ids)
        )
        .filter(~Q(scoresheet__participation__agency__in=reach.barred))
        .annotate(
            given=Subquery(marks.values("points")[:1]), most=Subquery(marks.values("applicable_max")[:1])
        )
        .filter(most__gt=0)
        .order_by()
        .values("criterion_id")
        .annotate(mean=Avg("given"), n=Count("pk"))
    )
    return {row["criterion_id"]: Mean(Decimal(str(row["mean"])), row["n"]) for row in rows}


def is_self_scored(leaf: LeafWork) -> bool:
    """Whether the leaf is marked (others come in by a file)."""
    return leaf.criterion.method == Method.APPRAISAL


def _area(node: Criterion, nodes: dict[int, Criterion]) -> Criterion:
    while node.parent_id is not None:
        node = nodes[node.parent_id]
    return node


def _grouped(rows: Iterable[Mark] | Iterable[Citation]) -> dict[int, list]:  # type: ignore[type-arg]
    found: dict[int, list] = defaultdict(list)  # type: ignore[type-arg]
    for row in rows:
        found[row.answer_id].append(row)
    return found
