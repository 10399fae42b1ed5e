"""What the agency's pages tell: no decision before its round is closed, and the same final figures as a ranking."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from agencies.models import Role
from parindex.clock import db_now
from scoring.assessment.models import Answer, Mark, NotApplicableRequest, Scoresheet, SheetState
from scoring.assessment.queries.home import home_of
from scoring.assessment.queries.points import sheet_totals
from scoring.assessment.queries.sheet import read_sheet
from scoring.assessment.services.answers import ask_not_applicable
from tests.assessment.sheet.conftest import Place, actor_of
from tests.factories import person
from tests.factories_scoring import LEAVES, make_agency, make_block, make_set, open_cycle


def told(place: Place) -> tuple[Any, ...]:
    """Everything that the agency's pages count of the sheet."""
    view = read_sheet(place.sheet, actor=actor_of(place.editor), now=db_now(), whole=True)
    (own,) = home_of(actor_of(place.editor), db_now()).open
    progress = view.progress
    states = [
        (leaf.is_requested, leaf.is_granted, leaf.is_refused)
        for b in view.branches
        for leaf in b.all_leaves()
    ]
    return (
        progress.points, progress.maximum, progress.answered, [gap.kind for gap in progress.gaps],
        progress.nodes, own.answered, states,
    )  # fmt: skip


@pytest.mark.parametrize("decision", ["granted", "refused"])
def test_a_decision_on_not_applicable_changes_no_figure_before_round_1_is_closed(
    place: Place, decision: str
) -> None:
    ask_not_applicable(answer=place.answer("1.1.2"), actor=actor_of(place.editor), reason="Không có")
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.APPRAISING)
    before = told(place)
    NotApplicableRequest.objects.update(
        state=decision, decided_at=db_now(), decided_by=person(Role.ASSESSOR), decision_reason="Đã xét"
    )
    Answer.objects.filter(pk=place.answer("1.1.2").pk).update(applicability=decision)
    assert told(place) == before
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.EXPLAINING)
    assert told(place) != before


@pytest.mark.django_db
def test_final_figures_leave_out_what_others_score_where_the_profile_does() -> None:
    leaves = [
        {**leaf, "not_applicable_for": ["no_tthc"]} if leaf["code"][0] == "3" else leaf for leaf in LEAVES
    ]
    block = make_block()
    agency = make_agency(block=block)
    year = open_cycle([agency], criteria_set=make_set(leaves, block=block), profiles={agency.pk: ["no_tthc"]})
    sheet, by = year.sheets[0], person(Role.ASSESSOR)
    for answer in sheet.answers.filter(applicability="").select_related("criterion"):
        Mark.objects.create(
            answer=answer, round=1, by=by, points=answer.criterion.max_points,
            applicable_max=answer.criterion.max_points, trace={}, at=db_now(),
        )  # fmt: skip
    Scoresheet.objects.filter(pk=sheet.pk).update(state=SheetState.FINALISED)
    ranked = sheet_totals(year.cycle_block, "final")[sheet.participation_id]
    reader = actor_of(person(Role.EDITOR, agency))
    view = read_sheet(Scoresheet.objects.get(pk=sheet.pk), actor=reader, now=db_now(), whole=True)
    assert view.final == (ranked.points, ranked.maximum) == (Decimal(11), Decimal(11))
    assert view.progress.other_max == 0
    (own,) = home_of(reader, db_now()).settled
    assert (own.points, own.maximum, own.index) == (Decimal(11), Decimal(11), Decimal(100))


@pytest.mark.django_db
def test_the_index_has_the_digits_and_the_rounding_of_the_cycle(as_user: Any) -> None:
    block = make_block()
    year = open_cycle(
        [make_agency(block=block)],
        criteria_set=make_set([LEAVES[0], LEAVES[1]], block=block),
        settings={"digits": 1, "rounding": "down"},
    )
    for answer, points in zip(year.sheets[0].answers.order_by("criterion__order"), (0, 2), strict=True):
        Mark.objects.create(
            answer=answer, round=1, by=person(Role.ASSESSOR), points=points,
            applicable_max=answer.criterion.max_points, trace={}, at=db_now(),
        )  # fmt: skip
    Scoresheet.objects.update(state=SheetState.FINALISED)
    client = as_user(person(Role.EDITOR, year.agencies[0]))
    for name, args in (
        ("sheet", [year.sheets[0].public_id]),
        ("print", [year.sheets[0].public_id]),
        ("home", []),
    ):
        page = client.get(reverse(f"workspace:{name}", args=args)).content.decode()
        assert "66,6" in page and "66,67" not in page, name
