"""What an amendment within the year would do, and did: plans, what is to be looked at, what an agency is told."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Agency
from parindex.clock import db_now
from parindex.ui.formats import format_deadline
from scoring.assessment.carrying import Ways, carry, state_after, ways
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import Answer, CycleBlock, ImportedPoints, Scoresheet, SheetState, Stage
from scoring.assessment.queries.cycles import windows_of
from scoring.assessment.queries.panels import panels_of
from scoring.assessment.queries.parts import rows_of_year, set_is_taken
from scoring.assessment.windows import Span
from scoring.criteria.comparison import Change
from scoring.criteria.links import Bridge, bridge
from scoring.criteria.models import CriteriaSet
from scoring.criteria.queries import SetNode, tree_of

CHUNK = 200


@dataclass(frozen=True, slots=True)
class AgencyPlan:
    """One sheet: where it goes, what goes with it unchanged, who looks at how many criteria, what is imported again."""

    sheet: Scoresheet
    state: str
    supplement: bool
    kept: int
    agency: int
    appraiser: int
    imports: int

    @property
    def waits(self) -> bool:
        return self.agency > 0

    @property
    def state_label(self) -> str:
        return str(SheetState(self.state).label)

    @property
    def is_other_state(self) -> bool:
        return self.state != self.sheet.state


@dataclass(frozen=True, slots=True)
class OfficePlan:
    """What one appraising agency would have to mark once more. ``name`` is empty where nobody appraises."""

    name: str
    criteria: int
    looks: int


@dataclass(frozen=True, slots=True)
class Plan:
    """An amendment before it is made. ``obstacles`` keep it from being made, ``checks`` are for the secretary."""

    cycle_block: CycleBlock
    criteria_set: CriteriaSet
    obstacles: list[str]
    key: str = ""
    ways: Ways | None = None
    agencies: list[AgencyPlan] = field(default_factory=list)
    offices: list[OfficePlan] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    window: Span | None = None
    is_over: bool = False

    @property
    def classes(self) -> list[tuple[str, str, int]]:
        """(class, its name, how many leaves), in the order of ``Change``."""
        if self.ways is None:
            return []
        found = Counter(way.change for way in self.ways.leaves)
        found[Change.GONE] = len(self.ways.gone)
        return [(change.value, str(change.label), found[change]) for change in Change]

    @property
    def waiting(self) -> int:
        return sum(one.waits for one in self.agencies)

    @property
    def needs_time(self) -> bool:
        """Whether agencies have something to do and their time is over."""
        return self.is_over and self.waiting > 0

    @property
    def supplements(self) -> int:
        return sum(one.supplement and one.waits for one in self.agencies)

    @property
    def imports(self) -> list[SetNode]:
        """The leaves whose points must be imported again."""
        if self.ways is None:
            return []
        return [way.leaf for way in self.ways.others if not way.is_kept and way.sources]


def sets_to_amend_by(cycle_block: CycleBlock) -> list[CriteriaSet]:
    """Later versions of the block's set, latest first, drafts too. One query."""
    now = cycle_block.criteria_set
    rows = CriteriaSet.objects.filter(year=now.year, block=now.block_id, version__gt=now.version)
    return list(rows.order_by("-version"))


def ways_between(newer: CriteriaSet, earlier: CriteriaSet) -> Ways:
    """How the leaves of one set follow those of another. Three queries where both sets are known already."""
    return ways(tree_of(newer), tree_of(earlier), bridge(newer, earlier))


def sheets_of(cycle_block: CycleBlock, *, lock: bool = False) -> list[Scoresheet]:
    """The sheets of the block's present set with their agencies, by id. One query."""
    rows = Scoresheet.objects.filter(
        participation__cycle_block=cycle_block, criteria_set=cycle_block.criteria_set_id
    ).select_related("participation__agency")
    found = list((rows.select_for_update(of=("self",)) if lock else rows).order_by("pk"))
    for sheet in found:
        sheet.participation.cycle_block = cycle_block
    return found


