"""Acts on a draft set itself: make an empty one, change its details, its applicability profiles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.actors import Actor
from agencies.models import Block
from parindex.audit.services import record
from parindex.clock import db_now
from parindex.errors import Invalid
from parindex.ui.collation import fold
from scoring.criteria.editing import checks
from scoring.criteria.editing.drafts import draft_for_change, permit, touched
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.queries import next_version
from scoring.criteria.values import MAX_YEAR_RANGE

__all__ = [
    "add_profile",
    "change_set",
    "create_empty_set",
    "leaves_by_profile",
    "remove_profile",
    "rename_profiles",
]

TEXTS = {"title": 300, "decision_number": 80, "decision_issuer": 200}
PROFILE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*")
MEANING = 300
MOST_PROFILES = 100


def create_empty_set(
    *,
    actor: Actor | None,
    year: int,
    block: Block,
    title: str,
    total: Decimal = Decimal(100),
    decision_number: str = "",
    decision_date: date | None = None,
    decision_issuer: str = "",
    effective_from: date | None = None,
    bonus_cap: Decimal = Decimal(0),
    penalty_cap: Decimal = Decimal(0),
    official: bool = False,
) -> CriteriaSet:
    """A draft without criteria, the next version of its year and block. Raises Invalid by field, NotPermitted."""
    permit(actor)
    fields = _clean(
        {
            "title": title,
            "total": total,
            "decision_number": decision_number,
            "decision_date": decision_date,
            "decision_issuer": decision_issuer,
            "effective_from": effective_from,
            "bonus_cap": bonus_cap,
            "penalty_cap": penalty_cap,
            "official": official,
        }
    )
    low, high = MAX_YEAR_RANGE
    if not low <= year <= high:
        raise Invalid(fields={"year": [_("A year is expected, written as a number, such as 2025.")]})
    with transaction.atomic():
        Block.objects.select_for_update().get(pk=block.pk)  # two sets never take one version number
        made = CriteriaSet.objects.create(
            year=year,
            block=block,
            version=next_version(year=year, block_id=block.pk),
            created_at=db_now(),
            **fields,
        )
        record(
            actor=None if actor is None else actor.user,
            action="criteria_set.created",
            obj=made,
            after={"year": year, "block": block.slug, "version": made.version} | fields,
        )
    return made


def change_set(
    *, actor: Actor | None, set_pk: int, revision: int | None = None, **changes: Any
) -> CriteriaSet:
    """Change the details of a draft: title, decision, effective_from, total, caps, official.

    Raises Invalid by field, NotPermitted, WrongState, StaleDraft.
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        fields = _clean(changes)
        differing = {name: value for name, value in fields.items() if getattr(draft, name) != value}
        if not differing:
            return draft
        before = {name: getattr(draft, name) for name in differing}
        for name, value in differing.items():
            setattr(draft, name, value)
        draft.save(update_fields=list(differing))
        touched(draft)
        _record_set(actor, draft, before, differing)
    return draft


def add_profile(
    *, actor: Actor | None, set_pk: int, meaning: str, key: str = "", revision: int | None = None
) -> str:
    """A new applicability profile; returns its key, made from the meaning where none is given."""
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        meaning = _meaning(meaning, draft.profiles)
        key = key.strip() or _free_key(meaning, draft.profiles)
        if not PROFILE_KEY.fullmatch(key) or len(key) > 60:
            raise Invalid(
                fields={
                    "key": [_("A profile's key is made of letters without accents, digits and underscores.")]
                }
            )
        if key in draft.profiles:
            raise Invalid(
                fields={"key": [_("The set already has the profile “%(profile)s”.") % {"profile": key}]}
            )
        if len(draft.profiles) >= MOST_PROFILES:
            raise Invalid(_("A set has at most %(max)s profiles.") % {"max": MOST_PROFILES})
        _save_profiles(actor, draft, draft.profiles | {key: meaning})
    return key


