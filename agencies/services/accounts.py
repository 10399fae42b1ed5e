"""Accounts and roles: made, changed, ended; never deleted, because the record names them."""

from __future__ import annotations

import re
import secrets
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from axes.utils import reset as forget_failures
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.models import AGENCY_ROLES, Agency, Division, Membership, Role, User
from agencies.permissions import require_accounts
from agencies.services.structure import tidy
from parindex.audit.services import record
from parindex.errors import Invalid
from parindex.ui.collation import fold

if TYPE_CHECKING:
    from agencies.actors import Actor

NEED_AGENCY = AGENCY_ROLES | {Role.ASSESSOR}
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,79}")
# Without the letters and digits that are taken for one another when read out or copied by hand.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def tidy_username(text: str) -> str:
    """Account names are compared without regard to case: kept and looked up in small letters."""
    return tidy(text).replace(" ", "").lower()


@transaction.atomic
def create_account(
    *, actor: Actor, username: str, full_name: str = "", email: str = "", password: str | None = None
) -> User:
    """Add an account without roles. Without ``password`` nobody can log in until an invitation is followed.

    Raises NotPermitted; Invalid on ``username``, ``full_name`` or ``email``.
    """
    require_accounts(actor)
    username = tidy_username(username)
    faults: dict[str, list[str]] = {}
    if not USERNAME.fullmatch(username):
        faults["username"] = [_("Use at least 3 letters a–z, digits, dots or hyphens, without accents.")]
    elif User.objects.filter(username=username).exists():
        faults["username"] = [_("There is an account of this name already.")]
    account = User(username=username)
    _fill(account, full_name, email, faults)
    account.set_password(password)
    account.save()
    record(
        actor=actor.user,
        action="account.add",
        obj=account,
        after={"username": username, "full_name": account.full_name, "email": account.email},
    )
    return account


@transaction.atomic
def update_account(*, actor: Actor, account: User, full_name: str, email: str) -> User:
    """Change a person's name or address. The account's own name stays. Raises NotPermitted, Invalid."""
    require_accounts(actor)
    account = User.objects.select_for_update().get(pk=account.pk)
    before = {"full_name": account.full_name, "email": account.email}
    _fill(account, full_name, email, {})
    after = {"full_name": account.full_name, "email": account.email}
    if before != after:
        account.save(update_fields=["full_name", "email", "name_folded"])
        record(actor=actor.user, action="account.change", obj=account, before=before, after=after)
    return account


def _fill(account: User, full_name: str, email: str, faults: dict[str, list[str]]) -> None:
    account.full_name, account.email = tidy(full_name), tidy(email).replace(" ", "")
    if len(account.full_name) > 150:
        faults["full_name"] = [_("At most 150 characters.")]
    try:
        if account.email:
            validate_email(account.email)
    except ValidationError:
        faults["email"] = [_("This is not an e-mail address.")]
    if faults:
        raise Invalid(fields=faults)
    account.name_folded = fold(f"{account.full_name} {account.username} {account.email}")[:400]


@transaction.atomic
def deactivate_account(*, actor: Actor, account: User) -> User:
    """Close an account from its next request on; what it did stays in the record. Raises NotPermitted."""
    return _set_active(actor, account, active=False)


@transaction.atomic
def reactivate_account(*, actor: Actor, account: User) -> User:
    """Open a closed account again, with the roles that are still in force. Raises NotPermitted."""
    return _set_active(actor, account, active=True)


def _set_active(actor: Actor, account: User, *, active: bool) -> User:
    require_accounts(actor, account)
    account = User.objects.select_for_update().get(pk=account.pk)
    if account.is_active != active:
        account.is_active = active
        account.save(update_fields=["is_active"])
        record(
            actor=actor.user,
            action="account.reactivate" if active else "account.deactivate",
            obj=account,
            before={"is_active": not active},
            after={"is_active": active},
        )
    return account


