"""What of the appraisal the agency may see, and from when: nothing before the round has been closed.

Round 1 shows once it is closed for the sheet. Round 2 shows once it is closed; what is marked after a sheet
came back to round 2 waits for the next closing. The council's points show when the sheet is finalised, and
those of a reopened sheet when it is finalised again. Decisions on "not applicable" follow the same rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from scoring.assessment.models import (
    Answer,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SheetState,
    Transition,
)
from scoring.assessment.workflow import CARRIED_OVER, REPLACING

ZERO = Decimal(0)
Pair = tuple[Decimal, Decimal]

AFTER_ROUND_1 = frozenset(
    {SheetState.EXPLAINING, SheetState.REAPPRAISING, SheetState.REVIEWING, SheetState.FINALISED}
)
AFTER_ROUND_2 = frozenset({SheetState.REVIEWING, SheetState.FINALISED})


@dataclass(frozen=True, slots=True)
class Curtain:
    """Up to when the marks of each round are shown: a moment, or all of them, or none."""

    state: str
    round_2_closed: datetime | None
    finalised: datetime | None
    last_step: datetime | None

    @classmethod
    def of(cls, sheet: Scoresheet, transitions: Iterable[Transition]) -> Curtain:
        """From the log of a sheet's states: one that an amended set replaced shows what it showed before. Pure."""
        log = list(transitions)
        steps = [step for step in log if step.name != CARRIED_OVER and step.name not in REPLACING]
        before = next((step.source for step in reversed(log) if step.name in REPLACING), sheet.state)
        return cls(
            before if sheet.state == SheetState.REPLACED else sheet.state,
            max((step.at for step in steps if step.name == "close_round_2"), default=None),
            max((step.at for step in steps if step.name == "finalise"), default=None),
            max((step.at for step in steps), default=None),
        )

    def shows(self, mark: Mark) -> bool:
        """Whether the agency sees this mark now."""
        if self.state not in AFTER_ROUND_1:
            return False
        if self.state == SheetState.FINALISED or mark.round == Mark.Round.ROUND_1:
            return True
        if mark.round == Mark.Round.ROUND_2:
            if self.state in AFTER_ROUND_2:
                return True
            return self.round_2_closed is not None and mark.at <= self.round_2_closed
        return self.finalised is not None and mark.at <= self.finalised

    def shows_decision(self, request: NotApplicableRequest) -> bool:
        """Whether the agency sees how this request was decided."""
        if request.state in (NotApplicableRequest.State.PENDING, NotApplicableRequest.State.TAKEN_BACK):
            return True
        if self.state not in AFTER_ROUND_1:
            return False
        if self.state != SheetState.REAPPRAISING:
            return True
        return self.last_step is not None and (request.decided_at or request.requested_at) <= self.last_step

    @property
    def shows_final(self) -> bool:
        """Whether the points are settled and shown as such."""
        return self.state == SheetState.FINALISED


def transitions_of(sheet: Scoresheet) -> list[Transition]:
    """The log of a sheet's states, oldest first, with the people. One query."""
    return list(sheet.transitions.select_related("by").order_by("at", "pk"))


def marks_shown(sheet: Scoresheet, curtain: Curtain, *, answer: Answer | None = None) -> list[Mark]:
    """The marks that the agency may see, oldest first. One query at most."""
    if curtain.state not in AFTER_ROUND_1:
        return []
    marks = Mark.objects.filter(answer__scoresheet=sheet).select_related("by").order_by("pk")
    if answer is not None:
        marks = marks.filter(answer=answer)
    return [mark for mark in marks if curtain.shows(mark)]


def last_by_round(marks: Sequence[Mark]) -> dict[int, dict[int, Mark]]:
    """Answer id → round → the mark that counts of that round. Pure; marks oldest first."""
    found: dict[int, dict[int, Mark]] = {}
    for mark in marks:
        found.setdefault(mark.answer_id, {})[mark.round] = mark
    return found


def current(rounds: dict[int, Mark] | None) -> Mark | None:
    """The mark that counts: the last of the highest round."""
    return rounds[max(rounds)] if rounds else None


def hide_decisions(
    answers: Iterable[Answer], requests: Mapping[int, NotApplicableRequest], curtain: Curtain
) -> None:
    """Let decisions on "not applicable" that the agency may not know yet read as asked, in memory alone.

    ``requests`` by answer id. Before anything is counted: a decision must not show in sums, progress or gaps.
    """
    for answer in answers:
        request = requests.get(answer.pk)
        decided = answer.applicability in (Answer.Applicability.GRANTED, Answer.Applicability.REFUSED)
        if decided and request is not None and not curtain.shows_decision(request):
            answer.applicability = Answer.Applicability.REQUESTED


def is_outside(answer: Answer | None, not_applicable_for: Iterable[str], profiles: Iterable[str]) -> bool:
    """Whether a leaf does not count for an agency by its profile; leaves scored by others have no answer."""
    if answer is not None:
        return answer.applicability == Answer.Applicability.PROFILE
    return not set(not_applicable_for).isdisjoint(profiles)


def final_result(
    answer: Answer | None, mark: Mark | None, imported: ImportedPoints | None, *, outside: bool
) -> Pair | None:
    """(points, applicable maximum) of a leaf of a finalised sheet; None where nothing was settled.

    ``outside``: what ``is_outside`` says. The same as rankings count (queries/points.py).
    """
    if outside:
        return ZERO, ZERO
    if mark is not None:
        return mark.points, mark.applicable_max
    if imported is not None:
        return imported.points, imported.applicable_max
    return None
