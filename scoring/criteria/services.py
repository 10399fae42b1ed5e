"""Acts on criteria sets: import, confirm a difference, lock, delete an unused draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.actors import Actor
from agencies.models import Agency, Block, User
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, WrongState
from parindex.ui.collation import code_sort_key
from scoring import engine
from scoring.criteria.carriers import read
from scoring.criteria.case_check import StoredLike
from scoring.criteria.dependencies import reference_faults
from scoring.criteria.fileformat import Finding, NodeFile, Reading, SetFile
from scoring.criteria.matching import agency_names, block_names
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.permissions import may_manage_sets
from scoring.criteria.places import RowReport, located
from scoring.criteria.queries import SetNode, SetTree, differences, next_version, tree_of
from scoring.criteria.stored_cases import LeafFailure, cases_of, failed_cases, write_cases

__all__ = [
    "ImportOutcome",
    "confirm_difference",
    "content_obstacles",
    "delete_draft",
    "import_criteria_set",
    "lock_set",
    "store",
]

#: Failed cases that are named one by one.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did or, rehearsed, would do. ``criteria_set`` is None unless it was stored."""

    file: SetFile | None
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    sha256: str
    year: int | None = None
    block: Block | None = None
    version: int | None = None
    appraisers: dict[int, Agency] | None = None
    criteria_set: CriteriaSet | None = None
    #: Row by row, where the set came in a table.
    rows: tuple[RowReport, ...] = ()

    @property
    def is_good(self) -> bool:
        return not self.errors


def import_criteria_set(
    *,
    actor: Actor | None,
    data: bytes,
    year: int | None = None,
    block: Block | str | None = None,
    dry_run: bool = False,
    appraisers_needed: bool = True,
) -> ImportOutcome:
    """Store a criteria-set file (JSON or XLSX) as a draft: the whole of it, or nothing when it has an error.

    ``year`` and ``block`` (a block, its slug or its name) override the file's. A set that exists for this
    year and block gets a next version beside it. ``actor`` None is the command line. Without
    ``appraisers_needed`` (years brought from a table) an unknown appraiser is a warning. Raises NotPermitted.
    """
    _permit(actor)
    reading = read(data)
    if dry_run:
        return _resolve(reading, year=year, block=block, appraisers_needed=appraisers_needed)
    with transaction.atomic():
        outcome = _resolve(reading, year=year, block=block, appraisers_needed=appraisers_needed)
        if outcome.errors:
            return outcome
        return store(actor=actor, outcome=outcome)


def store(*, actor: Actor | None, outcome: ImportOutcome) -> ImportOutcome:
    """Write an outcome without errors, whatever carrier it came by (JSON, a table)."""
    _permit(actor)
    file, block, year = outcome.file, outcome.block, outcome.year
    assert file is not None and block is not None and year is not None and not outcome.errors
    with transaction.atomic():
        Block.objects.select_for_update().get(pk=block.pk)  # two imports never take one version number
        criteria_set = CriteriaSet.objects.create(
            year=year,
            block=block,
            version=next_version(year=year, block_id=block.pk),
            title=file.title,
            official=file.official,
            decision_number=file.decision_number,
            decision_date=file.decision_date,
            decision_issuer=file.decision_issuer,
            effective_from=file.effective_from,
            total=file.total,
            bonus_cap=file.bonus_cap,
            penalty_cap=file.penalty_cap,
            profiles=file.profiles,
            source_sha256=outcome.sha256,
            created_at=db_now(),
        )
        _write_nodes(criteria_set, file.nodes, outcome.appraisers or {})
        record(
            actor=_user(actor),
            action="criteria_set.imported",
            obj=criteria_set,
            after={
                "year": year,
                "block": block.slug,
                "version": criteria_set.version,
                "total": file.total,
                "nodes": len(file.nodes),
                "leaves": len(file.leaves),
                "cases": sum(len(leaf.cases) for leaf in file.leaves),
                "sha256": outcome.sha256,
                "warnings": [str(warning) for warning in outcome.warnings][:50],
            },
        )
    return replace(outcome, criteria_set=criteria_set, version=criteria_set.version)


def confirm_difference(*, actor: Actor, criteria_set: CriteriaSet) -> CriteriaSet:
    """A named person confirms that points which do not add up are meant so. Raises WrongState where none do."""
    _permit(actor)
    with transaction.atomic():
        locked = _draft(criteria_set)
        found = differences(locked)
        if not found:
            raise WrongState(_("The points of this set add up: there is nothing to confirm."))
        locked.difference_confirmed_by = actor.user
        locked.save(update_fields=["difference_confirmed_by"])
        record(
            actor=actor.user,
            action="criteria_set.difference_confirmed",
            obj=locked,
            after={
                "differences": [
                    {"code": one.node.code if one.node else "", "points": one.points, "parts": one.parts}
                    for one in found
                ]
            },
        )
    return locked


