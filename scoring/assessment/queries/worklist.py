"""The assessor's list: what is to be marked, what is left, and the next one by the filter in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agencies.actors import Actor
from agencies.models import Agency
from parindex.ui.collation import fold
from scoring.assessment.appraisal_permissions import Reach
from scoring.assessment.models import (
    Answer,
    Cycle,
    CycleBlock,
    ExplanationRequest,
    Mark,
    Scoresheet,
    SecondLook,
    SheetState,
)
from scoring.assessment.queries.panels import reaches
from scoring.assessment.queries.rounds import lapsed
from scoring.criteria.models import Criterion

ROUND_1 = (SheetState.SUBMITTED, SheetState.APPRAISING)
#: What an item of the list waits for. Those in TODO wait for the assessor.
TASKS: dict[str, Promise] = {
    "second_look": _("to be looked at again after the amendment"),
    "unmarked": _("unmarked"),
    "not_applicable": _("“not applicable” to decide"),
    "answered": _("explanation answered"),
    "asked": _("explanation asked"),
    "marked": _("marked"),
}
TASK_TONES = {
    "second_look": "warn",
    "unmarked": "warn",
    "not_applicable": "warn",
    "answered": "accent",
    "asked": "info",
    "marked": "good",
}
TODO = ("second_look", "unmarked", "not_applicable", "answered")
MODES = ("item", "agency", "criterion")
ALL = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """The filter in use, as it stands in the address: it goes with every link of the list."""

    year: str = ""
    block: str = ""
    agency: str = ""
    criterion: str = ""
    state: str = "todo"
    q: str = ""
    by: str = "item"
    whose: str = ""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Filters:
        """From a query string; what is unknown falls back to the default."""
        state, by = data.get("state", "todo"), data.get("by", "item")
        return cls(
            year=data.get("year", "")[:4],
            block=data.get("block", "")[:80],
            agency=data.get("agency", "")[:120],
            criterion=data.get("criterion", "")[:30],
            state=state if state in TASKS or state == ALL else "todo",
            q=data.get("q", "").strip()[:100],
            by=by if by in MODES else "item",
            whose=ALL if data.get("whose") == ALL else "",
        )

    def query(self, **changes: str) -> str:
        """The query string of this filter with changes; defaults are left out."""
        changed = replace(self, **changes)
        default = Filters()
        pairs = {
            name: getattr(changed, name)
            for name in ("year", "block", "agency", "criterion", "state", "q", "by", "whose")
            if getattr(changed, name) != getattr(default, name)
        }
        return urlencode(pairs)

    @property
    def as_query(self) -> str:
        return self.query()

    @property
    def tasks(self) -> tuple[str, ...]:
        if self.state == ALL:
            return tuple(TASKS)
        return TODO if self.state == "todo" else (self.state,)


@dataclass(slots=True)
class Ground:
    """What one person's list stands on: the year, its open blocks, his or her reach, the leaves."""

    filters: Filters
    cycles: list[Cycle]
    cycle: Cycle | None
    blocks: list[CycleBlock]
    reach: dict[int, Reach]
    mine: bool
    nodes: list[Criterion] = field(default_factory=list)
    agencies: list[tuple[str, str]] = field(default_factory=list)

    @property
    def choices(self) -> list[Criterion]:
        """The nodes to filter by, each code once."""
        return list({node.code: node for node in reversed(self.nodes)}.values())[::-1]

    @property
    def has_duty(self) -> bool:
        return any(not reach.duty.is_empty for reach in self.reach.values())

    @property
    def oversees(self) -> bool:
        return any(reach.oversees for reach in self.reach.values())


def ground_in(cycle_block: CycleBlock, reach: Reach, filters: Filters) -> Ground:
    """The ground of one block, for a page that knows the person's reach in it. One query at most."""
    mine = not reach.duty.is_empty and filters.whose != ALL
    found = Ground(filters, [], cycle_block.cycle, [cycle_block], {cycle_block.pk: reach}, mine)
    if filters.criterion or filters.q:
        nodes = Criterion.objects.filter(criteria_set=cycle_block.criteria_set_id)
        found.nodes = list(nodes.order_by("criteria_set", "order"))
    return found


