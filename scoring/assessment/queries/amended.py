"""After an amendment within the year: what it meant to each agency, what was there before, who still has to look."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from agencies.models import Agency
from scoring import engine
from scoring.assessment.carrying import Way, fits
from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.models import Amendment, Answer, CycleBlock, Mark, Scoresheet, SecondLook, SheetState
from scoring.assessment.queries.amendment import ways_between
from scoring.assessment.queries.panels import panels_of
from scoring.criteria.comparison import Change
from scoring.criteria.queries import SetNode, tree_of
from scoring.criteria.wording import rule_data_in_words


def amendments_of(cycle_block: CycleBlock) -> QuerySet[Amendment]:
    """The amendments of a block, latest first, with how many looks there are and how many still wait. One query."""
    return (
        Amendment.objects.filter(cycle_block=cycle_block)
        .select_related("earlier", "criteria_set", "by")
        .annotate(
            looks=Count("second_looks"),
            waiting=Count(
                "second_looks",
                filter=Q(second_looks__done_at=None)
                & ~Q(second_looks__answer__scoresheet__state=SheetState.REPLACED),
            ),
        )
        .order_by("-at", "-pk")
    )


def amendment_behind(sheet: Scoresheet) -> Amendment | None:
    """The amendment that brought the set of a sheet into force; None for the set that the block opened with.

    One query, and only for a sheet that an amendment made.
    """
    if sheet.carried_from_id is None:
        return None
    return (
        Amendment.objects.filter(
            cycle_block=sheet.participation.cycle_block_id, criteria_set=sheet.criteria_set_id
        )
        .select_related("earlier", "criteria_set", "by")
        .first()
    )


# --- who still has to look ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookRow:
    """One answer that somebody looks at once more. ``office``: who appraises it; empty for the agency's own look."""

    agency: str
    code: str
    title: str
    who: str
    office: str
    change: str
    done_at: datetime | None
    done_by: str

    @property
    def change_label(self) -> str:
        return str(Change(self.change).label)

    @property
    def is_agency(self) -> bool:
        return self.who == SecondLook.Who.AGENCY


def look_rows(amendment: Amendment) -> list[LookRow]:
    """Everything that is looked at once more after an amendment, by agency and criterion. Four queries."""
    block = amendment.cycle_block
    panel = panels_of([block])[block.pk]
    looks = list(
        amendment.second_looks.select_related(
            "answer__criterion", "answer__scoresheet__participation__agency", "done_by"
        )
        .defer(
            "answer__inputs",
            "answer__trace",
            "answer__note",
            "answer__criterion__rule",
            "answer__criterion__rule_text",
            "answer__criterion__guidance",
            "answer__criterion__evidence",
        )
        .order_by("answer__scoresheet__participation__agency__sort_key", "answer__criterion__order", "who")
    )
    offices: list[int | None] = [
        panel.appraiser_of(
            appraiser_id=look.answer.criterion.appraiser_id,
            agency_id=look.answer.scoresheet.participation.agency_id,
        )
        if look.who == SecondLook.Who.APPRAISER
        else None
        for look in looks
    ]
    names = dict(Agency.objects.filter(pk__in=set(offices) - {None}).values_list("pk", "name"))
    return [
        LookRow(
            look.answer.scoresheet.participation.agency.name,
            look.answer.criterion.code,
            look.answer.criterion.title,
            look.who,
            names.get(office, "") if office is not None else "",
            look.change,
            look.done_at,
            str(look.done_by or ""),
        )
        for look, office in zip(looks, offices, strict=True)
    ]


def tallies(rows: Iterable[LookRow]) -> list[tuple[str, bool, int, int]]:
    """(name, is the agency itself, how many looks, how many done) by whoever has to look; agencies first. Pure."""
    all_of: Counter[tuple[str, bool]] = Counter()
    done: Counter[tuple[str, bool]] = Counter()
    for row in rows:
        key = (row.agency if row.is_agency else row.office, row.is_agency)
        all_of[key] += 1
        done[key] += row.done_at is not None
    order = sorted(all_of, key=lambda key: not key[1])
    return [(name, own, all_of[name, own], done[name, own]) for name, own in order]


