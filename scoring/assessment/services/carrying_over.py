"""The writing half of an amendment: new sheets from earlier ones, by chunks of agencies, every row copied.

Nothing is moved away from the earlier sheets. The number of queries is the same for every chunk, whatever it holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from agencies.models import User
from scoring.assessment.carrying import Carried, Ways, carry, state_after
from scoring.assessment.models import (
    Adjustment,
    Amendment,
    Answer,
    Citation,
    CycleBlock,
    DivisionAssignment,
    Explanation,
    ExplanationRequest,
    ImportedPoints,
    Mark,
    NotApplicableRequest,
    Scoresheet,
    SecondLook,
    SheetState,
    Transition,
)
from scoring.assessment.workflow import CARRIED_OVER

#: Agencies that stand in memory at once: some 3,000 answers with their traces.
CHUNK = 40
_BATCH = 1000
Row = TypeVar("Row", bound=Model)
BEFORE_SUBMISSION = (SheetState.DRAFTING, SheetState.AWAITING_APPROVAL)


@dataclass(slots=True)
class Tally:
    """What an amendment did: sheets, those whose agency has something to look at, supplements, second looks."""

    sheets: int = 0
    waiting: int = 0
    supplements: int = 0
    looks: Counter[str] = field(default_factory=Counter)


def carry_over(sheets: Sequence[Scoresheet], *, ways: Ways, amendment: Amendment, now: datetime) -> Tally:
    """Put a sheet of the new set beside each of these (locked, with participation). The caller replaces them."""
    tally = Tally()
    for start in range(0, len(sheets), CHUNK):
        _Chunk(sheets[start : start + CHUNK], ways, amendment, now).write(tally)
    return tally


def carry_assignments(block: CycleBlock, ways: Ways) -> None:
    """Those who appraise a criterion of the earlier set appraise what follows it. Two queries."""
    from scoring.assessment.models import Assignment

    there = block.assignments.filter(criterion_id__in=list(ways.nodes))
    Assignment.objects.bulk_create(
        [
            Assignment(cycle_block=block, criterion_id=node, assessor_id=assessor)
            for criterion, assessor in there.values_list("criterion_id", "assessor_id").order_by("pk")
            for node in ways.nodes[criterion]
        ],
        ignore_conflicts=True,
    )


class _Chunk:
    """Some sheets and everything on them."""

    def __init__(self, sheets: Sequence[Scoresheet], ways: Ways, amendment: Amendment, now: datetime) -> None:
        self.sheets, self.ways, self.amendment, self.now = sheets, ways, amendment, now
        self.by_id = {sheet.pk: sheet for sheet in sheets}
        self.new: dict[int, Scoresheet] = {}
        self.user: User = amendment.by
        #: earlier answer id → what on the new sheet takes over from it
        self.followers: dict[int, list[Carried]] = defaultdict(list)

    def write(self, tally: Tally) -> None:
        carried = self._answers(tally)
        self._citations()
        self._marks()
        self._requests()
        self._explanations()
        self._imported()
        self._on_sheets()
        self._log()
        self._looks(carried, tally)

    def _answers(self, tally: Tally) -> list[Carried]:
        earlier: dict[int, dict[int, Answer]] = defaultdict(dict)
        for answer in Answer.objects.filter(scoresheet__in=self.by_id).order_by("pk"):
            earlier[answer.scoresheet_id][answer.criterion_id] = answer
        everything: list[Carried] = []
        for sheet in self.sheets:
            profiles = sheet.participation.profiles
            own = [
                carry(way, earlier[sheet.pk], sheet=sheet, profiles=profiles) for way in self.ways.self_scored
            ]
            waits = any(one.agency for one in own)
            made = self._sheet(sheet, waits=waits)
            tally.sheets += 1
            tally.waiting += waits
            tally.supplements += made.supplementary and made.state == SheetState.DRAFTING
            for one in own:
                one.answer.scoresheet = made
                for source in one.sources:
                    self.followers[source.pk].append(one)
            everything += own
        Scoresheet.objects.bulk_create(list(self.new.values()), batch_size=_BATCH)
        for one in everything:
            one.answer.scoresheet_id = one.answer.scoresheet.pk
        Answer.objects.bulk_create([one.answer for one in everything], batch_size=_BATCH)
        return everything

    def _sheet(self, sheet: Scoresheet, *, waits: bool) -> Scoresheet:
        state, supplementary = state_after(sheet, waits=waits)
        made = Scoresheet(
            participation=sheet.participation,
            criteria_set_id=self.amendment.criteria_set_id,
            state=state,
            version=sheet.version + 1,
            submitted_at=None if state in BEFORE_SUBMISSION else sheet.submitted_at,
            days_late=sheet.days_late,
            created_at=self.now,
            carried_from=sheet,
            supplementary=supplementary,
        )
        self.new[sheet.pk] = made
        return made

    def _citations(self) -> None:
        made: dict[tuple[int, int, str, str], Citation] = {}
        for row in Citation.objects.filter(answer__scoresheet__in=self.by_id).order_by("added_at", "pk"):
            for one in self.followers[row.answer_id]:
                place = (one.answer.pk, row.document_version_id, row.page, row.clause)
                if (there := made.get(place)) is not None:
                    there.frozen = there.frozen or row.frozen
                    continue
                # a question about the earlier rule stays with it: its documents are evidence like any other
                own = row.for_explanation and one.verbatim
                made[place] = _copy(row, answer_id=one.answer.pk, for_explanation=own)
        Citation.objects.bulk_create(list(made.values()), batch_size=_BATCH)

    def _verbatim(self, rows: QuerySet[Any]) -> Iterator[tuple[Any, Carried]]:
        """Rows that hang on answers, each with the answer that takes it over as it is."""
        for row in rows.filter(answer__scoresheet__in=self.by_id).order_by("pk"):
            for one in self.followers[row.answer_id]:
                if one.verbatim:
                    yield row, one

    def _marks(self) -> None:
        rows = self._verbatim(Mark.objects.all())
        _insert(Mark, (_copy(row, answer_id=one.answer.pk) for row, one in rows))

    def _requests(self) -> None:
        """Requests "not applicable"; one that the new rule opens again waits for its decision anew."""
        made: dict[tuple[int, int], NotApplicableRequest] = {}
        again: dict[int, NotApplicableRequest] = {}
        State = NotApplicableRequest.State
        rows = NotApplicableRequest.objects.filter(answer__scoresheet__in=self.by_id)
        for row in rows.order_by("requested_at", "pk"):
            for one in self.followers[row.answer_id]:
                key = one.answer.pk
                if one.verbatim:
                    made[key, row.pk] = _copy(row, answer_id=key)
                elif one.asks and row.state != State.TAKEN_BACK:
                    again[key] = _copy(
                        row,
                        answer_id=key,
                        state=State.PENDING,
                        decided_by_id=None,
                        decided_at=None,
                        decision_reason="",
                    )
        _insert(NotApplicableRequest, [*made.values(), *again.values()])

    def _explanations(self) -> None:
        requests = {
            row.pk: _copy(row, answer_id=one.answer.pk)
            for row, one in self._verbatim(ExplanationRequest.objects.all())
        }
        _insert(ExplanationRequest, requests.values())
        rows = Explanation.objects.filter(request__answer__scoresheet__in=self.by_id).order_by("pk")
        _insert(
            Explanation,
            (
                _copy(row, request_id=requests[row.request_id].pk)
                for row in rows
                if row.request_id in requests
            ),
        )

    def _imported(self) -> None:
        """Points that came by a file, where the leaf stayed the same; others must be imported again."""
        to = {way.source.id: way.leaf.id for way in self.ways.others if way.is_kept and way.source}
        rows = ImportedPoints.objects.filter(scoresheet__in=self.by_id, current=True, criterion__in=to)
        _insert(
            ImportedPoints,
            (
                _copy(row, scoresheet_id=self.new[row.scoresheet_id].pk, criterion_id=to[row.criterion_id])
                for row in rows.order_by("pk")
            ),
        )

    def _on_sheets(self) -> None:
        """Bonus and penalty, and what the coordinator gave to divisions."""
        adjustments = Adjustment.objects.filter(scoresheet__in=self.by_id).order_by("at", "pk")
        _insert(Adjustment, (_copy(row, scoresheet_id=self.new[row.scoresheet_id].pk) for row in adjustments))
        given: dict[tuple[int, int], DivisionAssignment] = {}
        for row in DivisionAssignment.objects.filter(scoresheet__in=self.by_id).order_by("pk"):
            for node in self.ways.nodes.get(row.criterion_id, ()):
                sheet = self.new[row.scoresheet_id].pk
                given.setdefault((sheet, node), _copy(row, scoresheet_id=sheet, criterion_id=node))
        _insert(DivisionAssignment, given.values())

    def _log(self) -> None:
        """The new sheet's log: that of the earlier one where it goes on in its state, and how it came to be."""
        goes_on = [pk for pk, sheet in self.new.items() if sheet.state == self.by_id[pk].state]
        rows = Transition.objects.filter(scoresheet__in=goes_on).order_by("pk")
        made = [_copy(row, scoresheet_id=self.new[row.scoresheet_id].pk) for row in rows]
        made += [
            Transition(
                scoresheet=sheet,
                name=CARRIED_OVER,
                source=self.by_id[pk].state,
                target=sheet.state,
                by=self.user,
                at=self.now,
                reason=self.amendment.note,
            )
            for pk, sheet in self.new.items()
        ]
        _insert(Transition, made)

    def _looks(self, carried: Iterable[Carried], tally: Tally) -> None:
        """Who looks at what once more; looks of an earlier amendment that still wait go with their answers."""
        made: dict[tuple[int, str], SecondLook] = {}
        for one in carried:
            for who, wanted in (
                (SecondLook.Who.AGENCY, one.agency),
                (SecondLook.Who.APPRAISER, one.appraiser),
            ):
                if wanted:
                    made[one.answer.pk, who] = SecondLook(
                        answer=one.answer, amendment=self.amendment, who=who, change=one.way.change
                    )
        rows = SecondLook.objects.select_related("answer__scoresheet")
        for row, one in self._verbatim(rows):
            draft = self.by_id[row.answer.scoresheet_id].state in BEFORE_SUBMISSION
            if row.done_at is None or (draft and row.who == SecondLook.Who.AGENCY):
                made.setdefault(
                    (one.answer.pk, row.who),
                    _copy(row, answer_id=one.answer.pk, amendment_id=self.amendment.pk),
                )
        _insert(SecondLook, made.values())
        tally.looks.update(look.who for look in made.values() if look.done_at is None)


def _copy(row: Row, **changes: Any) -> Row:
    """A new row with the same values but for its key, its public id and ``changes``."""
    values = {
        one.attname: getattr(row, one.attname)
        for one in row._meta.concrete_fields
        if not one.primary_key and one.name != "public_id"
    }
    return type(row)(**(values | changes))


def _insert(model: type[Row], rows: Iterable[Row]) -> None:
    model._default_manager.bulk_create(list(rows), batch_size=_BATCH)
