"""The form of one row of the sheet: inputs by the rule's kind with crispy, each message beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from parindex.ui.formats import format_decimal
from parindex.ui.forms import PortalHelper
from scoring import engine
from scoring.criteria.input_forms import InputsForm

WIDE = ("boolean", "choice", "items")


class InputCell:
    """One input with label, unit and a place for its message that stays in the page, so that nothing jumps."""

    def __init__(self, name: str, *, unit: str = "", wide: bool = False) -> None:
        self.name, self.unit, self.wide = name, unit, wide

    def render(self, form: InputsForm, context: Any, template_pack: str = "", **kwargs: Any) -> SafeString:
        """Called by crispy."""
        form.rendered_fields.add(self.name)  # type: ignore[attr-defined]
        bound = form[self.name]
        return render_to_string(
            "workspace/parts/input.html",
            {"field": bound, "unit": self.unit, "wide": self.wide, "slot": f"slot-{bound.html_name}"},
        )


class LeafInputs(InputsForm):
    """The inputs of a leaf on its row. Ids and names carry the answer's id: many rows share a page."""

    def __init__(self, rule: engine.Rule, **kwargs: Any) -> None:
        super().__init__(rule, **kwargs)
        for one in self.asked:
            attrs = self.fields[one.name].widget.attrs
            attrs["aria-describedby"] = f"slot-{self.add_prefix(one.name)}"
            attrs["class"] = _css(self.fields[one.name].widget)

    @property
    def helper(self) -> PortalHelper:
        helper = PortalHelper(self)
        helper.form_show_errors = False
        helper.layout = Layout(
            Div(
                *(
                    InputCell(
                        one.name,
                        unit=pgettext("unit", "points") if one.type == "points" else _unit(one),
                        wide=one.type in WIDE,
                    )
                    for one in self.asked
                ),
                css_class=f"inputs inputs-{self.rule.kind}",
            )
        )
        return helper

    def show_faults(self, fields: Mapping[str, list[str]]) -> None:
        """Put a service's messages beside their fields."""
        self._errors = self._errors or forms.utils.ErrorDict()  # type: ignore[has-type]
        for path, texts in fields.items():
            name = self._owner(path) if path else None
            if name is not None:
                self._errors[name] = self.error_class(texts)


def _css(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


def inputs_form(
    rule: engine.Rule,
    *,
    key: str,
    data: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> LeafInputs:
    """The form of a row; ``key`` makes its names unique on the page, ``inputs`` are what is saved."""
    return LeafInputs(rule, data=data, inputs=inputs, prefix=key)


def _unit(one: engine.Field) -> str:
    return one.unit if one.type in ("percent", "decimal", "integer") and len(one.unit) <= 12 else ""


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


class CitationForm(forms.Form):
    """Page and clause of a citation."""

    version = forms.UUIDField(error_messages={"required": gettext_lazy("Choose a document.")})
    page = forms.CharField(label=gettext_lazy("Page"), max_length=40, required=False)
    clause = forms.CharField(label=gettext_lazy("Section, clause"), max_length=120, required=False)


class PlaceForm(forms.Form):
    """Page and clause of a citation that is there."""

    page = forms.CharField(label=gettext_lazy("Page"), max_length=40, required=False)
    clause = forms.CharField(label=gettext_lazy("Section, clause"), max_length=120, required=False)


class VersionForm(forms.Form):
    """The version of an answer or explanation that the person read; a missing or odd one is stale."""

    version = forms.IntegerField(min_value=0)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> int:
        """The version that was sent, -1 where there is none."""
        form = cls(data)
        return int(form.cleaned_data["version"]) if form.is_valid() else -1
