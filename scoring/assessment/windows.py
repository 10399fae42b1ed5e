"""Windows of a block's year: half-open, decided by the database clock, with extensions by letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from parindex.errors import WindowClosed
from parindex.ui.formats import format_datetime
from scoring.assessment.models import CycleBlock, Extension, Stage, Window


@dataclass(frozen=True, slots=True)
class Span:
    """A stage's window for one agency: [opens, closes); ``extended`` when a letter moved its end."""

    stage: str
    opens: datetime
    closes: datetime
    regular_closes: datetime

    @property
    def extended(self) -> bool:
        return self.closes > self.regular_closes

    def is_open(self, now: datetime) -> bool:
        return self.opens <= now < self.closes

    def is_over(self, now: datetime) -> bool:
        return now >= self.closes

    def days_late(self, now: datetime) -> int:
        """Begun days after the regular end, 0 inside it (some sets deduct points for them); the end is outside."""
        late = now - self.regular_closes
        return late // timedelta(days=1) + 1 if late >= timedelta(0) else 0


def spans(cycle_block: CycleBlock, *, agency_id: int | None) -> dict[str, Span]:
    """All windows of the block for one agency (``None``: the block's own), by stage. Two queries."""
    ends: dict[str, datetime] = {}
    whose = Q(agency=None) if agency_id is None else Q(agency=None) | Q(agency=agency_id)
    for stage, closes in Extension.objects.filter(whose, cycle_block=cycle_block).values_list(
        "stage", "closes"
    ):
        ends[stage] = max(closes, ends.get(stage, closes))
    return {
        window.stage: Span(
            window.stage,
            window.opens,
            max(window.closes, ends.get(window.stage, window.closes)),
            window.closes,
        )
        for window in Window.objects.filter(cycle_block=cycle_block)
    }


def require_open(cycle_block: CycleBlock, stage: Stage, *, agency_id: int | None, now: datetime) -> Span:
    """The window of the stage, or WindowClosed with a message that gives its times.

    ``now`` is ``db_now()`` asked after the row lock. For appraisal and council, ``agency_id`` is the scored
    agency as well: a letter may give one sheet more time in every stage.
    """
    span = spans(cycle_block, agency_id=agency_id).get(stage)
    if span is None:
        raise WindowClosed(
            _("No time has been set for the stage “%(stage)s”. Ask Home Affairs.") % {"stage": stage.label}
        )
    if now < span.opens:
        raise WindowClosed(
            _("The stage “%(stage)s” opens at %(opens)s.")
            % {"stage": stage.label, "opens": format_datetime(span.opens)}
        )
    if span.is_over(now):
        raise WindowClosed(
            _(
                "The stage “%(stage)s” closed at %(closes)s. Nothing was saved; your text is still on this page. "
                "An extension is given by Home Affairs on a letter from the agency."
            )
            % {"stage": stage.label, "closes": format_datetime(span.closes)}
        )
    return span
