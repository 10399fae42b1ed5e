"""Django's admin in the portal's frame: accessible, inside its screen, without a breach of the CSP."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Agency, Role
from tests.factories import AgencyFactory, person
from tests.ui.test_browser import violations

pytestmark = [pytest.mark.once, pytest.mark.needs("browser")]


@pytest.fixture
def agency(transactional_db: None) -> Agency:
    return AgencyFactory(name="Sở Tư pháp")


@pytest.fixture
def faults(page: Page, live_server: LiveServer, agency: Agency) -> list[str]:
    """An administrator signed in; what the browser's console complained about."""
    client = Client()
    client.force_login(person(Role.ADMINISTRATOR, agency))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.mark.parametrize("tone", ["light", "dark"])
def test_the_admin_is_accessible_and_keeps_the_policy(
    page: Page, live_server: LiveServer, faults: list[str], agency: Agency, tone: str
) -> None:
    page.context.add_cookies([{"name": "theme", "value": tone, "url": live_server.url}])
    found = {}
    for path in ("/admin/", "/admin/agencies/agency/", f"/admin/agencies/agency/{agency.pk}/change/"):
        page.goto(f"{live_server.url}{path}")
        expect(page.locator("h1")).to_have_count(1)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} at {width}"
        assert faults == []  # before axe, which writes style attributes of its own while it measures
        # Django's own template of inlines leaves the heads of two technical columns empty
        found[path] = violations(page, without=("empty-table-header",))
        faults.clear()
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_the_admin_takes_the_portals_colours(
    page: Page, live_server: LiveServer, faults: list[str], agency: Agency
) -> None:
    page.goto(f"{live_server.url}/admin/agencies/agency/{agency.pk}/change/")
    button = page.locator("input.default")
    assert button.evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(140, 28, 32)"
    assert "Be Vietnam Pro" in page.evaluate("getComputedStyle(document.body).fontFamily")
