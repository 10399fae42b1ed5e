"""Reads of the year: which stage a block is in, how far its agencies are. Fixed numbers of queries, no points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import Agency, Block
from parindex.clock import db_now
from scoring.assessment.cycle_settings import DEPTHS, RANK_ON, ROUNDINGS, TIES, CycleSettings
from scoring.assessment.models import (
    Answer,
    Cycle,
    CycleBlock,
    Extension,
    Mark,
    Participation,
    Scoresheet,
    SheetState,
    Stage,
    Window,
)
from scoring.assessment.windows import Span
from scoring.criteria.models import CriteriaSet, Criterion

__all__ = [
    "AgencyRow",
    "BlockView",
    "CycleView",
    "StageNow",
    "agencies_to_add",
    "appraisers_of_cycle",
    "block_view",
    "blocks_to_add",
    "current_cycles",
    "cycles_overview",
    "extensions_of",
    "participants",
    "scored_in_cycle",
    "settings_in_words",
    "sets_to_choose",
    "stage_now",
    "suggested_windows",
]

#: Stages in the order of the year.
ORDER = tuple(Stage)


@dataclass(frozen=True, slots=True)
class StageNow:
    """Where a block stands on the clock.

    ``state``: ``unset`` (no windows), ``before`` (``stage`` is the next, ``until`` its beginning), ``open``
    (``until`` its end) or ``over``. ``others`` are stages that are open beside it.
    """

    state: str
    stage: Stage | None = None
    until: datetime | None = None
    others: tuple[Stage, ...] = ()


def stage_now(windows: Mapping[str, Span], now: datetime) -> StageNow:
    """The stage of a moment: the latest in order that is open, else the next to begin. Pure."""
    opened = [stage for stage in ORDER if stage in windows and windows[stage].is_open(now)]
    if opened:
        last = opened[-1]
        return StageNow("open", last, windows[last].closes, tuple(opened[:-1]))
    coming = [stage for stage in ORDER if stage in windows and windows[stage].opens > now]
    if coming:
        following = min(coming, key=lambda stage: windows[stage].opens)
        return StageNow("before", following, windows[following].opens)
    return StageNow("over" if windows else "unset")


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many sheets of a block are in a state."""

    state: SheetState
    count: int

    @property
    def label(self) -> str:
        return str(self.state.label)


@dataclass(frozen=True, slots=True)
class BlockView:
    """One block of a cycle as the secretary's list shows it."""

    cycle_block: CycleBlock
    windows: dict[str, Span]
    now: StageNow
    agencies: int
    unranked: int
    states: list[StateCount] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.cycle_block.opened_at is not None

    @property
    def sheets(self) -> int:
        return sum(one.count for one in self.states)

    @property
    def missing_windows(self) -> list[Stage]:
        return [stage for stage in ORDER if stage not in self.windows]

    @property
    def timeline(self) -> list[tuple[Stage, Span | None]]:
        """All stages in order, with their windows."""
        return [(stage, self.windows.get(stage)) for stage in ORDER]


@dataclass(frozen=True, slots=True)
class CycleView:
    """A cycle with its blocks."""

    cycle: Cycle
    blocks: list[BlockView]


def cycles_overview() -> list[CycleView]:
    """Every cycle with its blocks, latest year first. Seven queries, however many there are."""
    cycles = list(Cycle.objects.order_by("-year"))
    blocks = CycleBlock.objects.select_related("cycle", "block", "criteria_set").order_by(
        "block__order", "pk"
    )
    views = block_views(list(blocks))
    by_cycle: dict[int, list[BlockView]] = {}
    for view in views:
        by_cycle.setdefault(view.cycle_block.cycle_id, []).append(view)
    return [CycleView(cycle, by_cycle.get(cycle.pk, [])) for cycle in cycles]


def cycle_view(cycle: Cycle) -> CycleView:
    """One cycle with its blocks. Six queries."""
    blocks = cycle.blocks.select_related("cycle", "block", "criteria_set").order_by("block__order", "pk")
    return CycleView(cycle, block_views(list(blocks)))


def block_view(cycle_block: CycleBlock) -> BlockView:
    """One block. Five queries."""
    return block_views([cycle_block])[0]


