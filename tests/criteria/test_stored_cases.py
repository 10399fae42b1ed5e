"""Stored cases: read with the file, run at import and at lock, held with the set, told on its page."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.urls import reverse

from agencies.models import Role
from parindex.errors import Invalid
from scoring import engine
from scoring.criteria import case_lines, services
from scoring.criteria.carriers import read
from scoring.criteria.case_check import Case, check, failures
from scoring.criteria.case_words import inputs_in_words
from scoring.criteria.models import CriteriaSet, StoredCase
from scoring.criteria.queries import tree_of
from scoring.criteria.stored_cases import cases_of
from scoring.criteria.xlsx_write import write_workbook
from tests.criteria.files import CA_MAU, ROOT, SAMPLES, encoded, leaf, small
from tests.criteria.test_pages import client
from tests.criteria.workbooks import edited
from tests.factories import actor
from tests.factories_scoring import home_affairs, make_block

D = Decimal
SHIPPED = sorted({*SAMPLES.glob("*.json"), *(ROOT / "tests" / "data" / "criteria").glob("*.json"), CA_MAU})
SHARE = {
    "kind": "proportion",
    "numerator": "số hồ sơ đúng hạn",
    "denominator": "số hồ sơ",
    "factor": "2",
    "denominator_zero": "not_applicable",
}


@pytest.fixture
def province() -> None:
    home_affairs()
    make_block("Sở, ban, ngành")


def share(*tests: dict[str, Any], **more: Any) -> dict[str, Any]:
    return small(leaf(rule=SHARE, tests=list(tests)), leaf("1.1.2"), **more)


def case(numerator: str, points: str, **more: Any) -> dict[str, Any]:
    facts = {key: more.pop(key) for key in ("answers", "best") if key in more}
    return {"inputs": {"numerator": numerator, "denominator": "111", **facts}, "points": points, **more}


def places(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.place.removeprefix("areas[0].children[0].children[0]."), one.message)
            for one in read(encoded(document)).errors]  # fmt: skip


# the sets that are shipped


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_set_that_is_shipped_passes_its_own_cases(path: Path) -> None:
    reading = read(path.read_bytes())
    assert reading.file is not None, reading.errors
    assert sum(len(one.cases) for one in reading.file.leaves) > 0
    for one in reading.file.leaves:
        assert failures(one, one.cases) == []


@pytest.mark.parametrize("name", ["departments", "communes"])
def test_the_sets_of_the_demo_have_a_case_for_each_kind_of_rule(name: str) -> None:
    file = read((SAMPLES / f"{name}.json").read_bytes()).file
    assert file is not None
    kinds = {one.rule.kind for one in file.leaves if one.rule}
    assert {one.rule.kind for one in file.leaves if one.rule and one.cases} == kinds


def test_exactly_ninety_percent_is_kept_as_a_case_of_ca_mau() -> None:
    file = read(CA_MAU.read_bytes()).file
    assert file is not None
    kept = {one.code: {(case.inputs.get("value"), case.points) for case in one.cases} for one in file.leaves}
    assert ("90", D(1)) in kept["1.1.4"] and ("90.01", D(2)) in kept["1.1.4"]


# the file


def test_a_case_that_its_rule_does_not_pass_is_an_error_at_its_place() -> None:
    ((place, message),) = places(share(case("88", "1.585586"), case("88", "0.5")))
    assert place == "tests[1].points"
    assert "1,585586" in message and "0,5" in message


def test_another_maximum_than_the_rule_leaves_is_an_error() -> None:
    nothing = {"inputs": {"numerator": "0", "denominator": "0"}, "points": "0"}
    assert [place for place, _message in places(share(nothing))] == ["tests[0].max"]
    assert places(share(nothing | {"max": "0"})) == []


@pytest.mark.parametrize(
    ("tests", "place"),
    [
        ("x", "tests"),
        ([1], "tests[0]"),
        ([{"points": "1"}], "tests[0].inputs"),
        ([{"inputs": {"numerator": "1", "denominator": "2"}}], "tests[0].points"),
        ([{"inputs": {"numerator": "1"}, "points": "1"}], "tests[0].inputs.denominator"),
        ([{"inputs": {"numerator": "3", "denominator": "2"}, "points": "1"}], "tests[0].inputs.numerator"),
        ([{"inputs": {"numerator": "1,5", "denominator": "2"}, "points": "1"}], "tests[0].inputs.numerator"),
        ([case("1", "1") | {"inputs": {"numerator": "1", "denominator": "2", "n": "1"}}], "tests[0].inputs.n"),
        ([case("1", "x")], "tests[0].points"),
        ([case("1", "1", note=5)], "tests[0].note"),
        ([case("1", "1", wrong=5)], "tests[0].wrong"),
        ([case("88", "1.585586", answers={"1.1.2": {"value": True}})],
         "tests[0].inputs.answers.1.1.2.value"),
        ([case("88", "1.585586", best={"value": "1"})],
         "tests[0].inputs.best.value"),
        ([case("88", "1.585586")] * 61, "tests"),
    ],
)  # fmt: skip
def test_faults_of_a_case_have_their_place(tests: Any, place: str) -> None:
    document = share()
    document["areas"][0]["children"][0]["children"][0]["tests"] = tests
    assert place in [found for found, _message in places(document)]


def test_only_leaves_have_cases_and_a_broken_rule_is_told_once() -> None:
    document = share()
    document["areas"][0]["tests"] = []
    assert any(one.place == "areas[0].tests" for one in read(encoded(document)).errors)
    broken = small(leaf(rule=SHARE | {"factor": "9"}, tests=[case("88", "1")]), leaf("1.1.2"))
    assert [place for place, _message in places(broken)] == ["rule.factor"]


def test_a_rule_that_looks_at_another_leaf_is_told_its_answer_in_the_case() -> None:
    rule = {
        "kind": "boolean", "yes": "2", "no": "0",
        "cases": [{"when": {"answer": "1.1.2", "field": "value", "is": True}, "rule": {"kind": "manual"}}],
    }  # fmt: skip
    told = {"inputs": {"c0_points": "1.5", "answers": {"1.1.2": {"value": True}}}, "points": "1.5"}
    other = {"inputs": {"value": True, "answers": {"1.1.2": {"value": False}}}, "points": "2"}
    assert places(small(leaf(rule=rule, tests=[told, other]), leaf("1.1.2"))) == []
    unknown = {"inputs": {"value": True}, "points": "2"}
    assert places(small(leaf(rule=rule, tests=[unknown]), leaf("1.1.2")))


def test_a_rule_of_the_whole_block_is_told_the_best_value() -> None:
    rule = engine.parse_rule({"kind": "ratio_to_best", "value": "v", "factor": "2"}, max_points=D(2))
    settled = check(rule, D(2), {"value": "30", "best": {"value": "60,0"}})
    assert settled.score is not None and settled.score.points == 1 and not settled.score.provisional
    assert settled.inputs == {"value": "30", "best": {"value": "60"}}
    wrong = check(rule, D(2), {"value": "30", "best": {"value": "many"}})
    assert [path for path, _text in wrong.problems] == ["best.value"]


# one line a case


RULES = {
    "share": SHARE,
    "choice": {"kind": "choice", "options": [["Kịp thời", "2"], ["Không kịp thời", "1"]]},
    "items": {"kind": "checklist", "mode": "sum", "items": [["có kế hoạch", "1"], ["có kinh phí", "1"]]},
    "boolean": {"kind": "boolean", "yes": "2", "no": "0", "not_arising": "full"},
    "count": {"kind": "count", "unit": "sáng kiến", "each": "0.5", "cap": "2"},
    "days": {"kind": "tiers", "measure": "days", "from": "hạn nộp", "to": "ngày nộp",
             "bands": [{"points": "2", "le": "0"}, {"points": "0", "gt": "0"}]},
    "parts": {"kind": "sum_of", "parts": [{"kind": "manual", "max": "1", "label": "Kế hoạch"},
                                          {"kind": "count", "unit": "báo cáo", "each": "0.5", "cap": "1", "max": "1"}]},
    "survey": {"kind": "survey", "factor": "2", "option_weights_pct": {"A": "100", "B": "0"}},
    "formula": {"kind": "formula", "variables": [{"name": "x", "label": "số hồ sơ"}],
                "expressions": [{"text": "min(x; 2)"}]},
    "best": {"kind": "ratio_to_best", "value": "số dịch vụ", "factor": "2"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "line", "inputs", "points"),
    [
        ("share", "tử số = 88; mẫu số = 111 → 1,585586", {"numerator": "88", "denominator": "111"}, "1.585586"),
        ("share", "Số hồ sơ đúng hạn = 8; denominator = 16 -> 1.0đ", {"numerator": "8", "denominator": "16"}, "1.0"),
        ("choice", "phương án = không kịp thời => 1", {"option": 1}, "1"),
        ("choice", "phương án = 2 → 1", {"option": 1}, "1"),
        ("items", "mục = 1, 2 → 2", {"items": [0, 1]}, "2"),
        ("items", "mục = có kinh phí → 1", {"items": [1]}, "1"),
        ("items", "mục = có kế hoạch + có kinh phí → 2", {"items": [0, 1]}, "2"),
        ("items", "mục = không có → 0", {"items": []}, "0"),
        ("items", "mục = tất cả → 2", {"items": [0, 1]}, "2"),
        ("boolean", "kết quả = Không đạt → 0", {"value": False}, "0"),
        ("boolean", "không phát sinh = có → 2", {"not_arising": True}, "2"),
        ("count", "sáng kiến = 3 → 1,5", {"n": 3}, "1.5"),
        ("days", "từ ngày = 30/11/2025; đến ngày = 29/11/2025 → 2", {"from": "2025-11-30", "to": "2025-11-29"}, "2"),
        ("parts", "phần 1 điểm = 0,5; phần 2 số lượng = 1 → 1", {"p0_points": "0.5", "p1_n": 1}, "1"),
        ("survey", "A = 3; B = 1 → 1,5", {"counts": {"A": 3, "B": 1}}, "1.5"),
        ("survey", "tỷ lệ % = 75 → 1,5", {"pct": "75"}, "1.5"),
        ("formula", "x = 1,5 → 1,5", {"v_x": "1.5"}, "1.5"),
        ("best", "giá trị = 30; cao nhất của khối = 60 → 1", {"value": "30", "best": {"value": "60"}}, "1"),
    ],
)  # fmt: skip
def test_a_line_says_a_case(name: str, line: str, inputs: dict[str, Any], points: str) -> None:
    rule = engine.parse_rule(RULES[name], max_points=D(2))
    found = case_lines.read(rule, line)
    assert found.faults == [] and [one["points"] for one in found.cases] == [points]
    checked = check(rule, D(2), found.cases[0]["inputs"])
    assert checked.inputs == inputs and checked.score is not None and checked.score.points == D(points)
    written = case_lines.write(rule, {"inputs": inputs, "points": points})
    assert not written.startswith("{")
    assert check(rule, D(2), case_lines.read(rule, written).cases[0]["inputs"]).inputs == inputs
    assert inputs_in_words(rule, inputs)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("tử số = 88; mẫu số = 111", "→"),
        ("tử số 88 → 1", "="),
        ("số hồ sơ trễ = 1 → 1", "tử số; mẫu số"),
        ("tử số = 1; tử số = 2 → 1", "tử số"),
        ('{"inputs": 1.5}', "1.5"),
        ("{", "JSON"),
    ],
)
def test_a_line_that_is_no_case_says_what_is_wrong(line: str, told: str) -> None:
    found = case_lines.read(engine.parse_rule(SHARE, max_points=D(2)), "\n" + line)
    assert found.faults and found.faults[0][0] == 2 and told in found.faults[0][1]


def test_what_a_line_cannot_say_is_written_as_json() -> None:
    rule = engine.parse_rule(RULES["choice"] | {"options": [["a; b", "2"], ["2", "1"]]}, max_points=D(2))
    for given in (
        {"inputs": {"option": 0}, "points": "2", "note": "hai\ndòng"},
        {"inputs": {"option": 1}, "points": "1", "note": "a | b → 1"},
        {"inputs": {"option": 0}, "points": "2"},
        {"inputs": {"other": 0}, "points": "2"},
    ):
        text = case_lines.write(rule, given)
        assert "\n" not in text
        if given["inputs"] != {"other": 0}:
            (again,) = case_lines.read(rule, text).cases
            assert again | {"inputs": check(rule, D(2), again["inputs"]).inputs} == given


def test_faults_of_cases_stand_in_their_cell_with_their_line() -> None:
    def change(book: Any) -> None:
        book["Bộ tiêu chí"]["P4"] = "tử số = 88; mẫu số = 111 → 1,585586\ntử số = 88; mẫu số = 80 → 1\ngì đó"

    errors = read(edited(change, share())).errors
    assert {one.place for one in errors} == {"Bộ tiêu chí!P4"} and len(errors) == 2
    text = " ".join(one.message for one in errors)
    assert "tử số" in text and "2:" in text and "3:" in text


def test_many_cases_go_on_in_further_columns() -> None:
    cases = [case("88", "1.585586", note=f"{number} " + "dài " * 70) for number in range(60)]
    document = share(*cases)
    direct, through = read(encoded(document)), read(write_workbook(document))
    assert through.errors == () and direct.file is not None and through.file is not None
    assert [one.cases for one in through.file.nodes] == [one.cases for one in direct.file.nodes]


# the set


def stored(document: dict[str, Any]) -> CriteriaSet:
    outcome = services.import_criteria_set(actor=None, data=encoded(document))
    assert outcome.criteria_set is not None, outcome.errors
    return outcome.criteria_set


@pytest.mark.django_db
def test_cases_are_stored_in_their_order_and_run_again_at_lock(province: None) -> None:
    draft = stored(share(case("88", "1.585586", note="làm tròn"), case("111", "2")))
    (cases,) = cases_of(draft).values()
    assert [(one.points, one.note, one.order) for one in cases] == [
        (D("1.585586"), "làm tròn", 1),
        (D(2), "", 2),
    ]
    StoredCase.objects.filter(order=1).update(points=1)
    with pytest.raises(Invalid) as refused:
        services.lock_set(actor=actor(Role.SECRETARY), criteria_set=draft)
    (reason,) = refused.value.messages
    for told in ("1.1.1", "làm tròn", "1,585586"):
        assert told in reason
    StoredCase.objects.filter(order=1).update(points=D("1.585586"))
    assert services.lock_set(actor=actor(Role.SECRETARY), criteria_set=draft).locked_at


@pytest.mark.django_db
def test_inputs_that_the_rule_no_longer_takes_stand_against_locking(province: None) -> None:
    draft = stored(share(case("88", "1.585586")))
    draft.criteria.filter(code="1.1.1").update(rule={"kind": "boolean", "yes": "2", "no": "0"})
    reasons = list(services.lock_obstacles(draft))
    assert len(reasons) == 1 and "numerator" in reasons[0] and "1.1.1" in reasons[0]


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_what_stands_against_locking_takes_the_same_queries(
    province: None, number: int, django_assert_num_queries: Any
) -> None:
    leaves = [leaf(f"1.1.{n}", rule=SHARE, tests=[case("88", "1.585586")] * n) for n in range(1, number + 1)]
    draft = stored(small(*leaves))
    with django_assert_num_queries(2):
        assert list(services.lock_obstacles(draft)) == []
    with django_assert_num_queries(1):
        assert sum(map(len, cases_of(draft).values())) == sum(range(1, number + 1))


STATEMENTS = (
    "UPDATE scoring_storedcase SET points = 9 WHERE id = %(case)s",
    "UPDATE scoring_storedcase SET criterion_id = %(own)s WHERE id = %(case)s",
    "UPDATE scoring_storedcase SET criterion_id = %(locked)s WHERE id = %(free)s",
    "DELETE FROM scoring_storedcase WHERE id = %(case)s",
    "DELETE FROM scoring_criterion WHERE id = %(locked)s",
    'INSERT INTO scoring_storedcase (criterion_id, "order", inputs, points, note) '
    "VALUES (%(locked)s, 9, '{}', 1, '')",
)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", STATEMENTS)
def test_cases_of_a_locked_set_hold_against_sql(province: None, statement: str) -> None:
    locked, draft = stored(share(case("88", "1.585586"))), stored(share(case("88", "1.585586")))
    services.lock_set(actor=None, criteria_set=locked)
    kept = StoredCase.objects.get(criterion__criteria_set=locked)
    free = StoredCase.objects.get(criterion__criteria_set=draft)
    names = {"case": kept.pk, "free": free.pk, "locked": kept.criterion_id, "own": free.criterion_id}
    with pytest.raises(Error, match="locked criteria set|FOREIGN KEY"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, names)
        connection.check_constraints()
    kept.refresh_from_db()
    assert (kept.points, kept.criterion_id) == (D("1.585586"), names["locked"])


@pytest.mark.django_db
def test_cases_of_a_locked_set_hold_against_the_orm_and_its_cascade(province: None) -> None:
    locked = stored(share(case("88", "1.585586")))
    services.lock_set(actor=None, criteria_set=locked)
    kept = StoredCase.objects.get()
    acts = (
        lambda: StoredCase.objects.update(note="x"),
        lambda: StoredCase.objects.all().delete(),
        lambda: StoredCase.objects.create(criterion=kept.criterion, inputs={}, points=1),
        lambda: kept.criterion.delete(),
        lambda: locked.delete(),
    )
    for act in acts:
        with pytest.raises(Error), transaction.atomic():
            act()
    assert StoredCase.objects.get().note == ""


@pytest.mark.django_db
def test_cases_of_a_draft_go_with_it(province: None) -> None:
    draft = stored(share(case("88", "1.585586")))
    services.delete_draft(actor=actor(Role.SECRETARY), criteria_set=draft)
    assert not StoredCase.objects.exists()


# the pages


@pytest.mark.django_db
def test_the_page_of_a_set_tells_its_cases_and_which_fail(province: None) -> None:
    draft = stored(share(case("88", "1.585586", note="làm tròn"), case("111", "2")))
    secretary = client()
    page = secretary.get(reverse("criteria:set", args=[draft.pk])).content.decode()
    assert "số hồ sơ đúng hạn: 88; số hồ sơ: 111" in page and "làm tròn" in page and "đều đạt" in page
    StoredCase.objects.filter(order=2).update(points=1)
    page = secretary.get(reverse("criteria:set", args=[draft.pk])).content.decode()
    assert "Chưa khóa được" in page and 'href="#node-1-1-1"' in page and "Quy tắc cho 2 điểm" in page
    lock = secretary.get(reverse("criteria:lock", args=[draft.pk]))
    assert lock.status_code == 200 and "error-summary" in lock.content.decode()
    assert secretary.post(reverse("criteria:lock", args=[draft.pk])).status_code == 409
    draft.refresh_from_db()
    assert draft.locked_at is None


def test_a_case_of_a_node_without_a_rule_fails_in_words() -> None:
    class Node:
        rule, max_points = None, D(2)

    (failure,) = failures(Node(), [Case({}, D(1))])
    assert failure.refused and json.dumps(failure.got)


@pytest.mark.django_db
def test_the_tree_is_not_read_again_for_the_cases(province: None, django_assert_num_queries: Any) -> None:
    draft = stored(share(case("88", "1.585586")))
    tree = tree_of(draft)
    with django_assert_num_queries(0):
        assert (
            failures(tree.by_code["1.1.1"], [Case({"numerator": "88", "denominator": "111"}, D("1.585586"))])
            == []
        )
