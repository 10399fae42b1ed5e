"""Blocks, agencies, successions, divisions, accounts and roles of the sample province."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from agencies.actors import SYSTEM, Actor, actor_for
from agencies.models import Agency, Block, Division, Membership, Role, Succession, User
from agencies.services import (
    create_account,
    grant_role,
    record_succession,
    save_agency,
    save_block,
    save_division,
)
from parindex.clock import db_now
from parindex.ui.collation import fold
from scoring.demo import names


@dataclass(slots=True)
class Province:
    """What has been made so far, by slug or account name, and the time of the load."""

    now: datetime
    blocks: dict[str, Block] = field(default_factory=dict)
    agencies: dict[str, Agency] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    divisions: dict[str, Division] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    @property
    def year(self) -> int:
        """The year under appraisal: a year's appraisal runs from its autumn into the next spring."""
        return (self.today - timedelta(days=180)).year

    def actor(self, username: str) -> Actor:
        """Somebody of the sample, for calling services."""
        return actor_for(self.users[username], on=self.today)

    def staff(self, role: Role, agency: Agency) -> User:
        """An agency's editor or head."""
        return self.users[names.staff_name(role, agency.slug)]

    def block_agencies(self, slug: str) -> list[Agency]:
        """The block's agencies of today, in order of name."""
        block = self.blocks[slug]
        found = [one for one in self.agencies.values() if one.block_id == block.pk and one.active]
        return sorted(found, key=lambda one: one.sort_key)


def make_people() -> Province:
    """Everything about who there is. Structure and accounts of the province by services, staff in bulk."""
    province = Province(db_now())
    for slug, name, order in names.BLOCKS:
        province.blocks[slug] = save_block(actor=SYSTEM, name=name, order=order, slug=slug)
    for slug, name, short, block in _agencies():
        province.agencies[slug] = save_agency(
            actor=SYSTEM,
            name=name,
            short_name=short,
            block=province.blocks[block],
            slug=slug,
            is_home_affairs=slug == names.HOME_AFFAIRS,
        )
    _successions(province)
    division = save_division(actor=SYSTEM, agency=province.agencies["so-y-te"], name=names.HEALTH_DIVISION)
    province.divisions[division.name] = division
    _accounts(province, (*names.PROVINCE_ACCOUNTS, *names.AGENCY_ACCOUNTS))
    _staff(province)
    return province


def _agencies() -> Iterable[tuple[str, str, str, str]]:
    for slug, name, short in names.DEPARTMENT_NAMES:
        yield slug, name, short, names.DEPARTMENTS
    for slug, name, _successor, _how in names.FORMER:
        yield slug, name, "", names.DEPARTMENTS
    for name in names.WARD_NAMES:
        yield f"phuong-{_slug(name)}", f"Phường {name}", "", names.WARDS
    for name in names.COMMUNE_NAMES:
        yield f"xa-{_slug(name)}", f"Xã {name}", "", names.COMMUNES
    yield *names.ISLAND, "", names.COMMUNES
    for slug, name, short in names.TOUR_NAMES:
        yield slug, name, short, names.TOUR


def _successions(province: Province) -> None:
    day = date(province.year - 1, 3, 1)
    for slug, _name, successor, how in names.FORMER:
        record_succession(
            actor=SYSTEM,
            predecessor=province.agencies[slug],
            successor=province.agencies[successor],
            on=day,
            kind=Succession.Kind(how),
        )
        province.agencies[slug].refresh_from_db()


def _accounts(province: Province, accounts: Iterable[names.Account]) -> None:
    since = date(province.year - 2, 1, 1)
    for one in accounts:
        user = create_account(actor=SYSTEM, username=one.username, full_name=one.full_name)
        grant_role(
            actor=SYSTEM,
            account=user,
            role=one.role,
            agency=province.agencies.get(one.agency),
            division=province.divisions.get(one.division),
            starts_on=since,
        )
        province.users[user.username] = user


def _staff(province: Province) -> None:
    """An editor and a head for every agency; then one password, hashed once, for all accounts of the sample."""
    since = date(province.year - 2, 1, 1)
    rows = [
        (agency, role, User(username=names.staff_name(role, slug), full_name=f"{title} {agency.name}"))
        for slug, agency in province.agencies.items()
        for role, _prefix, title in names.STAFF
    ]
    for _agency, _role, user in rows:
        user.name_folded = fold(f"{user.full_name} {user.username}")[:400]
    User.objects.bulk_create([user for _agency, _role, user in rows])
    Membership.objects.bulk_create(
        Membership(user=user, role=role, agency=agency, starts_on=since) for agency, role, user in rows
    )
    province.users |= {user.username: user for _agency, _role, user in rows}
    ids = [user.pk for user in province.users.values()]
    User.objects.filter(pk__in=ids).update(password=make_password(names.PASSWORD))


def _slug(name: str) -> str:
    return fold(name).replace(" ", "-")
