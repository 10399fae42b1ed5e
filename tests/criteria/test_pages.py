"""The set pages: list, read, import with a rehearsal, lock, export, delete."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from agencies.models import Role
from scoring.criteria.models import CriteriaSet
from tests.criteria.files import SAMPLES, encoded, leaf, small, with_value
from tests.factories import person
from tests.factories_scoring import home_affairs, make_agency, make_block, make_set

pytestmark = pytest.mark.django_db


def client(role: Role = Role.SECRETARY) -> Client:
    made = Client()
    made.force_login(person(role))
    return made


@pytest.fixture
def province() -> None:
    home_affairs()
    make_block("Sở, ban, ngành")
    for name in ("Sở Tư pháp", "Sở Tài chính", "Sở Khoa học và Công nghệ", "Văn phòng UBND tỉnh"):
        make_agency(name)


def upload(data: bytes, **more: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("set.json", data), **more}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="{name}"', page)
    return (found.group(1) or found.group(2) or "") if found else ""


def test_a_file_is_rehearsed_then_stored_then_locked(province: None) -> None:
    secretary = client()
    data = (SAMPLES / "departments.json").read_bytes()
    page = secretary.post(reverse("criteria:import"), upload(data, year="2026")).content.decode()
    assert not CriteriaSet.objects.exists()
    assert "1.1.3" in page and "Văn phòng UBND tỉnh" in page and "2026" in page
    assert "trên 90\u00a0%: 2 điểm; từ 70\u00a0% đến 90\u00a0%: 1 điểm" in page
    answer = secretary.post(
        reverse("criteria:store"),
        {"content": hidden(page, "content"), "year": hidden(page, "year"), "block": hidden(page, "block")},
    )
    stored = CriteriaSet.objects.get()
    assert answer["Location"] == reverse("criteria:set", args=[stored.pk])
    assert stored.year == 2026 and stored.locked_at is None
    url = reverse("criteria:lock", args=[stored.pk])
    assert "56" in secretary.get(url).content.decode()
    secretary.post(url)
    stored.refresh_from_db()
    assert stored.locked_at
    assert secretary.post(url).status_code == 409
    page = secretary.get(reverse("criteria:set", args=[stored.pk])).content.decode()
    assert "đã khóa" in page and reverse("criteria:lock", args=[stored.pk]) not in page
    export = secretary.get(reverse("criteria:export", args=[stored.pk]))
    assert "attachment" in export["Content-Disposition"] and export.json()["total"] == "100"


def test_errors_are_listed_with_their_places_and_nothing_can_be_stored(province: None) -> None:
    broken = with_value(small(), ["areas", 0, "children", 0, "children", 1, "rule", "yes"], "9")
    page = client().post(reverse("criteria:import"), upload(encoded(broken))).content.decode()
    assert "areas[0].children[0].children[1].rule.yes" in page and "1.1.2" in page
    assert reverse("criteria:store") not in page
    assert not CriteriaSet.objects.exists()


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"{", b"[1e9]", b'{"areas": [' + b"{" * 5000])
def test_any_file_gets_a_page(province: None, data: bytes) -> None:
    answer = client().post(reverse("criteria:import"), upload(data))
    assert answer.status_code == 200 and "error-summary" in answer.content.decode()


def test_no_file_is_told_beside_the_field(province: None) -> None:
    answer = client().post(reverse("criteria:import"), {})
    assert answer.status_code == 200 and "error-summary" in answer.content.decode()


def test_what_comes_back_broken_is_not_stored(province: None) -> None:
    secretary = client()
    for content in ("", "!!!", "e30="):
        answer = secretary.post(reverse("criteria:store"), {"content": content})
        assert answer.status_code in (302, 409)
    assert not CriteriaSet.objects.exists()


def test_a_difference_is_confirmed_on_the_page_of_locking(province: None) -> None:
    data = encoded(small(leaf(), leaf("1.1.2"), total="5"))
    secretary = client()
    page = secretary.post(reverse("criteria:import"), upload(data)).content.decode()
    assert "note warn" in page
    secretary.post(reverse("criteria:store"), {"content": hidden(page, "content")})
    draft = CriteriaSet.objects.get()
    url = reverse("criteria:lock", args=[draft.pk])
    assert secretary.post(url).status_code == 409
    assert secretary.post(url, {"confirm_difference": "1"}).status_code == 302
    draft.refresh_from_db()
    assert draft.locked_at and draft.difference_confirmed_by is not None
    page = secretary.get(reverse("criteria:set", args=[draft.pk])).content.decode()
    assert str(draft.difference_confirmed_by) in page


def test_a_draft_is_deleted_and_a_locked_set_is_not() -> None:
    draft, locked = make_set(locked=False), make_set()
    secretary = client()
    secretary.post(reverse("criteria:delete", args=[draft.pk]))
    assert secretary.post(reverse("criteria:delete", args=[locked.pk])).status_code == 409
    assert list(CriteriaSet.objects.all()) == [locked]


def test_who_only_reads_sees_no_buttons() -> None:
    draft = make_set(locked=False)
    reader = client(Role.INSPECTOR)
    for url in (reverse("criteria:index"), reverse("criteria:set", args=[draft.pk])):
        page = reader.get(url).content.decode()
        main = page[page.index("<main") :]
        assert "btn-primary" not in main and "btn-danger" not in main and "<form" not in main


@pytest.mark.parametrize("number", [1, 3])
def test_pages_take_fixed_numbers_of_queries(django_assert_num_queries: Any, number: int) -> None:
    sets = [make_set(leaves=[(f"{n}.1", "1", {"kind": "boolean", "yes": "1", "no": "0"}) for n in range(1, number + 1)])
            for _one in range(number)]  # fmt: skip
    secretary = client()
    secretary.get(reverse("criteria:index"))
    with django_assert_num_queries(4):
        secretary.get(reverse("criteria:index"))
    secretary.get(reverse("criteria:set", args=[sets[0].pk]))
    with django_assert_num_queries(6):
        secretary.get(reverse("criteria:set", args=[sets[0].pk]))


def test_the_page_of_locking_leads_to_what_is_missing() -> None:
    draft = make_set(locked=False)
    leaf = draft.criteria.get(code="1.1.2")
    draft.criteria.filter(pk=leaf.pk).update(rule=None, method="")
    page = client().get(reverse("criteria:lock", args=[draft.pk])).content.decode()
    assert "Chưa khóa được" in page and reverse("criteria:rule", args=[draft.pk, leaf.pk]) in page
    assert "không khớp" not in page  # a criterion without parts has no sum


def test_a_rule_that_never_reaches_its_maximum_is_told_before_locking() -> None:
    draft = make_set(locked=False)
    leaf = draft.criteria.get(code="1.1.2")
    url = reverse("criteria:lock", args=[draft.pk])
    assert "không bao giờ đạt điểm tối đa" not in client().get(url).content.decode()
    draft.criteria.filter(pk=leaf.pk).update(max_points=leaf.max_points + 1)
    for page in (url, reverse("criteria:set", args=[draft.pk])):
        shown = client().get(page).content.decode()
        assert "không bao giờ đạt điểm tối đa" in shown
        assert reverse("criteria:rule", args=[draft.pk, leaf.pk]) in shown