def key_of(cycle_block: CycleBlock, tie: Bridge, sheets: Iterable[Scoresheet]) -> str:
    """What a plan was made from: the sets, their links, and where the sheets stood. Pure."""
    told = [f"{cycle_block.criteria_set_id}>{tie.newer_set}"]
    told += sorted(f"{one.newer}-{one.earlier}-{one.comparability}" for one in tie.ties)
    told += [f"{sheet.pk}:{sheet.version}:{sheet.state}" for sheet in sheets]
    return hashlib.sha256(";".join(told).encode()).hexdigest()[:32]


def obstacles_to(
    cycle_block: CycleBlock, criteria_set: CriteriaSet, tie: Bridge, sheets: Sequence[Scoresheet]
) -> list[str]:
    """What stands against an amendment, as sentences that say what to do. One query; sheets with agencies."""
    present, found = cycle_block.criteria_set, list[str]()
    if cycle_block.cycle.imported:
        found.append(_("This year was brought in as it was published; it has one set for each block."))
    if cycle_block.opened_at is None:
        found.append(_("The block is not open yet: choose its criteria set on its page instead."))
    if (criteria_set.year, criteria_set.block_id) != (present.year, present.block_id):
        found.append(_("The new set must be of the same year and block as the set in force."))
    elif criteria_set.version <= present.version:
        found.append(_("The new set must be a later version than the set in force."))
    others = [row for row in rows_of_year(cycle_block) if row.pk != cycle_block.pk]
    if set_is_taken(criteria_set, others):
        found.append(_("Another part of this year uses this set. Choose another one."))
    if criteria_set.locked_at is None:
        found.append(_("The new version is still a draft: lock it first."))
    if not tie.stated:
        found.append(
            _("It is not stated how the new version follows the set in force: link their criteria first.")
        )
    final = [sheet for sheet in sheets if sheet.state == SheetState.FINALISED]
    if final:
        found.append(
            ngettext(
                "%(count)s scoresheet is final: %(names)s. The council reopens it before the set can be amended.",
                "%(count)s scoresheets are final: %(names)s. The council reopens them before the set can be amended.",
                len(final),
            )
            % {"count": len(final), "names": _names(final)}
        )
    known = set(criteria_set.profiles)
    strangers = [sheet for sheet in sheets if set(sheet.participation.profiles) - known]
    if strangers:
        found.append(
            ngettext(
                "%(count)s agency has a profile that the new version does not know: %(names)s.",
                "%(count)s agencies have profiles that the new version does not know: %(names)s.",
                len(strangers),
            )
            % {"count": len(strangers), "names": _names(strangers)}
        )
    return found


def plan_amendment(cycle_block: CycleBlock, criteria_set: CriteriaSet) -> Plan:
    """What amending the block by this set would do, agency by agency. Reads alone, in chunks of agencies.

    Fifteen queries and two for each 200 agencies. ``cycle_block`` with cycle, block and criteria set.
    """
    tie = bridge(criteria_set, cycle_block.criteria_set)
    sheets = sheets_of(cycle_block)
    obstacles = obstacles_to(cycle_block, criteria_set, tie, sheets)
    if (criteria_set.year, criteria_set.block_id) != (
        cycle_block.criteria_set.year,
        cycle_block.criteria_set.block_id,
    ):
        return Plan(cycle_block, criteria_set, obstacles)
    found = ways(tree_of(criteria_set), tree_of(cycle_block.criteria_set), tie)
    marks: Counter[tuple[int | None, int]] = Counter()
    panel = panels_of([cycle_block])[cycle_block.pk]
    agencies = []
    for start in range(0, len(sheets), CHUNK):
        for one, to_mark in _agency_plans(sheets[start : start + CHUNK], found):
            agencies.append(one)
            agency = one.sheet.participation.agency_id
            for leaf in to_mark:
                marks[panel.appraiser_of(appraiser_id=leaf.appraiser_id, agency_id=agency), leaf.id] += 1
    agencies.sort(key=lambda one: one.sheet.participation.agency.sort_key)
    now, windows = db_now(), windows_of([cycle_block])[cycle_block.pk]
    window = windows.get(Stage.SELF_ASSESSMENT)
    return Plan(
        cycle_block,
        criteria_set,
        obstacles,
        key_of(cycle_block, tie, sheets),
        found,
        agencies,
        _offices(marks),
        _checks(cycle_block, criteria_set, windows, now),
        window,
        window is None or window.is_over(now),
    )


