"""A criteria-set file of any carrier, told apart by what the bytes are. Pure."""

from __future__ import annotations

import hashlib

from django.utils.translation import gettext as _

from scoring.criteria import fileformat
from scoring.criteria.fileformat import Finding, Reading
from scoring.criteria.xlsx_open import is_workbook
from scoring.criteria.xlsx_read import read_workbook

__all__ = ["read"]

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(data: bytes) -> Reading:
    """Read JSON or XLSX, whatever the file is called. Never raises for what the bytes hold."""
    if data.startswith(_OLD_EXCEL):
        message = _("This is an Excel file of before 2007 (.xls): save it as .xlsx.")
        return Reading(None, errors=(Finding("", message),), sha256=hashlib.sha256(data).hexdigest())
    return read_workbook(data) if is_workbook(data) else fileformat.read(data)
