"""Declared inputs as people read them: on the sheet, in a conflict, in the history."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.criteria.input_forms import InputsForm


def inputs_in_words(rule: engine.Rule, inputs: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """(label, value) of declared inputs as people read them; also of what was typed but not accepted."""
    if not inputs:
        return []
    form = InputsForm(rule, inputs=inputs)
    told = []
    for one in form.asked:
        if one.name not in form.initial:
            continue
        label = str(form.fields[one.name].label or "")
        told.append((label, _shown(one, inputs.get(one.name, form.initial[one.name]))))
    return told


def _shown(one: engine.Field, value: Any) -> str:
    if one.choices:
        labels = {_key(key): (_(text) if one.type == "boolean" else text) for key, text in one.choices}
        picked = value if isinstance(value, list | tuple) else [value]
        names = [labels.get(_key(entry), str(entry)) for entry in picked if str(entry) != "none"]
        return "; ".join(names) if names else _("None of these holds")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    text = str(value)
    unit = f" {one.unit}" if one.unit and one.type == "percent" else ""
    try:
        return format_decimal(Decimal(text)) + unit
    except ArithmeticError:
        return text


def _key(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