def lock_set(
    *, actor: Actor | None, criteria_set: CriteriaSet, appraisers_needed: bool = True
) -> CriteriaSet:
    """Lock a draft for good, after its checks; leaves without an appraiser go to Home Affairs.

    Raises Invalid with every reason against it: points that do not add up and nobody confirmed, a rule that
    the engine refuses, a leaf without an appraiser. ``actor`` None is the command line, which cannot confirm a
    difference. A set of a year that is published already (not ``appraisers_needed``) is taken as it was printed:
    nobody appraises by it, and its sums stand.
    """
    _permit(actor)
    with transaction.atomic():
        draft = _draft(criteria_set)
        if appraisers_needed:
            home = Agency.objects.filter(is_home_affairs=True).first()
            if home is not None:
                draft.criteria.filter(rule__isnull=False, appraiser=None).update(appraiser=home)
        reasons = list(lock_obstacles(draft, appraisers_needed=appraisers_needed))
        if reasons:
            raise Invalid(fields={"": reasons})
        draft.locked_at = db_now()
        draft.locked_by = _user(actor)
        draft.save(update_fields=["locked_at", "locked_by"])
        record(
            actor=_user(actor),
            action="criteria_set.locked",
            obj=draft,
            before={"locked_at": None},
            after={"locked_at": draft.locked_at, "difference_confirmed_by": draft.difference_confirmed_by_id},
        )
    return draft


def lock_obstacles(criteria_set: CriteriaSet, *, appraisers_needed: bool = True) -> Iterable[str]:
    """What stands against locking, as sentences for the person who asked. Three queries at most."""
    try:
        tree = tree_of(criteria_set)
    except engine.RuleErrors as error:
        yield _("A stored rule is refused: %(reason)s. Import the set again.") % {"reason": str(error)[:300]}
        return
    yield from content_obstacles(tree, cases_of(criteria_set))
    missing = [leaf.code for leaf in tree.leaves if leaf.appraiser_id is None]
    if missing and appraisers_needed:
        yield _("No appraiser is named for: %(codes)s.") % {"codes": _some(missing)}
    found = differences(criteria_set, tree) if appraisers_needed else []
    if found and criteria_set.difference_confirmed_by_id is None:
        yield ngettext(
            "The points do not add up in %(count)s place. Someone has to confirm the difference first.",
            "The points do not add up in %(count)s places. Someone has to confirm the difference first.",
            len(found),
        ) % {"count": len(found)}


def content_obstacles(tree: SetTree, cases: Mapping[int, Iterable[StoredLike]]) -> Iterator[str]:
    """What only a change of the draft removes: no leaves, nodes without parts, rules that name no leaf, cases."""
    if not tree.leaves:
        yield _("The set has no leaf to score.")
    if empty := without_rule(tree):
        told = _("Nodes without a rule and without parts: %(codes)s.")
        yield told % {"codes": _some([node.code for node in empty])}
    yield from (f"{leaf.code}: {text}" for leaf, text in reference_faults(tree.leaves))
    yield from _failed(failed_cases(tree, cases))


def without_rule(tree: SetTree) -> list[SetNode]:
    """Nodes that have neither a rule nor parts. No query."""
    filled = {node.parent_id for node in tree.nodes}
    return [node for node in tree.nodes if not node.is_leaf and node.id not in filled]


def _failed(failed: list[LeafFailure]) -> Iterator[str]:
    for one in failed[:_SHOWN]:
        told = {
            "code": one.leaf.code,
            "note": one.failure.case.note or _("no note"),
            "expected": one.failure.expected,
            "got": one.failure.got,
        }
        yield (
            _(
                "Stored case of %(code)s (%(note)s): expects %(expected)s points, but the inputs are refused: %(got)s"
            )
            if one.failure.refused
            else _("Stored case of %(code)s (%(note)s): expects %(expected)s points, the rule gives %(got)s.")
        ) % told
    if len(failed) > _SHOWN:
        yield ngettext(
            "%(count)s more stored case fails.", "%(count)s more stored cases fail.", len(failed) - _SHOWN
        ) % {"count": len(failed) - _SHOWN}


def delete_draft(*, actor: Actor, criteria_set: CriteriaSet) -> None:
    """Delete a draft that no cycle uses. Raises WrongState for a locked set or one in use."""
    _permit(actor)
    with transaction.atomic():
        draft = _draft(criteria_set)
        key, before = draft.pk, {"year": draft.year, "version": draft.version, "title": draft.title}
        try:
            draft.delete()
        except ProtectedError:
            raise WrongState(_("A cycle uses this set; choose another set there before you delete this one."))
        draft.pk = key
        record(actor=actor.user, action="criteria_set.deleted", obj=draft, before=before)


# How a file meets the database


