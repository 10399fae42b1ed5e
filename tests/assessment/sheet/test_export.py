"""An agency's sheet as a workbook: the page's figures and sentences, behind the same curtain."""

from __future__ import annotations

import html
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from agencies.models import Agency, Role
from scoring import engine
from scoring.assessment.models import Mark, Scoresheet, SheetState
from scoring.assessment.services.answers import ask_not_applicable
from scoring.criteria.trace_words import trace_for_machines, trace_told
from scoring.criteria.wording import trace_in_words
from tests.assessment.sheet.conftest import Place, actor_of, make_place
from tests.factories import person

pytestmark = pytest.mark.django_db
#: 47 of 50 by hand: 94 %; 94 % of 4 points are 3.76.
SENTENCE = "47 trên 50 đạt 94 %. Theo tỷ lệ này, 4 điểm được tính thành 3,76 điểm."


def spaces(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).replace("94%", "94 %")


def workbook(client: Any, sheet: Scoresheet) -> dict[str, list[Any]]:
    """The rows of the file by code."""
    answer = client.get(reverse("workspace:export", args=[sheet.public_id]))
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].endswith('.xlsx"')
    rows = openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(min_row=4, values_only=True)
    return {row[0]: list(row) for row in rows}


def test_page_workbook_and_json_tell_the_same(place: Place, as_user: Any) -> None:
    place.fill()
    client = as_user(place.editor)
    row = workbook(client, place.sheet)["2.1.1"]
    assert row[2] == 4 and row[4] == 3.76 and row[5] == 4
    assert spaces(row[6]) == SENTENCE
    assert spaces(row[3]) == "Số hồ sơ đúng hạn: 47; Số hồ sơ đã giải quyết: 50"
    url = reverse("workspace:sheet", args=[place.sheet.public_id]) + "?area=2"
    page = spaces(html.unescape(client.get(url).content.decode()))
    assert SENTENCE in page and '<table class="trace-rows">' in page
    leaf = place.answer("2.1.1")
    rule = engine.parse_rule(leaf.criterion.rule, max_points=leaf.criterion.max_points)
    told, machine = trace_told(leaf.trace, rule), trace_for_machines(leaf.trace, rule)
    assert told is not None and machine is not None
    assert spaces(told.sentence) == spaces(trace_in_words(leaf.trace)) == SENTENCE
    assert (told.points, told.maximum, told.line) == ("3,76", "4", "47 / 50 × 4 = 3,76")
    assert machine["points"] == "3.76" and machine["inputs"] == {"numerator": "47", "denominator": "50"}


def test_sums_stand_on_the_rows_above(place: Place, as_user: Any) -> None:
    place.fill()
    rows = workbook(as_user(place.editor), place.sheet)
    # 2.1: 3.76 + 0.5 of 5; area 2: and 1 + 1.25 of 4 more; 3.1.1 is a survey
    assert (rows["2.1"][4], rows["2.1"][5]) == (4.26, 5)
    assert (rows["2"][4], rows["2"][5]) == (6.51, 9)
    assert rows["3.1.1"][3] == "đơn vị khác chấm" or rows["3.1.1"][4] is None


def test_the_workbook_tells_nothing_before_the_round_is_closed(place: Place, as_user: Any) -> None:
    place.fill()
    answer = place.answer("2.1.1")
    score = engine.typed_points(Decimal(4), "1.25")
    Mark.objects.create(
        answer=answer, round=1, by=person(Role.ASSESSOR, Agency.objects.get(is_home_affairs=True)),
        points=score.points, applicable_max=score.applicable_max, trace=score.trace, at=answer.answered_at,
    )  # fmt: skip
    client = as_user(place.editor)

    def told(state: str) -> list[Any]:
        Scoresheet.objects.filter(pk=place.sheet.pk).update(state=state)
        return workbook(client, place.sheet)["2.1.1"]

    for state in (SheetState.SUBMITTED, SheetState.APPRAISING):
        assert told(state)[7:] == [None, None, None, None]
    assert told(SheetState.EXPLAINING)[7:] == [1.25, None, None, "Được cho 1,25 điểm."]
    assert told(SheetState.FINALISED)[7:] == [1.25, None, 1.25, "Được cho 1,25 điểm."]


def test_a_request_is_told_and_strangers_get_nothing(place: Place, as_user: Any) -> None:
    place.fill()
    ask_not_applicable(answer=place.answer("2.2.1"), actor=actor_of(place.editor), reason="Không có")
    row = workbook(as_user(place.editor), place.sheet)["2.2.1"]
    assert "Đề nghị không áp dụng" in row[3] and row[4] is None and row[6] is None
    url = reverse("workspace:export", args=[place.sheet.public_id])
    assert as_user(place.stranger).get(url).status_code == 404


def test_a_trace_gives_only_what_the_engine_wrote() -> None:
    rule = engine.parse_rule({"kind": "boolean", "yes": "1", "no": "0"}, max_points=Decimal(1))
    trace = engine.score(rule, Decimal(1), {"value": True}).trace
    spoilt = trace | {
        "note": "CHIMHOANGYEN",
        "inputs": trace["inputs"] | {"document": "CHIMHOANGYEN"},
        "steps": [
            *(step | {"by": "CHIMHOANGYEN"} for step in trace["steps"]),
            {"op": "x", "t": "CHIMHOANGYEN"},
        ],
    }
    assert "CHIMHOANGYEN" not in str(trace_for_machines(spoilt, rule))
    assert "CHIMHOANGYEN" not in str(trace_told(spoilt, rule))
    assert trace_for_machines(trace, rule) == trace_for_machines(spoilt, rule)


def test_clamp_and_rounding_have_rows_of_their_own() -> None:
    data = {"kind": "proportion", "numerator": "a", "denominator": "b", "factor": "1.5"}
    told = trace_told(
        engine.score(
            rule := engine.parse_rule(data, max_points=Decimal("1.5")),
            Decimal("1.5"),
            {"numerator": "88", "denominator": "111"},
        ).trace,
        rule,
    )
    assert told is not None and told.rounding and not told.clamp
    assert told.sentence == " ".join([*told.steps, told.rounding])


@pytest.mark.parametrize("number", [1, 3])
def test_the_workbook_takes_a_fixed_number_of_queries(
    number: int, as_user: Any, django_assert_num_queries: Any
) -> None:
    place = make_place()
    for code in ("1.1.1", "1.1.2", "2.1.1")[:number]:
        place.save(code)
    client = as_user(place.editor)
    url = reverse("workspace:export", args=[place.sheet.public_id])
    client.get(url)
    with django_assert_num_queries(16):
        client.get(url)
