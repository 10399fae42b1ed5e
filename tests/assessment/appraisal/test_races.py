"""Two at once, on PostgreSQL: assessors on one answer, a mark and a withdrawal, a mark and a closing, two closings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from agencies.actors import actor_for
from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.clock import db_now
from parindex.errors import Refusal, StaleVersion, WrongState
from scoring.assessment.models import Mark, RoundClosing, SheetState, Stage, Transition
from scoring.assessment.queries.rounds import plan_closing
from scoring.assessment.services.bulk_marks import mark_in_bulk
from scoring.assessment.services.council import finalise
from scoring.assessment.services.imports import import_points
from scoring.assessment.services.marks import record_mark
from scoring.assessment.services.rounds import LacksMarks, close_round
from scoring.assessment.services.submission import withdraw
from tests.assessment.appraisal.ground import Province, make_province
from tests.factories import UserFactory, person

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def province(transactional_db: None) -> Province:
    province = make_province()
    province.move_all(SheetState.SUBMITTED)
    return province


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in threads of their own, started together; results or refusals, in order."""
    results: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results[place] = act()
        except Refusal as refused:
            results[place] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return results


def give(province: Province, actor, reason: str, code: str = "1.1"):
    answer = province.answer(province.health, code)
    return lambda: record_mark(
        answer=answer,
        actor=actor,
        round=1,
        reason=reason,
        expected_version=answer.version,
        inputs_raw={"value": "true"},
    )


def mark_all(province: Province, *, but: str = "") -> None:
    for answer in province.answers(province.health):
        if answer.criterion.code != but:
            Mark.objects.create(
                answer=answer, round=1, by=UserFactory(), points=0, applicable_max=1, trace={}, at=db_now()
            )


@pytest.mark.parametrize("turn", range(4))
def test_two_assessors_on_one_answer_one_mark_and_one_who_is_told(province, turn):
    one, two = province.assessor(province.home), province.assessor(province.home)
    results = at_once(give(province, one, "Một"), give(province, two, "Hai"))
    assert sum(isinstance(result, StaleVersion) for result in results) == 1
    assert Mark.objects.count() == 1
    assert Transition.objects.filter(name="begin_appraisal").count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_two_first_marks_on_one_sheet_begin_the_appraisal_once(province, turn):
    one, two = province.assessor(province.home), province.assessor(province.home)
    share = province.answer(province.health, "1.2")
    other = lambda: record_mark(  # noqa: E731
        answer=share, actor=two, round=1, reason="Hai", expected_version=0, points_raw="1"
    )
    results = at_once(give(province, one, "Một"), other)
    assert not any(isinstance(result, Refusal) for result in results)
    assert Mark.objects.count() == 2
    assert Transition.objects.filter(name="begin_appraisal").count() == 1
    assert AuditEntry.objects.count() == 3


@pytest.mark.parametrize("turn", range(6))
def test_a_mark_or_a_withdrawal_never_both(province, turn):
    sheet = province.sheet(province.health)
    head = actor_for(person(Role.HEAD, province.health))
    results = at_once(
        give(province, province.assessor(province.home), "Một"), lambda: withdraw(sheet=sheet, actor=head)
    )
    refused = [isinstance(result, Refusal) for result in results]
    assert sum(refused) == 1
    state = province.sheet(province.health).state
    assert (state, Mark.objects.count()) in ((SheetState.APPRAISING, 1), (SheetState.DRAFTING, 0))


def closing(province: Province, key: str):
    secretary = province.secretary()
    return lambda: close_round(
        cycle_block=province.year.cycle_block, stage=Stage.ROUND_1, actor=secretary, expected_key=key
    )


def plan_key(province: Province) -> str:
    return plan_closing(province.year.cycle_block, Stage.ROUND_1, now=db_now()).key


@pytest.mark.parametrize("turn", range(4))
def test_the_last_mark_and_the_closing_agree(province, turn):
    for agency in (province.home, province.justice):
        province.move(agency, SheetState.FINALISED)
    province.move(province.health, SheetState.APPRAISING)
    mark_all(province, but="1.1")
    marked, closed = at_once(
        give(province, province.assessor(province.home), "Một"), closing(province, plan_key(province))
    )
    state = province.sheet(province.health).state
    assert Mark.objects.filter(answer__criterion__code="1.1").count() == 1
    if isinstance(closed, Refusal):
        assert isinstance(closed, LacksMarks) and state == SheetState.APPRAISING
    else:
        assert state == SheetState.REVIEWING


@pytest.mark.parametrize("turn", range(4))
def test_a_second_mark_while_the_round_closes_counts_or_is_refused(province, turn):
    for agency in (province.home, province.justice):
        province.move(agency, SheetState.FINALISED)
    province.move(province.health, SheetState.APPRAISING)
    mark_all(province)
    marked, closed = at_once(
        give(province, province.assessor(province.home), "Một"), closing(province, plan_key(province))
    )
    assert not isinstance(closed, Refusal)
    assert province.sheet(province.health).state == SheetState.REVIEWING
    late = isinstance(marked, WrongState)
    assert Mark.objects.filter(answer__criterion__code="1.1").count() == (1 if late else 2)


def test_two_closings_are_one(province):
    for agency in (province.home, province.justice):
        province.move(agency, SheetState.FINALISED)
    province.move(province.health, SheetState.APPRAISING)
    mark_all(province)
    key = plan_key(province)
    results = at_once(closing(province, key), closing(province, key), closing(province, key))
    assert not any(isinstance(result, Refusal) for result in results)
    assert RoundClosing.objects.count() == 1
    assert Transition.objects.filter(name="close_round_1").count() == 1


def test_two_bulk_acts_on_the_same_rows_mark_once(province):
    shown = {answer.pk: answer.version for answer in province.answers(province.health)}
    secretary = province.secretary()
    act = lambda: mark_in_bulk(answers=shown, actor=secretary, round=1)  # noqa: E731
    results = at_once(act, act)
    assert sum(isinstance(result, WrongState) for result in results) == 1
    assert Mark.objects.count() == len(shown)


def test_two_imports_of_one_figure_leave_one_current(province):
    from scoring.assessment.models import ImportedPoints

    secretary = province.secretary()

    def bring(pct: int):
        data = f"agency,criterion,pct\nSở Y tế,3.1,{pct}\n".encode()
        return lambda: import_points(
            cycle_block=province.year.cycle_block, actor=secretary, data=data, file_name="a.csv"
        )

    results = at_once(bring(50), bring(60), bring(70))
    assert not any(isinstance(result, Refusal) for result in results)
    assert ImportedPoints.objects.count() == 3 and ImportedPoints.objects.filter(current=True).count() == 1


def test_finalising_twice_at_once_is_once(province):
    from tests.assessment.appraisal.test_rounds import import_all

    province.move(province.health, SheetState.REVIEWING)
    mark_all(province)
    import_all(province)
    sheet, secretary = province.sheet(province.health), province.secretary()
    act = lambda: finalise(sheets={sheet.pk: sheet.version}, actor=secretary)  # noqa: E731
    results = at_once(act, act)
    assert not any(isinstance(result, Refusal) for result in results)
    assert Transition.objects.filter(name="finalise").count() == 1