# --- what an agency is told -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Before:
    """One earlier criterion with what the agency had declared on it."""

    leaf: SetNode
    answer: Answer | None = None

    @property
    def rule_words(self) -> str:
        return words_of(self.leaf)

    @property
    def inputs_words(self) -> list[tuple[str, str]]:
        if self.answer is None or self.leaf.rule is None:
            return []
        return inputs_in_words(self.leaf.rule, self.answer.inputs)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One criterion that the amendment changed, for the agency: before, now, what became of it, what to do."""

    change: str
    leaf: SetNode | None
    earlier: list[Before]
    answer: Answer | None = None
    look: SecondLook | None = None
    became: str = ""
    area: str = ""

    @property
    def change_label(self) -> str:
        return str(Change(self.change).label)

    @property
    def rule_words(self) -> str:
        return words_of(self.leaf) if self.leaf is not None else ""

    @property
    def waits(self) -> bool:
        return self.look is not None and self.look.done_at is None

    @property
    def can_be_kept(self) -> bool:
        """Whether it is enough to confirm what went over."""
        if not self.waits or self.answer is None:
            return False
        return self.answer.inputs is not None or self.answer.applicability == Answer.Applicability.REQUESTED


@dataclass(frozen=True, slots=True)
class Changes:
    """Exactly what changed for one agency. ``kept``: criteria that went over as they were."""

    amendment: Amendment
    lines: list[ChangeLine] = field(default_factory=list)
    kept: int = 0

    @property
    def waiting(self) -> int:
        return sum(line.waits for line in self.lines)


def words_of(leaf: SetNode) -> str:
    """What a leaf is scored by, in words made from the rule: the official wording may still be the old one."""
    return "" if leaf.rule is None else rule_data_in_words(leaf.rule.data, leaf.max_points)


def changes_of(sheet: Scoresheet, amendment: Amendment) -> Changes:
    """What the amendment behind a sheet changed for its agency, in the order of the new set.

    Six queries where both sets were read before by this process. ``sheet`` comes with its earlier sheet's id.
    """
    found = ways_between(amendment.criteria_set, amendment.earlier)
    tree = tree_of(amendment.criteria_set)
    now = {one.criterion_id: one for one in Answer.objects.filter(scoresheet=sheet).defer("trace")}
    then = {
        one.criterion_id: one
        for one in Answer.objects.filter(scoresheet=sheet.carried_from_id).defer("trace")
    }
    looks = {
        look.answer_id: look
        for look in SecondLook.objects.filter(answer__scoresheet=sheet, who=SecondLook.Who.AGENCY).order_by(
            "pk"
        )
    }
    lines, kept = [], 0
    for way in found.leaves:
        answer = now.get(way.leaf.id)
        look = looks.get(answer.pk) if answer is not None else None
        if way.change == Change.SAME and look is None:
            kept += 1
            continue
        earlier = [Before(leaf, then.get(leaf.id)) for leaf in way.sources]
        lines.append(
            ChangeLine(
                way.change,
                way.leaf,
                earlier,
                answer,
                look,
                _became(way, answer, earlier),
                tree.area_of(way.leaf.id).code,
            )
        )
    gone = _("It is no longer asked for. What was declared and cited stays on the earlier scoresheet.")
    lines += [
        ChangeLine(Change.GONE, None, [Before(leaf, then.get(leaf.id))], became=gone) for leaf in found.gone
    ]
    return Changes(amendment, lines, kept)


def _became(way: Way, answer: Answer | None, earlier: list[Before]) -> str:
    if answer is None:
        if way.is_kept:
            return _("The points came from a file and went over as they were.")
        return _("The points come from a file: Home Affairs brings them in again.")
    if answer.applicability == Answer.Applicability.PROFILE:
        return _("It does not apply to the agency, by its profile.")
    if way.is_kept:
        return _("Figures, evidence, points and marks went over as they were.")
    if way.change == Change.NEW or not earlier:
        return _("Nothing was asked here before: declare the figures and cite the evidence.")
    if way.change == Change.SPLIT:
        return _("Note and evidence went to each part; the figures stay on the earlier scoresheet.")
    if way.change == Change.MERGED:
        return _(
            "Notes and evidence of all earlier criteria stand here; their figures stay on the earlier scoresheet."
        )
    if answer.applicability == Answer.Applicability.REQUESTED:
        return _("The request “not applicable” went over and waits for a new decision.")
    if earlier[0].answer is None or earlier[0].answer.inputs is None:
        return _("Nothing had been declared here.")
    old = way.source
    if old is not None and old.rule is not None and way.leaf.rule is not None:
        if fits(old.rule, way.leaf.rule, earlier[0].answer.inputs):
            return _("The figures went over and were scored by the new rule, and the evidence with them.")
    return _(
        "The figures do not answer the new rule and stay on the earlier scoresheet; note and evidence went over."
    )


# --- what an assessor sees beside an answer -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EarlierMark:
    """What an answer was before the amendment: criterion, declaration, and its marks, oldest first."""

    before: Before
    marks: list[Mark]

    @property
    def last(self) -> Mark | None:
        return max(self.marks, key=lambda mark: (mark.round, mark.pk), default=None)

    @property
    def points(self) -> Decimal | None:
        return self.before.answer.self_points if self.before.answer is not None else None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier versions of one answer whose marks did not come over, and why."""

    amendment: Amendment
    way: Way
    marks: list[EarlierMark]

    @property
    def change_label(self) -> str:
        return str(Change(self.way.change).label)

    def offer(self, rule: engine.Rule) -> Mark | None:
        """The mark whose figures the new rule takes, to begin from."""
        last = self.marks[0].last if len(self.marks) == 1 else None
        old = self.way.source
        if last is None or last.inputs is None or old is None or old.rule is None:
            return None
        return last if fits(old.rule, rule, last.inputs) else None


