"""A form for the inputs of a leaf, made from its rule. The sheet and the appraisal both ask by it.

The engine alone decides what is right: fields here take whatever was typed, and the engine's faults come
back beside them. A form that is valid holds the canonical inputs in ``cleaned_data``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from parindex.ui.formats import format_decimal
from parindex.ui.forms import CheckCards, DateInput, DecimalInput, PortalForm, PortalHelper, RadioCards
from parindex.ui.templatetags.ui import field as field_context
from scoring import engine
from scoring.criteria.wording import option_points

__all__ = ["InputsForm", "build_inputs_form"]

#: The answer "none of the items holds", which an empty list of ticks cannot say.
NONE_HOLDS = "none"
_MANY_OPTIONS = 8


def build_inputs_form(
    rule: engine.Rule,
    *,
    data: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    prefix: str = "",
    facts: Mapping[str, Any] | None = None,
) -> InputsForm:
    """The form that asks for the inputs of ``rule``.

    ``data``: what was sent (request.POST); ``initial``: canonical inputs saved before. After ``is_valid()``
    ``cleaned_data`` is the canonical inputs, to be stored and scored. ``is_blank`` says that nothing at all
    was filled in: that is "not answered", never 0. ``facts``, as the engine takes them: what is known of other
    leaves, so that only the case which holds is asked for.
    """
    return InputsForm(rule, data=data, inputs=initial, prefix=prefix, facts=facts)


class InputsForm(PortalForm):
    """Fields of one rule. Every check is the engine's."""

    def __init__(
        self,
        rule: engine.Rule,
        *,
        data: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        prefix: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=prefix or None, initial=_flat(inputs), use_required_attribute=False)  # type: ignore[arg-type]
        self.rule = rule
        self.facts = facts or {}
        self.asked = rule.fields(self.facts)
        self.fields = {one.name: _field(one, rule) for one in self.asked}

    def clean(self) -> dict[str, Any]:
        """The canonical inputs; faults of the engine go to their fields."""
        try:
            return engine.clean_inputs(self.rule, self.raw, facts=self.facts)
        except engine.InputErrors as error:
            for problem in error.problems:
                self.add_error(self._owner(problem.path), problem.text(translate=_, number=format_decimal))
            return {}

    @cached_property
    def raw(self) -> dict[str, Any]:
        """What was sent, for the engine: without empty fields, ticks as a list."""
        raw: dict[str, Any] = {}
        for one in self.asked:
            value = self[one.name].data
            if one.type == "items":
                ticked = [tick for tick in value or [] if tick != NONE_HOLDS]
                if ticked and len(ticked) < len(value):
                    ticked.append(NONE_HOLDS)  # both at once: the engine refuses it
                if value:
                    raw[one.name] = ticked
            elif value not in (None, "", False):
                raw[one.name] = value
        return raw

    @property
    def is_blank(self) -> bool:
        """Whether nothing was filled in."""
        return not any(not isinstance(value, str) or value.strip() for value in self.raw.values())

    def _owner(self, path: str) -> str | None:
        if path in self.fields:
            return path
        return next((name for name in self.fields if name.startswith(f"{path}.")), None)

    @property
    def helper(self) -> PortalHelper:
        helper = PortalHelper(self)
        helper.layout = Layout(
            Div(*(Cell(one) for one in self.asked), css_class=f"inputs inputs-{self.rule.kind}")
        )
        return helper


