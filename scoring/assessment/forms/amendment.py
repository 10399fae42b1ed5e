"""What an amendment within the year asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from parindex.ui.forms import DateInput, PortalForm
from scoring.assessment.forms.cycles import TimeInput, ends
from scoring.assessment.queries.amendment import Plan


class AmendForm(PortalForm):
    """The day from which the new version applies, a word to the agencies, and until when they have time."""

    effective_on = forms.DateField(
        label=gettext_lazy("Applies from"),
        widget=DateInput(),
        help_text=gettext_lazy("The day that the amending decision names."),
    )
    note = forms.CharField(
        label=gettext_lazy("What the agencies should know"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=10_000,
        help_text=gettext_lazy(
            "For example the number of the decision. The agencies read it on their scoresheet."
        ),
    )
    self_assessment_until = forms.DateField(
        label=gettext_lazy("New last day of self-assessment"), widget=DateInput(), required=False
    )
    self_assessment_until_at = forms.TimeField(
        label=gettext_lazy("until (empty: the whole day)"), required=False, widget=TimeInput()
    )

    def __init__(self, plan: Plan, data: Any = None) -> None:
        super().__init__(data, initial={"effective_on": plan.criteria_set.effective_from})
        self.fields["self_assessment_until"].required = plan.needs_time
        self.fields["self_assessment_until"].help_text = (
            gettext_lazy(
                "The time of the agencies is over: they need some for what they have to look at again."
            )
            if plan.needs_time
            else gettext_lazy("Empty: the end stays where it is.")
        )

    @property
    def until(self) -> datetime | None:
        """The moment of a valid form, half-open."""
        day = self.cleaned_data.get("self_assessment_until")
        return ends(day, self.cleaned_data.get("self_assessment_until_at")) if day else None