def _agency_plans(sheets: Sequence[Scoresheet], found: Ways) -> Iterator[tuple[AgencyPlan, list[SetNode]]]:
    """The plan of each sheet, with the leaves that must be marked once more. Two queries for all together."""
    changed = {source.id for way in found.self_scored if not way.is_kept for source in way.sources}
    again = {source.id for way in found.others if not way.is_kept for source in way.sources}
    light: dict[int, dict[int, Answer]] = {sheet.pk: {} for sheet in sheets}
    rows = Answer.objects.filter(scoresheet__in=light).filter(
        Q(criterion__in=changed) | Q(applicability=Answer.Applicability.PROFILE)
    )
    for sheet_id, criterion, inputs, applicability in rows.values_list(
        "scoresheet_id", "criterion_id", "inputs", "applicability"
    ):
        light[sheet_id][criterion] = Answer(
            scoresheet_id=sheet_id, criterion_id=criterion, inputs=inputs, applicability=applicability
        )
    imported: Counter[int] = Counter(
        ImportedPoints.objects.filter(scoresheet__in=light, criterion__in=again, current=True).values_list(
            "scoresheet_id", flat=True
        )
    )
    for sheet in sheets:
        kept = looks = 0
        to_mark = []
        for way in found.self_scored:
            if way.is_kept and way.sources[0].id not in light[sheet.pk]:
                kept += 1
                continue
            one = carry(way, light[sheet.pk], sheet=sheet, profiles=sheet.participation.profiles)
            kept += one.verbatim
            looks += one.agency
            if one.appraiser:
                to_mark.append(way.leaf)
        state, supplement = state_after(sheet, waits=looks > 0)
        yield (
            AgencyPlan(sheet, state, supplement, kept, looks, len(to_mark), imported[sheet.pk]),
            to_mark,
        )


def _offices(marks: Counter[tuple[int | None, int]]) -> list[OfficePlan]:
    totals: dict[int | None, tuple[int, int]] = {}
    for (office, _leaf), count in marks.items():
        leaves, looks = totals.get(office, (0, 0))
        totals[office] = (leaves + 1, looks + count)
    named = Agency.objects.filter(pk__in=[pk for pk in totals if pk is not None])
    names: dict[int | None, str] = dict(named.order_by("sort_key").values_list("pk", "name"))
    order = [*names, *(pk for pk in totals if pk not in names)]
    return [OfficePlan(names.get(pk, ""), *totals[pk]) for pk in order]


def _checks(
    cycle_block: CycleBlock, criteria_set: CriteriaSet, windows: dict[str, Span], now: datetime
) -> list[str]:
    """What the secretary should look at: windows that are over, ties broken by codes that are gone."""
    found = []
    for stage in (Stage.ROUND_1, Stage.EXPLANATION, Stage.ROUND_2, Stage.COUNCIL):
        span = windows.get(stage)
        if span is not None and span.is_over(now):
            found.append(
                _("The stage “%(stage)s” ended at %(end)s: sheets that pass it once more need a later end.")
                % {"stage": stage.label, "end": format_deadline(span.closes)}
            )
    settings = CycleSettings.parse(cycle_block.cycle.settings).ranking_for(cycle_block.block.slug)
    lost = [
        code
        for code in settings.tie_breakers
        if code not in ("survey", "bonus") and code not in tree_of(criteria_set).by_code
    ]
    if lost:
        found.append(
            _("Ties are broken by %(codes)s, which the new version lacks: change the settings of the cycle.")
            % {"codes": ", ".join(lost)}
        )
    return found


def _names(sheets: Sequence[Scoresheet]) -> str:
    named = ", ".join(sheet.participation.agency.name for sheet in sheets[:5])
    return named + ("…" if len(sheets) > 5 else "")