def _flat(inputs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Canonical inputs as initial values: nested counts under dotted names, the empty list as "none holds"."""
    flat: dict[str, Any] = {}
    for name, value in (inputs or {}).items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": kept for inner, kept in value.items()}
        elif isinstance(value, list):
            flat[name] = [str(entry) for entry in value] or [NONE_HOLDS]
        elif isinstance(value, bool):
            flat[name] = "true" if value else "false"
        else:
            flat[name] = str(value)
    return flat


class PlainNumber(DecimalInput):
    """Shows a canonical decimal with the mark of the language, and what a person typed untouched."""

    def format_value(self, value: Any) -> str:
        return str(value) if value is not None else ""


class _NumberField(forms.Field):
    """A number as text. Initial values are canonical (a point), so they are rewritten before they are shown."""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        if not form.is_bound:
            value = form.initial.get(field_name)
            if isinstance(value, str) and _is_canonical(value):
                form.initial[field_name] = (
                    format_decimal(Decimal(value)).replace("\u202f", "").replace("\u2212", "-")
                )
        return super().get_bound_field(form, field_name)


def _is_canonical(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()


def _field(one: engine.Field, rule: engine.Rule) -> forms.Field:
    choices = [(_key(value), label) for value, label in one.choices]
    if one.type == "boolean" and not choices:
        return forms.Field(label=_grouped(one), required=False, widget=forms.CheckboxInput())
    if one.type == "boolean":
        choices = [(value, _(label)) for value, label in choices]
        return _choice(_grouped(one), choices, option_points(rule))
    if one.type == "choice":
        return _choice(_grouped(one), choices, option_points(rule))
    if one.type == "items":
        choices.append((NONE_HOLDS, _("None of these holds")))
        widget = CheckCards(choices=choices, hints=option_points(rule))
        return forms.Field(label=_grouped(one), required=False, widget=widget)
    if one.type == "date":
        return forms.Field(label=one.label, required=False, widget=DateInput())
    attrs = {"inputmode": "numeric"} if one.type == "integer" else {}
    return _NumberField(
        label=_label(one, rule), required=False, help_text=_hint(one), widget=PlainNumber(attrs)
    )


def _grouped(one: engine.Field) -> str:
    """The label of a tick, a choice or a list, with the part of a composed rule that asks."""
    return f"{one.group} · {_(one.label)}" if one.group else _(one.label)


def _choice(label: str, choices: list[tuple[str, str]], hints: dict[str, str]) -> forms.Field:
    if len(choices) > _MANY_OPTIONS:
        named = [(value, f"{text} ({hints[value]})" if value in hints else text) for value, text in choices]
        widget: forms.Widget = forms.Select(choices=[("", "—"), *named])
    else:
        widget = RadioCards(choices=choices, hints=hints)
    return forms.Field(label=label, required=False, widget=widget)


def _key(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


#: Labels that come from the engine; every other label is the set's own and must not be translated.
_ENGINE_LABELS = frozenset(
    {"Points", "Points within the option", "Mean of the survey", "Place", "Place before"}
)


def _label(one: engine.Field, rule: engine.Rule) -> str:
    label = _own_label(one, rule)
    return f"{one.group} · {label}" if one.group else label


def _own_label(one: engine.Field, rule: engine.Rule) -> str:
    if one.label in _ENGINE_LABELS:
        return _(one.label)
    if rule.kind in ("count", "deduction"):
        return _("Number: %(unit)s") % {"unit": one.label}
    if one.name.startswith("counts."):
        return _("Answers “%(option)s”") % {"option": one.label}
    return one.label[:1].upper() + one.label[1:]


def _hint(one: engine.Field) -> str:
    if one.type == "percent":
        return ""
    if one.type == "points" and one.step is not None:
        return _("From %(min)s to %(max)s, in steps of %(step)s.") % {
            "min": format_decimal(one.minimum),
            "max": format_decimal(one.maximum),
            "step": format_decimal(one.step),
        }
    if one.type == "points":
        return _("From %(min)s to %(max)s.") % {
            "min": format_decimal(one.minimum),
            "max": format_decimal(one.maximum),
        }
    return ""


class Cell:
    """One input in the layout, dressed as every field of the portal (crispy knows no cards)."""

    def __init__(self, one: engine.Field) -> None:
        self.one = one

    def render(self, form: InputsForm, context: Any, template_pack: str = "", **kwargs: Any) -> SafeString:
        """Called by crispy."""
        form.rendered_fields.add(self.one.name)  # type: ignore[attr-defined]
        unit = pgettext("unit", "points") if self.one.type == "points" else self.one.unit
        return render_to_string("components/field.html", field_context(form[self.one.name], suffix=unit))
