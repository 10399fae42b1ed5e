"""The pages of people and of the record in a browser: accessible, inside the screen, within the policy."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies import services
from agencies.actors import SYSTEM
from agencies.models import Role
from parindex.audit.models import AuditEntry
from tests.factories import PASSWORD, AgencyFactory, BlockFactory, SuccessionFactory, UserFactory, person
from tests.ui.test_browser import violations

pytestmark = [pytest.mark.once, pytest.mark.needs("browser")]
LIST = "Tên,Khối\nXã Một,Khối xã\nXã Hai,Khối lạ\n"


@pytest.fixture
def faults(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def sign_in(page: Page, server: LiveServer, account) -> None:
    client = Client()
    client.force_login(account)
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])


def check(page: Page, faults: list[str]) -> list[str]:
    """What is wrong with the page as it stands."""
    expect(page.locator("h1")).to_have_count(1)
    wrong = [one for one in faults if "429" not in one and "401" not in one and "422" not in one]
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"wider than {width}")
    found = violations(page, without=("empty-table-header",))
    faults.clear()  # axe writes style attributes of its own while it measures
    return wrong + found


def test_the_pages_before_a_login(page: Page, live_server: LiveServer, faults: list[str]) -> None:
    account = person(Role.EDITOR)
    wrong = {}
    for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/sent/"):
        page.goto(live_server.url + path)
        wrong[path] = check(page, faults)
    page.goto(f"{live_server.url}/accounts/password/set/MQ/no-token/")
    wrong["dead link"] = check(page, faults)
    for _ in range(8):
        page.goto(f"{live_server.url}/accounts/login/")
        page.get_by_label("Tên tài khoản").fill(account.username)
        page.get_by_label("Mật khẩu").fill("sai")
        page.get_by_role("button", name="Đăng nhập").click()
        page.wait_for_load_state()
        if "wrong password" not in wrong:
            wrong["wrong password"] = check(page, faults)
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập sai quá nhiều lần")
    wrong["locked out"] = check(page, faults)
    assert not any(wrong.values()), wrong


def test_the_pages_of_an_account(page: Page, live_server: LiveServer, faults: list[str]) -> None:
    sign_in(page, live_server, person(Role.EDITOR))
    wrong = {}
    for path in ("/accounts/", "/accounts/password/"):
        page.goto(live_server.url + path)
        wrong[path] = check(page, faults)
    assert not any(wrong.values()), wrong


def test_the_pages_of_the_administration(page: Page, live_server: LiveServer, faults: list[str]) -> None:
    administrator = person(Role.ADMINISTRATOR)
    account = person(Role.EDITOR)
    services.update_account(actor=SYSTEM, account=account, full_name="Tên mới", email="")
    SuccessionFactory()
    entry = AuditEntry.objects.get()
    BlockFactory(name="Khối xã")
    sign_in(page, live_server, administrator)
    people = "/admin/agencies/user/"
    wrong = {}
    for path in (
        people,
        f"{people}add/",
        f"{people}{account.pk}/change/",
        f"{people}{account.pk}/history/",
        f"{people}{account.pk}/close/",
        "/admin/agencies/membership/",
        "/admin/agencies/succession/",
        "/admin/agencies/agency/import/",
        "/admin/audit/auditentry/?from=2020-01-01",
        f"/admin/audit/auditentry/{entry.pk}/change/",
    ):
        page.goto(live_server.url + path)
        wrong[path] = check(page, faults)
    page.goto(f"{live_server.url}/admin/agencies/agency/import/")
    page.set_input_files(
        "input[type=file]", {"name": "x.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    )
    page.get_by_role("button", name="Chạy thử").click()
    expect(page.get_by_text("Không có khối “Khối lạ”.")).to_be_visible()
    wrong["rehearsal"] = check(page, faults)
    page.goto(f"{live_server.url}{people}{account.pk}/one-time-password/")
    page.get_by_role("button", name="Cấp mật khẩu dùng một lần").click()
    expect(page.locator("code").nth(1)).to_have_text(re.compile(r"^[a-z0-9-]{19}$"))
    wrong["one-time password"] = check(page, faults)
    assert not any(wrong.values()), wrong


def test_what_was_typed_survives_the_end_of_a_login(page: Page, live_server: LiveServer) -> None:
    """With the portal's scripts running, on a form that is sent whole."""
    secretary = person(Role.SECRETARY, username="thu-ky")
    agency = AgencyFactory(name="Sở Cũ")
    sign_in(page, live_server, secretary)
    page.goto(f"{live_server.url}/admin/agencies/agency/{agency.pk}/change/")
    page.locator("#id_name").fill("Sở Mới đặt tên rất lâu")
    page.context.clear_cookies(name="sessionid")
    page.locator("input[name=_save]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập lại")
    page.get_by_label("Tên tài khoản").fill("thu-ky")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_text("Sở Mới đặt tên rất lâu")).to_be_visible()
    page.get_by_role("button", name="Gửi lại").click()
    page.wait_for_url("**/admin/agencies/agency/")
    agency.refresh_from_db()
    assert agency.name == "Sở Mới đặt tên rất lâu"


def test_an_account_signs_in_and_out(page: Page, live_server: LiveServer) -> None:
    account = UserFactory()
    page.goto(f"{live_server.url}/accounts/")
    page.get_by_label("Tên tài khoản").fill(account.username.upper())
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(account.full_name)
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Đăng xuất").click()
    page.goto(f"{live_server.url}/accounts/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
