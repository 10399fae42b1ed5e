"""Forms of the appraising side. Rules of the domain stay in the services: their refusals come back to the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parindex.ui.forms import DecimalInput, PortalForm
from scoring.assessment.models import Adjustment


class ServiceForm(PortalForm):
    """A form whose faults may come from a service."""

    def refuse(self, fields: Mapping[str, list[str]]) -> list[str]:
        """Put messages beside their fields; what belongs to none is returned."""
        self.is_valid()
        loose: list[str] = []
        for name, texts in fields.items():
            if name in self.fields:
                self.add_error(name, texts)
            else:
                loose += texts
        return loose


class MarkForm(ServiceForm):
    """What stands beside the inputs of the rule: typed points, reason, a question to the agency."""

    how = forms.ChoiceField(
        choices=[("inputs", _("By the rule")), ("points", _("Type points"))], required=False
    )
    points = forms.CharField(label=_("Points"), required=False, max_length=30, widget=DecimalInput)
    reason = forms.CharField(
        label=_("Reason (required where it differs from the self-assessment)"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    ask = forms.BooleanField(label=_("Ask for an explanation of this criterion"), required=False)
    question = forms.CharField(
        label=_("What the agency is to explain"), required=False, widget=forms.Textarea({"rows": 2})
    )
    version = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    @property
    def types_points(self) -> bool:
        return (self["how"].value() or "inputs") == "points"


class DecisionForm(ServiceForm):
    """Grant or refuse "not applicable"."""

    reason = forms.CharField(
        label=_("Reason of the decision"), required=False, widget=forms.Textarea({"rows": 3})
    )
    version = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)


class QuestionForm(ServiceForm):
    """An explanation asked on its own."""

    question = forms.CharField(
        label=_("What the agency is to explain"), required=False, widget=forms.Textarea({"rows": 2})
    )


class ReasonForm(ServiceForm):
    """An act with a reason."""

    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea({"rows": 3}))


class ReopenForm(ReasonForm):
    """Reopen a final sheet."""

    decision_number = forms.CharField(label=_("Number of the decision"), required=False, max_length=80)
    field_order = ["decision_number", "reason"]


class AdjustmentForm(ServiceForm):
    """Bonus or penalty points."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Adjustment.Kind.choices, required=False)
    points = forms.CharField(label=_("Points"), required=False, max_length=30, widget=DecimalInput)
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea({"rows": 2}))


class BulkForm(ServiceForm):
    """The basis of a bulk act, with its reason."""

    basis = forms.ChoiceField(
        label=_("Points"),
        choices=[("self", _("Self-assessed points")), ("previous", _("Points of round 1"))],
        required=False,
    )
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea({"rows": 2}))


class PointsFileForm(ServiceForm):
    """A file of survey, external or office points."""

    file = forms.FileField(
        label=_("CSV or XLSX file"),
        required=False,
        widget=forms.ClearableFileInput({"accept": ".csv,.xlsx", "class": "form-control"}),
    )


class AssignForm(ServiceForm):
    """The people to whom a criterion is narrowed."""

    assessors = forms.MultipleChoiceField(
        label=_("Assessors"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assessors"].choices = people  # type: ignore[attr-defined]
