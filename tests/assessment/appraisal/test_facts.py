"""Marks of leaves that look at other leaves: scored by the figures in force, computed again as these change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from agencies.actors import Actor
from parindex.audit.models import AuditEntry
from parindex.clock import db_now
from parindex.errors import Invalid
from scoring.assessment.models import Answer, Explanation, ExplanationRequest, Mark, Scoresheet, SheetState
from scoring.assessment.queries.appraisal_totals import open_leaves
from scoring.assessment.queries.facts import facts_of_sheet
from scoring.assessment.queries.points import leaf_points
from scoring.assessment.queries.rounds import unmarked
from scoring.assessment.services.bulk_marks import mark_in_bulk
from scoring.assessment.services.imports import import_points
from scoring.assessment.services.marks import facts_now, record_mark
from scoring.assessment.services.not_applicable import decide_not_applicable
from scoring.ranking.inputs import read_inputs
from tests.assessment.appraisal.ground import SURVEY, Province
from tests.factories_scoring import home_affairs, make_agency, make_block, make_set, open_cycle

D = Decimal
SHARE = {
    "kind": "tiers",
    "variable": "%",
    "bands": [{"ge": "50", "points": "2"}, {"lt": "50", "points": "0"}],
}
#: 2 points for a yes; once 1.1 reaches 80, 1.5 points per document up to 1.5 instead.
LOOKS = {
    "kind": "boolean",
    "yes": "2",
    "no": "0",
    "cases": [
        {
            "when": {"answer": "1.1", "field": "value", "ge": "80"},
            "rule": {"kind": "count", "unit": "văn bản", "each": "0.5", "cap": "1.5"},
        }
    ],
}
#: The same question twice: which factor counts, 1.1 says.
FACTOR = SURVEY | {
    "cases": [{"when": {"answer": "1.1", "field": "value", "ge": "80"}, "rule": SURVEY | {"factor": "1.5"}}]
}


@pytest.fixture
def province(db: None) -> Province:
    return make_ground()


def make_ground(extra: tuple[dict[str, Any], ...] = ()) -> Province:
    home = home_affairs()
    block = make_block("Sở, ban, ngành")
    health = make_agency("Sở Y tế", block=block)
    leaves = [
        {"code": "1.1", "max": "2", "rule": SHARE},
        {"code": "1.2", "max": "2", "rule": LOOKS},
        {"code": "3.1", "max": "3", "rule": FACTOR, "method": "survey"},
        *extra,
    ]
    year = open_cycle([home, health], block=block, criteria_set=make_set(leaves, block=block, appraiser=home))
    return Province(year, home, home, health, home)


def submitted(province: Province, share: str, /, **second: Any) -> Actor:
    """Declared, submitted; the assessor."""
    sheet = province.sheet(province.health)
    province.declare(province.health, "1.1", {"value": share})
    answer = province.answer(province.health, "1.2")
    from scoring.assessment.queries.facts import facts_of_sheet as facts
    from scoring.assessment.services.answers import scored

    inputs, score = scored(answer, second, facts(sheet, up_to=0))
    assert score is not None
    answer.inputs, answer.self_points, answer.applicable_max = inputs, score.points, score.applicable_max
    answer.trace = score.trace
    answer.save()
    province.move(province.health, SheetState.SUBMITTED)
    return province.assessor(province.home)


def mark(province: Province, actor: Actor, code: str, round: int = 1, **more: Any) -> Any:
    answer = province.answer(province.health, code)
    return record_mark(
        answer=answer, actor=actor, round=round, reason="Theo hồ sơ", expected_version=answer.version, **more
    )


def last(province: Province, code: str) -> Mark:
    return Mark.objects.filter(answer=province.answer(province.health, code)).order_by("round", "pk").last()


def test_a_mark_goes_by_the_agency_until_the_other_leaf_is_marked(province: Province) -> None:
    actor = submitted(province, "90", c0_n="2")
    assert mark(province, actor, "1.2", inputs_raw={"c0_n": "1"}).mark.points == D("0.5")
    with pytest.raises(Invalid):  # by the declared 90 % documents are counted, a yes is not asked
        mark(province, actor, "1.2", inputs_raw={"value": "true"})
    mark(province, actor, "1.1", inputs_raw={"value": "60"})
    assert mark(province, actor, "1.2", inputs_raw={"value": "true"}).mark.points == 2
    assert (
        mark(province, actor, "1.1", points_raw="1").mark.points == 1
    )  # typed: the agency's 90 % count again
    assert last(province, "1.2").points == 0 and last(province, "1.2").trace["kind"] == "unanswered"


def test_a_changed_mark_has_the_dependent_marked_again(province: Province) -> None:
    actor = submitted(province, "90", c0_n="2")
    mark(province, actor, "1.1", inputs_raw={"value": "90"})
    mark(province, actor, "1.2", inputs_raw={"c0_n": "3"})
    version = province.answer(province.health, "1.2").version
    done = mark(province, actor, "1.1", inputs_raw={"value": "60"})
    assert [one.answer.criterion.code for one in done.rescored] == ["1.2"]
    lapsed = last(province, "1.2")
    assert (lapsed.points, lapsed.applicable_max, lapsed.inputs) == (0, 2, {"c0_n": 3})
    assert "1.1" in lapsed.reason and province.answer(province.health, "1.2").version == version + 1
    assert AuditEntry.objects.get(action="mark.rescored").after["because"] == ["1.1"]
    sheet = province.sheet(province.health)
    assert [one.criterion.code for one in unmarked([sheet.pk], 1)] == ["1.2"]
    assert open_leaves(province.year.cycle_block)[sheet.participation_id] == ["1.2", "3.1"]
    sources = {row.criterion_id: row.source for row in leaf_points(province.year.cycle_block, "final")
               if row.participation_id == sheet.participation_id}  # fmt: skip
    assert sources[province.answer(province.health, "1.2").criterion_id] == "unmarked"
    mark(province, actor, "1.1", inputs_raw={"value": "95"})  # back: what was kept counts again
    assert last(province, "1.2").points == D("1.5")
    assert not unmarked([sheet.pk], 1).exists()


def test_the_councils_points_and_typed_points_stand(province: Province) -> None:
    actor = submitted(province, "90", c0_n="2")
    mark(province, actor, "1.2", points_raw="1.25")
    mark(province, actor, "1.1", inputs_raw={"value": "60"})
    assert last(province, "1.2").points == D("1.25")
    assert AuditEntry.objects.filter(action="mark.rescored").count() == 0


def test_marks_in_bulk_go_by_what_is_in_force(province: Province) -> None:
    actor = submitted(province, "90", c0_n="2")
    answers = {code: province.answer(province.health, code) for code in ("1.1", "1.2")}
    mark_in_bulk(answers={one.pk: one.version for one in answers.values()}, actor=actor, round=1)
    assert [last(province, code).points for code in answers] == [2, 1]


def test_bulk_leaves_out_what_no_longer_fits(province: Province) -> None:
    actor = submitted(province, "90", c0_n="2")
    mark(province, actor, "1.1", inputs_raw={"value": "60"})
    answer = province.answer(province.health, "1.2")
    with pytest.raises(Exception, match="1.2"):
        mark_in_bulk(answers={answer.pk: answer.version}, actor=actor, round=1)


def test_a_decision_on_not_applicable_is_a_change_too(province: Province) -> None:
    actor = submitted(province, "60", value="true")
    mark(province, actor, "1.2", inputs_raw={"value": "true"})
    answer = province.ask_not_applicable(province.health, "1.1")
    answer.inputs, answer.self_points, answer.applicable_max, answer.trace = {"value": "90"}, 2, 2, {}
    answer.save()
    sheet = province.sheet(province.health)
    assert facts_of_sheet(sheet, up_to=1) == {"1.1": {}}
    decide_not_applicable(
        answer=answer, actor=actor, grant=False, reason="Có nhiệm vụ", expected_version=answer.version
    )
    assert facts_of_sheet(sheet, up_to=1) == {"1.1": {"value": "90"}}
    assert last(province, "1.2").trace["kind"] == "unanswered"


def test_imported_points_follow(province: Province) -> None:
    actor = submitted(province, "90", c0_n="2")
    data = "agency,criterion,A,B,C\nSở Y tế,3.1,10,0,0\n".encode()
    report = import_points(
        cycle_block=province.year.cycle_block, actor=province.secretary(), data=data, file_name="a.csv"
    )
    assert [row.points for row in report.rows] == [D("1.5")]
    mark(province, actor, "1.1", inputs_raw={"value": "60"})
    sheet = province.sheet(province.health)
    assert not sheet.imported.filter(current=True).exists()  # asked under other names now: import again
    assert AuditEntry.objects.filter(action="points.rescored").count() == 1


def test_a_run_agrees_with_the_marks(province: Province) -> None:
    actor = submitted(province, "90", c0_n="2")
    mark(province, actor, "1.1", points_raw="1")  # typed: the agency's figures decide the case
    mark(province, actor, "1.2", inputs_raw={"c0_n": "2"})
    Scoresheet.objects.exclude(pk=province.sheet(province.health).pk).update(state=SheetState.SUBMITTED)
    got = read_inputs(province.year.cycle_block, stage="round_1")
    entrant = next(one for one in got.entrants if one.agency_id == province.health.pk)
    assert entrant.leaves[province.year.criterion("1.2").pk] == (1, 2)


@pytest.mark.parametrize("leaves", [1, 3])
def test_queries_of_a_mark_do_not_grow(db: None, django_assert_num_queries: Any, leaves: int) -> None:
    province = make_ground(tuple({"code": f"2.{n}", "max": "2", "rule": LOOKS} for n in range(leaves)))
    actor = submitted(province, "90", c0_n="2")
    mark(province, actor, "1.1", inputs_raw={"value": "90"})
    answer = province.answer(province.health, "1.1")
    with django_assert_num_queries(MARK):
        record_mark(
            answer=answer, actor=actor, round=1, reason="Khác", expected_version=answer.version,
            inputs_raw={"value": "95"},
        )  # fmt: skip
    assert Answer.objects.get(pk=answer.pk).version == answer.version + 1


MARK = 25


def test_figures_of_an_explanation_are_seen_once_it_is_sent(province: Province) -> None:
    actor = submitted(province, "60", value="true")
    sheet = Scoresheet.objects.get(participation__agency=province.health)
    first = Answer.objects.get(scoresheet=sheet, criterion__code="1.1")
    request = ExplanationRequest.objects.create(
        answer=first, asked_by=actor.user, asked_at=db_now(), question="Vì sao?"
    )
    Explanation.objects.create(
        request=request, text="Số liệu mới", inputs={"value": "90"}, points=D(2), applicable_max=D(2), trace={},
        by=actor.user, at=db_now(),
    )  # fmt: skip
    second = Answer.objects.select_related("criterion", "scoresheet__criteria_set").get(
        scoresheet=sheet, criterion__code="1.2"
    )
    for state, known in ((SheetState.EXPLAINING, "60"), (SheetState.REAPPRAISING, "90")):
        second.scoresheet.state = state
        assert facts_now(second)["1.1"] == {"value": known}
