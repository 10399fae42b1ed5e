"""What the set-up of a year asks for. Dates and times are the province's; an end is typed as its last day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Agency
from parindex.ui.forms import DateInput, PortalForm
from scoring.assessment.models import Cycle, CycleBlock, Participation, Stage
from scoring.assessment.queries.cycles import (
    agencies_to_add,
    blocks_to_add,
    sets_to_choose,
    suggested_windows,
)
from scoring.assessment.windows import Span

MIDNIGHT = time(0, 0)


class TimeInput(forms.TimeInput):
    """The browser's picker of a time of day."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def begins(day: date, at: time | None) -> datetime:
    """The beginning of a window: the given time, else the first moment of the day."""
    return timezone.make_aware(datetime.combine(day, at or MIDNIGHT))


def ends(day: date, at: time | None) -> datetime:
    """The end of a half-open window: the given time, else "hết ngày": 00:00 of the day after."""
    if at is not None:
        return timezone.make_aware(datetime.combine(day, at))
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), MIDNIGHT))


def as_begin(moment: datetime) -> tuple[date, time | None]:
    """How a beginning is shown for typing: midnight is no time at all."""
    local = timezone.localtime(moment)
    return local.date(), None if local.time() == MIDNIGHT else local.time()


def as_end(moment: datetime) -> tuple[date, time | None]:
    """How an end is shown for typing: 00:00 on 1/12 is the whole of 30/11."""
    local = timezone.localtime(moment)
    if local.time() == MIDNIGHT:
        return local.date() - timedelta(days=1), None
    return local.date(), local.time()


class NewCycleForm(PortalForm):
    """A year's cycle, from nothing or after an earlier one."""

    year = forms.IntegerField(
        label=gettext_lazy("Year"),
        min_value=1990,
        max_value=2200,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    title = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Empty: “Assessment of” and the year."),
    )
    copy_from = forms.ModelChoiceField(
        label=gettext_lazy("Take over from"),
        queryset=Cycle.objects.filter(imported=False).order_by("-year"),
        required=False,
        empty_label=gettext_lazy("nothing: an empty cycle"),
        help_text=gettext_lazy(
            "Settings, blocks, agencies with their profiles, and the windows moved to the new year."
        ),
    )
    rehearsal = forms.BooleanField(
        label=gettext_lazy("Rehearsal (every page is watermarked)"), required=False
    )


class CycleForm(PortalForm):
    """The name of a cycle, and whether it is a rehearsal."""

    title = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    rehearsal = forms.BooleanField(
        label=gettext_lazy("Rehearsal (every page is watermarked)"), required=False
    )


class AddBlockForm(PortalForm):
    """A block for a cycle. Its newest criteria set is taken; another one can be chosen until it opens."""

    block = forms.TypedChoiceField(label=gettext_lazy("Block"), coerce=int)

    def __init__(self, cycle: Cycle, data: Any = None) -> None:
        super().__init__(data)
        self.cycle = cycle
        self.blocks = {block.pk: block for block in blocks_to_add(cycle)}
        choices = [("", "—"), *((key, block.name) for key, block in self.blocks.items())]
        self.fields["block"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        block = self.blocks.get(cleaned.get("block", 0))
        if block is not None:
            sets = sets_to_choose(year=self.cycle.year, block_id=block.pk)
            if not sets:
                self.add_error("block", _("There is no criteria set for this block yet. Import one first."))
            else:
                cleaned |= {"block": block, "criteria_set": sets[0]}
        return cleaned


class SetForm(PortalForm):
    """Which criteria set a block uses."""

    criteria_set = forms.TypedChoiceField(label=gettext_lazy("Criteria set"), coerce=int)

    def __init__(self, cycle_block: CycleBlock, data: Any = None) -> None:
        super().__init__(data, initial={"criteria_set": cycle_block.criteria_set_id})
        self.sets = {
            one.pk: one for one in sets_to_choose(year=cycle_block.cycle.year, block_id=cycle_block.block_id)
        }
        self.sets.setdefault(cycle_block.criteria_set_id, cycle_block.criteria_set)
        self.fields["criteria_set"].choices = [  # type: ignore[attr-defined]
            (key, f"{one.year} · {one} · {_('locked') if one.locked_at else _('draft')}")
            for key, one in self.sets.items()
        ]


class WindowsForm(PortalForm):
    """The windows of all stages. A stage left empty has no window."""

    def __init__(
        self, *, windows: dict[str, Span], year: int, suggest: bool = False, data: Any = None
    ) -> None:
        initial: dict[str, Any] = {}
        suggested = suggested_windows(year) if suggest else {}
        for stage in Stage:
            span = windows.get(stage)
            moments = (span.opens, span.regular_closes) if span else suggested.get(stage)
            if moments is not None:
                opens, closes = as_begin(moments[0]), as_end(moments[1])
                initial |= {f"{stage}_opens": opens[0], f"{stage}_opens_at": opens[1]}
                initial |= {f"{stage}_closes": closes[0], f"{stage}_closes_at": closes[1]}
        super().__init__(data, initial=initial)
        for stage in Stage:
            self.fields[f"{stage}_opens"] = _day(_("Opens on"))
            self.fields[f"{stage}_opens_at"] = _at(_("at (empty: 00:00)"))
            self.fields[f"{stage}_closes"] = _day(_("Last day"))
            self.fields[f"{stage}_closes_at"] = _at(_("until (empty: the whole day)"))

    @property
    def rows(self) -> list[tuple[Stage, list[forms.BoundField]]]:
        """The stages with their four fields."""
        parts = ("opens", "opens_at", "closes", "closes_at")
        return [(stage, [self[f"{stage}_{part}"] for part in parts]) for stage in Stage]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for stage in Stage:
            opens, closes = cleaned.get(f"{stage}_opens"), cleaned.get(f"{stage}_closes")
            if opens and not closes and f"{stage}_closes" not in self.errors:
                self.add_error(f"{stage}_closes", _("Give the last day too."))
            if closes and not opens and f"{stage}_opens" not in self.errors:
                self.add_error(f"{stage}_opens", _("Give the first day too."))
        return cleaned

    @property
    def windows(self) -> dict[str, tuple[datetime, datetime] | None]:
        """Moments by stage, half-open, of a valid form."""
        found: dict[str, tuple[datetime, datetime] | None] = {}
        for stage in Stage:
            opens, closes = self.cleaned_data[f"{stage}_opens"], self.cleaned_data[f"{stage}_closes"]
            found[stage] = (
                (
                    begins(opens, self.cleaned_data[f"{stage}_opens_at"]),
                    ends(closes, self.cleaned_data[f"{stage}_closes_at"]),
                )
                if opens and closes
                else None
            )
        return found


class AddAgenciesForm(PortalForm):
    """Agencies of the block that do not take part yet: all of them, or those ticked."""

    agencies = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Agencies of the block that do not take part"),
        queryset=Agency.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, cycle_block: CycleBlock, data: Any = None) -> None:
        super().__init__(data)
        self.candidates = list(agencies_to_add(cycle_block))
        self.fields["agencies"].queryset = agencies_to_add(cycle_block)  # type: ignore[attr-defined]

    @property
    def chosen(self) -> list[Agency]:
        if "all" in self.data:
            return self.candidates
        return list(self.cleaned_data["agencies"])