def block_views(blocks: list[CycleBlock]) -> list[BlockView]:
    """Windows (with extensions of whole blocks), stage, agencies and sheets by state. Five queries."""
    now = db_now()
    windows = windows_of(blocks)
    agencies: dict[int, tuple[int, int]] = {}
    counted = (
        Participation.objects.filter(cycle_block__in=blocks)
        .order_by()
        .values_list("cycle_block")
        .annotate(number=Count("pk"), unranked=Count("pk", filter=Q(ranked=False)))
    )
    for block, number, unranked in counted:
        agencies[block] = (number, unranked)
    states: dict[int, dict[str, int]] = {}
    sheets = (
        Scoresheet.objects.filter(
            participation__cycle_block__in=blocks, criteria_set=F("participation__cycle_block__criteria_set")
        )
        .order_by()
        .values_list("participation__cycle_block", "state")
        .annotate(number=Count("pk"))
    )
    for block, state, number in sheets:
        states.setdefault(block, {})[state] = number
    return [
        BlockView(
            cycle_block=block,
            windows=windows[block.pk],
            now=stage_now(windows[block.pk], now),
            agencies=agencies.get(block.pk, (0, 0))[0],
            unranked=agencies.get(block.pk, (0, 0))[1],
            states=[
                StateCount(state, states[block.pk][state])
                for state in SheetState
                if states.get(block.pk, {}).get(state)
            ],
        )
        for block in blocks
    ]


def windows_of(blocks: Iterable[CycleBlock]) -> dict[int, dict[str, Span]]:
    """The windows of blocks, in the stages' order, moved by extensions of whole blocks. Two queries."""
    keys = [block.pk for block in blocks]
    ends: dict[tuple[int, str], datetime] = {}
    extensions = Extension.objects.filter(cycle_block__in=keys, agency=None)
    for block, stage, closes in extensions.values_list("cycle_block_id", "stage", "closes"):
        ends[block, stage] = max(closes, ends.get((block, stage), closes))
    found: dict[int, dict[str, Span]] = {key: {} for key in keys}
    rows = {(one.cycle_block_id, one.stage): one for one in Window.objects.filter(cycle_block__in=keys)}
    for key in keys:
        for stage in ORDER:
            if (window := rows.get((key, stage))) is not None:
                closes = max(window.closes, ends.get((key, stage), window.closes))
                found[key][stage] = Span(stage, window.opens, closes, window.closes)
    return found


def current_cycles(now: datetime | None = None) -> QuerySet[Cycle]:
    """Cycles with an opened block that has a window open or still to come. One query, and one for the clock."""
    moment = now or db_now()
    running = Window.objects.filter(
        cycle_block__cycle=OuterRef("pk"), cycle_block__opened_at__isnull=False, closes__gt=moment
    )
    return Cycle.objects.filter(Exists(running)).order_by("-year")


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """One agency of a block: its sheet's state and how far each side is.

    ``leaves`` are the self-scored leaves that apply, ``answered`` those with an answer, ``marked`` those
    with a mark. ``ends`` are later ends that this agency alone was given, by stage.
    """

    participation: Participation
    sheet: Scoresheet | None
    leaves: int
    answered: int
    marked: int
    ends: dict[Stage, datetime]

    @property
    def agency(self) -> Agency:
        return self.participation.agency

    @property
    def profile_names(self) -> list[str]:
        """The meanings of its profiles, as the set words them."""
        known = self.participation.cycle_block.criteria_set.profiles
        return [known.get(key, key) for key in self.participation.profiles]


def participants(cycle_block: CycleBlock) -> list[AgencyRow]:
    """The agencies of a block in Vietnamese order, with their progress. Four queries.

    ``cycle_block`` comes with its criteria set.
    """
    rows = list(cycle_block.participations.select_related("agency").order_by("agency__sort_key"))
    sheets = {
        sheet.participation_id: sheet
        for sheet in Scoresheet.objects.filter(
            participation__cycle_block=cycle_block, criteria_set_id=cycle_block.criteria_set_id
        )
    }
    # decided or not: the count must not tell anybody how a request was decided
    asked = (Answer.Applicability.REQUESTED, Answer.Applicability.GRANTED, Answer.Applicability.REFUSED)
    settled = Q(inputs__isnull=False, self_points__isnull=False) | Q(applicability__in=asked)
    counts = {
        sheet: (leaves, answered, marked)
        for sheet, leaves, answered, marked in Answer.objects.filter(scoresheet__in=list(sheets.values()))
        .exclude(applicability=Answer.Applicability.PROFILE)
        .annotate(has_mark=Exists(Mark.objects.filter(answer=OuterRef("pk"))))
        .order_by()
        .values_list("scoresheet")
        .annotate(
            number=Count("pk"),
            settled=Count("pk", filter=settled),
            marked=Count("pk", filter=Q(has_mark=True)),
        )
    }
    ends: dict[int, dict[Stage, datetime]] = {}
    given = Extension.objects.filter(cycle_block=cycle_block, agency__isnull=False)
    for agency, stage, closes in given.values_list("agency_id", "stage", "closes"):
        mine = ends.setdefault(agency, {})
        mine[Stage(stage)] = max(closes, mine.get(Stage(stage), closes))
    found = []
    for one in rows:
        one.cycle_block = cycle_block
        sheet = sheets.get(one.pk)
        leaves, answered, marked = counts.get(sheet.pk, (0, 0, 0)) if sheet else (0, 0, 0)
        found.append(AgencyRow(one, sheet, leaves, answered, marked, ends.get(one.agency_id, {})))
    return found


