"""The pages of an amendment in a browser: accessible and inside the screen, and the way through them."""

from __future__ import annotations

import os

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Role
from scoring.assessment.models import Amendment, SheetState
from tests.accounts.test_browser import check, faults, sign_in  # noqa: F401
from tests.assessment.amendment.ground import CHANGED, Ground, fill, make_ground
from tests.assessment.amendment.test_supplement import hand_in, look_again

pytestmark = pytest.mark.needs("browser")


@pytest.fixture
def ground(transactional_db: None) -> Ground:
    ground = make_ground(2)
    fill(ground, ground.year.agencies[0], SheetState.APPRAISING, marked=True)
    fill(ground, ground.year.agencies[1], SheetState.DRAFTING)
    return ground


def test_from_the_plan_to_the_mark(
    page: Page,
    live_server: LiveServer,
    ground: Ground,
    faults: list[str],  # noqa: F811
) -> None:
    agency = ground.year.agencies[0]
    wrong: list[str] = []
    sign_in(page, live_server, ground.secretary)
    page.goto(live_server.url + reverse("cycles:block", args=[ground.year.cycle_block.pk]))
    page.get_by_role("link", name="Sửa đổi bộ tiêu chí…").click()
    wrong += check(page, faults)
    shot(page, "plan")
    page.get_by_label("Áp dụng từ").fill("2025-09-01")
    page.get_by_label("Nội dung cần thông báo").fill("Theo Quyết định 1/QĐ-UBND")
    page.get_by_role("button", name="Sửa đổi bộ tiêu chí").click()
    expect(page.locator("h1")).to_contain_text("Sửa đổi bộ tiêu chí trong năm")
    assert Amendment.objects.count() == 1
    wrong += check(page, faults)
    shot(page, "list")

    page.context.clear_cookies()
    sign_in(page, live_server, ground.person(agency, Role.EDITOR))
    sheet = ground.new(agency)
    page.goto(live_server.url + reverse("workspace:home"))
    shot(page, "home")
    page.get_by_role("link", name="Thay đổi đối với đơn vị").first.click()
    wrong += check(page, faults)
    shot(page, "changes")
    page.get_by_role("button", name="Giữ nguyên 1.3").click()
    expect(page.locator("h1")).to_be_visible()
    assert ground.answer(sheet, "1.3").second_looks.get(who="agency").done_at is not None
    page.goto(live_server.url + reverse("workspace:sheet", args=[sheet.public_id]))
    wrong += check(page, faults)
    shot(page, "sheet")
    page.goto(live_server.url + reverse("workspace:sheet", args=[ground.old(agency).public_id]))
    wrong += check(page, faults)
    shot(page, "earlier")

    look_again(ground, agency)
    hand_in(ground, agency)
    page.context.clear_cookies()
    sign_in(page, live_server, ground.assessor)
    page.goto(live_server.url + reverse("appraisal:worklist") + "?state=second_look")
    expect(page.locator("tbody tr")).to_have_count(len(CHANGED))
    page.goto(
        live_server.url + reverse("appraisal:leaf", args=[ground.answer(ground.new(agency), "1.3").public_id])
    )
    wrong += check(page, faults)
    shot(page, "leaf")
    assert wrong == []


def shot(page: Page, name: str) -> None:
    """A picture of the page at both widths, where SHOTS names a folder."""
    if not (folder := os.environ.get("SHOTS")):
        return
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})
