"""The settings of a cycle as fields: grades are rows, substitutes are lists, nobody types JSON."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Agency, Block
from parindex.ui.formats import format_decimal
from parindex.ui.forms import DecimalField, PortalForm
from scoring.assessment.cycle_settings import DEPTHS, RANK_ON, ROUNDINGS, TIES, CycleSettings
from scoring.assessment.models import Cycle
from scoring.engine import Problem, plain

LOW = (("ge", gettext_lazy("from (≥)")), ("gt", gettext_lazy("above (>)")))
HIGH = (("lt", gettext_lazy("below (<)")), ("le", gettext_lazy("up to (≤)")))
_GRADE = re.compile(r"grades(?:_by_block\.(?P<slug>[^.\[]+))?(?:\[(?P<row>\d+)\](?:\.(?P<key>\w+))?)?")


class GradeForm(forms.Form):
    """One grade: its name and the values of the index that earn it. A row without a name is no grade."""

    label = forms.CharField(label=gettext_lazy("Grade"), max_length=100, required=False)
    low_kind = forms.ChoiceField(label=gettext_lazy("Lower end"), choices=LOW, required=False)
    low = DecimalField(label=gettext_lazy("Value of the lower end"), required=False, decimal_places=6)
    high_kind = forms.ChoiceField(label=gettext_lazy("Upper end"), choices=HIGH, required=False)
    high = DecimalField(label=gettext_lazy("Value of the upper end"), required=False, decimal_places=6)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        ends = cleaned.get("low") is not None or cleaned.get("high") is not None
        if ends and not (cleaned.get("label") or "").strip():
            self.add_error("label", _("Name the grade."))
        return cleaned

    @property
    def grade(self) -> dict[str, str] | None:
        """The grade as settings hold it; None for an empty row."""
        label = str(self.cleaned_data.get("label") or "").strip()
        if not label:
            return None
        grade = {"label": label}
        for end in ("low", "high"):
            value: Decimal | None = self.cleaned_data.get(end)
            if value is not None:
                grade[self.cleaned_data.get(f"{end}_kind") or ("ge" if end == "low" else "lt")] = plain(value)
        return grade


GradeRows = forms.formset_factory(GradeForm, extra=2, max_num=12, absolute_max=20)


class GeneralForm(PortalForm):
    """Everything but the grades."""

    digits = forms.TypedChoiceField(
        label=gettext_lazy("Digits of the printed index"), coerce=int, choices=[(n, n) for n in range(7)]
    )
    rounding = forms.ChoiceField(label=gettext_lazy("Rounding"), choices=list(ROUNDINGS.items()))
    rank_on = forms.ChoiceField(label=gettext_lazy("Rank and grade by"), choices=list(RANK_ON.items()))
    ties = forms.ChoiceField(label=gettext_lazy("Equal places are counted"), choices=list(TIES.items()))
    clamp = forms.BooleanField(
        label=gettext_lazy("Keep the index within 0 and 100 (a bonus cannot lift it above 100)"),
        required=False,
    )
    depth = forms.ChoiceField(label=gettext_lazy("What the public sees"), choices=list(DEPTHS.items()))
    default_substitute = forms.ChoiceField(
        label=gettext_lazy("Substitute for every other appraiser"), required=False
    )


class SettingsForms:
    """The whole page: one general form, grades for the cycle and for each block, a substitute a row."""

    def __init__(
        self,
        cycle: Cycle,
        *,
        settings: CycleSettings,
        blocks: list[Block],
        appraisers: list[Agency],
        candidates: list[Agency],
        data: Any = None,
    ) -> None:
        self.cycle = cycle
        self.blocks = blocks
        self.kept = settings
        ranking = settings.ranking
        self.general = GeneralForm(
            data,
            initial={
                "digits": ranking.digits,
                "rounding": ranking.rounding,
                "rank_on": ranking.rank_on,
                "ties": ranking.ties,
                "clamp": settings.clamp,
                "depth": settings.depth,
                "default_substitute": settings.default_substitute,
            },
        )
        people = [("", "—"), *((one.slug, one.name) for one in candidates)]
        self.general.fields["default_substitute"].choices = people  # type: ignore[attr-defined]
        self.substitutes = _substitutes(appraisers, people, settings, data)
        self.own = forms.Form(data)
        for block in blocks:
            self.own.fields[f"own_{block.pk}"] = forms.BooleanField(
                label=_("This block has grades of its own"),
                required=False,
                initial=block.slug in settings.grades_by_block,
            )
        self.grades = GradeRows(data, prefix="grades", initial=_rows(ranking.grades))
        self.block_grades = {
            block.slug: GradeRows(
                data, prefix=f"grades_{block.pk}", initial=_rows(settings.grades_by_block.get(block.slug, ()))
            )
            for block in blocks
        }

    @property
    def parts(self) -> list[Any]:
        return [self.general, self.substitutes, self.own, self.grades, *self.block_grades.values()]

    @property
    def grade_tables(self) -> list[dict[str, Any]]:
        """For the page: the cycle's grades first, then each block's with its tick."""
        return [
            {"block": block, "rows": self.block_grades[block.slug], "own": self.own[f"own_{block.pk}"]}
            for block in self.blocks
        ]

    def is_valid(self) -> bool:
        return not sum(not part.is_valid() for part in self.parts)  # every part is asked

    @property
    def errors(self) -> list[str]:
        """Every fault as a sentence, for the summary on top."""
        found: list[str] = []
        for form in (self.general, self.substitutes):
            for name, texts in form.errors.items():
                label = form.fields[name].label if name in form.fields else ""
                found += [f"{label}: {text}" if label else str(text) for text in texts]
        for title, rows in self._titled_rows():
            for number, form in enumerate(rows.forms, start=1):
                for texts in form.errors.values():
                    found += [
                        _("%(table)s, row %(row)s: %(text)s") % {"table": title, "row": number, "text": text}
                        for text in texts
                    ]
            found += [f"{title}: {text}" for text in rows.non_form_errors()]
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as plain JSON, of valid forms. What the page does not ask for is kept as it was."""
        substitutes = {
            slug: by for slug, by in self.kept.substitutes.items() if slug not in self.substitutes.fields
        } | {slug: by for slug, by in self.substitutes.cleaned_data.items() if by}
        asked = {block.slug for block in self.blocks}
        own: dict[str, Any] = {
            slug: [dict(grade.data) for grade in grades]
            for slug, grades in self.kept.grades_by_block.items()
            if slug not in asked
        }
        for block in self.blocks:
            if self.own.cleaned_data[f"own_{block.pk}"]:
                own[block.slug] = _grades(self.block_grades[block.slug])
        return self.general.cleaned_data | {
            "grades": _grades(self.grades),
            "grades_by_block": own,
            "ranking_by_block": {slug: own.as_dict() for slug, own in self.kept.ranking_by_block.items()},
            "substitutes": substitutes,
        }

    @property
    def warnings(self) -> list[str]:
        """Gaps between the grades that are stored: allowed, to be looked at."""
        return [problem.text(translate=_, number=format_decimal) for problem in self.kept.warnings]

    def add_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show each fault of the settings beside its field."""
        for problem in problems:
            text = problem.text(translate=_, number=format_decimal)
            place = _GRADE.fullmatch(problem.path)
            if place is not None:
                self._add_to_grades(place, text)
            elif problem.path.startswith("substitutes."):
                name = problem.path.removeprefix("substitutes.")
                self.substitutes.add_error(name if name in self.substitutes.fields else None, text)
            else:
                self.general.add_error(problem.path if problem.path in self.general.fields else None, text)

    def _add_to_grades(self, place: re.Match[str], text: str) -> None:
        slug = place["slug"]
        rows = self.grades if slug is None else self.block_grades.get(slug)
        if rows is None or place["row"] is None:
            self.general.add_error(None, text)
            return
        filled = [form for form in rows.forms if form.grade is not None]
        field = {"ge": "low", "gt": "low", "lt": "high", "le": "high", "label": "label"}.get(
            place["key"] or ""
        )
        filled[int(place["row"])].add_error(field or "label", text)

    def _titled_rows(self) -> list[tuple[str, Any]]:
        return [(_("Grades"), self.grades)] + [
            (block.name, self.block_grades[block.slug]) for block in self.blocks
        ]


def _substitutes(
    appraisers: list[Agency], people: list[tuple[str, str]], settings: CycleSettings, data: Any
) -> forms.Form:
    """One list a row: who appraises the sheet of this appraiser in its place."""
    form = forms.Form(data, prefix="substitute")
    for agency in appraisers:
        form.fields[agency.slug] = forms.ChoiceField(
            label=agency.name,
            required=False,
            choices=[pair for pair in people if pair[0] != agency.slug],
            initial=settings.substitutes.get(agency.slug, ""),
        )
    return form


def _rows(grades: Any) -> list[dict[str, Any]]:
    rows = []
    for grade in grades:
        row: dict[str, Any] = {"label": grade.label}
        for end, keys in (("low", ("ge", "gt")), ("high", ("lt", "le"))):
            for key in keys:
                if key in grade.data:
                    row |= {end: Decimal(str(grade.data[key])), f"{end}_kind": key}
        rows.append(row)
    return rows


def _grades(rows: Any) -> list[dict[str, str]]:
    return [form.grade for form in rows.forms if form.grade is not None]
