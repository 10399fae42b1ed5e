"""Two people at once: on PostgreSQL, where locks are real."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from parindex.audit.models import AuditEntry
from parindex.errors import Refusal, StaleVersion, WrongState
from scoring.assessment.models import Citation, SheetState, Transition
from scoring.assessment.services import answers, citations, submission
from tests.assessment.sheet.conftest import Place, actor_of, make_place, make_version

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Carry out all acts at the same moment, each on a connection of its own; results or refusals."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(10)
        try:
            return act()
        except Refusal as refused:
            return refused
        finally:
            connections.close_all()

    connection.close()
    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def save(place: Place, user: Any, numerator: str) -> Callable[[], Any]:
    answer, actor = place.answer("2.1.1"), actor_of(user)
    return lambda: answers.save_answer(
        answer=answer,
        actor=actor,
        inputs_raw={"numerator": numerator, "denominator": "50"},
        note="",
        expected_version=0,
    )


def test_two_people_save_one_answer_and_neither_text_is_lost() -> None:
    place = make_place()
    results = at_once(save(place, place.editor, "40"), save(place, place.coordinator, "45"))
    stale = [one for one in results if isinstance(one, StaleVersion)]
    saved = [one for one in results if isinstance(one, answers.Saved)]
    assert len(stale) == len(saved) == 1
    kept = place.answer("2.1.1")
    assert kept.version == 1 and kept.inputs == saved[0].answer.inputs
    assert stale[0].current["inputs"] == kept.inputs
    assert {stale[0].offered["inputs"]["numerator"], kept.inputs["numerator"]} == {"40", "45"}  # type: ignore[index]
    assert AuditEntry.objects.filter(action="answer.save").count() == 1


def test_eight_clicks_save_once() -> None:
    place = make_place()
    results = at_once(*(save(place, place.editor, "40") for _ in range(8)))
    assert sum(one.changed for one in results) == 1
    assert place.answer("2.1.1").version == 1


def test_two_approvals_at_once_submit_once() -> None:
    place = make_place()
    place.fill()
    submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
    sheet, head = place.sheet, actor_of(place.head)
    results = at_once(*[lambda: submission.approve(sheet=sheet, actor=head)] * 2)
    assert [one.state for one in results] == [SheetState.SUBMITTED] * 2
    assert Transition.objects.filter(name="approve").count() == 1


def test_a_save_against_the_handing_over_is_in_or_refused() -> None:
    place = make_place()
    place.fill()
    answer, editor, coordinator = place.answer("1.1.1"), actor_of(place.editor), actor_of(place.coordinator)
    sheet = place.sheet
    saved, handed = at_once(
        lambda: answers.save_answer(
            answer=answer,
            actor=editor,
            inputs_raw={"value": "false"},
            note="Sửa",
            expected_version=answer.version,
        ),
        lambda: submission.submit_for_approval(sheet=sheet, actor=coordinator),
    )
    assert handed.state == SheetState.AWAITING_APPROVAL
    if isinstance(saved, WrongState):
        assert place.answer("1.1.1").note != "Sửa"
    else:
        assert place.answer("1.1.1").note == "Sửa"


def test_a_citation_against_the_approval_is_frozen_or_refused() -> None:
    place = make_place()
    place.fill()
    version = make_version(place.year.agencies[0], place.editor)
    submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
    answer, sheet, editor, head = (
        place.answer("1.1.1"),
        place.sheet,
        actor_of(place.editor),
        actor_of(place.head),
    )
    at_once(
        lambda: citations.cite(answer=answer, actor=editor, version=version),
        lambda: submission.approve(sheet=sheet, actor=head),
    )
    assert not Citation.objects.filter(frozen=False).exists()
