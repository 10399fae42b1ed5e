"""What identifies an administrative document: number and symbol, issue date, issuer, subject, signatory."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from parindex.errors import Invalid
from parindex.ui.collation import fold

if TYPE_CHECKING:
    from evidence.models import DocumentVersion

LENGTHS = {"number": 80, "issuer": 250, "subject": 500, "signatory": 150}
FIRST_YEAR = 1945


@dataclass(frozen=True, slots=True)
class Description:
    """The metadata of a document; everything may be unknown (empty, None)."""

    number: str = ""
    issued_on: date | None = None
    issuer: str = ""
    subject: str = ""
    signatory: str = ""

    @classmethod
    def of(cls, version: DocumentVersion) -> Description:
        """The description that a version carries."""
        return cls(**{field.name: getattr(version, field.name) for field in fields(cls)})

    @property
    def is_empty(self) -> bool:
        return self == Description()

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def cleaned(self, *, today: date) -> Description:
        """The same without stray blanks and control characters, NFC. Raises Invalid by field."""
        texts: dict[str, str] = {}
        wrong: dict[str, list[str]] = {}
        for name, limit in LENGTHS.items():
            texts[name] = _clean(getattr(self, name))
            if len(texts[name]) > limit:
                wrong[name] = [
                    _("The text is too long: at most %(max)s characters.") % {"max": limit},
                ]
        if self.issued_on is not None and self.issued_on > today:
            wrong["issued_on"] = [
                _("The issue date lies in the future. Enter the date that stands on the document.")
            ]
        if self.issued_on is not None and self.issued_on.year < FIRST_YEAR:
            wrong["issued_on"] = [_("Check the year of the issue date.")]
        if wrong:
            raise Invalid(fields=wrong)
        return Description(issued_on=self.issued_on, **texts)

    def folded(self, file_name: str) -> str:
        """What searches compare: everything that people may know of the document, its file's name too."""
        dated = f"{self.issued_on:%d/%m/%Y}" if self.issued_on else ""
        return fold(f"{self.number} {self.subject} {self.issuer} {self.signatory} {dated} {file_name}")


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    shown = "".join(ch if unicodedata.category(ch)[0] != "C" else " " for ch in text)
    return " ".join(shown.split())
