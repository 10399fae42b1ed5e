"""The points that stand at each stage, on both databases."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from parindex.clock import db_now
from scoring.assessment.models import Adjustment, Answer, ImportBatch, ImportedPoints, Mark
from scoring.assessment.queries.points import adjustments_of, leaf_points, sheet_totals
from tests.factories import UserFactory
from tests.factories_scoring import LEAVES, make_agency, make_block, make_set, open_cycle

pytestmark = pytest.mark.django_db
D = Decimal


def mark(answer: Answer, round: int, points: str, maximum: str = "2") -> Mark:
    return Mark.objects.create(
        answer=answer,
        round=round,
        by=UserFactory(),
        points=D(points),
        applicable_max=D(maximum),
        trace={"points": points},
        at=db_now(),
    )


def bring(year, sheet, code: str, points: str, maximum: str, *, current: bool = True) -> None:
    batch = ImportBatch.objects.create(
        cycle_block=year.cycle_block,
        source="survey",
        file_name="khao-sat.csv",
        sha256="0" * 64,
        rows=1,
        at=db_now(),
    )
    ImportedPoints.objects.create(
        batch=batch,
        scoresheet=sheet,
        criterion=year.criterion(code),
        points=D(points),
        applicable_max=D(maximum),
        trace={"points": points, "kind": "survey"},
        current=current,
    )


def at(year, stage: str, code: str, place: int = 0, *, with_trace: bool = False):
    wanted = (year.sheets[place].participation_id, year.criterion(code).pk)
    rows = [r for r in leaf_points(year.cycle_block, stage, with_trace=with_trace) if r[:2] == wanted]
    assert len(rows) == 1
    return rows[0]


def test_the_last_mark_of_the_highest_round_up_to_the_stage_counts():
    year = open_cycle(1)
    answer = year.answer(year.sheets[0], "1.1.2")
    Answer.objects.filter(pk=answer.pk).update(
        self_points=D("2"), applicable_max=D("2"), trace={"points": "2"}
    )
    mark(answer, 1, "0.5")
    mark(answer, 1, "1")
    mark(answer, 2, "1.189189")
    mark(answer, 3, "1.5")
    mark(answer, 2, "1.25")  # later, of a lower round
    assert at(year, "self", "1.1.2")[2:5] == (D("2"), D("2"), "self")
    assert at(year, "round_1", "1.1.2")[2:5] == (D("1"), D("2"), "round_1")
    assert at(year, "round_2", "1.1.2")[2:5] == (D("1.25"), D("2"), "round_2")
    assert at(year, "final", "1.1.2", with_trace=True)[2:5] == (D("1.5"), D("2"), "council")
    assert json.loads(at(year, "final", "1.1.2", with_trace=True).trace) == {"points": "1.5"}
    assert at(year, "final", "1.1.2").trace is None


def test_six_places_come_back_exactly():
    year = open_cycle(1)
    answer = year.answer(year.sheets[0], "2.1.1")
    mark(answer, 1, "1.189189", "4")
    assert at(year, "final", "2.1.1").points == D("1.189189")


def test_unanswered_and_unmarked_are_nothing_out_of_the_maximum():
    year = open_cycle(1)
    assert at(year, "self", "2.1.1")[2:] == (D(0), D(4), "unanswered", None)
    assert at(year, "round_1", "2.1.1")[2:] == (D(0), D(4), "unmarked", None)
    assert at(year, "final", "3.1.1")[2:] == (D(0), D(3), "missing", None)


def test_an_answer_of_nothing_is_not_a_missing_one():
    year = open_cycle(1)
    answer = year.answer(year.sheets[0], "1.1.1")
    Answer.objects.filter(pk=answer.pk).update(self_points=0, applicable_max=1, trace={})
    assert at(year, "self", "1.1.1").source == "self"


def test_a_profile_takes_leaves_out_whatever_their_method():
    block = make_block()
    outside, inside = make_agency(block=block), make_agency(block=block)
    leaves = [
        {**leaf, "not_applicable_for": ["no_tthc"]} if leaf["code"] == "3.1.2" else leaf for leaf in LEAVES
    ]
    year = open_cycle(
        [outside, inside],
        criteria_set=make_set(leaves, block=block),
        profiles={outside.pk: ["no_tthc"]},
    )
    for stage in ("self", "round_1", "final"):
        assert at(year, stage, "2.1.1")[2:5] == (D(0), D(0), "profile")
        assert at(year, stage, "3.1.2")[2:5] == (D(0), D(0), "profile")
        assert at(year, stage, "3.1.2", 1)[2:5] == (D(0), D(2), "missing")


def test_granted_not_applicable_counts_for_nothing():
    year = open_cycle(1)
    answer = year.answer(year.sheets[0], "1.1.1")
    Answer.objects.filter(pk=answer.pk).update(applicability="granted")
    mark(answer, 1, "0", "0")
    assert at(year, "self", "1.1.1")[2:5] == (D(0), D(0), "granted")
    assert at(year, "round_1", "1.1.1")[2:5] == (D(0), D(0), "round_1")


def test_imported_points_count_at_every_stage_and_only_the_current_row():
    year = open_cycle(1)
    bring(year, year.sheets[0], "3.1.1", "1", "3", current=False)
    bring(year, year.sheets[0], "3.1.1", "2.4", "3")
    for stage in ("self", "round_1", "round_2", "final"):
        assert at(year, stage, "3.1.1")[2:5] == (D("2.4"), D(3), "imported")


def test_a_year_that_was_brought_in_stands_on_its_import():
    year = open_cycle(1)
    bring(year, year.sheets[0], "1.1.1", "0.75", "1")
    assert at(year, "final", "1.1.1").source == "unmarked"
    year.cycle_block.cycle.imported = True
    assert at(year, "final", "1.1.1")[2:5] == (D("0.75"), D(1), "imported")


def test_totals_and_adjustments_by_sheet():
    year = open_cycle(2)
    sheet = year.sheets[0]
    bring(year, sheet, "3.1.1", "2.4", "3")
    mark(year.answer(sheet, "1.1.2"), 1, "1.5")
    now, who = db_now(), UserFactory()
    given = {"scoresheet": sheet, "reason": "Quyết định", "by": who, "at": now}
    Adjustment.objects.create(kind="bonus", points=1, **given)
    Adjustment.objects.create(kind="bonus", points=2, voided_at=now, voided_by=who, **given)
    Adjustment.objects.create(kind="penalty", points=D("0.5"), **given)
    total = sheet_totals(year.cycle_block, "round_1")[sheet.participation_id]
    assert (total.points, total.maximum, total.open) == (D("3.9"), D(20), 8)
    assert adjustments_of(year.cycle_block) == {sheet.participation_id: (D(1), D("0.5"))}


@pytest.mark.parametrize("agencies", [1, 3])
@pytest.mark.parametrize("stage", ["self", "final"])
def test_queries_do_not_grow(django_assert_num_queries, agencies, stage):
    year = open_cycle(agencies)
    with django_assert_num_queries(3):
        rows = list(leaf_points(year.cycle_block, stage, with_trace=True))
    assert len(rows) == 10 * agencies
