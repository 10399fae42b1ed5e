"""The editor's pages: typed over and saved, steps, faults beside their fields, stale tabs, locked sets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Role
from scoring.criteria.editing import services, sets
from scoring.criteria.models import CriteriaSet, Criterion
from tests.factories import actor, person
from tests.factories_scoring import make_agency, make_block, make_set

pytestmark = pytest.mark.django_db

YES = {"kind": "boolean", "yes": "1", "no": "0"}


@pytest.fixture
def secretary(db: None) -> Client:
    made = Client()
    made.force_login(person(Role.SECRETARY))
    return made


@pytest.fixture
def draft(db: None) -> CriteriaSet:
    return make_set([(code, "1", YES) for code in ("1.1.1", "1.1.2", "1.2.1")], locked=False)


def node(draft: CriteriaSet, code: str) -> Criterion:
    return draft.criteria.get(code=code)


def edit(draft: CriteriaSet) -> str:
    return reverse("criteria:edit", args=[draft.pk])


def everything(client: Client, draft: CriteriaSet, **changes: Any) -> dict[str, Any]:
    """What a browser without script sends: every field of the page."""
    page = client.get(edit(draft)).content.decode()
    sent = dict(
        re.findall(r'<input[^>]*name="((?:code|max_points)-\d+|revision|shown)"[^>]*value="([^"]*)"', page)
    )
    sent |= dict(re.findall(r'<textarea[^>]*name="(title-\d+)"[^>]*>([^<]*)<', page))
    assert len(sent) == 2 + 3 * draft.criteria.count()
    return sent | changes


def test_the_page_shows_the_tree_with_its_sums(secretary: Client, draft: CriteriaSet) -> None:
    draft.criteria.filter(code="1.1").update(max_points="2.5")
    page = secretary.get(edit(draft)).content.decode()
    assert page.index("1.1.1") < page.index("1.1.2") < page.index("1.2.1")
    assert "thiếu 0,5" in page and "thừa 0,5" in page and "✓ khớp" in page


def test_all_is_saved_in_one_go(secretary: Client, draft: CriteriaSet) -> None:
    one, area = node(draft, "1.1.1"), node(draft, "1")
    sent = everything(
        secretary, draft, **{f"title-{one.pk}": " Tên  mới ", f"max_points-{area.pk}": "3,5", "act": "save"}
    )
    assert secretary.post(edit(draft), sent).status_code == 302
    one.refresh_from_db()
    area.refresh_from_db()
    draft.refresh_from_db()
    assert (one.title, str(area.max_points), draft.revision) == ("Tên mới", "3.500000", 1)


def test_a_fault_stands_beside_its_field_and_nothing_is_lost(secretary: Client, draft: CriteriaSet) -> None:
    one, two = node(draft, "1.1.1"), node(draft, "1.1.2")
    sent = everything(
        secretary,
        draft,
        **{f"max_points-{one.pk}": "một", f"title-{two.pk}": "Chưa lưu", "act": "up", "node": two.pk},
    )
    answer = secretary.post(edit(draft), sent)
    page = answer.content.decode()
    assert answer.status_code == 400 and f'href="#max_points-{one.pk}"' in page
    assert 'value="một"' in page and ">Chưa lưu</textarea>" in page and "data-typed" in page
    two.refresh_from_db()
    assert two.order == 4 and two.title != "Chưa lưu"


@pytest.mark.parametrize(
    "act,order", [("down", "1 1.2 1.2.1 1.1 1.1.1 1.1.2"), ("out", "1 1.2 1.2.1 1.1 1.1.1 1.1.2")]
)
def test_a_step_saves_what_was_typed(secretary: Client, draft: CriteriaSet, act: str, order: str) -> None:
    one = node(draft, "1.1")
    sent = everything(secretary, draft, **{f"title-{one.pk}": "Đổi", "act": act, "node": one.pk})
    answer = secretary.post(edit(draft), sent)
    one.refresh_from_db()
    assert answer["Location"].endswith(f"#title-{one.pk}") and one.title == "Đổi"
    codes = list(draft.criteria.order_by("order").values_list("code", flat=True))
    assert codes == (order.split() if act == "down" else "1 1.2 1.2.1 1.1 1.1.1 1.1.2".split())
    assert one.level == (2 if act == "down" else 1)


def test_the_script_gets_the_new_order_and_words(secretary: Client, draft: CriteriaSet) -> None:
    sent = {"act": "up", "node": node(draft, "1.1.2").pk, "revision": 0}
    answer = secretary.post(edit(draft), sent, headers={"Accept": "application/json"}).json()
    assert answer["revision"] == 1 and [level for _pk, level in answer["order"]] == [1, 2, 3, 3, 2, 3]
    assert answer["says"] == "1.1.2 nay đứng thứ 1 trong 2 tiêu chí con của 1.1, cấp 3."
    refused = secretary.post(edit(draft), sent, headers={"Accept": "application/json"})
    assert refused.status_code == 409 and "đã có người sửa" in refused.json()["error"]


@pytest.mark.parametrize("act,code", [("add-area", "2"), ("add-part", "1.1.3"), ("add-behind", "1.3")])
def test_nodes_are_added(secretary: Client, draft: CriteriaSet, act: str, code: str) -> None:
    answer = secretary.post(edit(draft), {"act": act, "node": node(draft, "1.1").pk, "revision": 0})
    made = node(draft, code)
    assert answer["Location"].endswith(f"&new=1#title-{made.pk}")
    page = secretary.get(answer["Location"]).content.decode()
    assert "data-fresh" in page and "chưa có cách chấm" in page


def test_without_a_row_a_step_asks_for_one(secretary: Client, draft: CriteriaSet) -> None:
    answer = secretary.post(edit(draft), {"act": "up", "revision": 0})
    assert answer.status_code == 400 and "Chọn một tiêu chí" in answer.content.decode()


def test_a_stale_page_keeps_what_was_typed_and_only_that(secretary: Client, draft: CriteriaSet) -> None:
    one, two = node(draft, "1.1.1"), node(draft, "1.1.2")
    sent = everything(secretary, draft, **{f"title-{one.pk}": "Của tôi", "act": "save"})
    other = actor(Role.SECRETARY)
    services.change_nodes(
        actor=other,
        set_pk=draft.pk,
        cells={one.pk: {"title": "Của người khác"}, two.pk: {"title": "Cũng của người khác"}},
    )
    answer = secretary.post(edit(draft), sent)
    page = answer.content.decode()
    assert answer.status_code == 409 and ">Của tôi</textarea>" in page and "Của người khác" in page
    assert ">Cũng của người khác</textarea>" in page and 'name="revision" value="1"' in page
    again = sent | {"revision": "1", "shown": re.findall(r'name="shown" value="([^"]*)"', page)[0]}
    again |= {f"title-{two.pk}": "Cũng của người khác"}
    secretary.post(edit(draft), again)
    assert {node(draft, "1.1.1").title, node(draft, "1.1.2").title} == {"Của tôi", "Cũng của người khác"}


def test_typed_for_a_node_that_is_gone_is_shown(secretary: Client, draft: CriteriaSet) -> None:
    one = node(draft, "1.1.1")
    sent = everything(secretary, draft, **{f"title-{one.pk}": "Công sức của tôi", "act": "save"})
    services.delete_node(actor=None, set_pk=draft.pk, node_pk=one.pk)
    page = secretary.post(edit(draft), sent).content.decode()
    assert "Công sức của tôi" in page and "error-summary" in page


def test_deleting_names_everything_that_goes(secretary: Client, draft: CriteriaSet) -> None:
    one = node(draft, "1.1")
    answer = secretary.post(edit(draft), {"act": "delete", "node": one.pk, "revision": 0})
    url = reverse("criteria:node_delete", args=[draft.pk, one.pk])
    assert answer["Location"] == url
    page = secretary.get(url).content.decode()
    assert "3 tiêu chí" in page and "1.1.2 Tiêu chí thành phần" in page
    assert secretary.post(url, {"revision": 5}).status_code == 409
    assert secretary.post(url, {"revision": 0})["Location"] == edit(draft)
    assert draft.criteria.count() == 3 and secretary.get(url).status_code == 404


def test_numbering_anew_shows_each_code_first(secretary: Client, draft: CriteriaSet) -> None:
    url = reverse("criteria:edit_renumber", args=[draft.pk])
    assert "đã đúng theo vị trí" in secretary.get(url).content.decode()
    draft.criteria.filter(code="1.2.1").update(code="1.2.9")
    page = secretary.get(url).content.decode()
    assert "1.2.9" in page and "1.2.1" in page
    secretary.post(url, {"revision": 0})
    assert node(draft, "1.2.1")


def test_the_page_of_a_node(secretary: Client, draft: CriteriaSet) -> None:
    one = node(draft, "1.1.1")
    url = reverse("criteria:node", args=[draft.pk, one.pk])
    page = secretary.get(url).content.decode()
    assert (
        "đạt" in page.lower() and reverse("criteria:node", args=[draft.pk, node(draft, "1.1.2").pk]) in page
    )
    sent = {
        "code": "1.1.1",
        "title": one.title,
        "max_points": "1",
        "method": "appraisal",
        "evidence": "Báo cáo",
        "not_applicable_for": "no_tthc",
        "revision": 0,
        "act": "next",
    }
    assert secretary.post(url, sent)["Location"].endswith(f"/nodes/{node(draft, '1.1.2').pk}/")
    one.refresh_from_db()
    assert (one.evidence, one.not_applicable_for, one.na_request) == ("Báo cáo", ["no_tthc"], False)
    wrong = secretary.post(url, sent | {"max_points": "0,5", "revision": 1})
    assert wrong.status_code == 400 and "Sửa cách chấm trước" in wrong.content.decode()
    stale = secretary.post(url, sent | {"title": "Tên tôi gõ"})
    page = stale.content.decode()
    assert stale.status_code == 409 and "Tên tôi gõ" in page and 'name="revision" value="1"' in page


def test_a_node_with_parts_asks_less(secretary: Client, draft: CriteriaSet) -> None:
    page = secretary.get(reverse("criteria:node", args=[draft.pk, node(draft, "1.1").pk])).content.decode()
    assert "id_guidance" in page and "id_appraiser" not in page and "id_method" not in page
    area = secretary.get(reverse("criteria:node", args=[draft.pk, node(draft, "1").pk])).content.decode()
    assert "id_role" in area and "id_role" not in page


def test_from_nothing_to_a_tree_by_pasting(secretary: Client) -> None:
    block = make_block("Sở, ban, ngành")
    sent = {
        "year": "2027",
        "block": block.pk,
        "title": "Bộ mới",
        "total": "100",
        "bonus_cap": "0",
        "penalty_cap": "0",
    }
    assert secretary.post(reverse("criteria:new"), sent | {"total": ""}).status_code == 400
    answer = secretary.post(reverse("criteria:new"), sent)
    made = CriteriaSet.objects.get()
    assert (
        answer["Location"] == edit(made) and "Chưa có tiêu chí" in secretary.get(edit(made)).content.decode()
    )
    url = reverse("criteria:edit_paste", args=[made.pk])
    text = "\n".join(["I\tLĩnh vực\t60"] + [f"{n}\tTiêu chí {n}\t1" for n in range(1, 61)])
    page = secretary.post(url, {"text": text, "revision": 0, "act": "check"}).content.decode()
    assert "Sẽ thêm 61 tiêu chí" in page and not made.criteria.exists()
    assert secretary.post(url, {"text": text, "revision": 3, "act": "store"}).status_code == 409
    assert secretary.post(url, {"text": text, "revision": 0, "act": "store"})["Location"] == edit(made)
    assert made.criteria.count() == 61
    page = secretary.get(reverse("criteria:set", args=[made.pk])).content.decode()
    assert "Tiêu chí 60" in page


def test_the_details_and_profiles_of_a_draft(secretary: Client, draft: CriteriaSet) -> None:
    url = reverse("criteria:edit_details", args=[draft.pk])
    sent = {"title": "Tên khác", "total": "3", "bonus_cap": "1,5", "penalty_cap": "0", "revision": 0}
    sent |= {"decision_number": "01/QĐ-UBND", "decision_date": "2026-01-05"}
    assert secretary.post(url, sent | {"total": "-1"}).status_code == 400
    assert secretary.post(url, sent).status_code == 302
    stale = secretary.post(url, sent | {"title": "Tôi gõ"})
    assert stale.status_code == 409 and "Tôi gõ" in stale.content.decode()
    url = reverse("criteria:edit_profiles", args=[draft.pk])
    secretary.post(url, {"act": "add", "meaning": "Không có đơn vị trực thuộc", "revision": 1})
    draft.refresh_from_db()
    assert (draft.title, list(draft.profiles)) == ("Tên khác", ["no_tthc", "khong_co_don_vi_truc_thuoc"])
    again = secretary.post(url, {"act": "add", "meaning": "không có đơn vị trực thuộc", "revision": 2})
    assert again.status_code == 400 and "đã có nhóm đặc thù với nội dung này" in again.content.decode()
    secretary.post(url, {"act": "remove-khong_co_don_vi_truc_thuoc", "revision": 2})
    empty = secretary.post(url, {"act": "save", "words-no_tthc": "", "revision": 3})
    assert empty.status_code == 400
    draft.criteria.filter(code="1.1.1").update(not_applicable_for=["no_tthc"])
    used = secretary.post(url, {"act": "remove-no_tthc", "revision": 3})
    assert used.status_code == 400 and "1.1.1" in used.content.decode()


NAMES = ("edit", "edit_details", "edit_profiles", "edit_paste", "edit_renumber", "node", "node_delete")


@pytest.mark.parametrize("name", NAMES)
def test_a_locked_set_names_the_way(secretary: Client, name: str) -> None:
    locked = make_set([("1.1", "1", YES)])
    args = [locked.pk] + ([node(locked, "1.1").pk] if name.startswith("node") else [])
    for answer in (
        secretary.get(reverse(f"criteria:{name}", args=args)),
        secretary.post(reverse(f"criteria:{name}", args=args)),
    ):
        assert answer.status_code == 409 and "Chép thành phiên bản mới" in answer.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_pages_take_fixed_numbers_of_queries(
    secretary: Client, django_assert_num_queries: Any, number: int
) -> None:
    draft = make_set([(f"{n}.1", "1", YES) for n in range(1, number + 1)], locked=False)
    sets.add_profile(actor=None, set_pk=draft.pk, meaning="Khác")
    leaf = node(draft, "1.1").pk
    for name, args, queries in (
        ("edit", [draft.pk], 5),
        ("edit_profiles", [draft.pk], 5),
        ("edit_paste", [draft.pk], 6),
        ("node", [draft.pk, leaf], 9),
    ):
        url = reverse(f"criteria:{name}", args=args)
        secretary.get(url)
        with django_assert_num_queries(queries):
            secretary.get(url)


def test_a_group_sets_all_beneath_it_at_once(secretary: Client, draft: CriteriaSet) -> None:
    assert "no_tthc" in draft.profiles
    sets.add_profile(actor=None, set_pk=draft.pk, meaning="Không có đơn vị", key="no_units")
    draft.criteria.filter(code="1.1.2").update(not_applicable_for=["no_units"])
    draft.refresh_from_db()
    agency = make_agency("Sở Tư pháp")
    url = reverse("criteria:node", args=[draft.pk, node(draft, "1.1").pk])
    assert "Cả 2 tiêu chí bên dưới" in secretary.get(url).content.decode()
    fields = {"act": "below", "revision": draft.revision, "below-profiles": ["no_tthc"]}
    wrong = secretary.post(url, fields | {"below-appraiser": "0"})
    assert wrong.status_code == 400 and node(draft, "1.1.1").not_applicable_for == []
    assert secretary.post(url, fields | {"below-appraiser": agency.pk})["Location"] == url
    assert [
        (row.code, row.appraiser_id == agency.pk, row.not_applicable_for)
        for row in draft.criteria.filter(level=3).order_by("order")
    ] == [
        ("1.1.1", True, ["no_tthc"]),
        ("1.1.2", True, ["no_tthc", "no_units"]),
        ("1.2.1", False, []),
    ]
    assert secretary.post(url, fields).status_code == 409  # an old page
    leaf = reverse("criteria:node", args=[draft.pk, node(draft, "1.2.1").pk])
    assert "tiêu chí bên dưới" not in secretary.get(leaf).content.decode()
