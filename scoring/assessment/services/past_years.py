"""Bringing a year that was published before the portal: block, agencies, set, cycle and every leaf's points."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import Agency, Block, Role
from agencies.services.structure import save_agency, save_block
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import NotPermitted
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.models import (
    Cycle,
    CycleBlock,
    ImportBatch,
    ImportedPoints,
    Participation,
    Scoresheet,
    SheetState,
    Transition,
)
from scoring.assessment.past_files import PastYearRefused, Problem, read_files
from scoring.assessment.past_points import LeafPoints, PastAgency, PastPoints
from scoring.criteria.matching import agency_names, block_names
from scoring.criteria.models import CriteriaSet
from scoring.criteria.queries import SetNode, tree_of
from scoring.criteria.services import import_criteria_set, lock_set
from scoring.engine import RankingSettings, not_applicable, typed_points


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row of POINTS.csv: new, replaced or unchanged."""

    line: int
    agency: str
    criterion: str
    outcome: str


@dataclass(slots=True)
class PastYearReport:
    """What an import did or, rehearsed, would do. ``made`` names what came into being."""

    cycle_block: CycleBlock
    made: list[str] = field(default_factory=list)
    rows: list[RowOutcome] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.made) or any(row.outcome != "unchanged" for row in self.rows)


def import_past_year(
    *,
    actor: Actor,
    year: int,
    block: str,
    set_file: bytes,
    points_file: bytes,
    settings_file: bytes | None = None,
    file_name: str = "POINTS.csv",
    dry_run: bool = False,
) -> PastYearReport:
    """Create what is missing, import and finalise one block of a past year; run twice it changes nothing.

    ``block`` is a slug or a name; agencies are found by slug or name, else made. Points replace what an earlier
    import stored, with history. Raises NotPermitted or PastYearRefused, in which case nothing is stored.
    Source: docs/scoring.md, "Bringing a past year".
    """
    if not actor.has(Role.SECRETARY):
        raise NotPermitted(_("Only the secretary may bring a past year."))
    points, settings = read_files(year, block, set_file, points_file, settings_file)
    with transaction.atomic():
        report = _store(actor, year, block, set_file, points, settings, points_file, file_name)
        if dry_run:
            transaction.set_rollback(True)
    return report


def _store(
    actor: Actor,
    year: int,
    block_name: str,
    set_file: bytes,
    points: PastPoints,
    settings: RankingSettings | None,
    points_file: bytes,
    file_name: str,
) -> PastYearReport:
    block, made = _block(actor, block_name)
    cycle, new_cycle = _cycle(year)
    if new_cycle:
        made.append(_("cycle %(year)s") % {"year": year})
    cycle_block = (
        CycleBlock.objects.filter(cycle=cycle, block=block, part_of=None)
        .select_related("criteria_set")
        .first()
    )
    criteria_set = _criteria_set(actor, cycle_block, year, block, set_file, made)
    now = db_now()
    if cycle_block is None:
        cycle_block = CycleBlock.objects.create(
            cycle=cycle, block=block, criteria_set=criteria_set, opened_at=now
        )
    _settings(cycle, block, settings, made)
    report = PastYearReport(cycle_block, made)
    leaves = {leaf.code: leaf for leaf in tree_of(criteria_set).leaves}
    sheets = _sheets(actor, cycle_block, criteria_set, block, points, report)
    _points(actor, cycle_block, sheets, leaves, points, points_file, file_name, report)
    if report.changed:
        record(
            actor=actor.user,
            action="past_year.import",
            obj=cycle_block,
            after={
                "year": year,
                "block": block.slug,
                "agencies": len(points.agencies),
                "rows": points.rows,
                "made": report.made[:50],
                "points_sha256": hashlib.sha256(points_file).hexdigest(),
            },
        )
    return report


