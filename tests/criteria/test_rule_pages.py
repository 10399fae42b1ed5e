"""The rule of a node on screen: choose, fill in, try out, save; cases that are kept, run, changed, taken away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from parindex.audit.models import AuditEntry
from scoring.criteria.models import CriteriaSet, Criterion, Method, StoredCase
from tests.criteria.test_pages import client
from tests.factories_scoring import make_set

pytestmark = pytest.mark.django_db

RATIO = {"r-kind": "proportion", "r-numerator": "đúng hạn", "r-denominator": "đã giải quyết", "r-factor": "4"}
TRIED = {"try-numerator": "47", "try-denominator": "50"}


@pytest.fixture
def draft() -> CriteriaSet:
    return make_set(locked=False)


@pytest.fixture
def secretary() -> Client:
    return client()


def leaf(draft: CriteriaSet, code: str = "2.1.1") -> Criterion:
    return draft.criteria.get(code=code)


def emptied(node: Criterion) -> Criterion:
    node.rule, node.method = None, ""
    node.save()
    return node


def url(name: str, node: Criterion, *more: int) -> str:
    return reverse(f"criteria:{name}", args=[node.criteria_set_id, node.pk, *more])


def post(
    secretary: Client, node: Criterion, fields: dict[str, str], *, act: str = "save", **more: Any
) -> Any:
    revision = CriteriaSet.objects.get(pk=node.criteria_set_id).revision
    return secretary.post(url("rule", node), {"act": act, "revision": revision, **fields, **more})


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))


# The rule


def test_a_kind_is_chosen_filled_in_and_saved(draft: CriteriaSet, secretary: Client) -> None:
    node = emptied(leaf(draft))
    page = secretary.get(url("rule", node)).content.decode()
    assert "Chọn loại cách chấm" in page and "Theo khoảng giá trị" in page and "r-numerator" not in page
    page = post(secretary, node, {}, act="choose:proportion").content.decode()
    assert "r-numerator" in page
    answer = post(secretary, node, RATIO)
    assert answer["Location"] == url("rule", node)
    node.refresh_from_db()
    assert node.rule == {
        "kind": "proportion",
        "numerator": "đúng hạn",
        "denominator": "đã giải quyết",
        "factor": "4",
    }
    assert node.method == Method.APPRAISAL
    draft.refresh_from_db()
    assert draft.revision == 1 and actions()[-1] == "criterion.rule_set"
    post(secretary, node, RATIO)  # a double click changes nothing
    draft.refresh_from_db()
    assert draft.revision == 1


@pytest.mark.parametrize(
    ("method", "fields", "wanted"),
    [
        ("", {"r-kind": "survey", "r-factor": "1", "r-survey_by": "mean"}, Method.SURVEY),
        ("", {"r-kind": "external_index", "r-index": "DTI", "r-factor": "1"}, Method.EXTERNAL),
        ("appraisal", {"r-kind": "external_index", "r-index": "DTI", "r-factor": "1"}, Method.EXTERNAL),
        ("office", {"r-kind": "external_index", "r-index": "DTI", "r-factor": "1"}, Method.OFFICE),
        ("office", {"r-kind": "manual"}, Method.OFFICE),
    ],
)
def test_the_method_goes_with_the_kind(
    draft: CriteriaSet, secretary: Client, method: str, fields: dict[str, str], wanted: str
) -> None:
    node = emptied(leaf(draft))
    if method:
        Criterion.objects.filter(pk=node.pk).update(rule={"kind": "manual"}, method=method)
    assert post(secretary, node, fields).status_code == 302
    node.refresh_from_db()
    assert node.method == wanted
    if wanted in (Method.SURVEY, Method.EXTERNAL):
        post(secretary, node, {"r-kind": "manual"})
        node.refresh_from_db()
        assert node.method == Method.APPRAISAL


def test_every_stored_rule_opens_and_is_saved_as_it_was(draft: CriteriaSet, secretary: Client) -> None:
    for node in draft.criteria.filter(rule__isnull=False):
        answer = secretary.get(url("rule", node))
        assert answer.status_code == 200 and "như đã lưu" in answer.content.decode(), node.code


def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(
    draft: CriteriaSet, secretary: Client
) -> None:
    node = leaf(draft)
    before = node.rule
    answer = post(secretary, node, RATIO | {"r-factor": "9", "r-denominator": " "})
    page = answer.content.decode()
    assert answer.status_code == 422 and "error-summary" in page
    assert 'id="id_r-factor_error"' in page and 'id="id_r-denominator_error"' in page
    assert 'value="9"' in page and "đúng hạn" in page
    node.refresh_from_db()
    assert node.rule == before


def test_rows_come_and_go_without_storing(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft, "1.1.2")
    fields = {"r-kind": "choice", "r-options-0-label": "Nửa chừng", "r-options-0-points": "x"}
    page = post(secretary, node, fields, act="add:r-options").content.decode()
    assert (
        "Nửa chừng" in page
        and 'name="r-options-1-label"' in page
        and "invalid-feedback" not in page.split("try-box")[0]
    )
    part = secretary.post(
        url("rule", node), {"act": "drop:r-options-0", **fields}, headers={"X-Part": "form"}
    )
    assert "<html" not in part.content.decode() and "Nửa chừng" not in part.content.decode()
    assert not actions()


def test_another_rule_is_taken_over_into_the_form(draft: CriteriaSet, secretary: Client) -> None:
    node = emptied(leaf(draft))
    page = post(secretary, node, {}, act="copy", copy_from=str(leaf(draft, "1.2.2").pk)).content.decode()
    assert "tỷ lệ % hoàn thành" in page and "chưa lưu" in page
    node.refresh_from_db()
    assert node.rule is None
    assert post(secretary, node, {}, act="copy", copy_from="999999").status_code == 200


def test_the_next_leaf_without_a_rule_follows(draft: CriteriaSet, secretary: Client) -> None:
    first, second = emptied(leaf(draft, "1.1.1")), emptied(leaf(draft, "2.2.1"))
    page = secretary.get(url("rule", leaf(draft, "1.2.1"))).content.decode()
    assert "2 tiêu chí của bản nháp chưa có cách chấm" in page and url("rule", first) in page
    answer = post(secretary, first, {"r-kind": "boolean", "r-yes": "1", "r-no": "0"}, act="next")
    assert answer["Location"] == url("rule", second)


def test_a_stale_page_keeps_what_was_typed(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft)
    CriteriaSet.objects.filter(pk=draft.pk).update(revision=7)
    answer = secretary.post(url("rule", node), {"act": "save", "revision": "0", **RATIO})
    page = answer.content.decode()
    assert answer.status_code == 409 and "đúng hạn" in page and 'name="revision" value="7"' in page
    assert secretary.post(url("rule", node), {"act": "save", "revision": "x", **RATIO}).status_code == 409


def test_a_locked_set_and_a_node_with_parts_have_no_rule_page(draft: CriteriaSet, secretary: Client) -> None:
    locked = make_set()
    node = leaf(locked)
    assert secretary.get(url("rule", node)).status_code == 302
    assert post(secretary, node, RATIO).status_code == 409
    assert secretary.post(url("rule_clear", node), {"revision": "0"}).status_code == 409
    area = leaf(draft, "2.1")
    assert secretary.get(url("rule", area)).status_code == 302
    assert post(secretary, area, RATIO).status_code == 409
    area.refresh_from_db()
    assert area.rule is None


def test_a_node_of_another_set_is_absent(draft: CriteriaSet, secretary: Client) -> None:
    other = make_set(locked=False, year=2026)
    for name in ("rule", "rule_clear", "cases"):
        address = reverse(f"criteria:{name}", args=[other.pk, leaf(draft).pk])
        assert secretary.get(address).status_code == 404


def test_codes_that_the_set_does_not_have_are_refused_beside_the_field(
    draft: CriteriaSet, secretary: Client
) -> None:
    node = leaf(draft)
    for codes in ("9.9", "2.1.1", "2.1"):
        answer = post(secretary, node, RATIO | {"r-arising": "move", "r-moves_to": codes})
        assert answer.status_code == 422 and 'id="id_r-moves_to_error"' in answer.content.decode(), codes
    assert post(secretary, node, RATIO | {"r-arising": "move", "r-moves_to": "1.1.1"}).status_code == 302


def test_leaves_do_not_wait_for_each_other(draft: CriteriaSet, secretary: Client) -> None:
    def waiting(code: str, name: str) -> dict[str, str]:
        case = {"when-by": "answer", "when-answer": f"{code}|{name}", "when-low": "1", "rule-kind": "manual"}
        return {"r-kind": "manual"} | {f"r-cases-0-{key}": text for key, text in case.items()}

    assert post(secretary, leaf(draft, "2.2.2"), waiting("2.1.2", "n")).status_code == 302
    answer = post(secretary, leaf(draft, "2.1.2"), waiting("2.2.2", "points"))
    assert answer.status_code == 400 and "2.1.2 → 2.2.2" in answer.content.decode()
    answer = post(secretary, leaf(draft, "2.1.2"), waiting("3.1.1", "pct"))
    assert answer.status_code == 400


def test_the_rule_is_taken_away_with_its_cases(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft)
    StoredCase.objects.create(criterion=node, inputs={"numerator": "1", "denominator": "2"}, points=2)
    page = secretary.get(url("rule_clear", node)).content.decode()
    assert "1 trường hợp kiểm tra" in page
    assert secretary.post(url("rule_clear", node), {"revision": "0"}).status_code == 302
    node.refresh_from_db()
    assert (node.rule, node.method) == (None, "") and not node.stored_cases.exists()
    assert actions()[-1] == "criterion.rule_cleared"


def test_a_rule_that_its_maximum_no_longer_bears_is_shown_with_its_faults(
    draft: CriteriaSet, secretary: Client
) -> None:
    node = leaf(draft)
    Criterion.objects.filter(pk=node.pk).update(max_points=Decimal(1))
    page = secretary.get(url("rule", node)).content.decode()
    assert 'id="id_r-factor_error"' in page


# The trial


def test_the_trial_tells_points_and_steps_and_stores_nothing(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft)
    answer = secretary.post(url("rule_try", node), {**RATIO, **TRIED})
    page = answer.content.decode()
    assert answer.status_code == 200 and "<html" not in page
    assert ">3,76<" in page and "47 / 50 × 4 = 3,76" in page and "47 trên 50" in page
    assert "Điểm = đúng hạn / đã giải quyết × 4" in page
    assert not actions() and not StoredCase.objects.exists()
    page = post(secretary, node, RATIO | TRIED, act="try").content.decode()  # without script
    assert "<html" in page and "47 / 50 × 4 = 3,76" in page


def test_the_trial_says_what_is_missing(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft)
    page = secretary.post(url("rule_try", node), RATIO).content.decode()
    assert "Nhập số liệu như cơ quan kê khai" in page
    page = secretary.post(
        url("rule_try", node), RATIO | {"try-numerator": "60", "try-denominator": "50"}
    ).content.decode()
    assert "try-problems" in page and "60" in page
    page = secretary.post(url("rule_try", node), RATIO | {"r-factor": ""}).content.decode()
    assert "chưa hoàn chỉnh: 1 chỗ" in page and "id_r-factor" in page
    assert secretary.post(url("rule_try", node), {"r-kind": "nonsense"}).status_code == 200


def test_the_trial_asks_for_what_other_leaves_answer(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft, "2.2.2")
    fields = {
        "r-kind": "manual",
        "r-cases-0-when-by": "answer",
        "r-cases-0-when-answer": "1.1.2|option",
        "r-cases-0-when-equals": "1",
        "r-cases-0-rule-kind": "boolean",
        "r-cases-0-rule-yes": "2",
        "r-cases-0-rule-no": "0",
    }
    page = secretary.post(url("rule_try", node), fields).content.decode()
    assert 'name="try-answer_0"' in page and "Không kịp thời" in page
    tried = fields | {"try-answer_0": "1", "try-c0_value": "true"}
    assert ">2<" in secretary.post(url("rule_try", node), tried).content.decode()
    assert post(secretary, node, tried, act="case").status_code == 302
    case = StoredCase.objects.get()
    assert case.inputs["answers"] == {"1.1.2": {"option": "1"}} and case.points == 2
    page = secretary.get(url("case", node, case.pk)).content.decode()
    assert 'name="try-answer_0"' in page


def test_the_best_of_the_block_can_be_tried(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft)
    fields = {"r-kind": "ratio_to_best", "r-value": "v", "r-factor": "4", "try-value": "5"}
    assert "tạm tính" in secretary.post(url("rule_try", node), fields).content.decode()
    page = secretary.post(url("rule_try", node), fields | {"try-best_0": "10"}).content.decode()
    assert ">2<" in page and "tạm tính</span>" not in page


# Cases


def test_a_trial_is_kept_as_a_case_and_the_rule_with_it(draft: CriteriaSet, secretary: Client) -> None:
    node = emptied(leaf(draft))
    answer = post(secretary, node, RATIO | TRIED, act="case", **{"case-note": "hồ sơ quý I"})
    assert answer.status_code == 302
    case = StoredCase.objects.get()
    assert (case.points, case.applicable_max, case.note) == (Decimal("3.76"), None, "hồ sơ quý I")
    assert case.inputs == {"numerator": "47", "denominator": "50"}
    assert actions()[-2:] == ["criterion.rule_set", "stored_case.added"]
    page = secretary.get(url("cases", node)).content.decode()
    assert "hồ sơ quý I" in page and "tử số = 47" in page and "3,76" in page
    post(secretary, node, RATIO | TRIED, act="case", **{"case-points": "3,5"})
    assert StoredCase.objects.last().points == Decimal("3.5")  # type: ignore[union-attr]


def test_a_case_without_figures_or_beyond_the_maximum_is_refused(
    draft: CriteriaSet, secretary: Client
) -> None:
    node = leaf(draft)
    assert post(secretary, node, RATIO, act="case").status_code == 422
    assert post(secretary, node, RATIO | TRIED, act="case", **{"case-points": "x"}).status_code == 422
    assert post(secretary, node, RATIO | TRIED, act="case", **{"case-points": "9"}).status_code == 400
    node.refresh_from_db()
    assert not StoredCase.objects.exists() and node.rule["numerator"] != "đúng hạn"  # type: ignore[index]


def test_a_changed_rule_tells_which_cases_no_longer_hold(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft)
    StoredCase.objects.create(
        criterion=node, inputs={"numerator": "47", "denominator": "50"}, points=Decimal("3.76"), note="quý I"
    )
    page = secretary.post(url("rule_try", node), RATIO | {"r-factor": "2"}).content.decode()
    assert "không còn đúng" in page and "quý I" in page
    page = secretary.post(
        url("rule", node), {"act": "next", "revision": "0", **RATIO, "r-factor": "2"}, follow=True
    )
    assert "Không còn đúng: quý I. Phải được 3,76, nay: 1,88" in page.content.decode()
    page = secretary.get(url("cases", node)).content.decode()
    assert "không còn đúng" in page and "1,88" in page


def test_a_case_is_changed_and_taken_away(draft: CriteriaSet, secretary: Client) -> None:
    node = leaf(draft)
    case = StoredCase.objects.create(criterion=node, inputs={"numerator": "1", "denominator": "2"}, points=1)
    address = url("case", node, case.pk)
    assert 'value="1"' in secretary.get(address).content.decode()
    sent = {
        "revision": "0",
        "try-numerator": "1",
        "try-denominator": "4",
        "case-points": "1",
        "case-note": "một phần tư",
    }
    assert secretary.post(address, sent | {"try-denominator": "0,5"}).status_code == 422
    assert secretary.post(address, sent | {"revision": "5"}).status_code == 409
    assert secretary.post(address, sent | {"act": "try"}).status_code == 200
    assert secretary.post(address, sent).status_code == 302
    case.refresh_from_db()
    assert (case.inputs["denominator"], case.note) == ("4", "một phần tư")
    gone = url("case_delete", node, case.pk)
    assert "một phần tư" in secretary.get(gone).content.decode()
    assert secretary.post(gone, {"revision": "1"}).status_code == 302
    assert not StoredCase.objects.exists()
    assert actions()[-2:] == ["stored_case.changed", "stored_case.deleted"]
    assert secretary.get(address).status_code == 404


def test_the_cases_of_a_locked_set_are_read_only(secretary: Client) -> None:
    draft = make_set(locked=False)
    node = leaf(draft)
    case = StoredCase.objects.create(criterion=node, inputs={"numerator": "1", "denominator": "2"}, points=2)
    CriteriaSet.objects.filter(pk=draft.pk).update(locked_at=draft.created_at)
    page = secretary.get(url("cases", node)).content.decode()
    assert "đúng" in page and url("case_delete", node, case.pk) not in page
    assert secretary.post(url("case_delete", node, case.pk), {"revision": "0"}).status_code == 409
    sent = {"revision": "0", "try-numerator": "1", "try-denominator": "2", "case-points": "1"}
    assert secretary.post(url("case", node, case.pk), sent).status_code == 409


@pytest.mark.parametrize("number", [1, 3])
def test_the_pages_ask_a_fixed_number_of_queries(draft: CriteriaSet, secretary: Client, number: int) -> None:
    node = leaf(draft)
    for _case in range(number):
        StoredCase.objects.create(criterion=node, inputs={"numerator": "1", "denominator": "2"}, points=2)
    for name, wanted in (("rule", 6), ("cases", 6)):
        secretary.get(url(name, node))
        with CaptureQueriesContext(connection) as asked:
            secretary.get(url(name, node))
        assert len(asked) == wanted, name
