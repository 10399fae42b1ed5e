"""The form of one row of the sheet: inputs by the rule's kind with crispy, each message beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext

from parindex.ui.forms import PortalHelper
from scoring import engine
from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.queries.facts import Facts, facts_for
from scoring.criteria.input_forms import InputsForm

__all__ = [
    "CitationForm",
    "LeafInputs",
    "PlaceForm",
    "VersionForm",
    "inputs_form",
    "inputs_in_words",
]

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
    facts: Facts | None = None,
) -> LeafInputs:
    """The form of a row; ``key`` makes its names unique on the page, ``inputs`` are what is saved.

    ``facts``: what other leaves answer; without them every case of the rule is asked for.
    """
    return LeafInputs(rule, data=data, inputs=inputs, prefix=key, facts=facts_for(rule, facts or {}))


def _unit(one: engine.Field) -> str:
    return one.unit if one.type in ("percent", "decimal", "integer") and len(one.unit) <= 12 else ""


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