def _block(actor: Actor, name: str) -> tuple[Block, list[str]]:
    names = block_names()
    found = names.find(name)
    if found is not None:
        return found, []
    if names.ambiguous(name):
        raise PastYearRefused(
            [Problem(0, _("More than one block is called “%(name)s”; give its slug.") % {"name": name})]
        )
    made = save_block(actor=actor, name=name)
    return made, [_("block %(name)s") % {"name": made.name}]


def _cycle(year: int) -> tuple[Cycle, bool]:
    cycle = Cycle.objects.select_for_update().filter(year=year).first()
    if cycle is not None:
        if not cycle.imported:
            raise PastYearRefused(
                [
                    Problem(
                        0,
                        _(
                            "%(year)s is a year that is worked on in the portal; only past years are brought in."
                        )
                        % {"year": year},
                    )
                ]
            )
        return cycle, False
    return Cycle.objects.create(year=year, imported=True, created_at=db_now()), True


def _criteria_set(
    actor: Actor, cycle_block: CycleBlock | None, year: int, block: Block, data: bytes, made: list[str]
) -> CriteriaSet:
    sha256 = hashlib.sha256(data).hexdigest()
    if cycle_block is not None:
        if cycle_block.criteria_set.source_sha256 != sha256:
            raise PastYearRefused(
                [
                    Problem(
                        0,
                        _(
                            "This block and year were brought in with another criteria set. Give the same file again."
                        ),
                    )
                ]
            )
        return cycle_block.criteria_set
    existing = CriteriaSet.objects.filter(
        year=year, block=block, source_sha256=sha256, locked_at__isnull=False
    ).first()
    if existing is not None:
        return existing
    outcome = import_criteria_set(actor=actor, data=data, year=year, block=block, appraisers_needed=False)
    if outcome.criteria_set is None:
        raise PastYearRefused(
            [Problem(0, _("Criteria set: %(fault)s") % {"fault": fault}) for fault in outcome.errors]
        )
    made.append(_("criteria set “%(title)s”") % {"title": outcome.criteria_set.title})
    return lock_set(actor=actor, criteria_set=outcome.criteria_set, appraisers_needed=False)


def _settings(cycle: Cycle, block: Block, settings: RankingSettings | None, made: list[str]) -> None:
    if settings is None:
        return
    before = CycleSettings.parse(cycle.settings)
    after = before.with_ranking(block.slug, settings)
    if after.as_dict() != before.as_dict():
        cycle.settings = after.as_dict()
        cycle.save(update_fields=["settings"])
        made.append(_("settings of %(block)s") % {"block": block.name})


def _sheets(
    actor: Actor,
    cycle_block: CycleBlock,
    criteria_set: CriteriaSet,
    block: Block,
    points: PastPoints,
    report: PastYearReport,
) -> dict[str, Scoresheet]:
    """A finalised sheet for every agency of the file, by the file's folded name."""
    names = agency_names()
    known = {
        sheet.participation.agency_id: sheet
        for sheet in Scoresheet.objects.filter(
            participation__cycle_block=cycle_block, criteria_set=criteria_set
        ).select_related("participation")
    }
    sheets: dict[str, Scoresheet] = {}
    taken: dict[int, PastAgency] = {}
    problems: list[Problem] = []
    for key, entry in points.agencies.items():
        agency = names.find(entry.name)
        if agency is None and names.ambiguous(entry.name):
            problems.append(
                Problem(
                    entry.line,
                    _("More than one agency is called “%(name)s”; give its slug.") % {"name": entry.name},
                )
            )
            continue
        if agency is None:
            agency = save_agency(actor=actor, name=entry.name, block=block)
            report.made.append(_("agency %(name)s") % {"name": agency.name})
        if agency.pk in taken:
            problems.append(
                Problem(
                    entry.line,
                    _("“%(one)s” and “%(other)s” are the same agency.")
                    % {"one": taken[agency.pk].name, "other": entry.name},
                )
            )
            continue
        taken[agency.pk] = entry
        sheets[key] = _sheet(actor, cycle_block, criteria_set, agency, entry, known.get(agency.pk), report)
    gone = set(known) - set(taken)
    if gone:
        names_gone = Agency.objects.filter(pk__in=gone).values_list("name", flat=True)
        problems.append(
            Problem(
                0, _("Brought in before, but not in this file: %(names)s.") % {"names": ", ".join(names_gone)}
            )
        )
    if problems:
        raise PastYearRefused(problems)
    return sheets


