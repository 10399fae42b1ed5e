"""Accounts as rows of a file: one row a role of an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from agencies import services
from agencies.actors import NOBODY, Actor
from agencies.models import Agency, Division, Membership, Role, User
from agencies.resources.rows import Day, LineResource, Lookup, Ref, Text, column
from agencies.services.accounts import tidy_username
from parindex.ui.collation import fold


@dataclass
class AccountLine:
    username: str = ""
    full_name: str = ""
    email: str = ""
    role: Ref | None = None
    agency: Ref | None = None
    division: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    account: User | None = field(default=None, compare=False)
    membership: Membership | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.username

    def __deepcopy__(self, memo: Any) -> AccountLine:
        return AccountLine(**{one.name: getattr(self, one.name) for one in fields(self)})


class AccountResource(LineResource):
    """One row a role of an account; an account without roles has one row."""

    headings = {
        "username": gettext_lazy("Account name"),
        "full_name": gettext_lazy("Full name"),
        "email": gettext_lazy("E-mail"),
        "role": gettext_lazy("Role"),
        "agency": gettext_lazy("Agency"),
        "division": gettext_lazy("Division"),
        "starts_on": gettext_lazy("From"),
        "ends_on": gettext_lazy("To (last day)"),
    }
    needed = ("username",)

    class Meta(LineResource.Meta):
        fields = ("username", "full_name", "email", "role", "agency", "division", "starts_on", "ends_on")

    def __init__(self, actor: Actor = NOBODY) -> None:
        super().__init__(actor)
        for name, widget in {
            "username": Text(),
            "full_name": Text(),
            "email": Text(),
            "role": Lookup(gettext_lazy("There is no role “%(name)s”.")),
            "agency": Lookup(
                gettext_lazy("There is no agency “%(name)s”."),
                gettext_lazy("Several agencies are called “%(name)s”: give the code."),
            ),
            "division": Text(),
            "starts_on": Day(),
            "ends_on": Day(),
        }.items():
            self.fields[name] = column(name, widget)

    def lines(self, accounts: Iterable[User]) -> list[AccountLine]:
        """Rows for a file; the accounts come with their memberships prefetched."""
        rows = []
        for account in accounts:
            held = list(account.memberships.all())
            rows += [self._line(account, membership) for membership in held] or [self._line(account, None)]
        return rows

    def _line(self, account: User, membership: Membership | None) -> AccountLine:
        line = AccountLine(account.username, account.full_name, account.email, account=account)
        if membership is not None:
            line.role = Ref(membership.role, str(Role(membership.role).label))
            line.agency = Ref(membership.agency_id, membership.agency.name) if membership.agency else None
            line.division = membership.division.name if membership.division else ""
            line.starts_on, line.ends_on = membership.starts_on, membership.ends_on
            line.membership = membership
        return line

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.today = timezone.localdate()
        for role in Role:
            self.fields["role"].widget.learn(
                Ref(role.value, str(role.label)), role.value, *_in_both(role.label)
            )
        self.agencies = {agency.pk: agency for agency in Agency.objects.all()}
        for agency in self.agencies.values():
            ref = Ref(agency.pk, agency.name)
            self.fields["agency"].widget.learn(ref, agency.name, agency.short_name, agency.slug)
        self.divisions = {
            (division.agency_id, fold(division.name)): division for division in Division.objects.all()
        }
        held = Membership.objects.select_related("user", "agency", "division").order_by("-starts_on", "pk")
        self.held: dict[tuple[Any, ...], list[Membership]] = {}
        for membership in held:
            key = (membership.user.username, membership.role, membership.agency_id, membership.division_id)
            self.held.setdefault(key, []).append(membership)
        self.accounts = {account.username: account for account in User.objects.all()}
        self.seen: dict[Any, int] = {}
        self.names: dict[str, tuple[str, str, int]] = {}

    def find(self, row: Any) -> AccountLine | None:
        username = tidy_username(Text().clean(row.get("username")))
        account = self.accounts.get(username)
        if account is None:
            return None
        try:
            role = self.fields["role"].widget.clean(row.get("role"))
            agency = self.fields["agency"].widget.clean(row.get("agency"))
            start = Day().clean(row.get("starts_on"))
        except ValueError:
            return self._line(account, None)  # the cell's own fault is told when it is read
        division = self._division(agency, Text().clean(row.get("division")))
        key = (username, role and role.pk, agency and agency.pk, division.pk if division else None)
        held = self.held.get(key, [])
        same = [one for one in held if one.starts_on == start] if start else held[:1]
        return self._line(account, same[0] if same else None)

    def blank(self, row: Any) -> AccountLine:
        return AccountLine()

    def import_instance(self, instance: AccountLine, row: Any, **kwargs: Any) -> None:
        start, role = instance.starts_on, instance.role
        super().import_instance(instance, row, **kwargs)
        instance.username = tidy_username(instance.username)
        faults = {}
        if instance.role is None and (instance.agency or instance.division or instance.starts_on):
            faults["role"] = _("An agency, a division or a date without a role: give the role.")
        if instance.role is not None and instance.starts_on is None:
            instance.starts_on = start if role else self.today
        division = self._division(instance.agency, instance.division)
        if instance.division and division is None:
            faults["division"] = _("The agency has no division “%(name)s”.") % {"name": instance.division}
        elif division is not None:
            instance.division = division.name
        self._check_rows(instance, row["_row"], faults)
        if faults:
            raise ValidationError(faults)

    def _check_rows(self, line: AccountLine, number: int, faults: dict[str, str]) -> None:
        """One row for one role, and the same name and address in all rows of an account."""
        key = (line.username, line.role, line.agency, fold(line.division), line.starts_on)
        if key in self.seen:
            faults["username"] = _("Row %(row)s says the same.") % {"row": self.seen[key]}
        self.seen.setdefault(key, number)
        name, email, first = self.names.setdefault(line.username, (line.full_name, line.email, number))
        if line.full_name != name:
            faults["full_name"] = _("Row %(row)s gives this account another name.") % {"row": first}
        if line.email != email:
            faults["email"] = _("Row %(row)s gives this account another address.") % {"row": first}

    def _division(self, agency: Ref | None, name: str) -> Division | None:
        return self.divisions.get((agency.pk, fold(name))) if agency and name else None

    def write(self, line: AccountLine, is_new: bool) -> None:
        account = self.accounts.get(line.username)
        if account is None:
            account = services.create_account(
                actor=self.actor, username=line.username, full_name=line.full_name, email=line.email
            )
            self.accounts[account.username] = account
        elif (account.full_name, account.email) != (line.full_name, line.email):
            account = services.update_account(
                actor=self.actor, account=account, full_name=line.full_name, email=line.email
            )
            self.accounts[account.username] = account
        if line.role is None:
            return
        services.save_membership(
            actor=self.actor,
            account=account,
            role=line.role.pk,
            agency=self.agencies[line.agency.pk] if line.agency else None,
            division=self._division(line.agency, line.division),
            starts_on=line.starts_on or self.today,
            ends_on=line.ends_on,
            membership=line.membership,
        )


def _in_both(label: Any) -> list[str]:
    names = []
    for language in ("vi", "en"):
        with override(language):
            names.append(str(label))
    return names
