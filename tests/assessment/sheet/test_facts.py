"""Leaves whose rules look at other leaves: what the sheet asks, scores and keeps as answers change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext as _

from parindex.audit.models import AuditEntry
from parindex.errors import Invalid, StaleVersion, WrongState
from scoring.assessment.models import Answer, Scoresheet, SheetState
from scoring.assessment.queries.progress import progress_of
from scoring.assessment.services import answers
from tests.assessment.sheet.conftest import Place, actor_of, make_place
from tests.factories_scoring import make_set

D = Decimal
YES = {"kind": "boolean", "yes": "2", "no": "0"}


def number(variable: str, high: str) -> dict[str, Any]:
    """``high`` points from 50 on, else 0."""
    return {
        "kind": "tiers",
        "variable": variable,
        "bands": [{"ge": "50", "points": high}, {"lt": "50", "points": "0"}],
    }


#: 1.1 a share in percent. 1.2 asks for reports, and only for a yes where 1.1 reaches 80. 1.3 looks at 1.2's yes.
LEAVES = [
    ("1.1", "2", number("tỷ lệ", "2")),
    (
        "1.2",
        "2",
        number("báo cáo", "2")
        | {
            "cases": [
                {
                    "when": {"answer": "1.1", "field": "value", "ge": "80"},
                    "rule": {"kind": "boolean", "yes": "1", "no": "0"},
                }
            ]
        },
    ),
    (
        "1.3",
        "2",
        YES
        | {
            "cases": [
                {
                    "when": {"answer": "1.2", "field": "c0_value", "is": True},
                    "rule": number("văn bản", "1.5"),
                }
            ]
        },
    ),
    ("2.1", "2", YES),
]


@pytest.fixture
def chain(db: None) -> Place:
    return make_place(criteria_set=make_set(LEAVES))


def stand(place: Place, code: str) -> tuple[Any, Any]:
    answer = place.answer(code)
    return answer.inputs, answer.self_points


def post_data(place: Place, code: str, **raw: Any) -> dict[str, Any]:
    answer = place.answer(code)
    key = answer.public_id.hex
    return {f"{key}-{name}": value for name, value in raw.items()} | {"version": answer.version, "note": ""}


def test_a_leaf_waits_for_the_answer_that_it_looks_at(chain: Place) -> None:
    with pytest.raises(Invalid) as refused:
        chain.save("1.2", value="60")
    assert "1.1" in str(refused.value.fields["answer"][0])
    assert stand(chain, "1.2") == (None, None)


def test_the_case_that_holds_is_asked_and_scored(chain: Place) -> None:
    chain.save("1.1", value="90")
    chain.save("1.2", c0_value="true")
    chain.save("1.3", c0_value="70")
    assert stand(chain, "1.2") == ({"c0_value": True}, D(1))
    assert stand(chain, "1.3") == ({"c0_value": "70"}, D("1.5"))


def test_a_change_goes_down_the_chain_and_back(chain: Place) -> None:
    chain.save("1.1", value="90")
    chain.save("1.2", c0_value="true")
    chain.save("1.3", c0_value="70")
    versions = {code: chain.answer(code).version for code in ("1.1", "1.2", "1.3", "2.1")}
    saved = answers.save_answer(
        answer=chain.answer("1.1"), actor=actor_of(chain.editor), inputs_raw={"value": "60"}, note="",
        expected_version=versions["1.1"],
    )  # fmt: skip
    assert [one.criterion.code for one in saved.rescored] == ["1.2", "1.3"]
    assert stand(chain, "1.2") == ({"c0_value": True}, None)  # other inputs are asked now: these are kept
    assert stand(chain, "1.3") == ({"c0_value": "70"}, None)  # 1.2 says nothing any more
    assert {code: chain.answer(code).version - old for code, old in versions.items()} == {
        "1.1": 1,
        "1.2": 1,
        "1.3": 1,
        "2.1": 0,
    }
    told = AuditEntry.objects.filter(action="answer.rescored").order_by("seq")
    assert [entry.after["because"] for entry in told][-2:] == [["1.1"], ["1.2"]]
    gaps = {
        gap.criterion.code: gap.kind for gap in progress_of(chain.sheet).gaps if gap.kind != "no_evidence"
    }
    assert gaps == {"1.2": "lapsed", "1.3": "lapsed", "2.1": "unanswered"}
    chain.save("1.1", value="85")  # back: what was kept counts again
    assert stand(chain, "1.2") == ({"c0_value": True}, D(1))
    assert stand(chain, "1.3") == ({"c0_value": "70"}, D("1.5"))
    before = AuditEntry.objects.filter(action="answer.rescored").count()
    chain.save("1.1", value="88")  # the same case, the same points: nothing is written
    assert AuditEntry.objects.filter(action="answer.rescored").count() == before


def test_clearing_the_answer_takes_the_points_below_it(chain: Place) -> None:
    chain.save("1.1", value="60")
    chain.save("1.2", value="70")
    assert stand(chain, "1.2") == ({"value": "70"}, D(2))
    chain.save("1.1", value="")
    assert stand(chain, "1.2") == ({"value": "70"}, None)


def test_what_does_not_apply_lets_no_condition_hold(chain: Place) -> None:
    chain.save("1.1", value="90")
    chain.save("1.2", c0_value="true")
    answers.ask_not_applicable(answer=chain.answer("1.1"), actor=actor_of(chain.editor), reason="Không có")
    assert stand(chain, "1.2") == ({"c0_value": True}, None)
    chain.save("1.2", value="70")
    assert stand(chain, "1.2") == ({"value": "70"}, D(2))
    answers.take_back_not_applicable(answer=chain.answer("1.1"), actor=actor_of(chain.editor))
    assert stand(chain, "1.2") == ({"value": "70"}, None)


def test_a_page_from_before_the_change_is_stale(chain: Place, as_user: Any) -> None:
    chain.save("1.1", value="60")
    old = chain.answer("1.2").version
    chain.save("1.1", value="90")
    with pytest.raises(StaleVersion):
        answers.save_answer(
            answer=chain.answer("1.2"), actor=actor_of(chain.editor), inputs_raw={"value": "70"}, note="",
            expected_version=old,
        )  # fmt: skip
    address = reverse("workspace:answer", args=[chain.answer("1.2").public_id])
    sent = post_data(chain, "1.2", value="70") | {"version": old}
    assert as_user(chain.editor, htmx=True).post(address, sent).status_code == 409
    assert stand(chain, "1.2") == (None, None)


def test_the_sheet_says_where_a_fact_comes_from(chain: Place, as_user: Any) -> None:
    client = as_user(chain.editor)
    address = reverse("workspace:sheet", args=[chain.sheet.public_id])
    page = client.get(address).content.decode()
    assert _("Answer criterion %(code)s first: it decides what is asked here.") % {"code": "1.1"} in page
    assert f'id="form-{chain.answer("1.2").public_id.hex}"' not in page
    chain.save("1.1", value="90")
    page = client.get(address).content.decode()
    assert _("By the answer to criterion %(code)s.") % {"code": "1.1"} in page
    key = chain.answer("1.2").public_id.hex
    assert f'name="{key}-c0_value"' in page and f'name="{key}-value"' not in page
    chain.save("1.2", c0_value="true")
    chain.save("1.1", value="60")
    page = client.get(address).content.decode()
    assert _("Fill it in again.") in page and f'name="{key}-value"' in page


def test_a_save_refreshes_the_rows_that_depend_on_it(chain: Place, as_user: Any) -> None:
    chain.save("1.1", value="90")
    chain.save("1.2", c0_value="true")
    client = as_user(chain.editor, htmx=True)
    page = client.post(
        reverse("workspace:answer", args=[chain.answer("1.1").public_id]), post_data(chain, "1.1", value="60")
    ).content.decode()
    assert f'id="leaf-{chain.answer("1.2").public_id}" hx-swap-oob="true"' in page
    assert f'id="leaf-{chain.answer("2.1").public_id}"' not in page
    assert _("Looked at again, because they depend on this answer:") in page


def test_the_preview_goes_by_the_other_answer(chain: Place, as_user: Any) -> None:
    chain.save("1.1", value="90")
    answer = chain.answer("1.2")
    address = reverse("workspace:preview", args=[answer.public_id])
    page = as_user(chain.editor).get(address, {f"{answer.public_id.hex}-c0_value": "true"}).content.decode()
    assert "1" in page and "2 / 2" not in page
    assert stand(chain, "1.2") == (None, None)


@pytest.mark.parametrize("more", [1, 3])
def test_queries_do_not_grow_with_leaves(db: None, as_user: Any, more: int) -> None:
    extra = [(f"3.{n}", "2", LEAVES[1][2]) for n in range(1, more + 1)]
    plain = make_place(criteria_set=make_set([("1.1", "2", YES)]))
    place = make_place(criteria_set=make_set([*LEAVES[:1], *extra]))
    place.save("1.1", value="90")
    counts = []
    for one in (plain, place):
        client, address = as_user(one.editor), reverse("workspace:sheet", args=[one.sheet.public_id])
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        counts.append(len(seen))
    assert counts[0] == counts[1]  # the sheet's page has read all that its rules look at
    with CaptureQueriesContext(connection) as seen:
        place.save("1.1", value="95")  # the same case: looked at, nothing written
    assert len(seen) == 18


def test_a_draft_that_waits_cannot_be_submitted(chain: Place) -> None:
    for code, raw in (("1.1", {"value": "90"}), ("1.2", {"c0_value": "true"}), ("2.1", {"value": "true"})):
        chain.save(code, note="Có báo cáo.", **raw)
    chain.save("1.3", note="Có.", c0_value="70")
    assert not progress_of(chain.sheet).gaps
    chain.save("1.1", note="Có báo cáo.", value="60")
    assert {gap.kind for gap in progress_of(chain.sheet).gaps} == {"lapsed"}
    assert Scoresheet.objects.get(pk=chain.sheet.pk).state == SheetState.DRAFTING
    assert Answer.objects.filter(self_points=None).count() == 2 + 4  # the second agency has answered nothing


def test_a_supplement_lets_what_lapsed_be_declared_again(chain: Place) -> None:
    chain.save("1.1", value="90")
    chain.save("1.2", c0_value="true")
    chain.save("1.1", value="60")
    Scoresheet.objects.filter(pk=chain.sheet.pk).update(supplementary=True)
    with pytest.raises(WrongState):
        chain.save("2.1", value="true")
    chain.save("1.2", value="70")
    assert stand(chain, "1.2") == ({"value": "70"}, D(2))