def ground(actor: Actor, filters: Filters) -> Ground:
    """The list's ground: at most nine queries."""
    cycles = list(Cycle.objects.filter(imported=False, blocks__opened_at__isnull=False).distinct())
    cycle = next((c for c in cycles if str(c.year) == filters.year), cycles[0] if cycles else None)
    blocks = list(
        CycleBlock.objects.filter(cycle=cycle, opened_at__isnull=False)
        .select_related("cycle", "block", "criteria_set")
        .order_by("block__order", "pk")
    )
    reach = reaches(actor, blocks)
    blocks = [block for block in blocks if not reach[block.pk].is_empty]
    has_duty = any(not reach[block.pk].duty.is_empty for block in blocks)
    found = Ground(filters, cycles, cycle, blocks, reach, has_duty and filters.whose != ALL)
    chosen = [block for block in blocks if filters.block in ("", block.key)]
    found.nodes = list(
        Criterion.objects.filter(criteria_set__in={block.criteria_set_id for block in chosen}).order_by(
            "criteria_set", "order"
        )
    )
    sheets = Q(pk__in=[])
    for block in chosen:
        sheets |= reach[block.pk].sheets()
    ids = Scoresheet.objects.filter(sheets).values("participation__agency_id")
    agencies = Agency.objects.filter(pk__in=ids)
    found.agencies = list(agencies.order_by("sort_key").values_list("slug", "name"))
    return found


def tasks(ground: Ground, *, any_state: bool = False, block: int | None = None) -> QuerySet[Any]:
    """The answers of the list by the filter, each with its ``task``; ``any_state`` leaves the state open."""
    filters = ground.filters
    wanted = Q(pk__in=[])
    for one in ground.blocks:
        if block not in (None, one.pk) or filters.block not in ("", one.key):
            continue
        wanted |= ground.reach[one.pk].answers(mine=ground.mine)
    answers: QuerySet[Any] = Answer.objects.filter(wanted).exclude(applicability=Answer.Applicability.PROFILE)
    if filters.agency:
        answers = answers.filter(scoresheet__participation__agency__slug=filters.agency)
    if filters.criterion:
        answers = answers.filter(criterion__in=_beneath(ground.nodes, filters.criterion))
    if filters.q:
        folded = fold(filters.q)
        named = [
            node.pk for node in ground.nodes if node.code.startswith(filters.q) or folded in fold(node.title)
        ]
        answers = answers.filter(
            Q(scoresheet__participation__agency__name_folded__contains=folded) | Q(criterion__in=named)
        )
    answers = answers.annotate(task=task_of())
    return answers if any_state else answers.filter(task__in=filters.tasks)


def task_of() -> Case:
    """What an answer waits for, as an expression."""
    marks = Mark.objects.filter(answer=OuterRef("pk"))
    asked = ExplanationRequest.objects.filter(answer=OuterRef("pk"), taken_back_at=None)
    again = SecondLook.objects.filter(
        answer=OuterRef("pk"), who=SecondLook.Who.APPRAISER, done_at__isnull=True
    )
    state = "scoresheet__state"
    return Case(
        When(Q(applicability=Answer.Applicability.REQUESTED), then=Value("not_applicable")),
        When(
            Q(**{f"{state}__in": ROUND_1}) & ~Exists(marks.filter(round=1)) & Exists(again),
            then=Value("second_look"),
        ),
        When(Q(**{f"{state}__in": (*ROUND_1, SheetState.REAPPRAISING)}) & lapsed(), then=Value("unmarked")),
        When(Q(**{f"{state}__in": ROUND_1}) & ~Exists(marks.filter(round=1)), then=Value("unmarked")),
        When(
            Q(**{state: SheetState.REAPPRAISING})
            & Exists(asked.filter(explanation__isnull=False))
            & ~Exists(marks.filter(round__gte=2)),
            then=Value("answered"),
        ),
        When(
            Q(**{state: SheetState.REAPPRAISING}) & Exists(asked) & ~Exists(marks.filter(round__gte=2)),
            then=Value("unmarked"),
        ),
        When(Q(**{f"{state}__in": (*ROUND_1, SheetState.EXPLAINING)}) & Exists(asked), then=Value("asked")),
        default=Value("marked"),
        output_field=CharField(),
    )


def items(answers: QuerySet[Any], *, by_agency: bool = False) -> QuerySet[Any]:
    """The answers as rows of the list: with criterion, agency, and the mark that counts."""
    marks = Mark.objects.filter(answer=OuterRef("pk")).order_by("-round", "-pk")
    order = ("scoresheet__participation__agency__sort_key", "criterion__order")
    joined: QuerySet[Any] = answers.select_related(
        "criterion", "scoresheet__participation__agency", "scoresheet__participation__cycle_block__block"
    )
    rows: QuerySet[Any] = joined.annotate(
        marked_points=Subquery(marks.values("points")[:1]),
        marked_max=Subquery(marks.values("applicable_max")[:1]),
        marked_round=Subquery(marks.values("round")[:1]),
    ).order_by(
        "scoresheet__participation__cycle_block__block__order",
        *(order if by_agency else reversed(order)),
        "pk",
    )
    return rows


