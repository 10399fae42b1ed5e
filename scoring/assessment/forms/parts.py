"""What the parts of a block's year ask for: a further set with its weight, names and weights of all parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parindex.ui.forms import DecimalField, PortalForm
from scoring.assessment.models import CycleBlock
from scoring.assessment.queries.cycles import sets_to_choose
from scoring.assessment.queries.parts import YearParts
from scoring.assessment.services.parts import MAX_PERIOD, WEIGHT_PLACES, Share

HUNDRED = Decimal(100)


def set_choices(year: YearParts) -> dict[int, Any]:
    """The sets that a further part of the year may use, by id: those of the block that no part uses. One query."""
    used = {row.criteria_set_id for row in year.rows}
    sets = sets_to_choose(year=year.main.cycle.year, block_id=year.main.block_id)
    return {one.pk: one for one in sets if one.pk not in used}


class AddPartForm(PortalForm):
    """A further set for a part of the year."""

    main_period = forms.CharField(
        label=gettext_lazy("The part of the year with the first set"),
        max_length=MAX_PERIOD,
        help_text=gettext_lazy("As headings and the ranking are to call it, such as “first half of 2025”."),
    )
    criteria_set = forms.TypedChoiceField(label=gettext_lazy("Criteria set of the new part"), coerce=int)
    period = forms.CharField(
        label=gettext_lazy("The new part of the year"),
        max_length=MAX_PERIOD,
        help_text=gettext_lazy("Such as “second half of 2025”."),
    )
    weight = DecimalField(
        label=gettext_lazy("Weight of the new part, %"),
        decimal_places=WEIGHT_PLACES,
        help_text=gettext_lazy(
            "What its index counts for in the index of the year; the first part keeps the rest."
        ),
    )
    with_agencies = forms.BooleanField(
        label=gettext_lazy("Take over the agencies of the first part, with their profiles"), required=False
    )

    def __init__(self, year: YearParts, data: Any = None) -> None:
        super().__init__(data, initial={"with_agencies": True, "main_period": year.main.period})
        self.sets = set_choices(year)
        self.fields["criteria_set"].choices = [("", "—")] + [  # type: ignore[attr-defined]
            (key, f"{one.year} · {one} · {_('locked') if one.locked_at else _('draft')}")
            for key, one in self.sets.items()
        ]
        if year.several:
            del self.fields["main_period"]

    @property
    def share(self) -> Share:
        return Share(self.cleaned_data["period"], self.cleaned_data["weight"])


class PartsForm(PortalForm):
    """Names and weights of all parts of a year, which must add up to 100."""

    def __init__(self, year: YearParts, data: Any = None) -> None:
        super().__init__(data)
        self.rows = year.rows
        for row in year.rows:
            self.fields[f"period_{row.pk}"] = forms.CharField(
                label=gettext_lazy("Part of the year"), max_length=MAX_PERIOD, initial=row.period
            )
            self.fields[f"weight_{row.pk}"] = DecimalField(
                label=gettext_lazy("Weight, %"), decimal_places=WEIGHT_PLACES, initial=row.weight_pct
            )

    @property
    def lines(self) -> list[tuple[CycleBlock, Any, Any]]:
        """Each row with its two fields."""
        return [(row, self[f"period_{row.pk}"], self[f"weight_{row.pk}"]) for row in self.rows]

    @property
    def shares(self) -> dict[int, Share]:
        return {
            row.pk: Share(self.cleaned_data[f"period_{row.pk}"], self.cleaned_data[f"weight_{row.pk}"])
            for row in self.rows
        }

    @property
    def typed_total(self) -> Decimal | None:
        """The sum of the weights as the form shows them now; None while one of them is no number."""
        if not self.is_bound:
            return sum((row.weight_pct for row in self.rows), Decimal(0))
        values = [self.cleaned_data.get(f"weight_{row.pk}") for row in self.rows]
        known = [value for value in values if value is not None]
        return sum(known, Decimal(0)) if len(known) == len(values) else None

    @property
    def total_is_whole(self) -> bool:
        return self.typed_total == HUNDRED
