"""Agencies and accounts as rows of a file, out and in, on django-import-export.

A resource reads what exists once, compares in memory, and writes by the services: a rehearsal is the same run
with its transaction undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from import_export import resources
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.widgets import Widget

from agencies import services
from agencies.actors import NOBODY, Actor
from agencies.models import Agency, Block, Division, Membership, Role, User
from agencies.services.accounts import tidy_username
from agencies.services.structure import tidy
from parindex.errors import Refusal
from parindex.ui import formats
from parindex.ui.cells import neutral, restored
from parindex.ui.collation import fold


@dataclass(frozen=True)
class Ref:
    """A row of another table, compared by its key and shown by its name."""

    pk: Any
    label: str = field(compare=False)

    def __str__(self) -> str:
        return self.label


class Text(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return tidy(restored("" if value is None else str(value).strip()))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class YesNo(Text):
    """có / không; empty means the default."""

    YES, NO = {"co", "x", "yes", "true", "1", "dung"}, {"khong", "no", "false", "0", "sai"}

    def __init__(self, default: bool) -> None:
        super().__init__()
        self.default = default

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        text = fold(super().clean(value))
        if text in self.YES or text in self.NO or not text:
            return self.default if not text else text in self.YES
        raise ValueError(_("Write “có” or “không”."))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(_("yes") if value else _("no"))


class Day(Text):
    """A date: a date cell, dd/mm/yyyy or yyyy-mm-dd."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = super().clean(value)
        for style in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"):
            try:
                return datetime.strptime(text, style).date() if text else None  # noqa: DTZ007
            except ValueError:
                continue
        raise ValueError(_("Write the date as dd/mm/yyyy."))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return formats.format_date(value) if value else ""


class Lookup(Text):
    """Another row by its name, whatever the case and the accents; all names are read once."""

    def __init__(self, missing: Any, ambiguous: Any = "") -> None:
        super().__init__()
        self.missing, self.ambiguous = missing, ambiguous
        self.known: dict[str, set[Ref]] = {}

    def learn(self, ref: Ref, *names: str) -> None:
        for name in filter(None, map(fold, names)):
            self.known.setdefault(name, set()).add(ref)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Ref | None:
        text = super().clean(value)
        if not text:
            return None
        found = self.known.get(fold(text), set())
        if len(found) == 1:
            return next(iter(found))
        raise ValueError(str(self.ambiguous if found else self.missing) % {"name": text})


class LineResource(resources.Resource):
    """What both resources share: headings in two languages, outcomes by row, writes by services."""

    headings: dict[str, Any] = {}
    needed: tuple[str, ...] = ()

    class Meta:
        using_db = "default"
        instance_loader_class = BaseInstanceLoader
        skip_unchanged = True
        report_skipped = True
        store_instance = True
        skip_html_diff = True
        use_transactions = True
        import_id_fields: tuple[str, ...] = ()

    def __init__(self, actor: Actor = NOBODY) -> None:
        super().__init__()
        self.actor = actor

    # headings

    def heading(self, name: str) -> str:
        return str(self.headings[name])

    def columns(self, headers: Iterable[Any]) -> tuple[dict[int, str], list[str]]:
        """Which column holds which field, and what is wrong with the headings."""
        names: dict[str, str] = {}
        for name, label in self.headings.items():
            names[fold(name)] = name
            for language in ("vi", "en"):
                with override(language):
                    names[fold(str(label))] = name
        found: dict[int, str] = {}
        faults = []
        for place, header in enumerate(headers):
            text = tidy("" if header is None else str(header))
            name = names.get(fold(text), "")
            if text and not name:
                faults.append(_("The portal does not know the column “%(name)s”.") % {"name": text})
            elif name and name in found.values():
                faults.append(_("The column “%(name)s” is there twice.") % {"name": text})
            elif name:
                found[place] = name
        lacking = [one for one in self.needed if one not in found.values()]
        faults += [_("The column “%(name)s” is missing.") % {"name": self.heading(one)} for one in lacking]
        return found, faults

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return [self.heading(name) for name in self.get_export_order()]

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        return neutral(super().export_field(field, instance, **kwargs))

    # one row

    def get_or_init_instance(self, instance_loader: Any, row: Any) -> tuple[Any, bool]:
        found = self.find(row)
        return (self.blank(row), True) if found is None else (deepcopy(found), False)

    def find(self, row: Any) -> Any:
        raise NotImplementedError

    def blank(self, row: Any) -> Any:
        raise NotImplementedError

    def write(self, line: Any, is_new: bool) -> None:
        raise NotImplementedError

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return not import_validation_errors and instance == original

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        try:
            with transaction.atomic():
                self.write(instance, is_create)
        except Refusal as refusal:
            raise ValidationError(
                {name or NON_FIELD_ERRORS: texts for name, texts in refusal.fields.items()}
            ) from refusal

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        if field.column_name in row:  # a column that the file lacks leaves what is there
            field.save(instance, row, is_m2m, **kwargs)


