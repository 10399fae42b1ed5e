"""What a file's name and the beginning of its text give away: a secrecy stamp, and what identifies the document.

A stamp stops an upload until a person confirms in writing. Everything else is a guess, shown in the form to
be checked, and never stored as it is.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from parindex.ui.collation import fold

_STAMP = re.compile(r"^\W{0,6}(TUYỆT MẬT|TỐI MẬT|MẬT)\W{0,6}$", re.M)
_DEGREE = re.compile(r"\bđộ mật\s*:\s*(tuyệt mật|tối mật|mật)\b", re.I)
_HEAD = 2500  # characters in which a document says its number, date and issuer

_NUMBER = re.compile(
    r"\bSố\s*:?\s*(\d{1,6}[a-zđ]?)\s*/\s*((?:\d{4}\s*/\s*)?[A-ZĐ]{1,10}(?:\s?[-–]\s?[A-ZĐƯ&.]{1,20})*)"
)
_WRITTEN_DATE = re.compile(r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s+năm\s+(\d{4})", re.I)
_SUBJECT = re.compile(
    r"(?:V/v|Về việc)\s*:?\s*(.{5,300}?)(?:\r?\n\s*\r?\n|\r?\n\s*(?:Kính gửi|Căn cứ|[A-ZĐ ]{12,})|\Z)", re.S
)

_KINDS = "QĐ|KH|BC|TB|CV|TTr|TTR|NQ|CT|HD|QC|QyC|CTr|PA|ĐA|DA|TT|BB|GM|GUQ|PL|QD|DE"
_NAME_NUMBER = re.compile(
    rf"(?<![\w])(\d{{1,6}}[a-z]?)[ ._/-]{{1,3}}({_KINDS})[._-]([A-ZĐƯ&]{{2,20}}(?:-[A-ZĐƯ&]{{2,20}})*)(?![a-zà-ỹ])"
)
_NAME_DATES = (
    (re.compile(r"(?<!\d)(\d{1,2})[-._/ ](\d{1,2})[-._/ ](20\d{2})(?!\d)"), (3, 2, 1)),
    (re.compile(r"(?<!\d)(20\d{2})[-._](\d{1,2})[-._](\d{1,2})(?!\d)"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})(?!\d)"), (1, 2, 3)),
)
_SPELLED = {"QD": "QĐ", "TTR": "TTr", "DE": "ĐA", "DA": "ĐA"}


def secrecy_stamp(text: str) -> str:
    """The stamp of state secrets that stands alone on a line of the text ("TỐI MẬT"), or ""."""
    text = unicodedata.normalize("NFC", text)
    found = _STAMP.search(text) or _DEGREE.search(text)
    return found.group(1).upper() if found else ""


def guess(name: str, text: str, *, agency_name: str = "") -> dict[str, str]:
    """Number, issue date (ISO), issuer and subject, as far as text and name suggest; text before name."""
    head = unicodedata.normalize("NFC", text)[:_HEAD]
    found = _from_name(unicodedata.normalize("NFC", name)) | _from_text(head)
    if agency_name and head and fold(agency_name) in fold(head[:800]):
        found["issuer"] = agency_name
    return found


def _from_text(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if number := _NUMBER.search(head):
        symbol = re.sub(r"\s+", "", number.group(2)).replace("–", "-")
        found["number"] = f"{number.group(1)}/{symbol}"
    if written := _WRITTEN_DATE.search(head):
        found |= _date(written.group(3), written.group(2), written.group(1))
    if subject := _SUBJECT.search(head):
        found["subject"] = " ".join(subject.group(1).split()).rstrip(" .;")[:300]
    return found


def _from_name(name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    stem = name.rpartition(".")[0] or name
    for pattern, order in _NAME_DATES:
        if dated := pattern.search(stem):
            found |= _date(*(dated.group(place) for place in order))
            stem = f"{stem[: dated.start()]} {stem[dated.end() :]}"
            break
    if number := _NAME_NUMBER.search(stem):
        kind = number.group(2)
        found["number"] = f"{number.group(1)}/{_SPELLED.get(kind, kind)}-{number.group(3)}"
    return found


def _date(year: str, month: str, day: str) -> dict[str, str]:
    try:
        return {"issued_on": date(int(year), int(month), int(day)).isoformat()}
    except ValueError:
        return {}
