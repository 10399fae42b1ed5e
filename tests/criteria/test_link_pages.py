"""Pages: copy a set, state links by code, compare side by side, take the comparison away as a file."""

from __future__ import annotations

import csv
import io
import re

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agencies.actors import SYSTEM
from agencies.models import Agency, Role
from parindex.clock import db_now
from scoring.criteria import linking
from scoring.criteria.copying import copy_set
from scoring.criteria.models import Comparability, CriteriaSet, CriterionLink, SetLink
from tests.criteria.linked import LEAVES, edit, link, node, tie, two
from tests.factories import person
from tests.factories_scoring import make_agency, make_block, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    made = Client()
    made.force_login(person(Role.SECRETARY))
    return made


def html(response):
    return response.content.decode()


def state(page):
    return re.search(r'name="state" value="(\w+)"', page).group(1)


def ties_url(new, old):
    return reverse("criteria:ties", args=[new.pk, old.pk])


def test_a_set_is_copied_and_the_comparison_opens(secretary):
    office = make_agency("Sở cũ")
    old = make_set(LEAVES, year=2025, appraiser=office)
    Agency.objects.filter(pk=office.pk).update(active=False)
    url = reverse("criteria:copy", args=[old.pk])
    page = html(secretary.get(url))
    assert 'value="2026"' in page and "Sở cũ" in page
    sent = {"year": "2026", "block": old.block_id, "title": "", "last_copy": "0"}
    answer = secretary.post(url, sent, follow=True)
    made = CriteriaSet.objects.get(year=2026)
    assert answer.redirect_chain[-1][0] == reverse("criteria:compare", args=[made.pk, old.pk])
    assert "Sở cũ" in html(answer)
    door = f'href="{reverse("criteria:edit", args=[made.pk])}"'
    assert door in html(answer)  # on to the draft
    again = secretary.post(url, sent)  # the second click
    assert again.status_code == 409 and "vừa được sao chép" in html(again)
    assert f'value="{made.pk}"' in html(again) and CriteriaSet.objects.count() == 2
    CriteriaSet.objects.filter(pk=made.pk).update(locked_at=db_now())
    assert door not in html(secretary.get(answer.redirect_chain[-1][0]))


def test_a_year_before_the_source_is_refused_beside_its_field(secretary):
    old = make_set(LEAVES, year=2025)
    url = reverse("criteria:copy", args=[old.pk])
    page = secretary.post(url, {"year": "2020", "block": old.block_id, "title": "Tên vừa gõ"})
    assert page.status_code == 400 and "Tên vừa gõ" in html(page) and "2025" in html(page)


def test_guesses_are_shown_before_they_count(secretary):
    block = make_block()
    old, new = (make_set(LEAVES[: 5 - n], year=2024 + n, block=block) for n in (0, 1))
    url = reverse("criteria:links", args=[new.pk])
    page = html(secretary.get(url, {"earlier": old.pk}))
    assert "Hồ sơ trực tuyến" in page and not SetLink.objects.exists()
    answer = secretary.post(url, {"earlier": old.pk})
    assert answer["Location"] == ties_url(new, old)
    assert CriterionLink.objects.count() == new.criteria.count()
    page = html(secretary.get(ties_url(new, old)))
    assert page.count("<datalist") == 1 and "Bỏ đi" in page
    assert secretary.post(url, {"earlier": new.pk}).status_code == 400  # not an earlier set
    assert secretary.get(url, {"earlier": "x"}).status_code == 400


def test_ties_are_typed_by_code(secretary):
    new, old = two()
    url = ties_url(new, old)
    page = html(secretary.get(url))
    a, b = node(new, "1.1.1"), node(new, "1.1.2")
    sent = {
        "part": "ties",
        "state": state(page),
        f"t-{a.pk}": " 1.1.1; 1.1.2 ",
        f"c-{a.pk}": "",
        f"t-{b.pk}": "",
    }
    assert secretary.post(url, sent)["Location"] == url
    found = linking.read_ties(link(new, old))
    assert len(found[a.pk].earlier) == 2 and b.pk not in found
    assert len(found[node(new, "1.2.1").pk].earlier) == 1  # what the form did not send stays
    stale = secretary.post(url, sent | {f"t-{b.pk}": "1.1.2"})
    assert stale.status_code == 409 and "đã có người sửa" in html(stale)
    assert secretary.post(url, sent | {f"t-{b.pk}": "1.1.2", "state": state(html(stale))}).status_code == 302


def test_an_unknown_code_is_told_beside_its_field_and_nothing_is_saved(secretary):
    new, old = two()
    url = ties_url(new, old)
    a, b = node(new, "1.1.1"), node(new, "1.1.2")
    sent = {"part": "ties", "state": state(html(secretary.get(url))), f"t-{a.pk}": "9.9", f"t-{b.pk}": ""}
    page = secretary.post(url, sent)
    assert page.status_code == 400 and 'value="9.9"' in html(page) and "không có tiêu chí 9.9" in html(page)
    assert b.pk in linking.read_ties(link(new, old))
    page = secretary.post(url, sent | {f"t-{a.pk}": "1.1.1", f"c-{a.pk}": "better"})
    assert page.status_code == 400


