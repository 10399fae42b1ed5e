"""What the editor's pages ask for. The bounds are the services'; what they refuse is shown beside its field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Block
from parindex.ui.formats import format_decimal
from parindex.ui.forms import DateInput, DecimalField, PortalForm
from scoring.criteria.editing import checks
from scoring.criteria.editing.paste import MAX_CHARACTERS
from scoring.criteria.models import CriteriaSet, Criterion, CriterionRole, Method

__all__ = ["DetailsForm", "NewSetForm", "NodeForm", "PasteForm", "ProfileForm"]

NODE_FIELDS = ("code", "title", "max_points", "cap", "rule_text", "guidance", "evidence")
INDENT = "\u2003"
LEAF_FIELDS = ("appraiser", "not_applicable_for", "na_request")


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class DetailsForm(PortalForm):
    """What stands above the tree."""

    title = forms.CharField(label=_("Title"), max_length=300, widget=_lines(2))
    total = DecimalField(
        label=_("Total points"),
        min_value=0,
        help_text=_("As the decision states it, without bonus and penalty."),
    )
    bonus_cap = DecimalField(
        label=_("Bonus points, at most"),
        min_value=0,
        help_text=_("For bonus given outside the tree; 0 where there is none."),
    )
    penalty_cap = DecimalField(
        label=_("Penalty points, at most"),
        min_value=0,
        help_text=_("For penalties given outside the tree; 0 where there are none."),
    )
    decision_number = forms.CharField(
        label=_("Number of the decision"),
        max_length=80,
        required=False,
        help_text=_("Leave it empty while the decision is not signed."),
    )
    decision_date = forms.DateField(label=_("Date of the decision"), required=False, widget=DateInput())
    decision_issuer = forms.CharField(label=_("Issued by"), max_length=200, required=False)
    effective_from = forms.DateField(label=_("Effective from"), required=False, widget=DateInput())
    official = forms.BooleanField(
        label=_("Official: the text of a signed decision"),
        required=False,
        help_text=_("Not ticked: a set for trials."),
    )

    @classmethod
    def of(cls, draft: CriteriaSet, data: Any = None) -> DetailsForm:
        return cls(data, initial={name: getattr(draft, name) for name in cls.base_fields})

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in DetailsForm.base_fields}


class NewSetForm(DetailsForm):
    """An empty set: the year and block, and what stands above the tree."""

    year = forms.IntegerField(
        label=_("Year"),
        min_value=1990,
        max_value=2200,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    block = forms.ModelChoiceField(
        label=_("Block"), queryset=Block.objects.all(), empty_label=_("Choose a block")
    )
    field_order = ("year", "block", "title")

    @property
    def year_and_block(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("year", "block")}


class NodeForm(PortalForm):
    """One node: what every node has, and what only one without parts has."""

    code = forms.CharField(label=_("Code"), max_length=checks.CODE_LENGTH)
    title = forms.CharField(label=_("Title"), max_length=checks.TITLE, widget=_lines(2))
    max_points = DecimalField(label=_("Maximum"), min_value=0)
    cap = DecimalField(
        label=_("Cap"),
        min_value=0,
        required=False,
        help_text=_("At most so many points count, whatever the parts add up to. Mostly empty."),
    )
    role = forms.ChoiceField(
        label=_("Role of the area"),
        choices=CriterionRole.choices,
        required=False,
        help_text=_("Bonus and penalty areas count in no maximum."),
    )
    method = forms.ChoiceField(label=_("How the points come in"), choices=Method.choices)
    appraiser = forms.ModelChoiceField(
        label=_("Appraised by"),
        queryset=Agency.objects.none(),
        required=False,
        empty_label=_("Home Affairs, when the set is locked"),
    )
    not_applicable_for = forms.MultipleChoiceField(
        label=_("Not applicable for agencies with the profile"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    na_request = forms.BooleanField(
        label=_("An agency may ask for “not applicable”"),
        required=False,
        help_text=_("With its reason; the appraiser grants or refuses it."),
    )
    rule_text = forms.CharField(
        label=_("Official wording of the rule"),
        required=False,
        max_length=checks.LONG,
        widget=_lines(4),
        help_text=_("As the decision says it; agencies read it beside the criterion."),
    )
    guidance = forms.CharField(label=_("Guidance"), required=False, max_length=checks.LONG, widget=_lines(3))
    evidence = forms.CharField(
        label=_("Evidence asked for"), required=False, max_length=checks.LONG, widget=_lines(3)
    )

    field_order = ("code", "max_points", "cap", "title")

    def __init__(self, draft: CriteriaSet, node: Criterion, *, has_parts: bool, data: Any = None) -> None:
        self.node = node
        initial = {name: getattr(node, name) for name in (*NODE_FIELDS, *LEAF_FIELDS, "role", "method")}
        super().__init__(data, initial=initial)
        if node.level > 1:
            del self.fields["role"]
        if not node.is_leaf:
            del self.fields["method"]
        if has_parts:
            for name in LEAF_FIELDS:
                del self.fields[name]
            return
        appraisers = Agency.objects.filter(Q(active=True) | Q(pk__in=[node.appraiser_id or 0]))
        self.fields["appraiser"].queryset = appraisers.order_by("sort_key")  # type: ignore[attr-defined]
        if draft.profiles:
            self.fields["not_applicable_for"].choices = list(draft.profiles.items())  # type: ignore[attr-defined]
        else:
            del self.fields["not_applicable_for"]

    @property
    def changes(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def conflict(self) -> list[tuple[str, str, str]]:
        """(label, stored now, typed here) of what differs, of valid fields."""
        rows = []
        for name, offered in self.cleaned_data.items():
            current = getattr(self.node, name)
            if current != offered:
                rows.append((str(self.fields[name].label), _told(current), _told(offered)))
        return rows


class ProfileForm(forms.Form):
    """A new applicability profile."""

    meaning = forms.CharField(
        label=_("Which agencies"),
        max_length=300,
        help_text=_("Such as: agencies without administrative procedures."),
    )
    key = forms.CharField(
        label=_("Key in files"),
        max_length=60,
        required=False,
        help_text=_("Short, without accents. Empty: made from the words."),
    )


class PasteForm(PortalForm):
    """Lines out of a table, and where they go."""

    parent = forms.TypedChoiceField(
        label=_("Put them under"), required=False, coerce=int, empty_value=None, choices=()
    )
    text = forms.CharField(
        label=_("Rows copied from the table"),
        max_length=MAX_CHARACTERS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "paste-box"}),
        help_text=_(
            "Columns: code, title, points. A row of headings may name more: wording of the rule, evidence, appraiser."
        ),
    )

    def __init__(self, draft: CriteriaSet, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        nodes = (
            draft.criteria.filter(rule__isnull=True)
            .order_by("order")
            .only("criteria_set", "code", "title", "level")
        )
        choices: list[tuple[Any, Any]] = [("", _("The set itself: the outermost rows are areas"))]
        choices += [
            (node.pk, INDENT * (node.level - 1) + f"{node.code} {node.title[:100]}") for node in nodes
        ]
        self.fields["parent"].choices = choices  # type: ignore[attr-defined]


def _told(value: Any) -> str:
    """A value for reading."""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    if value is None or isinstance(value, str | Agency):
        return str(value or "")
    return format_decimal(value)
