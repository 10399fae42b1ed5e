"""Forms of the publishers' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parindex.errors import Refusal
from parindex.ui.formats import format_datetime
from parindex.ui.forms import PortalForm
from scoring.publication.queries import BlockChoice
from scoring.publication.services import DecisionData
from scoring.ranking.models import RankingRun

__all__ = ["ProposeForm", "ReasonForm"]


class ProposeForm(PortalForm):
    """The decision, and one run (or none) for each block of the cycle."""

    number = forms.CharField(
        label=gettext_lazy("Number of the decision"),
        max_length=80,
        help_text=gettext_lazy("As on the document, for example 12/QĐ-UBND."),
    )
    date = forms.DateField(
        label=gettext_lazy("Date of the decision"),
        input_formats=["%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y"],
        widget=forms.DateInput(
            format="%d/%m/%Y",
            attrs={"placeholder": "dd/mm/yyyy", "inputmode": "numeric", "autocomplete": "off"},
        ),
        help_text=gettext_lazy("Day/month/year."),
        error_messages={"invalid": gettext_lazy("Enter the date as day/month/year, for example 09/01/2026.")},
    )
    signatory = forms.CharField(
        label=gettext_lazy("Signed by"),
        max_length=200,
        help_text=gettext_lazy("Office and name, as on the document."),
    )
    notice = forms.CharField(
        label=gettext_lazy("What the correction changes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Needed when a block is published already. The public reads it beside the figures."
        ),
    )

    def __init__(self, *args: Any, choices: list[BlockChoice], wanted: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self._runs: dict[str, RankingRun] = {}
        for choice in choices:
            runs = choice.choosable
            if not runs:
                continue
            self._runs |= {str(run.public_id): run for run in runs}
            first = choice.newest
            if wanted:
                first = next((run for run in runs if str(run.public_id) == wanted), None)
            self.fields[self._name(choice)] = forms.ChoiceField(
                label=choice.cycle_block.block.name,
                required=False,
                choices=[
                    *((str(run.public_id), self._label(run)) for run in runs),
                    ("", _("not in this decision")),
                ],
                initial=str(first.public_id) if first else "",
                widget=forms.RadioSelect,
            )

    @staticmethod
    def _name(choice: BlockChoice) -> str:
        return f"block_{choice.cycle_block.pk}"

    @staticmethod
    def _label(run: RankingRun) -> str:
        return _("ranking of %(at)s, %(count)s agencies") % {
            "at": format_datetime(run.finished_at),
            "count": run.agencies,
        }

    def rows(self) -> list[tuple[BlockChoice, Any]]:
        """The blocks with their fields (None where nothing can be chosen)."""
        return [
            (choice, self[self._name(choice)] if self._name(choice) in self.fields else None)
            for choice in self.choices
        ]

    def runs(self) -> list[RankingRun]:
        """The chosen runs of a valid form."""
        chosen = (self.cleaned_data.get(self._name(choice)) for choice in self.choices)
        return [self._runs[value] for value in chosen if value]

    def decision(self) -> DecisionData:
        """The decision of a valid form."""
        data = self.cleaned_data
        return DecisionData(number=data["number"], date=data["date"], signatory=data["signatory"])

    def refuse(self, refusal: Refusal) -> None:
        """Show what a service refused beside its field; what belongs to none stands above the form."""
        for name, texts in refusal.fields.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


class ReasonForm(PortalForm):
    """Why a proposal is sent back or taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def refuse(self, refusal: Refusal) -> None:
        """Show what the service refused."""
        for name, texts in refusal.fields.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)