@dataclass(slots=True)
class Tally:
    """How many answers of a group wait for what."""

    label: str
    key: str
    sub: str = ""
    state: str = ""
    sheet: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def state_label(self) -> str:
        return str(SheetState(self.state).label) if self.state else ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        return sum(self.counts.get(task, 0) for task in TODO)

    @property
    def done(self) -> int:
        return self.total - self.left

    @property
    def cells(self) -> list[int]:
        return [self.counts.get(task, 0) for task in TASKS]


def overall(answers: QuerySet[Any]) -> Tally:
    """The whole list's tally. One query."""
    rows = answers.order_by().values("task").annotate(n=Count("pk")).values_list("task", "n")
    return Tally("", "", counts=dict(rows))


def block_name() -> Case:
    """The name of an answer's block, with the part of the year where there are several (``CycleBlock.name``)."""
    block = "scoresheet__participation__cycle_block"
    return Case(
        When(**{f"{block}__period": "", "then": F(f"{block}__block__name")}),
        default=Concat(F(f"{block}__block__name"), Value(" · "), F(f"{block}__period")),
        output_field=CharField(),
    )


def by_agency(answers: QuerySet[Any]) -> list[Tally]:
    """One tally a sheet, in order of name. One query."""
    agency = "scoresheet__participation__agency"
    rows = (
        answers.order_by()
        .values(
            "task",
            slug=F(f"{agency}__slug"),
            name=F(f"{agency}__name"),
            sort=F(f"{agency}__sort_key"),
            block=block_name(),
            state=F("scoresheet__state"),
            sheet=F("scoresheet__public_id"),
        )
        .annotate(n=Count("pk"))
        .order_by("sort")
    )
    found: dict[str, Tally] = {}
    for row in rows:
        key = str(row["sheet"])
        tally = found.setdefault(key, Tally(row["name"], row["slug"], row["block"], row["state"], key))
        tally.counts[row["task"]] = row["n"]
    return list(found.values())


def by_criterion(answers: QuerySet[Any]) -> list[Tally]:
    """One tally a criterion, in order of the sets. One query."""
    rows = (
        answers.order_by()
        .values("task", code=F("criterion__code"), name=F("criterion__title"), leaf=F("criterion_id"))
        .annotate(
            n=Count("pk"),
            set=F("criterion__criteria_set_id"),
            place=F("criterion__order"),
            block=block_name(),
        )
        .order_by("set", "place")
    )
    found: dict[int, Tally] = {}
    for row in rows:
        tally = found.setdefault(row["leaf"], Tally(row["name"], row["code"], row["block"]))
        tally.counts[row["task"]] = row["n"]
    return list(found.values())


# --- the next one -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands in its group (the criterion's sheets, or the sheet's criteria), and what follows."""

    position: int
    total: int
    following: Answer | None


def place_of(ground: Ground, answer: Answer) -> Place:
    """The place of an answer (with sheet, agency and criterion) and the next of its block that waits. Two queries."""
    block = answer.scoresheet.participation.cycle_block_id
    everything = tasks(ground, any_state=True, block=block)
    agency_key = "scoresheet__participation__agency__sort_key"
    here = {
        agency_key: answer.scoresheet.participation.agency.sort_key,
        "criterion__order": answer.criterion.order,
        "pk": answer.pk,
    }
    if ground.filters.by == "agency":
        order, group = [agency_key, "criterion__order", "pk"], Q(scoresheet=answer.scoresheet_id)
    else:
        order, group = ["criterion__order", agency_key, "pk"], Q(criterion=answer.criterion_id)
    counted = (
        everything.filter(group)
        .order_by()
        .aggregate(total=Count("pk"), before=Count("pk", filter=_beside(order, here, "lt")))
    )
    following = (
        everything.filter(task__in=ground.filters.tasks)
        .exclude(pk=answer.pk)
        .annotate(is_after=Case(When(_beside(order, here, "gt"), then=Value(0)), default=Value(1)))
        .order_by("is_after", *order)
        .only("pk", "public_id")
        .first()
    )
    return Place(counted["before"] + 1, max(counted["total"], counted["before"] + 1), following)


def _beside(order: Sequence[str], here: Mapping[str, Any], side: str) -> Q:
    """Before or after a row in a given order, as a condition."""
    wanted, equal = Q(pk__in=[]), Q()
    for name in order:
        wanted |= equal & Q(**{f"{name}__{side}": here[name]})
        equal &= Q(**{name: here[name]})
    return wanted


def _beneath(nodes: Iterable[Criterion], code: str) -> list[int]:
    """The node of this code with all beneath it, in every set of the list."""
    found: set[int] = set()
    for node in nodes:
        if node.code == code or node.parent_id in found:
            found.add(node.pk)
    return list(found)
