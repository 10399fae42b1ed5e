"""Accounts and agencies in the administration: forms that go through services, lists of constant cost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core import mail
from django.test import Client

from agencies.models import Agency, Role, Succession, User
from parindex.audit.models import AuditEntry
from tests.factories import (
    PASSWORD,
    AgencyFactory,
    BlockFactory,
    DivisionFactory,
    MembershipFactory,
    SuccessionFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(person(Role.ADMINISTRATOR, username="quan-tri"))
    return client


def text(answer) -> str:
    return unescape(answer.content.decode())


def roles_form(*rows: dict, initial: int = 0) -> dict[str, str]:
    data = {
        "memberships-TOTAL_FORMS": str(len(rows)),
        "memberships-INITIAL_FORMS": str(initial),
    }
    for n, row in enumerate(rows):
        given = {"role": "", "agency": "", "division": "", "starts_on": "", "ends_on": "", **row}
        data |= {f"memberships-{n}-{name}": str(value) for name, value in given.items()}
    return data


def new_account(**more) -> dict[str, str]:
    return {
        "username": "syt.cv",
        "full_name": "Chuyên viên Y tế",
        "email": "cv@example.org",
        "first_password": "invitation",
        **more,
    }


def test_an_account_comes_with_its_roles_and_an_invitation(administrator, django_capture_on_commit_callbacks):
    agency = AgencyFactory()
    data = new_account() | roles_form(
        {"role": "editor", "agency": agency.pk, "starts_on": "2026-01-01"},
        {"role": "coordinator", "agency": agency.pk, "starts_on": "2026-01-01", "ends_on": "2026-12-31"},
    )
    with django_capture_on_commit_callbacks(execute=True):
        answer = administrator.post("/admin/agencies/user/add/", data)
    assert answer.status_code == 302
    account = User.objects.get(username="syt.cv")
    assert set(account.memberships.values_list("role", flat=True)) == {"editor", "coordinator"}
    assert [letter.to for letter in mail.outbox] == [["cv@example.org"]]
    assert "http://testserver/accounts/password/set/" in mail.outbox[0].body
    acts = list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))
    assert acts == ["account.add", "account.invite", "role.grant", "role.grant"]


def test_a_wrong_role_keeps_what_was_typed_and_makes_no_account(administrator):
    data = new_account() | roles_form({"role": "editor", "starts_on": "2026-01-01"})
    answer = administrator.post("/admin/agencies/user/add/", data)
    assert answer.status_code == 200
    assert "Vai trò này thuộc một cơ quan" in text(answer) and 'value="syt.cv"' in text(answer)
    assert not User.objects.filter(username="syt.cv").exists() and not mail.outbox


def test_a_refusal_of_the_service_stands_at_its_field(administrator):
    UserFactory(username="syt.cv")
    answer = administrator.post("/admin/agencies/user/add/", new_account(username="SYT.CV") | roles_form())
    assert answer.status_code == 200
    assert "Đã có tài khoản tên này." in text(answer) and 'value="SYT.CV"' in text(answer)
    answer = administrator.post(
        "/admin/agencies/user/add/", new_account(username="x", email="") | roles_form()
    )
    assert "Cần có địa chỉ thư" in text(answer)


def test_a_one_time_password_is_shown_once(administrator):
    data = new_account(first_password="one_time", email="") | roles_form()
    answer = administrator.post("/admin/agencies/user/add/", data)
    password = re.search(r"<code>([a-z0-9-]{19})</code>", text(answer)).group(1)
    assert "no-store" in answer["Cache-Control"]
    account = User.objects.get(username="syt.cv")
    assert account.check_password(password) and account.must_change_password
    assert password not in str(list(AuditEntry.objects.values()))
    assert password not in text(administrator.get(f"/admin/agencies/user/{account.pk}/change/"))


def test_roles_are_added_and_ended_on_the_accounts_page(administrator):
    held = MembershipFactory()
    url = f"/admin/agencies/user/{held.user.pk}/change/"
    row = {
        "id": held.pk,
        "user": held.user.pk,
        "role": "editor",
        "agency": held.agency.pk,
        "starts_on": "2020-01-01",
        "ends_on": "2025-12-31",
    }
    data = {"full_name": held.user.full_name, "email": held.user.email}
    assert administrator.post(url, data | roles_form(row, initial=1)).status_code == 302
    held.refresh_from_db()
    assert str(held.ends_on) == "2025-12-31"
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["role.end"]


def test_nobody_changes_own_roles_but_may_correct_the_own_name(administrator):
    own = User.objects.get(username="quan-tri")
    url = f"/admin/agencies/user/{own.pk}/change/"
    page = text(administrator.get(url))
    assert "memberships-0-role" not in page and "one-time-password" not in page
    row = {"role": "assessor", "agency": AgencyFactory().pk, "starts_on": "2026-01-01"}
    administrator.post(url, {"full_name": "Quản trị viên", "email": "", **roles_form(row)})
    own.refresh_from_db()
    assert own.full_name == "Quản trị viên" and own.memberships.count() == 1
    assert administrator.post(f"/admin/agencies/user/{own.pk}/close/").status_code == 403


@pytest.mark.parametrize(
    "act,is_active,entry",
    [
        ("close", False, "account.deactivate"),
        ("unlock", True, "account.unlock"),
        ("invite", True, "account.invite"),
    ],
)
def test_acts_on_an_account_ask_first(administrator, act, is_active, entry):
    account = UserFactory()
    url = f"/admin/agencies/user/{account.pk}/{act}/"
    assert str(account) in text(administrator.get(url))
    assert not AuditEntry.objects.exists()
    assert administrator.post(url)["Location"] == f"/admin/agencies/user/{account.pk}/change/"
    account.refresh_from_db()
    assert account.is_active is is_active
    assert [one.action for one in AuditEntry.objects.all()] == [entry]


def test_a_closed_account_is_opened_again(administrator):
    account = UserFactory(is_active=False)
    administrator.post(f"/admin/agencies/user/{account.pk}/reopen/")
    account.refresh_from_db()
    assert account.is_active


def test_invitations_in_bulk_name_every_account_first(administrator, django_capture_on_commit_callbacks):
    some = [UserFactory(), UserFactory(email=""), UserFactory(is_active=False)]
    data = {"action": "invite_selected", "_selected_action": [one.pk for one in some]}
    page = text(administrator.post("/admin/agencies/user/", data))
    assert all(one.username in page for one in some) and not AuditEntry.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        done = administrator.post("/admin/agencies/user/", data | {"confirmed": "yes"}, follow=True)
    assert "Đã gửi 1 thư mời." in text(done) and some[1].username in text(done)
    assert len(mail.outbox) == 1


def test_nothing_is_deleted(administrator):
    account = UserFactory()
    assert administrator.get(f"/admin/agencies/user/{account.pk}/delete/").status_code == 403
    data = {"action": "delete_selected", "_selected_action": [account.pk], "post": "yes"}
    administrator.post("/admin/agencies/user/", data)
    assert User.objects.filter(pk=account.pk).exists()


def test_an_agency_is_saved_with_its_divisions(administrator):
    block = BlockFactory()
    data = {
        "name": "Sở Mới",
        "short_name": "SM",
        "block": block.pk,
        "active": "on",
        "divisions-TOTAL_FORMS": "2",
        "divisions-INITIAL_FORMS": "0",
        "divisions-0-name": "Văn phòng",
        "divisions-0-active": "on",
        "divisions-1-name": "Thanh tra",
        "divisions-1-active": "on",
    }
    assert administrator.post("/admin/agencies/agency/add/", data).status_code == 302
    agency = Agency.objects.get(slug="so-moi")
    assert set(agency.divisions.values_list("name", flat=True)) == {"Văn phòng", "Thanh tra"}
    answer = administrator.post("/admin/agencies/agency/add/", data)
    assert "Trong khối đã có cơ quan tên này." in text(answer) and Agency.objects.count() == 1


def test_a_division_inline_does_not_reach_another_agencys_division(administrator):
    agency, other = AgencyFactory(), DivisionFactory(name="Phòng khác")
    data = {
        "name": agency.name,
        "active": "on",
        "divisions-TOTAL_FORMS": "1",
        "divisions-INITIAL_FORMS": "1",
        "divisions-0-id": other.pk,
        "divisions-0-name": "Đổi tên",
    }
    administrator.post(f"/admin/agencies/agency/{agency.pk}/change/", data)
    other.refresh_from_db()
    assert other.name == "Phòng khác"


def test_a_succession_is_recorded_and_never_changed(administrator):
    a, b = AgencyFactory(), AgencyFactory()
    data = {"predecessor": a.pk, "successor": b.pk, "kind": "merged", "on": "2025-07-01"}
    assert administrator.post("/admin/agencies/succession/add/", data).status_code == 302
    made = Succession.objects.get()
    assert administrator.post(f"/admin/agencies/succession/{made.pk}/change/", data).status_code == 403
    again = administrator.post("/admin/agencies/succession/add/", data)
    assert "đã được ghi" in text(again)


@pytest.mark.parametrize(
    "where,term,finds",
    [
        ("agency", "dien bien", "Xã Điện Biên"),
        ("agency", "BIÊN điện", "Xã Điện Biên"),
        ("user", "do dat", "Đỗ Đạt"),
    ],
)
def test_search_knows_no_accents(administrator, where, term, finds):
    AgencyFactory(name="Xã Điện Biên")
    AgencyFactory(name="Xã Khác")
    UserFactory(full_name="Đỗ Đạt")
    page = text(administrator.get(f"/admin/agencies/{where}/", {"q": term}))
    assert finds in page and "Xã Khác" not in page


PAGES = {
    "/admin/agencies/block/": 5,
    "/admin/agencies/agency/": 6,
    "/admin/agencies/division/": 5,
    "/admin/agencies/succession/": 5,
    "/admin/agencies/membership/": 5,
    "/admin/agencies/user/": 6,
}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("url,number", PAGES.items())
def test_queries_of_the_lists(administrator, django_assert_num_queries, url, number, count):
    for _ in range(count):
        held = MembershipFactory(role=Role.DIVISION_EDITOR, **_division())
        SuccessionFactory(successor=held.agency)
    with django_assert_num_queries(number):
        assert administrator.get(url).status_code == 200


def _division() -> dict:
    division = DivisionFactory()
    return {"division": division, "agency": division.agency}


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_an_accounts_page(administrator, django_assert_num_queries, count):
    account = UserFactory()
    for _ in range(count):
        MembershipFactory(user=account, role=Role.DIVISION_EDITOR, **_division())
    with django_assert_num_queries(8):
        assert administrator.get(f"/admin/agencies/user/{account.pk}/change/").status_code == 200


def test_the_page_of_an_account_tells_its_history(administrator):
    account = UserFactory(username="syt-cu")
    administrator.post(f"/admin/agencies/user/{account.pk}/close/")
    page = text(administrator.get(f"/admin/agencies/user/{account.pk}/history/"))
    assert "Khóa tài khoản" in page and "Tài khoản đang mở" in page and "Quản trị" not in page.split("<h1")[0]


def test_a_password_never_shows(administrator):
    account = UserFactory()
    account.set_password(PASSWORD)
    account.save()
    page = text(administrator.get(f"/admin/agencies/user/{account.pk}/change/"))
    assert "md5" not in page and account.password not in page
