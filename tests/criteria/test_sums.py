"""Whether points add up: caps, bonus and penalty areas, and the set of nine areas that is printed as 100."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from agencies.models import Role
from parindex.errors import Invalid
from scoring.criteria import services
from scoring.criteria.carriers import read
from scoring.criteria.models import CriteriaSet
from scoring.criteria.queries import differences
from scoring.criteria.xlsx_write import write_workbook
from tests.criteria.files import encoded, leaf, small
from tests.criteria.test_pages import client, hidden, upload
from tests.criteria.workbooks import edited, table
from tests.factories import actor
from tests.factories_scoring import home_affairs, make_block

D = Decimal


@pytest.fixture
def province() -> None:
    home_affairs()
    make_block("Sở, ban, ngành")


def six(**more: Any) -> dict[str, Any]:
    """Six items of 10, of which at most 10 count."""
    parts = [leaf(f"1.{number}", "10") for number in range(1, 7)]
    area = {"code": "1", "title": "Lĩnh vực 1", "max": "10", "cap": "10", "children": parts, **more}
    return small() | {"areas": [area], "total": "10"}


def nine() -> dict[str, Any]:
    areas = [leaf(str(number), "11.05") for number in range(1, 9)] + [leaf("9", "11.15")]
    return small() | {"areas": areas, "total": "100", "title": "Bộ tiêu chí chín lĩnh vực"}


def warned(document: dict[str, Any]) -> list[str]:
    through = read(write_workbook(document))
    direct = read(encoded(document))
    assert direct.errors == () == through.errors
    assert [one.message for one in direct.warnings] == [one.message for one in through.warnings]
    return [one.place for one in direct.warnings]


def test_six_items_of_ten_of_which_at_most_ten_count_add_up() -> None:
    assert warned(six()) == []
    assert warned(six(cap="12")) == ["areas[0].max"]
    assert warned(six(cap="60", max="60") | {"total": "60"}) == []
    assert warned(six(cap="61", max="60") | {"total": "60"}) == ["areas[0].cap"]
    (warning,) = read(encoded(six(cap="12"))).warnings
    assert "60" in warning.message and "12" in warning.message and "10" in warning.message


def test_a_leaf_with_a_cap_brings_no_more_than_it() -> None:
    document = small(leaf(maximum="4", cap="3"), leaf("1.1.2"))
    document |= {"total": "5"}
    for node in (document["areas"][0], document["areas"][0]["children"][0]):
        node["max"] = "5"
    assert warned(document) == []
    assert warned(small(leaf(cap="2"), leaf("1.1.2"))) == ["areas[0].children[0].children[0].cap"]


def test_bonus_and_penalty_areas_count_in_no_total() -> None:
    document = small()
    document["areas"] += [leaf("2", "5", role="bonus"), leaf("3", "3", role="penalty")]
    assert warned(document) == []
    assert warned(document | {"total": "12"}) == ["total"]
    del document["total"]
    file = read(encoded(document)).file
    assert file is not None and file.total == 4


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"cap": "x"}, "cap"),
        ({"cap": 5}, "cap"),
        ({"cap": "-1"}, "cap"),
        ({"role": "extra"}, "role"),
        ({"role": ["bonus"]}, "role"),
        ({"role": "bonus"}, "role"),
    ],
)
def test_faults_of_caps_and_roles_have_their_place(change: dict[str, Any], place: str) -> None:
    (error,) = read(encoded(small(leaf(**change), leaf("1.1.2")))).errors
    assert error.place == f"areas[0].children[0].children[0].{place}" and error.code == "1.1.1"


def test_caps_and_roles_of_a_workbook_are_vietnamese_and_their_faults_in_the_cell() -> None:
    def change(book: Any) -> None:
        sheet = book["Bộ tiêu chí"]
        assert (sheet["N1"].value, sheet["O1"].value) == ("Mức trần", "Vai trò")
        sheet["N2"], sheet["O2"] = "0,5", "Điểm cộng"

    file = read(edited(change, small() | {"total": "0"})).file
    assert file is not None and (file.nodes[0].cap, file.nodes[0].role) == (D("0.5"), "bonus")

    def spoil(book: Any) -> None:
        sheet = book["Bộ tiêu chí"]
        sheet["N2"], sheet["O2"], sheet["O4"] = "nửa", "thêm", "điểm trừ"

    assert {one.place for one in read(edited(spoil, small())).errors} == {
        "Bộ tiêu chí!N2",
        "Bộ tiêu chí!O2",
        "Bộ tiêu chí!O4",
    }


def test_a_table_with_a_column_for_each_level_tells_the_role_of_its_areas() -> None:
    rows = [
        ["Lĩnh vực", "Tiêu chí", "Điểm tối đa", "Cách chấm", "Quy tắc", "Vai trò"],
        ["I. Thường", "1.1. Một", 1, "Đạt / không đạt", "Đạt = 1\nKhông đạt = 0", None],
        ["II. Cộng", "2.1. Hai", 1, "Đạt / không đạt", "Đạt = 1\nKhông đạt = 0", "điểm cộng"],
        ["II. Cộng", "2.2. Ba", 1, "Đạt / không đạt", "Đạt = 1\nKhông đạt = 0", "điểm cộng"],
    ]
    reading = read(table(rows))
    assert reading.file is not None, reading.errors
    assert [one.role for one in reading.file.nodes] == ["", "", "bonus", "", ""]
    assert reading.file.total == 1


@pytest.mark.django_db
@pytest.mark.parametrize("carrier", [encoded, write_workbook], ids=["json", "xlsx"])
def test_nine_areas_of_99_55_printed_as_100_are_locked_after_a_person_confirms(
    province: None, carrier: Any
) -> None:
    data = carrier(nine())
    secretary = client()
    page = secretary.post(reverse("criteria:import"), upload(data)).content.decode()
    assert "99,55" in page and "note warn" in page
    secretary.post(reverse("criteria:store"), {"content": hidden(page, "content")})
    draft = CriteriaSet.objects.get()
    (difference,) = differences(draft)
    assert (difference.node, difference.points, difference.parts) == (None, D(100), D("99.55"))
    with pytest.raises(Invalid):
        services.lock_set(actor=actor(Role.SECRETARY), criteria_set=draft)
    url = reverse("criteria:lock", args=[draft.pk])
    assert "99,55" in secretary.get(url).content.decode()
    assert secretary.post(url).status_code == 409
    assert secretary.post(url, {"confirm_difference": "1"}).status_code == 302
    draft.refresh_from_db()
    assert draft.locked_at and draft.difference_confirmed_by is not None
    page = secretary.get(reverse("criteria:set", args=[draft.pk])).content.decode()
    assert "99,55" in page and str(draft.difference_confirmed_by) in page


@pytest.mark.django_db
def test_the_page_of_a_set_tells_caps_and_roles(province: None) -> None:
    document = six()
    document["areas"].append(leaf("2", "5", role="bonus"))
    draft = services.import_criteria_set(actor=None, data=encoded(document)).criteria_set
    assert draft is not None and differences(draft) == []
    page = client().get(reverse("criteria:set", args=[draft.pk])).content.decode()
    assert "tính không quá 10 trong 60 điểm" in page and "+5" in page and "phần điểm cộng" in page


@pytest.mark.django_db
def test_the_lock_page_counts_the_leaves_that_go_to_home_affairs(province: None) -> None:
    draft = services.import_criteria_set(actor=None, data=encoded(small())).criteria_set
    assert draft is not None
    draft.criteria.filter(code="1.1.2").update(appraiser=None)
    page = client().get(reverse("criteria:lock", args=[draft.pk])).content.decode()
    assert "1 tiêu chí không ghi cơ quan thẩm định, giao Sở Nội vụ: 1.1.2" in page
