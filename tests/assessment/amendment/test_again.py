"""A second amendment over a first one, and an amendment of one part of a year."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from agencies.models import Role
from parindex.errors import Invalid
from scoring.assessment.models import Answer, Scoresheet, SecondLook, SheetState
from scoring.assessment.queries.amendment import plan_amendment
from scoring.assessment.services import answers, opening
from scoring.assessment.services.amendment import amend_block
from scoring.assessment.services.parts import Share, add_part
from scoring.criteria.models import CriteriaSet
from tests.assessment.amendment.ground import AFTER, Ground, fill, link, make_ground
from tests.assessment.amendment.test_supplement import NEW_INPUTS, hand_in, keep, look_again, save
from tests.factories_scoring import make_set

pytestmark = pytest.mark.django_db


def third(ground: Ground, after: Any) -> CriteriaSet:
    """A version over the second, each node following its namesake."""
    made = make_set(after, block=ground.year.cycle_block.block)
    link(made, ground.newer, [(one.code, one.code) for one in ground.newer.criteria.all()])
    return made


def amend(ground: Ground, by: CriteriaSet) -> None:
    amend_block(
        actor=ground.actor(ground.secretary), cycle_block=ground.block, criteria_set=by,
        effective_on=date(2025, 10, 1),
    )  # fmt: skip


def with_more(code: str, rule: dict[str, Any], maximum: str) -> list[dict[str, Any]]:
    return [one | {"rule": rule, "max": maximum} if one["code"] == code else one for one in AFTER]


@pytest.mark.parametrize("state", [SheetState.SUBMITTED, SheetState.APPRAISING])
def test_what_a_second_amendment_changes_on_a_supplement_can_be_declared(state: str) -> None:
    ground = make_ground()
    agency = ground.year.agencies[0]
    fill(ground, agency, state, marked=state == SheetState.APPRAISING)
    ground.amend()
    again = third(ground, with_more("2.5", {"kind": "boolean", "yes": "2", "no": "0"}, "2"))
    amend(ground, again)
    sheet = Scoresheet.objects.get(participation__agency=agency, criteria_set=again)
    assert (sheet.state, sheet.supplementary) == (SheetState.DRAFTING, True)
    answer = ground.answer(sheet, "2.5")
    assert {look.who for look in SecondLook.objects.filter(answer=answer)} == {"agency", "appraiser"}
    saved = answers.save_answer(
        answer=answer, actor=ground.actor(ground.person(agency, Role.EDITOR)), inputs_raw={"value": "true"},
        note="Có văn bản.", expected_version=answer.version,
    )  # fmt: skip
    assert saved.answer.self_points == Decimal(2)


def test_a_set_of_another_part_of_the_year_amends_no_block() -> None:
    ground = make_ground()
    main = ground.year.cycle_block
    add_part(
        actor=ground.actor(ground.secretary), cycle_block=main, criteria_set=ground.newer,
        share=Share("Cuối năm", Decimal(50)), main_period="Đầu năm",
    )  # fmt: skip
    assert len(plan_amendment(ground.block, ground.newer).obstacles) == 1
    with pytest.raises(Invalid):
        ground.amend()
    assert not Answer.objects.filter(scoresheet__criteria_set=ground.newer).exists()


PROFILED = [
    one | {"not_applicable_for": ["no_tthc"]} if one["code"] in ("2.5", "1.1") else one for one in AFTER
]


def set_profiles(ground: Ground, profiles: list[str]) -> None:
    opening.change_participation(
        actor=ground.actor(ground.secretary), participation=ground.block.participations.get(), profiles=profiles,
        ranked=True,
    )  # fmt: skip


def test_a_profile_given_to_a_supplement_takes_its_looks_away() -> None:
    ground = make_ground(after=PROFILED)
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.APPRAISING, marked=True)
    ground.amend()
    set_profiles(ground, ["no_tthc"])
    keep(ground, agency, "1.3")
    for code, raw in NEW_INPUTS.items():
        if code != "2.5":
            save(ground, agency, code, raw)
    assert hand_in(ground, agency).state == SheetState.SUBMITTED
    assert not SecondLook.objects.filter(answer__criterion__code="2.5", done_at=None).exists()


def test_a_profile_taken_from_a_supplement_lets_its_criteria_be_declared() -> None:
    ground = make_ground(after=PROFILED)
    agency = ground.year.agencies[0]
    fill(ground, agency, SheetState.APPRAISING, marked=True)
    participation = ground.block.participations.get()
    participation.profiles = ["no_tthc"]
    participation.save()
    ground.amend()
    assert not SecondLook.objects.filter(answer=ground.answer(ground.new(agency), "2.5")).exists()
    set_profiles(ground, [])
    answer = ground.answer(ground.new(agency), "2.5")
    assert set(answer.second_looks.values_list("who", "done_at")) == {("agency", None), ("appraiser", None)}
    look_again(ground, agency)
    save(ground, agency, "1.1", {"value": "true"})
    assert hand_in(ground, agency).state == SheetState.SUBMITTED
