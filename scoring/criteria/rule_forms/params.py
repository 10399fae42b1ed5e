"""One parameter of a rule as one field: how it is shown, and how what was typed becomes JSON again.

``shown`` gives the text of a JSON value, ``read`` the JSON value of a text or ``NOTHING`` for an empty field.
Numbers are shown with the decimal mark of the language and read with a comma or a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from parindex.ui.formats import NotANumber, decimal_mark, parse_decimal
from scoring.engine import plain

__all__ = ["NOTHING", "Choice", "Codes", "Flag", "Num", "Param", "Points", "Text"]


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


#: The value of an empty field: the parameter is left out.
NOTHING = _Nothing()


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter by its key in the rule. ``wide`` fields take a whole line of the form."""

    key: str
    label: Any
    hint: Any = ""
    unit: Any = ""
    required: bool = False
    wide: bool = False
    reshapes: bool = False

    def field(self) -> forms.Field:
        """The field of the form. Nothing is required by it: the engine says what is missing."""
        return forms.CharField(
            label=self.label,
            required=False,
            help_text=self.hint,
            strip=False,
            widget=forms.TextInput({"autocomplete": "off"}),
        )

    def shown(self, value: Any) -> str:
        """The text of a JSON value."""
        return "" if value is None or value is NOTHING else str(value)

    def read(self, text: str) -> Any:
        """The JSON value of a text. Raises ValidationError."""
        return text.strip() or NOTHING


@dataclass(frozen=True, slots=True)
class Text(Param):
    """A text in one line, or in several with ``rows``."""

    rows: int = 0

    def field(self) -> forms.Field:
        made = Param.field(self)
        if self.rows:
            made.widget = forms.Textarea({"rows": self.rows})
        return made


@dataclass(frozen=True, slots=True)
class Num(Param):
    """A number, kept as a plain text with a decimal point."""

    def field(self) -> forms.Field:
        made = Param.field(self)
        made.widget = forms.TextInput({"autocomplete": "off", "inputmode": "decimal"})
        return made

    def shown(self, value: Any) -> str:
        text = Param.shown(self, value)
        return text.replace(".", decimal_mark())

    def read(self, text: str) -> Any:
        try:
            number = parse_decimal(text)
        except NotANumber as error:
            raise ValidationError(str(error))
        if number is None:
            return NOTHING
        written = plain(number)
        if len(written) > 60:
            raise ValidationError(_("The number has too many digits."))
        return written


@dataclass(frozen=True, slots=True)
class Points(Num):
    """Points: empty where the maximum is 0 means "shown, never scored"."""


@dataclass(frozen=True, slots=True)
class Choice(Param):
    """One word out of several; the ``default`` is left out of the rule."""

    choices: Sequence[tuple[str, Any]] = ()
    default: str = ""

    def field(self) -> forms.Field:
        return forms.CharField(
            label=self.label,
            required=False,
            help_text=self.hint,
            widget=forms.Select(choices=self.choices),
        )

    def shown(self, value: Any) -> str:
        return self.default if value is None or value is NOTHING else str(value)

    def read(self, text: str) -> Any:
        value = text.strip() or self.default
        return NOTHING if value == self.default else value


@dataclass(frozen=True, slots=True)
class Flag(Choice):
    """true or false, as two words to choose from."""

    def shown(self, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return Choice.shown(self, value)

    def read(self, text: str) -> Any:
        value = Choice.read(self, text)
        return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Codes(Param):
    """Codes of other criteria in one line, parted by commas."""

    def shown(self, value: Any) -> str:
        return ", ".join(str(code) for code in value) if isinstance(value, list) else ""

    def read(self, text: str) -> Any:
        codes = [code.strip() for code in text.replace(";", ",").split(",")]
        return [code for code in codes if code] or NOTHING