def grant_role(
    *,
    actor: Actor,
    account: User,
    role: str,
    agency: Agency | None = None,
    division: Division | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Membership:
    """Give a role from one day (default: today) to another, both included. Raises NotPermitted, Invalid."""
    return save_membership(
        actor=actor,
        account=account,
        role=role,
        agency=agency,
        division=division,
        starts_on=starts_on or timezone.localdate(),
        ends_on=ends_on,
    )


def end_role(*, actor: Actor, membership: Membership, last_day: date | None = None) -> Membership:
    """End a role. ``last_day`` is the last day on which it counts (default: yesterday, so it ends at once)."""
    day = last_day or timezone.localdate() - timedelta(days=1)
    return save_membership(
        actor=actor,
        account=membership.user,
        role=membership.role,
        agency=membership.agency,
        division=membership.division,
        starts_on=min(membership.starts_on, day),
        ends_on=day,
        membership=membership,
    )


@transaction.atomic
def save_membership(
    *,
    actor: Actor,
    account: User,
    role: str,
    agency: Agency | None,
    division: Division | None,
    starts_on: date,
    ends_on: date | None,
    membership: Membership | None = None,
) -> Membership:
    """Grant a role, or correct one that was granted (the record keeps what stood there before).

    Where a person worked decides whose sheets he or she may appraise, so a role is ended, never removed, and
    one that has been in force stays with its agency and among the days that have been.
    Raises NotPermitted (also for one's own account); Invalid on the fields that ``membership_faults`` names.
    """
    require_accounts(actor, account)
    account = User.objects.select_for_update().get(pk=account.pk)
    found = Membership.objects.select_related("agency", "division")
    kept = (
        found.get(pk=membership.pk, user=account)
        if membership and membership.pk
        else Membership(user=account)
    )
    faults = membership_faults(
        account=account,
        role=role,
        agency=agency,
        division=division,
        starts_on=starts_on,
        ends_on=ends_on,
        membership=kept,
    )
    if faults:
        raise Invalid(fields=faults)
    before = _told(kept) if kept.pk else None
    kept.role, kept.agency, kept.division = role, agency, division
    kept.starts_on, kept.ends_on = starts_on, ends_on
    after = _told(kept)
    if before != after:
        kept.save()
        action = "role.grant" if before is None else "role.change"
        if before and {**before, "ends_on": None} == {**after, "ends_on": None} and ends_on:
            action = "role.end"
        record(actor=actor.user, action=action, obj=account, before=before, after=after)
    return kept


def membership_faults(
    *,
    account: User | None,
    role: str,
    agency: Agency | None,
    division: Division | None,
    starts_on: date | None,
    ends_on: date | None,
    membership: Membership | None = None,
) -> dict[str, list[str]]:
    """What is wrong with a role as given, by field; empty when nothing is. At most one query."""
    faults: dict[str, list[str]] = {}
    if role not in Role.values:
        faults["role"] = [_("Choose a role.")]
    if role in NEED_AGENCY and agency is None:
        faults["agency"] = [_("This role is held in an agency: choose it.")]
    if role == Role.DIVISION_EDITOR and division is None:
        faults["division"] = [_("A division editor belongs to a division: choose it.")]
    if division is not None and (agency is None or division.agency_id != agency.pk):
        faults["division"] = [_("This division does not belong to the agency.")]
    if starts_on is None:
        faults["starts_on"] = [_("Give the first day.")]
    elif ends_on is not None and ends_on < starts_on:
        faults["ends_on"] = [_("The last day lies before the first.")]
    elif membership is not None and _was_in_force(membership) and starts_on > timezone.localdate():
        faults["starts_on"] = [_("This role has been in force already: end it and add a new one.")]
    if membership is not None and _was_in_force(membership) and agency != membership.agency:
        faults["agency"] = [_("This role has been in force already: end it and add a new one.")]
    if faults or account is None or account.pk is None:
        return faults
    same = Membership.objects.filter(user=account, role=role, agency=agency, division=division)
    if membership is not None and membership.pk:
        same = same.exclude(pk=membership.pk)
    overlapping = same.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=starts_on))
    if ends_on is not None:
        overlapping = overlapping.filter(starts_on__lte=ends_on)
    if overlapping.exists():
        faults["starts_on"] = [_("The account holds this role in these days already.")]
    return faults


def _was_in_force(membership: Membership) -> bool:
    """Whether the person has belonged to the agency of this role as it stands: that house must not be lost."""
    begun = bool(membership.pk) and membership.starts_on <= timezone.localdate()
    return begun and membership.agency_id is not None


@transaction.atomic
def issue_one_time_password(*, actor: Actor, account: User) -> str:
    """A password to hand over in person, shown once; the account must change it at its first login.

    Whoever was logged in with the old one is logged out. Raises NotPermitted.
    """
    require_accounts(actor, account)
    account = User.objects.select_for_update().get(pk=account.pk)
    password = "-".join("".join(secrets.choice(ALPHABET) for _place in range(4)) for _group in range(4))
    account.set_password(password)
    account.must_change_password = True
    account.save(update_fields=["password", "must_change_password"])
    record(actor=actor.user, action="account.one_time_password", obj=account)
    return password


@transaction.atomic
def unlock_account(*, actor: Actor, account: User) -> int:
    """Forget the failed logins of an account; returns how many addresses were held off. Raises NotPermitted."""
    require_accounts(actor)
    forgotten: int = forget_failures(username=account.username)
    record(actor=actor.user, action="account.unlock", obj=account)
    return forgotten


def _told(membership: Membership) -> dict[str, Any]:
    return {
        "role": membership.role,
        "agency": membership.agency.name if membership.agency else None,
        "division": membership.division.name if membership.division else None,
        "starts_on": membership.starts_on,
        "ends_on": membership.ends_on,
    }
