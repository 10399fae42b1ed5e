"""Agencies and accounts as rows of a file, out and in, on django-import-export."""

from agencies.resources.account_rows import AccountResource
from agencies.resources.agency_rows import AgencyResource
from agencies.resources.rows import LineResource

__all__ = ["AccountResource", "AgencyResource", "LineResource"]
