"""Take in survey, external and office points from a file: rehearsed first, then stored whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from agencies.models import Agency
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid
from parindex.ui.collation import fold
from scoring import engine
from scoring.assessment.appraisal_permissions import barred_houses, require_run_block
from scoring.assessment.models import (
    CycleBlock,
    ImportBatch,
    ImportedPoints,
    Mark,
    Scoresheet,
    SheetState,
)
from scoring.assessment.points_file import PointsRow, UnreadableFile, read_points_file
from scoring.assessment.queries.facts import Facts, facts_of_sheets
from scoring.assessment.services.import_scoring import score_row
from scoring.assessment.services.locks import locked_block
from scoring.criteria.models import Criterion, Method

if TYPE_CHECKING:
    from agencies.actors import Actor

MAX_NOTE = 500


@dataclass(slots=True)
class RowOutcome:
    """What a row does: ``new``, ``replaced``, ``unchanged`` or ``error`` with what is wrong.

    ``own``: a row of the importer's own house, rehearsed; what stands there is not told, not even whether.
    """

    line: int
    agency: str
    criterion: str
    status: str = "error"
    points: Decimal | None = None
    maximum: Decimal | None = None
    before: Decimal | None = None
    messages: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ImportReport:
    """Every row's outcome. ``batch`` is there once something was stored."""

    file_name: str
    sha256: str
    rows: list[RowOutcome]
    batch: ImportBatch | None = None
    fault: str = ""

    def count(self, status: str) -> int:
        return sum(row.status == status for row in self.rows)

    @property
    def errors(self) -> list[RowOutcome]:
        return [row for row in self.rows if row.status == "error"]

    @property
    def is_clean(self) -> bool:
        return not self.fault and not self.errors

    @property
    def new(self) -> int:
        return self.count("new")

    @property
    def replaced(self) -> int:
        return self.count("replaced")

    @property
    def unchanged(self) -> int:
        return self.count("unchanged")

    @property
    def own(self) -> int:
        return self.count("own")

    @property
    def changes(self) -> int:
        return self.new + self.replaced + self.own

    @property
    def fault_lines(self) -> list[str]:
        return [self.fault] if self.fault else []