def test_the_totals_and_the_reason(secretary):
    new, old = two()
    url = ties_url(new, old)
    bare = {"part": "whole", "comparability": "not_comparable", "note": ""}
    page = secretary.post(url, bare)
    assert page.status_code == 400 and "Ghi lý do" in html(page)
    assert secretary.post(url, bare | {"note": "Đổi đối tượng"}).status_code == 302
    own = link(new, old)
    assert (own.comparability, own.stated, own.note) == (Comparability.NOT_COMPARABLE, True, "Đổi đối tượng")


def test_a_frozen_link_is_read_only(secretary):
    new, old = two()
    SetLink.objects.update(frozen_at=db_now())
    page = html(secretary.get(ties_url(new, old)))
    assert "sửa đổi trong năm" in page and 'name="t-' not in page
    drop = reverse("criteria:link_drop", args=[new.pk, old.pk])
    secretary.post(drop)
    assert SetLink.objects.count() == 1
    SetLink.objects.update(frozen_at=None)
    assert secretary.get(drop).status_code == 200
    secretary.post(drop)
    assert not SetLink.objects.exists()


def changed_pair():
    new, old = two()
    edit(new, "1.2.1", max_points="3", title="=Kế hoạch")
    tie(new, old, {"2.1.2": []})
    return new, old


def test_the_comparison_is_filtered_by_kind(secretary):
    new, old = changed_pair()
    url = reverse("criteria:compare", args=[new.pk, old.pk])
    page = html(secretary.get(url))
    assert "=Kế hoạch" in page and "Sáng kiến" in page and "Hồ sơ đúng hạn" not in page
    assert "Hồ sơ đúng hạn" in html(secretary.get(url, {"show": "all"}))
    gone = html(secretary.get(url, {"show": "gone"}))
    assert "Hồ sơ trực tuyến" in gone and "=Kế hoạch" not in gone
    turned = secretary.get(reverse("criteria:compare", args=[old.pk, new.pk]))
    assert turned["Location"] == url
    assert secretary.get(reverse("criteria:compare", args=[old.pk, old.pk])).status_code == 404


def test_the_comparison_as_a_file(secretary):
    new, old = changed_pair()
    place = {"pk": new.pk, "other": old.pk}
    told = secretary.get(reverse("criteria:compare_file", kwargs=place | {"kind": "csv"}))
    rows = list(csv.reader(io.StringIO(told.content.decode("utf-8-sig"))))
    by_code = {row[6]: row for row in rows}
    assert by_code["1.2.1"][7] == "'=Kế hoạch" and "Điểm tối đa: 1 → 3" in by_code["1.2.1"][10]
    assert rows[0][2].startswith("Mã (năm 2025")
    book = secretary.get(reverse("criteria:compare_file", kwargs=place | {"kind": "xlsx"}))
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet.max_row == len(rows)
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert secretary.get(reverse("criteria:compare_file", kwargs=place | {"kind": "pdf"})).status_code == 404


@pytest.mark.parametrize("areas", [1, 3])
def test_pages_take_the_same_queries_whatever_the_number(secretary, areas):
    leaves = [
        {"code": f"{a}.1.{n}", "max": "1", "rule": {"kind": "manual"}}
        for a in range(1, areas + 1)
        for n in (1, 2)
    ]
    old = make_set(leaves, year=2025)
    new = copy_set(actor=SYSTEM, source=old, year=2026, block=old.block)
    compare = reverse("criteria:compare", args=[new.pk, old.pk])
    secretary.get(compare)
    counted = {}
    for name, url in (
        ("compare", compare),
        ("ties", ties_url(new, old)),
        ("links", reverse("criteria:links", args=[new.pk])),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert secretary.get(url).status_code == 200
        counted[name] = len(queries)
    assert counted == {"compare": 12, "ties": 6, "links": 7}


def test_the_table_of_a_large_set_stays_small(secretary):
    leaves = [
        {"code": f"{a}.{b}.{n}", "max": "1", "rule": {"kind": "manual"}, "title": "Tỷ lệ hồ sơ giải quyết đúng hạn"}
        for a in range(1, 9) for b in range(1, 8) for n in range(1, 7)
    ]  # fmt: skip
    block = make_block()
    old, new = (make_set(leaves, year=year, block=block) for year in (2024, 2025))
    linking.state_link(actor=SYSTEM, newer=new, earlier=old)
    page = secretary.get(ties_url(new, old))
    assert new.criteria.count() == 400
    assert len(page.content) < 600_000
