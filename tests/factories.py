"""What tests are made of: rows by the ORM, as they would stand after the services' work.

Each room appends its factories at the end of its own section.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from agencies.actors import Actor, actor_for
from agencies.models import Agency, Block, Division, Membership, Role, Succession, User
from parindex.ui.collation import fold, sort_key

# people ------------------------------------------------------------------------------------------

PASSWORD = "mot-mat-khau-du-dai"


class BlockFactory(DjangoModelFactory):
    class Meta:
        model = Block

    slug = factory.Sequence(lambda n: f"khoi-{n}")
    name = factory.Sequence(lambda n: f"Khối {n}")
    order = factory.Sequence(int)
    name_folded = factory.LazyAttribute(lambda block: fold(block.name))


class AgencyFactory(DjangoModelFactory):
    class Meta:
        model = Agency

    slug = factory.Sequence(lambda n: f"co-quan-{n}")
    name = factory.Sequence(lambda n: f"Cơ quan mẫu {n}")
    short_name = ""
    block = factory.SubFactory(BlockFactory)
    sort_key = factory.LazyAttribute(lambda agency: sort_key(agency.name))
    name_folded = factory.LazyAttribute(lambda agency: fold(f"{agency.name} {agency.short_name}"))


class DivisionFactory(DjangoModelFactory):
    class Meta:
        model = Division

    agency = factory.SubFactory(AgencyFactory)
    name = factory.Sequence(lambda n: f"Phòng {n}")


class SuccessionFactory(DjangoModelFactory):
    class Meta:
        model = Succession

    predecessor = factory.SubFactory(AgencyFactory)
    successor = factory.SubFactory(AgencyFactory)
    on = date(2025, 7, 1)
    kind = Succession.Kind.MERGED


class UserFactory(DjangoModelFactory):
    """An account with the password PASSWORD and no role."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"tai-khoan-{n}")
    full_name = factory.Sequence(lambda n: f"Tài khoản {n}")
    name_folded = factory.LazyAttribute(lambda user: fold(f"{user.full_name} {user.username} {user.email}"))
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    password = factory.django.Password(PASSWORD)


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.EDITOR
    agency = factory.SubFactory(AgencyFactory)
    starts_on = date(2020, 1, 1)


def person(role: str, agency: Agency | None = None, division: Division | None = None, **user: Any) -> User:
    """An account with one role in force; an agency of its own where the role needs one and none is given."""
    if role == Role.DIVISION_EDITOR and division is None:
        division = DivisionFactory(**({"agency": agency} if agency else {}))
    if division is not None:
        agency = division.agency
    if agency is None and role in ("editor", "coordinator", "head", "assessor"):
        agency = AgencyFactory()
    account: User = UserFactory(**user)
    MembershipFactory(user=account, role=role, agency=agency, division=division)
    return account


def actor(role: str, agency: Agency | None = None, division: Division | None = None, **user: Any) -> Actor:
    """The actor of `person(...)`, for calling services."""
    return actor_for(person(role, agency, division, **user), on=timezone.localdate())
