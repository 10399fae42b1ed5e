"""Acts on the rules of a draft and on their stored cases. Each goes through the door of the draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from agencies.actors import Actor
from parindex.audit.services import record
from parindex.errors import Invalid, NotVisible, WrongState
from scoring import engine
from scoring.criteria.case_check import Failure, check, failures
from scoring.criteria.case_values import MAX_CASES, MAX_NOTE
from scoring.criteria.dependencies import condition_faults
from scoring.criteria.editing.drafts import draft_for_change, touched
from scoring.criteria.models import CriteriaSet, Criterion, Method, StoredCase
from scoring.criteria.rule_forms.queries import cases_of, parsed

__all__ = [
    "RuleKept",
    "add_case",
    "change_case",
    "clear_rule",
    "delete_case",
    "method_for",
    "set_rule",
]

_IMPORTED = {"survey": Method.SURVEY, "external_index": Method.EXTERNAL}
_UNKNOWN_LEAF = gettext_noop("The set has no other leaf “%(code)s”.")


@dataclass(frozen=True, slots=True)
class RuleKept:
    """A leaf with its new rule, its draft, and the stored cases that no longer hold."""

    draft: CriteriaSet
    node: Criterion
    failures: list[Failure]
    changed: bool


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A leaf as the checks between leaves see it."""

    code: str
    method: str
    rule: engine.Rule | None
    max_points: Decimal


def set_rule(
    *, actor: Actor, set_pk: int, node_pk: int, revision: int | None, rule: Mapping[str, Any]
) -> RuleKept:
    """Give a node its rule, which makes it a leaf; its stored cases are run at once.

    The method is set where it is empty, and where the old one does not go with the kind. The same rule again
    changes nothing. Raises engine.RuleErrors with the place of every fault, Invalid where the rule and other
    leaves do not go together, WrongState for a node with parts or a locked set, StaleDraft, NotPermitted,
    NotVisible.
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        nodes = list(Criterion.objects.filter(criteria_set=draft).order_by("order"))
        node = _one(nodes, node_pk)
        if any(other.parent_id == node.pk for other in nodes):
            raise WrongState(_("This criterion has parts, so it takes its points from them and has no rule."))
        made = engine.parse_rule(rule, max_points=node.max_points)
        _ask_neighbours(nodes, node, made)
        method = method_for(made.kind, node)
        before = {"rule": node.rule, "method": node.method}
        changed = (node.rule, node.method) != (made.data, method)
        if changed:
            node.rule, node.method = made.data, method
            node.save(update_fields=["rule", "method"])
            touched(draft)
            record(
                actor=actor.user,
                action="criterion.rule_set",
                obj=node,
                before=before,
                after={"rule": made.data, "method": method},
            )
        leaf = _Leaf(node.code, method, made, node.max_points)
        return RuleKept(draft, node, failures(leaf, cases_of(node)), changed)


def method_for(kind: str, node: Criterion) -> str:
    """How the points of a leaf come in under a rule of this kind; what a person chose stays where it may."""
    old_kind = str((node.rule or {}).get("kind", ""))
    implied = str(_IMPORTED.get(kind, Method.APPRAISAL))
    if not node.method:
        return implied
    if kind in _IMPORTED and node.method == Method.APPRAISAL:
        return implied
    if kind != old_kind and node.method == _IMPORTED.get(old_kind):
        return implied
    return node.method


def clear_rule(*, actor: Actor, set_pk: int, node_pk: int, revision: int | None) -> CriteriaSet:
    """Take the rule of a leaf away, and its stored cases with it. Raises as ``set_rule``."""
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        node = _node(draft, node_pk)
        if node.rule is None:
            raise WrongState(_("This criterion has no rule any more."))
        before = {"rule": node.rule, "method": node.method, "cases": node.stored_cases.count()}
        node.stored_cases.all().delete()
        node.rule, node.method = None, ""
        node.save(update_fields=["rule", "method"])
        touched(draft)
        record(actor=actor.user, action="criterion.rule_cleared", obj=node, before=before)
        return draft


def add_case(
    *,
    actor: Actor,
    set_pk: int,
    node_pk: int,
    revision: int | None,
    inputs: Mapping[str, Any],
    points: Decimal | None = None,
    applicable_max: Decimal | None = None,
    note: str = "",
) -> StoredCase:
    """Keep inputs with the points that they must earn; ``points`` None: those that the rule gives now.

    ``inputs`` may carry ``answers`` and ``best`` (case_check). Raises Invalid by field, and as ``set_rule``.
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        node = _node(draft, node_pk)
        if node.stored_cases.count() >= MAX_CASES:
            raise Invalid(_("A leaf has at most %(max)s stored cases.") % {"max": MAX_CASES})
        values = _checked(node, inputs, points, applicable_max, note)
        last = node.stored_cases.aggregate(last=Max("order"))["last"] or 0
        case = StoredCase.objects.create(criterion=node, order=last + 1, **values)
        touched(draft)
        record(actor=actor.user, action="stored_case.added", obj=case, after=_told(node, values))
        return case


