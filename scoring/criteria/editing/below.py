"""Who appraises, and for whom it falls away: set for every criterion beneath a group at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agencies.actors import Actor
from agencies.models import Agency
from parindex.ui.forms import PortalForm
from scoring.criteria.editing import services
from scoring.criteria.editing.tree import end_of, place_of
from scoring.criteria.models import CriteriaSet, Criterion

__all__ = ["BelowForm", "leaves_below", "set_below"]


class BelowForm(PortalForm):
    """What every criterion beneath a group gets; what is left empty stays as it is."""

    appraiser = forms.ModelChoiceField(
        label=_("Appraised by"),
        queryset=Agency.objects.none(),
        required=False,
        empty_label=_("Leave as it is"),
    )
    profiles = forms.MultipleChoiceField(
        label=_("Not applicable for agencies with the profile"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Added to what is ticked there already."),
    )

    def __init__(self, draft: CriteriaSet, data: Any = None) -> None:
        super().__init__(data, prefix="below")
        self.fields["appraiser"].queryset = Agency.objects.filter(active=True).order_by("sort_key")  # type: ignore[attr-defined]
        if draft.profiles:
            self.fields["profiles"].choices = list(draft.profiles.items())  # type: ignore[attr-defined]
        else:
            del self.fields["profiles"]


def leaves_below(rows: Sequence[Criterion], pk: int) -> list[Criterion]:
    """The nodes without parts beneath a node, in the order of the tree."""
    at = place_of(rows, pk)
    beneath = rows[at + 1 : end_of(rows, at)]
    with_parts = {row.parent_id for row in beneath}
    return [row for row in beneath if row.pk not in with_parts]


def set_below(
    *,
    actor: Actor | None,
    draft: CriteriaSet,
    leaves: Sequence[Criterion],
    revision: int | None,
    appraiser: Agency | None = None,
    profiles: Sequence[str] = (),
) -> int:
    """Give the leaves an appraiser (None: as it is) and add profiles; returns how many changed.

    Raises what ``change_nodes`` raises; all of them change, or none.
    """
    cells: dict[int, dict[str, Any]] = {}
    for leaf in leaves:
        cell: dict[str, Any] = {}
        if appraiser is not None:
            cell["appraiser"] = appraiser
        if profiles:
            held = list(leaf.not_applicable_for)
            cell["not_applicable_for"] = held + [key for key in profiles if key not in held]
        if cell:
            cells[leaf.pk] = cell
    return services.change_nodes(actor=actor, set_pk=draft.pk, revision=revision, cells=cells)
