"""Which agency of last year an agency is compared with: itself or the one it was renamed from, never a merged one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from agencies.models import Succession

__all__ = ["Lineage", "Match"]

KIND = Succession.Kind


@dataclass(frozen=True, slots=True)
class Event:
    """A merger, split or renaming: from one agency to another in a month of a year."""

    predecessor: int
    predecessor_name: str
    successor: int
    kind: str
    year: int
    month: int

    def __str__(self) -> str:
        when = f"{self.month}/{self.year}"
        if self.kind == KIND.MERGED:
            return _("merged in %(month)s") % {"month": when}
        if self.kind == KIND.SPLIT:
            return _("split in %(month)s") % {"month": when}
        return _("renamed in %(month)s from %(name)s") % {"month": when, "name": self.predecessor_name}


@dataclass(frozen=True, slots=True)
class Match:
    """What an agency is compared with in an earlier year.

    ``agency`` is the id there, None when it cannot be compared; ``note`` says why, or that it had another name.
    """

    agency: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """All successions, read once."""

    into: dict[int, list[Event]] = field(default_factory=dict)
    out_of: dict[int, list[Event]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Lineage:
        """One query."""
        into: dict[int, list[Event]] = {}
        out_of: dict[int, list[Event]] = {}
        for before, name, after, kind, on in Succession.objects.order_by("on", "pk").values_list(
            "predecessor_id", "predecessor__name", "successor_id", "kind", "on"
        ):
            event = Event(before, name, after, kind, on.year, on.month)
            into.setdefault(after, []).append(event)
            out_of.setdefault(before, []).append(event)
        return cls(into, out_of)

    def earlier(self, agency: int, *, there: Collection[int], since: int, until: int) -> Match:
        """Find an agency of the year ``until`` among those that were scored in the earlier year ``since``.

        The same agency or one renamed since is compared; one that took in another, was made from others or gave
        a part away is not (rules.md 6.5). ``there`` holds the ids of the earlier year.
        """
        note = ""
        for _step in range(len(self.into) + 1):
            broken = [event for event in self._changes(agency) if self._counts(event, there, since, until)]
            if broken:
                return Match(None, str(broken[-1]))
            if agency in there:
                return Match(agency, note)
            renamed = [e for e in self.into.get(agency, ()) if e.kind == KIND.RENAMED and e.year <= until]
            if len(renamed) != 1:
                break
            note = note or str(renamed[0])
            agency = renamed[0].predecessor
        return Match(None, _("not ranked in %(year)s") % {"year": since})

    def names_before(self, agency: int) -> list[int]:
        """The ids an agency had before its renamings, latest first; a merger or a split ends the line."""
        found: list[int] = []
        while True:
            events = self.into.get(agency, [])
            renamed = [event for event in events if event.kind == KIND.RENAMED]
            if len(events) != 1 or len(renamed) != 1 or renamed[0].predecessor in found:
                return found
            agency = renamed[0].predecessor
            found.append(agency)

    def names_after(self, agency: int) -> list[int]:
        """The ids an agency got by later renamings, earliest first; a merger or a split ends the line."""
        found: list[int] = []
        while True:
            events = self.out_of.get(agency, [])
            if len(events) != 1 or events[0].kind != KIND.RENAMED or events[0].successor in found:
                return found
            agency = events[0].successor
            if len(self.into[agency]) != 1:
                return found
            found.append(agency)

    def _changes(self, agency: int) -> list[Event]:
        inward = [event for event in self.into.get(agency, ()) if event.kind != KIND.RENAMED]
        outward = [event for event in self.out_of.get(agency, ()) if event.kind == KIND.SPLIT]
        return inward + outward

    @staticmethod
    def _counts(event: Event, there: Collection[int], since: int, until: int) -> bool:
        """Whether a change lies between what the two years scored.

        A change within the earlier year counts when that year still scored the agencies as they were before it.
        """
        if event.year != since:
            return since < event.year <= until
        if event.kind == KIND.MERGED:
            return event.predecessor in there
        return event.successor not in there