def change_case(
    *,
    actor: Actor,
    set_pk: int,
    node_pk: int,
    case_pk: int,
    revision: int | None,
    inputs: Mapping[str, Any],
    points: Decimal,
    applicable_max: Decimal | None = None,
    note: str = "",
) -> StoredCase:
    """Change a stored case. Raises as ``add_case``."""
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        node = _node(draft, node_pk)
        case = _case(node, case_pk)
        before = _told(node, _values(case))
        values = _checked(node, inputs, points, applicable_max, note)
        if values == _values(case):
            return case
        for name, value in values.items():
            setattr(case, name, value)
        case.save(update_fields=list(values))
        touched(draft)
        record(
            actor=actor.user, action="stored_case.changed", obj=case, before=before, after=_told(node, values)
        )
        return case


def delete_case(*, actor: Actor, set_pk: int, node_pk: int, case_pk: int, revision: int | None) -> None:
    """Take a stored case away. Raises as ``set_rule``."""
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        node = _node(draft, node_pk)
        case = _case(node, case_pk)
        key, before = case.pk, _told(node, _values(case))
        case.delete()
        case.pk = key
        touched(draft)
        record(actor=actor.user, action="stored_case.deleted", obj=case, before=before)


# What the acts ask


def _one(nodes: list[Criterion], node_pk: int) -> Criterion:
    node = next((one for one in nodes if one.pk == node_pk), None)
    if node is None:
        raise NotVisible(_("The draft no longer has this criterion."))
    return node


def _node(draft: CriteriaSet, node_pk: int) -> Criterion:
    node = Criterion.objects.filter(criteria_set=draft, pk=node_pk).first()
    if node is None:
        raise NotVisible(_("The draft no longer has this criterion."))
    return node


def _case(node: Criterion, case_pk: int) -> StoredCase:
    case = StoredCase.objects.filter(criterion=node, pk=case_pk).first()
    if case is None:
        raise NotVisible(_("This stored case is no longer there."))
    return case


def _ask_neighbours(nodes: list[Criterion], node: Criterion, made: engine.Rule) -> None:
    """Other leaves that the rule names: they are there, can be asked, and do not wait for each other."""
    parents = {one.parent_id for one in nodes}
    codes = {one.code for one in nodes if one.pk not in parents and one.pk != node.pk}
    unknown = [
        engine.Problem(path, "unknown_leaf", _UNKNOWN_LEAF, {"code": code})
        for path, code in _named(made.data)
        if code not in codes
    ]
    if unknown:
        raise engine.RuleErrors(unknown)
    if not made.looks_at():
        return
    leaves = [
        _Leaf(one.code, method_for(made.kind, one), made, one.max_points)
        if one.pk == node.pk
        else _Leaf(one.code, one.method, parsed(one), one.max_points)
        for one in nodes
        if one.pk == node.pk or one.rule is not None
    ]
    faults = [text for leaf, text in condition_faults(leaves) if leaf.code == node.code or "→" in text]
    if faults:
        raise Invalid(fields={"": faults})


def _named(rule: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The codes that a rule names, each with its place."""
    for code in rule.get("moves_to", ()):
        yield f"{path}moves_to", code
    for number, case in enumerate(rule.get("cases", ())):
        if "answer" in case["when"]:
            yield f"{path}cases[{number}].when.answer", case["when"]["answer"]
        yield from _named(case["rule"], f"{path}cases[{number}].rule.")
    parts = rule.get("parts", ())
    for number, part in enumerate(parts):
        if isinstance(part, Mapping):
            yield from _named(part, f"{path}parts[{number}].")


def _checked(
    node: Criterion,
    inputs: Mapping[str, Any],
    points: Decimal | None,
    applicable_max: Decimal | None,
    note: str,
) -> dict[str, Any]:
    """The fields of a case, with canonical inputs. Raises Invalid by field, WrongState without a rule."""
    rule = parsed(node)
    if rule is None:
        raise WrongState(_("Save a rule first: a case is run by it."))
    checked = check(rule, node.max_points, inputs)
    if checked.score is None:
        raise Invalid(fields={"inputs": [text for _path, text in checked.problems]})
    if points is None:
        points = checked.score.points
        applicable_max = checked.score.applicable_max
    fields: dict[str, list[str]] = {}
    most = node.max_points if applicable_max is None else applicable_max
    if not 0 <= points <= most:
        fields["points"] = [_("The points lie between 0 and the maximum.")]
    if applicable_max is not None and not 0 <= applicable_max <= node.max_points:
        fields["applicable_max"] = [_("The applicable maximum lies between 0 and the maximum.")]
    if len(note.strip()) > MAX_NOTE:
        fields["note"] = [_("The text is longer than %(max)s characters.") % {"max": MAX_NOTE}]
    if fields:
        raise Invalid(fields=fields)
    return {
        "inputs": checked.inputs,
        "points": points,
        "applicable_max": None if applicable_max == node.max_points else applicable_max,
        "note": note.strip(),
    }


def _values(case: StoredCase) -> dict[str, Any]:
    return {
        "inputs": case.inputs,
        "points": case.points,
        "applicable_max": case.applicable_max,
        "note": case.note,
    }


def _told(node: Criterion, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"criterion": node.code, **values}
