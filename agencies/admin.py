"""The room's part of the administration: Django looks here for it."""

from agencies.admin_accounts import AccountAdmin
from agencies.admin_memberships import MembershipAdmin
from agencies.admin_structure import AgencyAdmin, BlockAdmin, DivisionAdmin, SuccessionAdmin

__all__ = [
    "AccountAdmin",
    "AgencyAdmin",
    "BlockAdmin",
    "DivisionAdmin",
    "MembershipAdmin",
    "SuccessionAdmin",
]
