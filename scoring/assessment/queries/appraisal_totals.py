"""Figures over whole blocks for the secretary and the council: totals side by side, gaps, progress."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, QuerySet

from agencies.models import Agency
from scoring.assessment.appraisal_permissions import Reach
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import Answer, CycleBlock, Mark, RoundClosing, Scoresheet, SheetState, Stage
from scoring.assessment.permissions import SUBMITTED_STATES
from scoring.assessment.queries.points import SheetTotal, adjustments_of, leaf_points, sheet_totals
from scoring.assessment.queries.rounds import CLOSABLE
from scoring.assessment.queries.sums import NOTHING as NO_ADJUSTMENT
from scoring.assessment.queries.sums import Adjusted
from scoring.assessment.queries.worklist import TASKS, TODO, task_of
from scoring.criteria.models import Criterion

ZERO = Decimal(0)
NOTHING = SheetTotal(ZERO, ZERO, 0, ZERO)


def open_leaves(cycle_block: CycleBlock) -> dict[int, list[str]]:
    """Participation id → codes of the leaves that lack a mark or imported points. Five queries."""
    missing: dict[int, list[int]] = defaultdict(list)
    for row in leaf_points(cycle_block, "final"):
        if row.source in ("unmarked", "missing"):
            missing[row.participation_id].append(row.criterion_id)
    if not missing:
        return {}
    wanted = {pk for leaves in missing.values() for pk in leaves}
    codes = dict(Criterion.objects.filter(pk__in=wanted).values_list("pk", "code"))
    return {participation: [codes[pk] for pk in leaves] for participation, leaves in missing.items()}


# --- the council's list -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CouncilLine:
    """One sheet: self-assessment and marks side by side, in points, with bonus and penalty in force.

    ``index`` in percent, as a ranking of the block would print it with so many ``digits``.
    """

    sheet: Scoresheet
    own: SheetTotal
    now: SheetTotal
    adjusted: Adjusted
    points: Decimal
    index: Decimal | None
    differences: int
    digits: int = 2

    @property
    def gap(self) -> Decimal:
        """Marks less self-assessment, in points."""
        return self.now.points - self.own.points


def council_lines(cycle_block: CycleBlock, reach: Reach) -> list[CouncilLine]:
    """The submitted sheets that this person sees, by name. Eleven queries, whatever the number of sheets."""
    sheets = list(
        Scoresheet.objects.filter(reach.sheets(), criteria_set=cycle_block.criteria_set_id)
        .select_related("participation__agency")
        .order_by("participation__agency__sort_key")
    )
    adjusted = adjustments_of(cycle_block)
    own, now = sheet_totals(cycle_block, "self"), sheet_totals(cycle_block, "final", adjusted)
    differences = _differences(cycle_block)
    chosen, slug = CycleSettings.parse(cycle_block.cycle.settings), cycle_block.block.slug
    digits = chosen.ranking_for(slug).digits
    lines = []
    for sheet in sheets:
        key = sheet.participation_id
        total = now.get(key, NOTHING)
        given = adjusted.get(key, NO_ADJUSTMENT)
        index = chosen.printed_index(slug, total.adjusted, total.maximum)
        lines.append(
            CouncilLine(
                sheet,
                own.get(key, NOTHING),
                total,
                given,
                total.adjusted,
                index,
                differences.get(key, 0),
                digits,
            )
        )
    return lines


def _differences(cycle_block: CycleBlock) -> dict[int, int]:
    """Participation id → on how many answers marks differ from each other. One query."""
    rows = (
        _marks_of(cycle_block)
        .order_by()
        .values("answer_id", "answer__scoresheet__participation_id")
        .annotate(n=Count("points", distinct=True))
        .filter(n__gt=1)
    )
    found: dict[int, int] = defaultdict(int)
    for row in rows:
        found[row["answer__scoresheet__participation_id"]] += 1
    return found


# --- the secretary's overview -------------------------------------------------------------------


@dataclass(slots=True)
class SheetLine:
    """One sheet of the rounds page: where it stands and what is left on it. ``own``: the reader's own house."""

    sheet: Scoresheet
    counts: dict[str, int] = field(default_factory=dict)
    own: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        return sum(self.counts.get(task, 0) for task in TODO)

    @property
    def done(self) -> int:
        return self.total - self.left


@dataclass(slots=True)
class OfficeLine:
    """What one appraising agency has before it."""

    name: str
    total: int = 0
    left: int = 0

    @property
    def done(self) -> int:
        return self.total - self.left