def extensions_of(cycle_block: CycleBlock) -> QuerySet[Extension]:
    """The letters of a block, latest first. One query."""
    return cycle_block.extensions.select_related("agency", "granted_by").order_by("-granted_at", "-pk")


def agencies_to_add(cycle_block: CycleBlock) -> QuerySet[Agency]:
    """Active agencies that do not take part yet, those of the block's own first. One query."""
    there = Participation.objects.filter(cycle_block=cycle_block, agency=OuterRef("pk"))
    return Agency.objects.filter(~Exists(there), active=True, block_id=cycle_block.block_id).order_by(
        "sort_key"
    )


def blocks_to_add(cycle: Cycle) -> QuerySet[Block]:
    """Blocks that are not in the cycle yet. One query."""
    return Block.objects.exclude(pk__in=cycle.blocks.values("block")).order_by("order", "slug")


def sets_to_choose(*, year: int, block_id: int) -> list[CriteriaSet]:
    """The sets of a block that a cycle of the year may use: locked before drafts, nearest year first. One query."""
    rows = CriteriaSet.objects.filter(block_id=block_id, year__lte=year)
    return sorted(rows, key=lambda one: (-one.year, one.locked_at is None, -one.version))


def appraisers_of_cycle(cycle: Cycle) -> list[Agency]:
    """Agencies that appraise a criterion of the cycle, and Home Affairs. One query."""
    appraise = Criterion.objects.filter(
        criteria_set__in=cycle.blocks.values("criteria_set"), appraiser__isnull=False
    )
    return list(
        Agency.objects.filter(Q(pk__in=appraise.values("appraiser")) | Q(is_home_affairs=True)).order_by(
            "sort_key"
        )
    )


def scored_in_cycle(cycle: Cycle) -> set[int]:
    """Ids of the agencies that are scored in the cycle. One query."""
    return set(Participation.objects.filter(cycle_block__cycle=cycle).values_list("agency_id", flat=True))


def settings_in_words(settings: CycleSettings) -> dict[str, Any]:
    """The settings of a cycle for reading; substitutes as pairs of names. One query."""
    slugs = {*settings.substitutes, *settings.substitutes.values(), settings.default_substitute}
    names = dict(Agency.objects.filter(slug__in=slugs).values_list("slug", "name"))
    pairs = [(names.get(whose, whose), names.get(by, by)) for whose, by in settings.substitutes.items()]
    if settings.default_substitute:
        default = settings.default_substitute
        pairs.append((str(_("every other appraiser")), names.get(default, default)))
    return {
        "rounding": ROUNDINGS[settings.ranking.rounding],
        "rank_on": RANK_ON[settings.ranking.rank_on],
        "ties": TIES[settings.ranking.ties],
        "depth": DEPTHS[settings.depth],
        "substitutes": pairs,
    }


def suggested_windows(year: int) -> dict[Stage, tuple[datetime, datetime]]:
    """A starting point where no year came before: self-assessment in November and December, the rest after it.

    The months are those that most provinces name in their plans; the secretary changes them.
    """
    zone = timezone.get_default_timezone()

    def day(month: int, number: int, later: int = 0) -> datetime:
        return datetime(year + later, month, number, tzinfo=zone)

    return {
        Stage.SELF_ASSESSMENT: (day(11, 15), day(12, 16)),
        Stage.ROUND_1: (day(12, 16), day(1, 11, 1)),
        Stage.EXPLANATION: (day(1, 11, 1), day(1, 18, 1)),
        Stage.ROUND_2: (day(1, 18, 1), day(1, 29, 1)),
        Stage.COUNCIL: (day(1, 29, 1), day(1, 29, 1) + timedelta(days=14)),
    }
