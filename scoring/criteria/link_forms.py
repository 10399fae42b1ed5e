"""What the pages on links ask for: what to copy into, which earlier set to follow, and what each node follows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Block
from parindex.ui.forms import PortalForm
from scoring.criteria.copying import newest_copy
from scoring.criteria.linking import NodeTies
from scoring.criteria.links import likely
from scoring.criteria.models import Comparability, CriteriaSet
from scoring.criteria.queries import SetNode, SetTree

__all__ = ["CopyForm", "EarlierForm", "TieRow", "TieTable", "WholeForm"]

SEPARATOR = ";"


class CopyForm(PortalForm):
    """The year and block that a copy is for."""

    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        min_value=1990,
        max_value=2200,
        help_text=gettext_lazy("The year of this set makes its next version: the start of an amendment."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    block = forms.ModelChoiceField(
        label=gettext_lazy("Block"), queryset=Block.objects.all(), empty_label=None
    )
    title = forms.CharField(
        label=gettext_lazy("Title"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Empty: the title of this set, with the year changed."),
    )
    last_copy = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, source: CriteriaSet, data: Mapping[str, Any] | None = None) -> CopyForm:
        start = {"year": source.year + 1, "block": source.block_id, "last_copy": newest_copy(source)}
        return cls(data, initial=start)


class _SetField(forms.ModelChoiceField):
    def label_from_instance(self, obj: CriteriaSet) -> str:
        return set_label(obj)


class EarlierForm(PortalForm):
    """The earlier set that a set follows."""

    earlier = _SetField(
        label=gettext_lazy("Earlier set"),
        queryset=CriteriaSet.objects.none(),
        empty_label=gettext_lazy("Choose"),
    )

    def __init__(self, *args: Any, newer: CriteriaSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        linked = newer.links_back.values("earlier")  # type: ignore[attr-defined]
        before = CriteriaSet.objects.filter(year__lt=newer.year) | CriteriaSet.objects.filter(
            year=newer.year, block=newer.block_id, version__lt=newer.version
        )
        field_ = self.fields["earlier"]
        assert isinstance(field_, forms.ModelChoiceField)
        field_.queryset = (
            before.exclude(pk__in=linked)
            .select_related("block")
            .order_by("-year", "block__order", "-version")
        )


class WholeForm(PortalForm):
    """Whether the totals of two sets compare."""

    comparability = forms.ChoiceField(label=gettext_lazy("Totals and places"), required=False, choices=())
    note = forms.CharField(
        label=gettext_lazy("What readers are told"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Stands on public pages in place of a difference, or beside it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, proposal: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field_ = self.fields["comparability"]
        assert isinstance(field_, forms.ChoiceField)
        field_.choices = choices(proposal)


def set_label(one: CriteriaSet) -> str:
    """A set in a list of sets."""
    return _("%(year)s · %(block)s · version %(version)s · %(title)s") % {
        "year": one.year,
        "block": one.block,
        "version": one.version,
        "title": one.title,
    }


def choices(proposal: str) -> list[tuple[str, str]]:
    """The comparabilities, with the proposal first."""
    proposed = (
        _("proposed: %(value)s") % {"value": Comparability(proposal).label} if proposal else _("proposed")
    )
    return [("", proposed), *((value, str(label)) for value, label in Comparability.choices)]


@dataclass
class TieRow:
    """One node of the newer set with what stands in its two fields, as typed."""

    node: SetNode
    codes: str
    comparability: str
    proposal: str = ""
    earlier: tuple[SetNode, ...] = ()
    split: bool = False
    error: str = ""

    @property
    def options(self) -> list[tuple[str, str]]:
        return choices(self.proposal)

    @property
    def is_merged(self) -> bool:
        return len(self.earlier) > 1

    @property
    def follows_another(self) -> bool:
        """Whether the earlier node reads otherwise, so that it is worth showing."""
        return any(one.title != self.node.title or one.code != self.node.code for one in self.earlier)


@dataclass
class TieTable:
    """The table of all nodes. ``state`` is a fingerprint of what stood when the page was shown."""

    rows: list[TieRow]
    state: str
    gone: list[SetNode] = field(default_factory=list)

    @property
    def errors(self) -> list[tuple[TieRow, str]]:
        return [(row, row.error) for row in self.rows if row.error]

    @property
    def ties(self) -> dict[int, NodeTies]:
        return {
            row.node.id: NodeTies(tuple(one.id for one in row.earlier), row.comparability)
            for row in self.rows
        }

    @classmethod
    def standing(cls, new: SetTree, old: SetTree, ties: Mapping[int, NodeTies]) -> TieTable:
        """What stands in the database."""
        rows = []
        for node in new.nodes:
            own = ties.get(node.id, NodeTies())
            earlier = tuple(old.by_id[one] for one in own.earlier if one in old.by_id)
            codes = f"{SEPARATOR} ".join(one.code for one in earlier)
            rows.append(TieRow(node, codes, own.comparability, earlier=earlier))
        return _finished(cls(rows, _fingerprint(ties)), old)

    @classmethod
    def typed(cls, new: SetTree, old: SetTree, data: Mapping[str, str], standing: TieTable) -> TieTable:
        """What was sent; a node that the page did not show stays as it stands."""
        rows = []
        for known in standing.rows:
            key = f"t-{known.node.id}"
            if key not in data:
                rows.append(known)
                continue
            row = TieRow(known.node, data[key].strip()[:2000], data.get(f"c-{known.node.id}", ""))
            names = [name.strip() for name in row.codes.split(SEPARATOR) if name.strip()]
            unknown = [name for name in names if name not in old.by_code]
            known_names = [name for name in dict.fromkeys(names) if name in old.by_code]
            row.earlier = tuple(old.by_code[name] for name in known_names)
            if unknown:
                row.error = _("The earlier set has no criterion %(codes)s.") % {
                    "codes": ", ".join(unknown)[:200]
                }
            elif row.comparability not in ("", *Comparability.values):
                row.error = _("Choose one of the values offered.")
            rows.append(row)
        return _finished(cls(rows, data.get("state", "")), old)


def _finished(table: TieTable, old: SetTree) -> TieTable:
    """With proposals, splits and what is gone."""
    followers: dict[int, int] = {}
    for row in table.rows:
        for one in row.earlier:
            followers[one.id] = followers.get(one.id, 0) + 1
    for row in table.rows:
        row.split = any(followers[one.id] > 1 for one in row.earlier)
        if row.earlier:
            row.proposal = likely(row.node, row.earlier[0])
    table.gone = [node for node in old.nodes if node.id not in followers]
    return table


def _fingerprint(ties: Mapping[int, NodeTies]) -> str:
    told = repr(sorted((node, sorted(own.earlier), own.comparability) for node, own in ties.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:24]