@dataclass(frozen=True, slots=True)
class PersonLine:
    """How many leaves one person has marked, and when last."""

    name: str
    count: int
    last: datetime


@dataclass(slots=True)
class StageLine:
    """One stage that is closed by an act: how many sheets stand in it, and its last closing."""

    stage: Stage
    count: int
    closing: RoundClosing | None


@dataclass(slots=True)
class Overview:
    """A block as the secretary sees it."""

    sheets: list[SheetLine]
    offices: list[OfficeLine]
    people: list[PersonLine]
    stages: list[StageLine]
    states: list[tuple[str, int]]
    unassigned: int = 0


def overview(cycle_block: CycleBlock, reach: Reach) -> Overview:
    """Sheets, offices, people and stages of a block. Five queries, whatever its size.

    Leaves are counted from the submission on: a draft is nobody's work here, and nobody reads what it asks for.
    """
    sheets = {
        sheet.pk: SheetLine(sheet, own=sheet.participation.agency_id in reach.barred)
        for sheet in Scoresheet.objects.filter(
            participation__cycle_block=cycle_block, criteria_set=cycle_block.criteria_set_id
        )
        .select_related("participation__agency")
        .order_by("participation__agency__sort_key")
    }
    offices: dict[int, OfficeLine] = {}
    unassigned = 0
    rows = (
        Answer.objects.filter(scoresheet__in=sheets, scoresheet__state__in=SUBMITTED_STATES)
        .exclude(applicability=Answer.Applicability.PROFILE)
        .annotate(task=task_of())
        .order_by()
        .values_list("scoresheet_id", "criterion__appraiser_id", "task")
    )
    tallied: dict[tuple[int, int | None, str], int] = defaultdict(int)
    for key in rows.annotate(n=Count("pk")):
        tallied[key[0], key[1], key[2]] += key[3]
    for (sheet_id, appraiser, task), count in tallied.items():
        line = sheets[sheet_id]
        line.counts[task] = line.counts.get(task, 0) + count
        office = reach.panel.appraiser_of(
            appraiser_id=appraiser, agency_id=line.sheet.participation.agency_id
        )
        if office is None:
            unassigned += count
            continue
        entry = offices.setdefault(office, OfficeLine(""))
        entry.total += count
        entry.left += count if task in TODO else 0
    for pk, name in Agency.objects.filter(pk__in=offices).order_by("sort_key").values_list("pk", "name"):
        offices[pk].name = name
    lines = list(sheets.values())
    states = Counter(line.sheet.state for line in lines)
    return Overview(
        lines,
        sorted(offices.values(), key=lambda office: (-office.left, office.name)),
        _people(cycle_block),
        _stages(cycle_block, lines),
        [(str(state.label), states[state]) for state in SheetState if states[state]],
        unassigned,
    )


def _people(cycle_block: CycleBlock) -> list[PersonLine]:
    rows = (
        _marks_of(cycle_block)
        .order_by()
        .values("by_id", "by__full_name", "by__username")
        .annotate(n=Count("answer_id", distinct=True), last=Max("at"))
        .order_by("-n", "by__username")
    )
    return [PersonLine(row["by__full_name"] or row["by__username"], row["n"], row["last"]) for row in rows]


def _marks_of(cycle_block: CycleBlock) -> QuerySet[Mark]:
    """The marks on the sheets of the block's present set: those before an amendment came over to them."""
    return Mark.objects.filter(
        answer__scoresheet__participation__cycle_block=cycle_block,
        answer__scoresheet__criteria_set=cycle_block.criteria_set_id,
    )


def _stages(cycle_block: CycleBlock, lines: Iterable[SheetLine]) -> list[StageLine]:
    last: dict[str, RoundClosing] = {}
    for closing in (
        RoundClosing.objects.filter(cycle_block=cycle_block).select_related("closed_by").order_by("closed_at")
    ):
        last[closing.stage] = closing
    states = [line.sheet.state for line in lines]
    return [
        StageLine(stage, sum(state in concerned for state in states), last.get(stage))
        for stage, concerned in CLOSABLE.items()
    ]


__all__ = [
    "TASKS",
    "CouncilLine",
    "OfficeLine",
    "Overview",
    "PersonLine",
    "SheetLine",
    "StageLine",
    "council_lines",
    "open_leaves",
    "overview",
]
