"""Acts on the nodes of a draft: add, change, move, delete, number anew.

Every act locks the draft's row, asks who may, and refuses a page that shows an older state (``drafts``); it
raises the draft's revision and is recorded. Refused, it has written nothing. Acts on the set itself stand in
``sets``, lines pasted from a table in ``pasting``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import User
from parindex.audit.services import record
from parindex.errors import Invalid, WrongState
from parindex.ui.collation import code_sort_key
from scoring.criteria.editing import checks, codes
from scoring.criteria.editing.drafts import draft_for_change, touched
from scoring.criteria.editing.rows import close_gap, open_gap, rows_of, write_codes, write_move
from scoring.criteria.editing.tree import end_of, place_of, plan_move, siblings_of
from scoring.criteria.fileformat import MAX_LEVEL, MAX_NODES
from scoring.criteria.models import CriteriaSet, Criterion, CriterionRole, Method

__all__ = ["add_node", "change_node", "change_nodes", "delete_node", "move_node", "renumber", "ungroup_texts"]

#: What a node without parts holds and a node with parts does not.
LEAF_ONLY: dict[str, Any] = {"appraiser": None, "not_applicable_for": [], "na_request": True}
FIELDS = (
    "code", "title", "max_points", "cap", "role", "method", "rule_text", "guidance", "evidence", "appraiser",
    "not_applicable_for", "na_request",
)  # fmt: skip


def add_node(
    *,
    actor: Actor | None,
    set_pk: int,
    revision: int | None = None,
    parent: int | None = None,
    after: int | None = None,
    code: str = "",
    title: str = "",
    max_points: Decimal = Decimal(0),
) -> Criterion:
    """A new node: the last part of ``parent`` (None: the last area), or right behind the node ``after``.

    Without a code it gets the next one of its siblings. Raises Invalid by field, NotPermitted, WrongState.
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        rows = rows_of(draft)
        at, above = _new_place(rows, parent, after)
        if len(rows) >= MAX_NODES:
            raise Invalid(_("The set has more than %(max)s nodes.") % {"max": MAX_NODES})
        used = {row.code for row in rows}
        siblings = [rows[one].code for one in siblings_of(rows, above.pk if above else None)]
        code = checks.code(code) if code else codes.next_code(above.code if above else "", siblings, used)
        if code in used:
            raise Invalid(fields={"code": [_taken(code)]})
        title = checks.text(title, limit=checks.TITLE) or _("New criterion")
        open_gap(draft, at, 1)
        node = Criterion.objects.create(
            criteria_set=draft,
            parent=above,
            code=code[: checks.CODE_LENGTH],
            sort_key=code_sort_key(code)[:120],
            order=at + 1,
            level=above.level + 1 if above else 1,
            title=title,
            max_points=checks.points(max_points) or Decimal(0),
        )
        if above is not None:
            ungroup_texts(draft, [above])
        touched(draft)
        _record(actor, "criterion.added", node, after=_place(node) | {"title": node.title})
    return node


def change_node(
    *, actor: Actor | None, set_pk: int, node_pk: int, revision: int | None = None, **changes: Any
) -> Criterion:
    """Change fields of one node (``FIELDS``). Raises Invalid by field, NotPermitted, WrongState, StaleDraft."""
    assert changes.keys() <= set(FIELDS), changes
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        rows = rows_of(draft)
        node = rows[place_of(rows, node_pk)]
        try:
            _change(actor, draft, rows, {node_pk: changes})
        except Invalid as refusal:
            raise Invalid(fields={name.partition("-")[0]: texts for name, texts in refusal.fields.items()})
    return node