class ImportRefused(Invalid):
    """Rows are wrong; ``report`` lists them all. Nothing was stored."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__(report.fault or _("Nothing was stored: some rows are wrong."))
        self.report = report


def import_points(
    *, cycle_block: CycleBlock, actor: Actor | None, data: bytes, file_name: str, dry_run: bool = False
) -> ImportReport:
    """Read, check and (unless ``dry_run``) store a file of points for one block.

    Points are scored by each leaf's rule (six places). A figure that stands already is replaced and kept as
    history; the same file again changes nothing. ``actor`` None: the operator at the command line. Points that
    an office gives are a judgement: nobody imports those of his or her own house. A dry run tells nothing of
    what stands there.
    Raises NotPermitted, or ImportRefused with every row's outcome; then nothing is stored.
    """
    if actor is not None:
        require_run_block(actor)
    digest = hashlib.sha256(data).hexdigest()
    name = file_name.replace("\x00", "")[-255:] or "points.csv"
    with transaction.atomic():
        block = locked_block(cycle_block.pk)
        report = ImportReport(name, digest, [])
        try:
            rows = read_points_file(data, name)
        except UnreadableFile as error:
            report.fault = str(error)
            if dry_run:
                return report
            raise ImportRefused(report) from error
        checked = _Check(block, own=barred_houses(actor) if actor else frozenset(), dry_run=dry_run).rows(
            rows
        )
        report.rows = [outcome for outcome, _figure in checked]
        if dry_run:
            return report
        if not report.is_clean:
            raise ImportRefused(report)
        if report.changes:
            _store(block, report, [one for one in checked if one[0].status != "unchanged"], actor)
        return report


@dataclass(frozen=True, slots=True)
class _Figure:
    """A row that may be stored: its sheet, leaf and score, and the row that it replaces."""

    sheet: Scoresheet
    leaf: Criterion
    inputs: dict[str, Any]
    score: engine.Score
    note: str
    replaces: ImportedPoints | None


class _Check:
    """The block as the rows are held against it. Five queries, however many rows.

    Four more where figures that come by a file depend on what agencies answer.
    """

    def __init__(self, block: CycleBlock, *, own: frozenset[int], dry_run: bool) -> None:
        self.own, self.dry_run = own, dry_run
        self.sheets: dict[int, Scoresheet] = {}
        self.agencies: dict[str, set[int]] = {}
        sheets = (
            Scoresheet.objects.select_for_update(of=("self",))
            .select_related("participation__agency")
            .filter(participation__cycle_block=block, criteria_set=block.criteria_set_id)
            .order_by("pk")
        )
        for sheet in sheets:
            agency = sheet.participation.agency
            self.sheets[agency.pk] = sheet
            for key in {agency.slug, fold(agency.name), fold(agency.short_name)} - {""}:
                self.agencies.setdefault(key, set()).add(agency.pk)
        leaves = Criterion.objects.filter(criteria_set=block.criteria_set_id, rule__isnull=False)
        self.leaves = {leaf.code: leaf for leaf in leaves}
        self.rules: dict[int, engine.Rule] = {}
        self.facts = self._facts(block)
        self.standing = {
            (one.scoresheet_id, one.criterion_id): one
            for one in ImportedPoints.objects.filter(
                scoresheet__participation__cycle_block=block, current=True
            )
        }
        self.seen: dict[tuple[int, int], int] = {}
        self.elsewhere: set[str] | None = None

    def _facts(self, block: CycleBlock) -> dict[int, Facts]:
        """Sheet id → what the leaves answer, with every mark so far; nothing where no imported leaf looks at it."""
        others = [leaf for leaf in self.leaves.values() if leaf.method != Method.APPRAISAL]
        if not any("cases" in json.dumps(leaf.rule) for leaf in others):
            return {}
        for sheet in self.sheets.values():
            sheet.criteria_set = block.criteria_set
        return facts_of_sheets(self.sheets.values(), up_to=Mark.Round.COUNCIL)

    def rows(self, rows: Sequence[PointsRow]) -> list[tuple[RowOutcome, _Figure | None]]:
        return [self._row(row) for row in rows]

    def _row(self, row: PointsRow) -> tuple[RowOutcome, _Figure | None]:
        outcome = RowOutcome(row.line, row.agency, row.criterion)
        sheet, leaf = self._sheet(row, outcome), self._leaf(row, outcome)
        if len(row.note) > MAX_NOTE:
            outcome.messages.append(
                _("The text is too long: at most %(max)s characters.") % {"max": MAX_NOTE}
            )
        if sheet is None or leaf is None:
            return outcome, None
        outcome.agency, outcome.maximum = sheet.participation.agency.name, leaf.max_points
        place = (sheet.pk, leaf.pk)
        if place in self.seen:
            outcome.messages.append(_("Line %(line)s gives this leaf already.") % {"line": self.seen[place]})
        self.seen.setdefault(place, row.line)
        is_own = sheet.participation.agency_id in self.own
        if is_own and leaf.method == Method.OFFICE:
            outcome.messages.append(
                _("This is your own house: a member of another house must import these points.")
            )
            return outcome, None
        if sheet.state == SheetState.FINALISED:
            outcome.messages.append(_("The scoresheet is final. The council reopens it for a correction."))
        if set(leaf.not_applicable_for) & set(sheet.participation.profiles):
            outcome.messages.append(_("This leaf does not apply to the agency, by its profile."))
        rule = self.rules.get(leaf.pk) or engine.parse_rule(leaf.rule or {}, max_points=leaf.max_points)
        self.rules[leaf.pk] = rule
        scored = score_row(row, leaf, rule, self.facts.get(sheet.pk, {}), outcome.messages)
        if outcome.messages or scored is None:
            return outcome, None
        inputs, score = scored
        standing = self.standing.get(place)
        outcome.points, outcome.maximum = score.points, score.applicable_max
        if is_own and self.dry_run:
            outcome.status = "own"
        else:
            outcome.before = standing.points if standing else None
            outcome.status = _status(standing, inputs, score, row.note)
        return outcome, _Figure(sheet, leaf, inputs, score, row.note, standing)

    def _sheet(self, row: PointsRow, outcome: RowOutcome) -> Scoresheet | None:
        if not row.agency:
            outcome.messages.append(_("The agency is missing."))
            return None
        found = self.agencies.get(row.agency) or self.agencies.get(fold(row.agency)) or set()
        if len(found) == 1:
            return self.sheets[next(iter(found))]
        if found:
            outcome.messages.append(_("Several agencies have this name: write the slug of one."))
        elif self._is_elsewhere(row.agency):
            outcome.messages.append(_("The agency does not take part in this block."))
        else:
            outcome.messages.append(_("Unknown agency."))
        return None

    def _is_elsewhere(self, text: str) -> bool:
        if self.elsewhere is None:
            self.elsewhere = set()
            for slug, name in Agency.objects.values_list("slug", "name"):
                self.elsewhere |= {slug, fold(name)}
        return text in self.elsewhere or fold(text) in self.elsewhere

    def _leaf(self, row: PointsRow, outcome: RowOutcome) -> Criterion | None:
        leaf = self.leaves.get(row.criterion)
        if leaf is None:
            outcome.messages.append(
                _("“%(code)s” is not a leaf of the criteria set.") % {"code": row.criterion[:40]}
            )
            return None
        if row.criterion_is_number and any(
            code != leaf.code and code.rstrip("0") == leaf.code.rstrip("0") for code in self.leaves
        ):
            outcome.messages.append(
                _("The code is stored as a number, so 1.1 and 1.10 look alike: make it a text.")
            )
            return None
        if leaf.method == Method.APPRAISAL:
            outcome.messages.append(
                _("This leaf is self-assessed and appraised: its points are not imported.")
            )
            return None
        return leaf


def _status(
    standing: ImportedPoints | None, inputs: Mapping[str, Any], score: engine.Score, note: str
) -> str:
    if standing is None:
        return "new"
    same = (
        standing.inputs == inputs
        and standing.points == score.points
        and standing.applicable_max == score.applicable_max
        and standing.note == note
    )
    return "unchanged" if same else "replaced"


def _store(
    block: CycleBlock,
    report: ImportReport,
    checked: Sequence[tuple[RowOutcome, _Figure | None]],
    actor: Actor | None,
) -> None:
    user = actor.user if actor else None
    figures = [figure for _outcome, figure in checked if figure is not None]
    batch = ImportBatch.objects.create(
        cycle_block=block,
        source=ImportBatch.Source.SURVEY,
        file_name=report.file_name,
        sha256=report.sha256,
        rows=len(figures),
        by=user,
        at=db_now(),
    )
    replaced = [figure.replaces.pk for figure in figures if figure.replaces is not None]
    ImportedPoints.objects.filter(pk__in=replaced).update(current=False)
    ImportedPoints.objects.bulk_create(
        [
            ImportedPoints(
                batch=batch,
                scoresheet=figure.sheet,
                criterion=figure.leaf,
                inputs=figure.inputs,
                points=figure.score.points,
                applicable_max=figure.score.applicable_max,
                trace=figure.score.trace,
                note=figure.note,
            )
            for figure in figures
        ],
        batch_size=500,
    )
    # what the council is about to finalise is no longer what its page showed
    Scoresheet.objects.filter(
        pk__in={figure.sheet.pk for figure in figures}, state=SheetState.REVIEWING
    ).update(version=F("version") + 1)
    report.batch = batch
    record(
        actor=user,
        action="points.import",
        obj=block,
        after={
            "batch": batch.public_id,
            "file": report.file_name,
            "sha256": report.sha256,
            "new": report.count("new"),
            "replaced": report.count("replaced"),
        },
    )
    # apart from the act itself, so that the record can keep it from readers of one of these houses
    record(
        actor=user,
        action="points.import_figures",
        obj=batch,
        after={
            "points": [
                [figure.sheet.participation.agency.slug, figure.leaf.code, figure.score.points]
                for figure in figures
            ],
        },
    )
