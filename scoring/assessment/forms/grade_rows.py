"""One grade as a row of the settings: its band, the gates it takes besides, its quota; and a tie-breaker's row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parindex.ui.forms import DecimalField
from scoring.assessment.forms.row_lists import RowList
from scoring.criteria.settings_words import QUOTA_ROUNDINGS
from scoring.engine import plain

__all__ = ["GateForm", "GradeForm", "TieForm", "chain_of", "grade_list", "grade_rows", "grades_of"]

LOW = (("ge", gettext_lazy("from (≥)")), ("gt", gettext_lazy("above (>)")))
HIGH = (("lt", gettext_lazy("below (<)")), ("le", gettext_lazy("up to (≤)")))
Choices = list[tuple[str, str]]


class _Ends(forms.Form):
    """Lower and upper end of a band, each open or closed."""

    low_kind = forms.ChoiceField(label=gettext_lazy("Lower end"), choices=LOW, required=False)
    low = DecimalField(label=gettext_lazy("Value of the lower end"), required=False, decimal_places=10)
    high_kind = forms.ChoiceField(label=gettext_lazy("Upper end"), choices=HIGH, required=False)
    high = DecimalField(label=gettext_lazy("Value of the upper end"), required=False, decimal_places=10)

    @property
    def ends(self) -> dict[str, str]:
        """The ends that were given, as settings hold them."""
        found = {}
        for end, usual in (("low", "ge"), ("high", "lt")):
            value: Decimal | None = self.cleaned_data.get(end)
            if value is not None:
                found[self.cleaned_data.get(f"{end}_kind") or usual] = plain(value)
        return found

    @property
    def has_ends(self) -> bool:
        return any(self.cleaned_data.get(end) is not None for end in ("low", "high"))


class GateForm(_Ends):
    """A further condition of a grade: the index of an area, a count, or a fact. An empty row is none."""

    what = forms.ChoiceField(label=gettext_lazy("Condition"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Code of the criterion that tells it"), max_length=500, required=False
    )
    wanted = forms.ChoiceField(label=gettext_lazy("The fact"), required=False)

    def __init__(self, *args: Any, areas: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("— choose —")), *((f"area:{code}", label) for code, label in areas)]
        choices += [
            ("count", _("what a criterion measures (code beside)")),
            ("fact", _("full points on a criterion (code beside)")),
        ]
        self.fields["what"].choices = choices  # type: ignore[attr-defined]
        default = _stated(self, "wanted", "yes")
        self.fields["wanted"].choices = [(default, _("must hold")), ("no", _("must not hold"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        what, name = cleaned.get("what"), cleaned.get("name")
        if not what:
            if (self.has_ends or name) and "what" not in self.errors:
                self.add_error("what", _("Choose what the condition asks for."))
            return cleaned
        if what in ("count", "fact") and not name and "name" not in self.errors:
            self.add_error("name", _("Give the code of the criterion that is meant."))
        if what.startswith("area:") and name:
            self.add_error("name", _("An area needs no code here. Take it away."))
        if what == "fact":
            if self.has_ends:
                self.add_error("low", _("Full points are earned or not: there are no ends. Take them away."))
        elif not self.has_ends and not {"low", "high"} & set(self.errors):
            self.add_error("low", _("Give a lower or an upper end."))
        elif (low := cleaned.get("low")) is not None and (high := cleaned.get("high")) is not None:
            closed = cleaned.get("low_kind") != "gt" and cleaned.get("high_kind") == "le"
            if low > high or (low == high and not closed):
                self.add_error("high", _("No value lies between these ends."))
        return cleaned

    @property
    def gate(self) -> dict[str, Any] | None:
        """The gate as settings hold it; None for an empty row."""
        what = str(self.cleaned_data.get("what") or "")
        if not what:
            return None
        if what == "fact":
            wanted = self.cleaned_data.get("wanted") or ""
            told = {"yes": {"is": True}, "no": {"is": False}}.get(wanted, {})
            return {"fact": self.cleaned_data.get("name", ""), **told}
        if what == "count":
            return {"count": self.cleaned_data.get("name", ""), **self.ends}
        return {"area": what.removeprefix("area:"), **self.ends}


class GradeForm(_Ends):
    """One grade: its name, the values of the index that earn it, gates and quota. A row without a name is none."""

    label = forms.CharField(label=gettext_lazy("Grade"), max_length=100, required=False)
    pct = DecimalField(
        label=gettext_lazy("At most (%)"), required=False, min_value=0, max_value=100, decimal_places=10
    )
    of = forms.ChoiceField(label=gettext_lazy("of"), required=False)
    rounding = forms.ChoiceField(label=gettext_lazy("The number of agencies is"), required=False)

    def __init__(self, *args: Any, areas: Choices, labels: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["of"].choices = [  # type: ignore[attr-defined]
            ("", _("the ranked agencies")),
            *((str(at), _("the agencies graded “%(grade)s”") % {"grade": one}) for at, one in enumerate(labels) if one),
        ]  # fmt: skip
        default = _stated(self, "rounding", "down")
        self.fields["rounding"].choices = [  # type: ignore[attr-defined]
            (default if key == "down" else key, text) for key, text in QUOTA_ROUNDINGS.items()
        ]
        self.gates: RowList[GateForm] = RowList(
            GateForm,
            self.data if self.is_bound else None,
            prefix=f"{self.prefix}-gates",
            rows=self.initial.get("gates", ()),
            areas=areas,
        )
        self.words = ""

    @property
    def is_special(self) -> bool:
        """Whether something stands among the conditions: they are shown opened then."""
        if self.is_bound and any(self.errors.get(name) for name in ("pct", "of", "rounding")):
            return True
        return bool(self.gates.forms) or self["pct"].value() not in (None, "") or bool(self["of"].value())

    def is_valid(self) -> bool:
        gates = self.gates.is_valid()
        return super().is_valid() and gates

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        gates = any(gate.is_valid() and gate.gate for gate in self.gates)
        given = self.has_ends or gates or cleaned.get("pct") is not None
        if given and not (cleaned.get("label") or "").strip():
            self.add_error("label", _("Name the grade."))
        if cleaned.get("of") and cleaned.get("pct") is None and "pct" not in self.errors:
            self.add_error("pct", _("Give the share, in percent."))
        return cleaned

    def grade(self, labels: list[str]) -> dict[str, Any] | None:
        """The grade as settings hold it; None for an empty row. ``labels``: the names of all rows."""
        label = str(self.cleaned_data.get("label") or "").strip()
        if not label:
            return None
        grade: dict[str, Any] = {"label": label, **self.ends}
        if gates := [gate for form in self.gates if (gate := form.gate) is not None]:
            grade["gates"] = gates
        pct = self.cleaned_data.get("pct")
        if pct is not None:
            quota = {"pct": plain(pct)}
            if of := self.cleaned_data.get("of"):
                quota["of"] = labels[int(of)] if int(of) < len(labels) else ""
            if rounding := self.cleaned_data.get("rounding"):
                quota["rounding"] = rounding
            grade["quota"] = quota
        return grade


class TieForm(forms.Form):
    """What breaks a tie at this place of the chain; an empty row is none."""

    code = forms.ChoiceField(label=gettext_lazy("Compared"), required=False)

    def __init__(self, *args: Any, nodes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [  # type: ignore[attr-defined]
            ("", _("— choose —")),
            ("survey", _("The survey of citizens and officials")),
            ("bonus", _("Bonus points")),
            *nodes,
        ]


def grade_list(data: Any, *, prefix: str, grades: Any, areas: Choices) -> RowList[GradeForm]:
    """The grades of one table, with two empty rows where nothing was sent yet."""
    rows = grade_rows(grades)
    if data is None:
        labels = [str(row["label"]) for row in rows]
    else:
        labels = [data.get(f"{prefix}-{at}-label", "").strip() for at in range(20)]
    return RowList(
        GradeForm, data, prefix=prefix, rows=rows, extra=2, counted=True, areas=areas, labels=labels
    )


def grades_of(rows: RowList[GradeForm]) -> list[dict[str, Any]]:
    """The grades of valid rows, as settings hold them."""
    labels = [str(form.cleaned_data.get("label") or "").strip() for form in rows]
    return [grade for form in rows if (grade := form.grade(labels)) is not None]


def chain_of(rows: RowList[TieForm]) -> list[str]:
    """The codes of a chain, in turn, of valid rows."""
    return [code for form in rows if (code := form.cleaned_data.get("code"))]


def grade_rows(grades: Any) -> list[dict[str, Any]]:
    """What the rows of a table show for these grades (engine.GradeBand)."""
    at = {grade.label: str(number) for number, grade in enumerate(grades)}
    rows = []
    for grade in grades:
        row: dict[str, Any] = {"label": grade.label, **_ends_of(grade.data)}
        row["gates"] = [_gate_row(gate) for gate in grade.data.get("gates", ())]
        if quota := grade.data.get("quota"):
            row |= {
                "pct": Decimal(quota["pct"]),
                "of": at.get(quota.get("of", ""), ""),
                "rounding": quota.get("rounding", ""),
            }
        rows.append(row)
    return rows


def _gate_row(gate: Any) -> dict[str, Any]:
    if "fact" in gate:
        wanted = {True: "yes", False: "no"}[gate["is"]] if "is" in gate else ""
        return {"what": "fact", "name": gate["fact"], "wanted": wanted}
    if "count" in gate:
        return {"what": "count", "name": gate["count"], **_ends_of(gate)}
    return {"what": f"area:{gate['area']}", **_ends_of(gate)}


def _ends_of(data: Any) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for end, keys in (("low", ("ge", "gt")), ("high", ("lt", "le"))):
        for key in keys:
            if key in data:
                row |= {end: Decimal(str(data[key])), f"{end}_kind": key}
    return row


def _stated(form: forms.Form, name: str, usual: str) -> str:
    """The value of the usual option: empty where settings leave it out, its name where they state it.

    So what is stored comes back unchanged, and a run's fingerprint with it.
    """
    value = form.data.get(form.add_prefix(name)) if form.is_bound else form.initial.get(name)
    return usual if value == usual else ""