def rename_profiles(
    *, actor: Actor | None, set_pk: int, meanings: Mapping[str, str], revision: int | None = None
) -> int:
    """Give profiles (by key) other words; all of them or none. Returns how many changed.

    Raises Invalid with fields named after the keys.
    """
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        new, errors = dict(draft.profiles), dict[str, list[str]]()
        for key, meaning in meanings.items():
            if key not in new:
                continue
            try:
                others = {other: words for other, words in new.items() if other != key}
                new[key] = _meaning(meaning, others)
            except Invalid as refusal:
                errors[key] = refusal.messages
        if errors:
            raise Invalid(fields=errors)
        count = sum(new[key] != draft.profiles[key] for key in new)
        if count:
            _save_profiles(actor, draft, new)
    return count


def remove_profile(*, actor: Actor | None, set_pk: int, key: str, revision: int | None = None) -> None:
    """Remove a profile that no criterion names. Raises Invalid with those that do."""
    with transaction.atomic():
        draft = draft_for_change(actor, set_pk, revision)
        if key not in draft.profiles:
            return
        naming = leaves_by_profile(draft).get(key, [])
        if naming:
            raise Invalid(
                ngettext(
                    "%(count)s criterion names this profile: %(codes)s. Take it away there first.",
                    "%(count)s criteria name this profile: %(codes)s. Take it away there first.",
                    len(naming),
                )
                % {"count": len(naming), "codes": ", ".join(one.code for one in naming[:12])}
            )
        _save_profiles(
            actor, draft, {other: words for other, words in draft.profiles.items() if other != key}
        )


def leaves_by_profile(criteria_set: CriteriaSet) -> dict[str, list[Criterion]]:
    """The nodes that each profile takes away, by its key. One query."""
    found: dict[str, list[Criterion]] = {}
    for node in criteria_set.criteria.order_by("order").only(
        "criteria_set", "code", "title", "not_applicable_for"
    ):
        for key in node.not_applicable_for:
            found.setdefault(key, []).append(node)
    return found


def _clean(given: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, value in given.items():
        try:
            if name in TEXTS:
                fields[name] = checks.text(value, limit=TEXTS[name], required=name == "title")
            elif name in ("total", "bonus_cap", "penalty_cap"):
                fields[name] = checks.points(value)
            elif name in ("decision_date", "effective_from"):
                fields[name] = value
            else:
                assert name == "official", name
                fields[name] = bool(value)
        except Invalid as refusal:
            errors[name] = refusal.messages
    if errors:
        raise Invalid(fields=errors)
    return fields


def _meaning(value: str, others: Mapping[str, str]) -> str:
    """The words of a profile, unlike those of the others. Raises Invalid on ``meaning``."""
    try:
        meaning = checks.text(value, limit=MEANING, required=True)
    except Invalid as refusal:
        raise Invalid(fields={"meaning": refusal.messages})
    if fold(meaning) in {fold(other) for other in others.values()}:
        raise Invalid(fields={"meaning": [_("Another profile of this set has the same words.")]})
    return meaning


def _free_key(meaning: str, used: Mapping[str, str]) -> str:
    stem = fold(meaning).replace(" ", "_")[:50].strip("_")
    stem = stem if PROFILE_KEY.fullmatch(stem) else "profile"
    key, number = stem, 2
    while key in used:
        key, number = f"{stem}_{number}", number + 1
    return key


def _save_profiles(actor: Actor | None, draft: CriteriaSet, profiles: dict[str, str]) -> None:
    before = dict(draft.profiles)
    draft.profiles = profiles
    draft.save(update_fields=["profiles"])
    touched(draft)
    _record_set(actor, draft, {"profiles": before}, {"profiles": profiles})


def _record_set(
    actor: Actor | None, draft: CriteriaSet, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    record(
        actor=None if actor is None else actor.user,
        action="criteria_set.changed",
        obj=draft,
        before=before,
        after=after,
    )