def _resolve(
    reading: Reading, *, year: int | None, block: Block | str | None, appraisers_needed: bool
) -> ImportOutcome:
    """Match year, block and appraisers; what is unknown joins the errors with its place. Three queries."""
    errors: list[Finding] = []
    warnings: list[Finding] = []
    file = reading.file
    if file is None and not reading.appraisers and not reading.block:
        return ImportOutcome(None, reading.errors, reading.warnings, reading.sha256, rows=reading.rows)
    if year is None and file is not None:
        year = file.year
        if year is None:
            errors.append(Finding("year", _("The file names no year; say which year the set is for.")))
    found = block if isinstance(block, Block) else _block(block or reading.block, errors)
    appraisers = _appraisers(reading, errors if appraisers_needed else warnings)
    all_errors = (*reading.errors, *(located(one, reading.places) for one in errors))
    all_warnings = (*reading.warnings, *(located(one, reading.places) for one in warnings))
    if file is None:
        return ImportOutcome(None, all_errors, all_warnings, reading.sha256, rows=reading.rows)
    version = None
    if found is not None and year is not None:
        version = next_version(year=year, block_id=found.pk)
    return ImportOutcome(
        file=file,
        errors=all_errors,
        warnings=all_warnings,
        sha256=reading.sha256,
        year=year,
        block=found,
        version=version,
        appraisers=appraisers,
        rows=reading.rows,
    )


def _block(text: str, errors: list[Finding]) -> Block | None:
    if not text:
        errors.append(Finding("block", _("The file names no block; say which block the set is for.")))
        return None
    names = block_names()
    found = names.find(text)
    if found is None:
        message = (
            _("More than one block is called “%(name)s”; give its slug.")
            if names.ambiguous(text)
            else _("There is no block “%(name)s”. Make it first, or name another one.")
        )
        errors.append(Finding("block", message % {"name": text[:80]}))
    return found


def _appraisers(reading: Reading, faults: list[Finding]) -> dict[int, Agency]:
    """The appraiser of each leaf by its position; leaves that name none go to Home Affairs."""
    names = agency_names()
    home = Agency.objects.filter(is_home_affairs=True).first()
    leaves = reading.file.leaves if reading.file else []
    found = {} if home is None else {leaf.position: home for leaf in leaves if not leaf.appraiser}
    for leaf in reading.appraisers:
        agency = names.find(leaf.appraiser)
        if agency is not None:
            found[leaf.position] = agency
            continue
        message = (
            _("More than one agency is called “%(name)s”; give its slug.")
            if names.ambiguous(leaf.appraiser)
            else _("There is no agency “%(name)s” to appraise this criterion.")
        )
        faults.append(Finding(f"{leaf.place}.appraiser", message % {"name": leaf.appraiser[:80]}, leaf.code))
    return found


def _write_nodes(
    criteria_set: CriteriaSet, nodes: tuple[NodeFile, ...], appraisers: dict[int, Agency]
) -> None:
    """All nodes, level by level: a node needs the key of its parent."""
    rows: dict[int, Criterion] = {}
    for level in sorted({node.level for node in nodes}):
        batch = {
            node.position: _row(criteria_set, node, rows, appraisers) for node in nodes if node.level == level
        }
        Criterion.objects.bulk_create(batch.values())
        rows |= batch
    cases = {rows[node.position].pk: node.cases for node in nodes if node.cases}
    if cases:
        write_cases(cases)


def _row(
    criteria_set: CriteriaSet, node: NodeFile, rows: dict[int, Criterion], appraisers: dict[int, Agency]
) -> Criterion:
    return Criterion(
        criteria_set=criteria_set,
        parent=None if node.parent is None else rows[node.parent],
        code=node.code,
        sort_key=code_sort_key(node.code)[:120],
        order=node.position + 1,
        level=node.level,
        title=node.title,
        max_points=node.max_points,
        cap=node.cap,
        role=node.role,
        method=node.method if node.rule is not None else "",
        rule=None if node.rule is None else node.rule.data,
        rule_text=node.rule_text,
        guidance=node.guidance,
        evidence=node.evidence,
        appraiser=appraisers.get(node.position),
        not_applicable_for=list(node.not_applicable_for),
        na_request=node.na_request,
    )


def _draft(criteria_set: CriteriaSet) -> CriteriaSet:
    """The set, locked as a row, and still a draft. Raises WrongState."""
    draft = CriteriaSet.objects.select_for_update().get(pk=criteria_set.pk)
    if draft.locked_at is not None:
        raise WrongState(_("This set is locked and can no longer change. Import a new version instead."))
    return draft


def _permit(actor: Actor | None) -> None:
    if actor is not None and not may_manage_sets(actor):
        raise NotPermitted(_("Only the secretary manages criteria sets."))


def _user(actor: Actor | None) -> User | None:
    return None if actor is None else actor.user


def _some(codes: list[str]) -> str:
    return ", ".join(codes[:12]) + (" …" if len(codes) > 12 else "")