def _sheet(
    actor: Actor,
    cycle_block: CycleBlock,
    criteria_set: CriteriaSet,
    agency: Agency,
    entry: PastAgency,
    sheet: Scoresheet | None,
    report: PastYearReport,
) -> Scoresheet:
    ranked = not entry.unranked
    if sheet is not None:
        if sheet.participation.ranked != ranked:
            sheet.participation.ranked = ranked
            sheet.participation.save(update_fields=["ranked"])
            report.made.append(_("%(agency)s: ranked or not") % {"agency": agency.name})
        return sheet
    now = db_now()
    participation = Participation.objects.create(cycle_block=cycle_block, agency=agency, ranked=ranked)
    sheet = Scoresheet.objects.create(
        participation=participation,
        criteria_set=criteria_set,
        state=SheetState.FINALISED,
        version=1,
        created_at=now,
    )
    Transition.objects.create(
        scoresheet=sheet,
        name="import_past_year",
        source="",
        target=SheetState.FINALISED,
        by=actor.user,
        at=now,
    )
    return sheet


def _points(
    actor: Actor,
    cycle_block: CycleBlock,
    sheets: Mapping[str, Scoresheet],
    leaves: Mapping[str, SetNode],
    points: PastPoints,
    data: bytes,
    file_name: str,
    report: PastYearReport,
) -> None:
    standing = {
        (row.scoresheet_id, row.criterion_id): row
        for row in ImportedPoints.objects.filter(scoresheet__in=list(sheets.values()), current=True).only(
            "scoresheet_id", "criterion_id", "points", "applicable_max"
        )
    }
    fresh: list[ImportedPoints] = []
    replaced: list[int] = []
    for key, entry in points.agencies.items():
        sheet = sheets[key]
        for code, leaf in entry.leaves.items():
            old = standing.get((sheet.pk, leaves[code].id))
            if old is not None and (old.points, old.applicable_max) == (leaf.points, leaf.maximum):
                report.rows.append(RowOutcome(leaf.line, entry.name, code, "unchanged"))
                continue
            if old is not None:
                replaced.append(old.pk)
            fresh.append(_imported(sheet, leaves[code], leaf))
            report.rows.append(RowOutcome(leaf.line, entry.name, code, "new" if old is None else "replaced"))
    report.rows.sort(key=lambda row: row.line)
    if fresh:
        batch = ImportBatch.objects.create(
            cycle_block=cycle_block,
            source=ImportBatch.Source.PAST_YEAR,
            file_name=file_name[:255],
            sha256=hashlib.sha256(data).hexdigest(),
            rows=points.rows,
            by=actor.user,
            at=db_now(),
        )
        for row in fresh:
            row.batch = batch
        ImportedPoints.objects.filter(pk__in=replaced).update(current=False)
        ImportedPoints.objects.bulk_create(fresh, batch_size=2000)
        Scoresheet.objects.filter(pk__in={row.scoresheet_id for row in fresh}).update(
            version=F("version") + 1
        )


def _imported(sheet: Scoresheet, node: SetNode, leaf: LeafPoints) -> ImportedPoints:
    outcome: Any = (
        not_applicable(node.max_points) if leaf.maximum == 0 else typed_points(leaf.maximum, leaf.points)
    )
    return ImportedPoints(
        scoresheet=sheet,
        criterion_id=node.id,
        points=outcome.points,
        applicable_max=outcome.applicable_max,
        trace=outcome.trace,
    )