class ParticipationForm(PortalForm):
    """The applicability profiles of an agency, and whether it is ranked."""

    profiles = forms.MultipleChoiceField(
        label=gettext_lazy("Applicability profiles"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Criteria that do not apply to a ticked profile lower the agency's maximum."),
    )
    ranked = forms.BooleanField(
        label=gettext_lazy("Ranked"),
        required=False,
        help_text=gettext_lazy("Unticked: the agency is scored, and stands outside the ranking."),
    )
    document = forms.CharField(
        label=gettext_lazy("By document number"),
        max_length=120,
        required=False,
        help_text=gettext_lazy(
            "The decision or letter behind the change, such as 1234/QĐ-UBND. It is kept in the record."
        ),
    )

    def __init__(self, participation: Participation, data: Any = None) -> None:
        super().__init__(data, initial={"profiles": participation.profiles, "ranked": participation.ranked})
        known = participation.cycle_block.criteria_set.profiles
        self.fields["profiles"].choices = list(known.items())  # type: ignore[attr-defined]
        if not known:
            del self.fields["profiles"]

    @property
    def ticked(self) -> list[str]:
        """The profiles as they stand in the form, sent or not; those that the set lacks are left out."""
        if "profiles" not in self.fields:
            return []
        known = {str(key) for key, _label in self.fields["profiles"].choices}  # type: ignore[attr-defined]
        return [key for key in self["profiles"].value() or [] if key in known]


class ExtensionForm(PortalForm):
    """A later end for one agency or the whole block, on a letter."""

    agency = forms.ModelChoiceField(
        label=gettext_lazy("Agency"),
        queryset=Agency.objects.none(),
        required=False,
        empty_label=gettext_lazy("the whole block"),
    )
    stage = forms.ChoiceField(label=gettext_lazy("Stage"), choices=Stage.choices)
    closes = forms.DateField(label=gettext_lazy("New last day"), widget=DateInput())
    closes_at = forms.TimeField(
        label=gettext_lazy("until (empty: the whole day)"), required=False, widget=TimeInput()
    )
    letter_number = forms.CharField(label=gettext_lazy("Number of the letter"), max_length=80)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, required=False)

    def __init__(self, cycle_block: CycleBlock, data: Any = None) -> None:
        super().__init__(data)
        self.fields["agency"].queryset = Agency.objects.filter(  # type: ignore[attr-defined]
            pk__in=cycle_block.participations.values("agency")
        ).order_by("sort_key")

    @property
    def moment(self) -> datetime:
        return ends(self.cleaned_data["closes"], self.cleaned_data["closes_at"])


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=DateInput())


def _at(label: str) -> forms.TimeField:
    return forms.TimeField(label=label, required=False, widget=TimeInput())
