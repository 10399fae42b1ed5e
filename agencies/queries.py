"""Reads of accounts and agencies."""

from __future__ import annotations

from django.db.models import QuerySet

from agencies.models import Membership, User


def memberships_of(account: User) -> QuerySet[Membership]:
    """Every role that the account holds or held, with agency and division, latest first. One query when read."""
    return account.memberships.select_related("agency", "division").order_by("-starts_on", "pk")