def earlier_answers(answer: Answer) -> tuple[Amendment, Way, list[Answer]] | None:
    """The answers that this one took over from, on the sheet that its sheet replaced. None without an amendment.

    Five queries, and none where the sheet was not carried over. ``answer`` with its sheet and participation.
    """
    sheet = answer.scoresheet
    amendment = amendment_behind(sheet)
    if amendment is None:
        return None
    way = ways_between(amendment.criteria_set, amendment.earlier).by_leaf[answer.criterion_id]
    rows = Answer.objects.filter(
        scoresheet=sheet.carried_from_id, criterion__in=[one.id for one in way.sources]
    ).select_related("criterion", "scoresheet")
    return amendment, way, list(rows.order_by("criterion__order"))


def earlier_of(answer: Answer) -> Earlier | None:
    """What stood on an answer before the amendment, where its marks did not come over. Six queries at most."""
    found = earlier_answers(answer)
    if found is None:
        return None
    amendment, way, answers = found
    if way.is_kept:
        return None
    leaves = {one.id: one for one in way.sources}
    marks: dict[int, list[Mark]] = {}
    for mark in Mark.objects.filter(answer__in=answers).select_related("by").order_by("pk"):
        marks.setdefault(mark.answer_id, []).append(mark)
    return Earlier(
        amendment,
        way,
        [EarlierMark(Before(leaves[one.criterion_id], one), marks.get(one.pk, [])) for one in answers],
    )


def following_answer(public_id: uuid.UUID) -> Answer | None:
    """The answer that took over from this one, whose submitted sheet was replaced; the first of several.

    Seven queries at most, two where there is none.
    """
    answer = (
        Answer.objects.filter(
            public_id=public_id,
            scoresheet__state=SheetState.REPLACED,
            scoresheet__submitted_at__isnull=False,
        )
        .select_related("scoresheet__carried_to__participation__cycle_block__cycle")
        .first()
    )
    after = getattr(answer.scoresheet, "carried_to", None) if answer is not None else None
    amendment = amendment_behind(after) if after is not None else None
    if answer is None or amendment is None:
        return None
    found = ways_between(amendment.criteria_set, amendment.earlier)
    leaves = [way.leaf.id for way in found.leaves if answer.criterion_id in {one.id for one in way.sources}]
    following = Answer.objects.filter(scoresheet=after, criterion__in=leaves)
    return (
        following.select_related("scoresheet__participation__cycle_block__cycle")
        .order_by("criterion__order")
        .first()
    )
