"""A group of fields over one object of a rule: what a row, a condition and a rule itself have in common.

``kept`` carries what the fields cannot show (a parameter of another shape, an explicit default): it comes back
as long as the fields beside it still show the same, so that opening and saving a rule never changes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from scoring.criteria.rule_forms.params import NOTHING, Choice, Param
from scoring.criteria.rule_forms.tree import KEPT, Values

__all__ = ["Cells", "restored", "what_is_kept"]


class Cells:
    """Fields of one object, bound to the texts of ``values``."""

    def __init__(self, params: Iterable[Param], values: Values, prefix: str) -> None:
        self.params = {param.key: param for param in params}
        self.values = values
        self.prefix = prefix
        data = {f"{prefix}-{key}": text for key, text in values.items() if isinstance(text, str)}
        for param in self.params.values():
            if isinstance(param, Choice):
                data.setdefault(f"{prefix}-{param.key}", param.default)
        self.form = forms.Form(data, prefix=prefix)
        self.form.fields = {key: self._field(param) for key, param in self.params.items()}
        self.form.full_clean()

    def _field(self, param: Param) -> forms.Field:
        field = param.field()
        if param.reshapes:
            field.widget.attrs["data-reshapes"] = ""
        return field

    def text(self, key: str) -> str:
        """The text of a field as it stands."""
        value = self.values.get(key)
        if isinstance(value, str):
            return value
        param = self.params.get(key)
        return param.default if isinstance(param, Choice) else ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was filled in: words that were left at their default say nothing."""
        return not any(
            self.text(key).strip() and not (isinstance(param, Choice) and self.text(key) == param.default)
            for key, param in self.params.items()
        )

    def got(self) -> dict[str, Any]:
        """The JSON values of the fields that are filled in; what cannot be read is noted beside its field."""
        got: dict[str, Any] = {}
        for key, param in self.params.items():
            try:
                value = param.read(self.text(key))
            except ValidationError as error:
                self.wrong(key, " ".join(error.messages))
                continue
            if value is not NOTHING:
                got[key] = value
        return got

    def wrong(self, key: str, text: str) -> bool:
        """Put a fault beside a field; one is enough. False where there is no such field."""
        if key not in self.form.fields:
            return False
        if key not in self.form.errors:
            self.form.add_error(key, text)
        return True

    @property
    def kept(self) -> Mapping[str, Any]:
        """What was kept beside the fields."""
        try:
            kept = json.loads(self.values.get(KEPT) or "{}")
        except (TypeError, ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) else {}

    @property
    def kept_name(self) -> str:
        return f"{self.prefix}-{KEPT}"

    @property
    def kept_text(self) -> str:
        return str(self.values.get(KEPT) or "")

    def cell(self, key: str) -> forms.BoundField:
        """The bound field."""
        return self.form[key]

    @property
    def fields(self) -> list[dict[str, Any]]:
        """Every field with its parameter, for the page."""
        return [{"field": self.form[key], "param": param} for key, param in self.params.items()]

    @property
    def faults(self) -> list[tuple[forms.BoundField, str]]:
        """Every fault with its field, in the order of the fields."""
        return [(self.form[key], str(text)) for key in self.params for text in self.form.errors.get(key, ())]


def restored(entry: dict[str, Any], kept: Mapping[str, Any], cells: Cells) -> dict[str, Any]:
    """``entry`` with what was kept, where the fields still show it."""
    for key, value in kept.items():
        param = cells.params.get(key)
        if param is None or param.shown(value).strip() == cells.text(key).strip():
            entry[key] = value
    return entry


def what_is_kept(entry: Any, rebuilt: Any, *, without: Iterable[str] = ()) -> dict[str, Any]:
    """The parameters of ``entry`` that its fields alone would not give back."""
    if not isinstance(entry, Mapping) or not isinstance(rebuilt, Mapping):
        return {}
    return {
        key: value
        for key, value in entry.items()
        if key not in without and (key not in rebuilt or rebuilt[key] != value)
    }


def texts_of(params: Iterable[Param], values: Mapping[str, Any]) -> Values:
    """The texts that the fields of ``params`` show for JSON values."""
    return {param.key: param.shown(values.get(param.key)) for param in params}


def fill_in() -> str:
    """The fault of an empty field."""
    return _("Fill in this field.")
