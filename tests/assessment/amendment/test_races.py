"""An amendment and somebody at work at that very moment: on PostgreSQL, where locks are real."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agencies.models import Role
from parindex.errors import Refusal
from scoring.assessment.models import Amendment, CycleBlock, Scoresheet, SheetState
from scoring.assessment.services import answers
from scoring.assessment.services.answers import Saved
from scoring.assessment.services.marks import Recorded, record_mark
from scoring.assessment.services.parts import Share, add_part
from tests.assessment.amendment.ground import fill, make_ground
from tests.assessment.sheet.test_races import at_once

pytestmark = [pytest.mark.needs("postgres"), pytest.mark.django_db(transaction=True)]


def test_two_secretaries_amend_at_once_and_it_is_done_once():
    ground = make_ground(3)
    for agency in ground.year.agencies:
        fill(ground, agency, SheetState.SUBMITTED)
    results = at_once(*(ground.amend for _ in range(4)))
    assert {one.pk for one in results} == {Amendment.objects.get().pk}
    assert Scoresheet.objects.filter(criteria_set=ground.newer).count() == 3


def test_a_part_takes_the_set_at_that_moment_or_is_refused():
    for _ in range(3):
        ground = make_ground()
        share = Share("Cuối năm", Decimal(50))

        def add(ground=ground, share=share):
            return add_part(
                actor=ground.actor(ground.secretary),
                cycle_block=ground.year.cycle_block,
                criteria_set=ground.newer,
                share=share,
                main_period="Đầu năm",
            )

        amended, part = at_once(ground.amend, add)
        assert isinstance(amended, Amendment) is not isinstance(part, CycleBlock)
        assert isinstance(amended, Refusal) is not isinstance(part, Refusal)


def test_an_agency_saves_at_that_moment_and_loses_nothing():
    for _ in range(3):
        ground = make_ground()
        agency = ground.year.agencies[0]
        old = ground.answer(ground.old(agency), "1.1")
        actor = ground.actor(ground.person(agency, Role.EDITOR))

        def save(old=old, actor=actor):
            return answers.save_answer(
                answer=old, actor=actor, inputs_raw={"value": "true"}, note="Vừa lưu", expected_version=0
            )

        amended, saved = at_once(ground.amend, save)
        assert isinstance(amended, Amendment)
        new = ground.answer(ground.new(agency), "1.1")
        if isinstance(saved, Saved):
            assert (new.inputs, new.note, new.version) == ({"value": True}, "Vừa lưu", 1)
        else:
            assert isinstance(saved, Refusal)
            assert (new.inputs, new.note) == (None, "")


def test_a_mark_given_at_that_moment_goes_over_or_is_refused():
    for _ in range(3):
        ground = make_ground()
        agency = ground.year.agencies[0]
        fill(ground, agency, SheetState.SUBMITTED)
        old = ground.answer(ground.old(agency), "1.1")
        actor = ground.actor(ground.assessor)

        def give(old=old, actor=actor):
            return record_mark(
                answer=old, actor=actor, round=1, reason="Đúng", expected_version=old.version, points_raw="1"
            )

        _amended, marked = at_once(ground.amend, give)
        new = ground.answer(ground.new(agency), "1.1")
        if isinstance(marked, Recorded):
            assert [mark.reason for mark in new.marks.all()] == ["Đúng"]
        else:
            assert isinstance(marked, Refusal)
            assert not new.marks.exists()