def change_nodes(
    *, actor: Actor | None, set_pk: int, revision: int | None = None, cells: Mapping[int, Mapping[str, Any]]
) -> int:
    """Change codes, titles and maxima of many nodes at once: all of them, or none. Returns how many changed.

    ``cells``: fields by pk. Raises Invalid with fields named ``title-12`` (field and pk).
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        return _change(actor, draft, rows_of(draft), cells)


def move_node(
    *,
    actor: Actor | None,
    set_pk: int,
    node_pk: int,
    where: str,
    target: int | None = None,
    revision: int | None = None,
) -> Criterion:
    """Move a node with its parts by one of ``tree.WAYS``. Raises Invalid with the reason why it cannot."""
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        rows = rows_of(draft)
        move = plan_move(rows, node_pk, where, target)
        node = rows[move.first]
        if move.stays and node.parent_id == move.parent:
            return node
        before = _place(node)
        write_move(draft, node, move)
        if move.parent is not None:
            ungroup_texts(draft, [rows[place_of(rows, move.parent)]])
        touched(draft)
        node.refresh_from_db(fields=["order", "level"])
        node.parent = None if move.parent is None else rows[place_of(rows, move.parent)]
        _record(actor, "criterion.moved", node, before=before, after=_place(node))
    return node


def delete_node(*, actor: Actor | None, set_pk: int, node_pk: int, revision: int | None = None) -> int:
    """Delete a node with all its parts and stored cases; returns how many nodes went.

    Raises Invalid where a rule outside names a leaf that would go.
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        rows = rows_of(draft)
        at = place_of(rows, node_pk)
        end = end_of(rows, at)
        going = {row.code for row in rows[at:end]}
        naming = [row.code for row in (*rows[:at], *rows[end:]) if going & codes.named_in(row.rule)]
        if naming:
            raise Invalid(
                _("The rules of %(codes)s name what would be deleted. Change these rules first.")
                % {"codes": ", ".join(naming[:12])}
            )
        node, parts = rows[at], [row.code for row in rows[at + 1 : end]]
        before = _place(node) | {"title": node.title, "max_points": node.max_points, "parts": parts[:50]}
        key = node.pk
        try:
            Criterion.objects.filter(pk__in=[row.pk for row in rows[at:end]]).delete()
        except ProtectedError:
            raise WrongState(_("Scoresheets use this criterion, so it cannot be deleted."))
        close_gap(draft, at, end - at)
        touched(draft)
        node.pk = key
        _record(actor, "criterion.deleted", node, before=before)
    return end - at


def renumber(*, actor: Actor | None, set_pk: int, revision: int | None = None) -> int:
    """Codes 1, 1.1, 1.1.1 … by position; rules that name codes follow. Returns how many codes changed."""
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        rows = rows_of(draft)
        changed = write_codes(draft, rows, codes.by_position(rows))
        if changed:
            touched(draft)
            first = dict(list(changed.items())[:200])
            _record(actor, "criteria_set.renumbered", draft, after={"n": len(changed), "codes": first})
    return len(changed)


def ungroup_texts(draft: CriteriaSet, nodes: Sequence[Criterion]) -> None:
    """What belongs to a leaf alone is taken from nodes that now have parts. One statement at most."""
    holding = [
        node.pk
        for node in nodes
        if node.appraiser_id is not None or node.not_applicable_for or not node.na_request
    ]
    if holding:
        draft.criteria.filter(pk__in=holding).update(**LEAF_ONLY)


# Changes, field by field


def _change(
    actor: Actor | None,
    draft: CriteriaSet,
    rows: Sequence[Criterion],
    cells: Mapping[int, Mapping[str, Any]],
) -> int:
    """Check everything, then write what differs; one entry in the record for all of it."""
    with_parts = {row.parent_id for row in rows}
    by_pk = {row.pk: row for row in rows}
    errors: dict[str, list[str]] = {}
    new_codes: dict[int, str] = {}
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    changed: list[Criterion] = []
    names: set[str] = set()
    for pk, given in cells.items():
        if (row := by_pk.get(pk)) is None:
            errors.setdefault("", []).append(
                _("A criterion that was changed here has been deleted in the meantime.")
            )
            continue
        clean = _clean(draft, row, given, row.pk in with_parts, errors)
        label = row.code
        differing = {name: value for name, value in clean.items() if getattr(row, name) != value}
        if "code" in differing:
            new_codes[pk] = differing.pop("code")
            before[label], after[label] = {"code": label}, {"code": new_codes[pk]}
        if differing:
            before[label] = before.get(label, {}) | {name: getattr(row, name) for name in differing}
            after[label] = after.get(label, {}) | differing
            for name, value in differing.items():
                setattr(row, name, value)
            names |= differing.keys()
            changed.append(row)
    _check_codes(rows, new_codes, errors)
    if errors:
        raise Invalid(fields=errors)
    if not before:
        return 0
    if names:
        Criterion.objects.bulk_update(changed, sorted(names))
    write_codes(draft, rows, new_codes)
    touched(draft)
    if len(before) == 1:
        (label,) = before
        node = next(row for row in rows if row in changed or row.pk in new_codes)
        _record(actor, "criterion.changed", node, before=before[label], after=after[label])
    else:
        few = list(before)[:200]
        told = {"n": len(before)}
        _record(
            actor,
            "criteria_set.criteria_changed",
            draft,
            before={label: before[label] for label in few},
            after=told | {label: after[label] for label in few},
        )
    return len(before)