def _column(attribute: str, widget: Widget) -> Field:
    return Field(attribute=attribute, column_name=attribute, widget=widget)


# agencies ---------------------------------------------------------------------------------------


@dataclass
class AgencyLine:
    slug: str = ""
    name: str = ""
    short_name: str = ""
    block: Ref | None = None
    is_home_affairs: bool = False
    active: bool = True
    pk: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.name


class AgencyResource(LineResource):
    """One row an agency; found by its slug, else by its name."""

    headings = {
        "slug": gettext_lazy("Code"),
        "name": gettext_lazy("Name"),
        "short_name": gettext_lazy("Short name"),
        "block": gettext_lazy("Block"),
        "is_home_affairs": gettext_lazy("Is Home Affairs"),
        "active": gettext_lazy("Active"),
    }
    needed = ("name",)

    class Meta(LineResource.Meta):
        fields = ("slug", "name", "short_name", "block", "is_home_affairs", "active")

    def __init__(self, actor: Actor = NOBODY) -> None:
        super().__init__(actor)
        for name, widget in {
            "slug": Text(),
            "name": Text(),
            "short_name": Text(),
            "block": Lookup(gettext_lazy("There is no block “%(name)s”.")),
            "is_home_affairs": YesNo(False),
            "active": YesNo(True),
        }.items():
            self.fields[name] = _column(name, widget)

    def lines(self, agencies: Iterable[Agency]) -> list[AgencyLine]:
        """Rows for a file."""
        return [self._line(agency) for agency in agencies]

    def _line(self, agency: Agency) -> AgencyLine:
        return AgencyLine(
            slug=agency.slug,
            name=agency.name,
            short_name=agency.short_name,
            block=Ref(agency.block.pk, agency.block.name) if agency.block else None,
            is_home_affairs=agency.is_home_affairs,
            active=agency.active,
            pk=agency.pk,
        )

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.agencies = {agency.pk: agency for agency in Agency.objects.select_related("block")}
        self.blocks = {block.pk: block for block in Block.objects.all()}
        for block in self.blocks.values():
            self.fields["block"].widget.learn(Ref(block.pk, block.name), block.name, block.slug)
        self.by_slug = {agency.slug: self._line(agency) for agency in self.agencies.values()}
        self.by_name: dict[str, list[AgencyLine]] = {}
        for line in self.by_slug.values():
            self.by_name.setdefault(fold(line.name), []).append(line)
        self.seen: dict[Any, int] = {}

    def find(self, row: Any) -> AgencyLine | None:
        slug = Text().clean(row.get("slug"))
        if slug:
            return self.by_slug.get(slug)
        same = self.by_name.get(fold(Text().clean(row.get("name"))), [])
        if len(same) > 1:
            raise ValidationError({"name": _("Several agencies have this name: give the code.")})
        return same[0] if same else None

    def blank(self, row: Any) -> AgencyLine:
        return AgencyLine()

    def import_instance(self, instance: AgencyLine, row: Any, **kwargs: Any) -> None:
        kept = instance.slug
        super().import_instance(instance, row, **kwargs)
        instance.slug = kept or instance.slug

    def after_init_instance(self, instance: Any, new: bool, row: Any, **kwargs: Any) -> None:
        key = instance.pk or fold(Text().clean(row.get("name")))
        if key in self.seen:
            raise ValidationError(
                {"name": _("The same agency stands in row %(row)s already.") % {"row": self.seen[key]}}
            )
        self.seen[key] = row["_row"]

    def write(self, line: AgencyLine, is_new: bool) -> None:
        services.save_agency(
            actor=self.actor,
            agency=self.agencies[line.pk] if line.pk else None,
            slug=line.slug,
            name=line.name,
            short_name=line.short_name,
            block=self.blocks[line.block.pk] if line.block else None,
            is_home_affairs=line.is_home_affairs,
            active=line.active,
        )


# accounts ---------------------------------------------------------------------------------------


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
            self.fields[name] = _column(name, widget)

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