def _clean(
    draft: CriteriaSet,
    row: Criterion,
    given: Mapping[str, Any],
    has_parts: bool,
    errors: dict[str, list[str]],
) -> dict[str, Any]:
    """The given fields of one node, checked; faults join ``errors`` under ``field-pk``."""
    clean: dict[str, Any] = {}
    for name, value in given.items():
        try:
            clean[name] = _checked(draft, row, name, value, has_parts)
        except Invalid as refusal:
            errors.setdefault(f"{name}-{row.pk}", []).extend(refusal.messages)
    return clean


def _checked(draft: CriteriaSet, row: Criterion, name: str, value: Any, has_parts: bool) -> Any:
    if name == "code":
        return checks.code(value)
    if name == "title":
        return checks.text(value, limit=checks.TITLE, required=True)
    if name == "max_points":
        points = checks.points(value)
        if row.rule is not None and points is not None and points != row.max_points:
            checks.maximum_fits(row.rule, points)
        return points
    if name == "cap":
        return checks.points(value, required=False)
    if name in ("rule_text", "guidance", "evidence"):
        return checks.text(value, limit=checks.LONG)
    if name == "role":
        if value not in CriterionRole.values or value and row.level > 1:
            raise Invalid(_("Only an area, a node of the first level, may be a bonus or penalty area."))
        return value
    if name == "method":
        return _method(row, value)
    if has_parts and value != LEAF_ONLY[name]:
        raise Invalid(_("This belongs to a criterion without parts."))
    if name == "not_applicable_for":
        unknown = [key for key in value if key not in draft.profiles]
        if unknown:
            raise Invalid(
                _("The set has no applicability profile “%(profile)s”.") % {"profile": str(unknown[0])[:60]}
            )
        same = set(value) == set(row.not_applicable_for)
        return list(row.not_applicable_for) if same else [key for key in draft.profiles if key in value]
    return bool(value) if name == "na_request" else value


def _method(row: Criterion, value: Any) -> str:
    if row.rule is None:
        if value:
            raise Invalid(_("Give the criterion its rule first, then say how its points come in."))
        return ""
    if value not in Method.values:
        raise Invalid(_("Say how the points come in."))
    if value == Method.APPRAISAL and row.rule.get("kind") in checks.NEVER_SELF_SCORED:
        raise Invalid(
            _("A rule of this kind is never self-scored: the method must be survey, external or office.")
        )
    return str(value)


def _check_codes(
    rows: Sequence[Criterion], new_codes: Mapping[int, str], errors: dict[str, list[str]]
) -> None:
    """Every code once in the set, as it will stand."""
    seen: dict[str, int] = {}
    for row in sorted(rows, key=lambda one: one.pk in new_codes):
        code = new_codes.get(row.pk, row.code)
        if code in seen and row.pk in new_codes:
            errors.setdefault(f"code-{row.pk}", []).append(_taken(code))
        seen.setdefault(code, row.pk)


def _new_place(
    rows: Sequence[Criterion], parent: int | None, after: int | None
) -> tuple[int, Criterion | None]:
    """(position, node above) of a new node."""
    if after is not None:
        at = place_of(rows, after)
        outer = rows[at].parent_id
        return end_of(rows, at), None if outer is None else rows[place_of(rows, outer)]
    if parent is None:
        return len(rows), None
    at = place_of(rows, parent)
    if rows[at].is_leaf:
        raise Invalid(
            _("%(code)s has a rule, so it can have no parts. Take its rule away first.")
            % {"code": rows[at].code}
        )
    if rows[at].level >= MAX_LEVEL:
        raise Invalid(_("The tree has more than %(max)s levels.") % {"max": MAX_LEVEL})
    return end_of(rows, at), rows[at]


def _taken(code: str) -> str:
    return _("Another criterion of this set has the code %(code)s.") % {"code": code}


def _place(node: Criterion) -> dict[str, Any]:
    above = node.parent.code if node.parent is not None else ""
    return {"code": node.code, "parent": above, "order": node.order, "level": node.level}


def _record(actor: Actor | None, action: str, obj: Any, **told: Any) -> None:
    user: User | None = None if actor is None else actor.user
    record(actor=user, action=action, obj=obj, **told)
