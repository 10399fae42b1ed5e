"""The rule page in a real browser: the trial follows what is typed, rows come and go, nothing typed is lost."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Role
from scoring.criteria.models import CriteriaSet, StoredCase
from tests.factories import person
from tests.factories_scoring import make_set

pytestmark = [pytest.mark.once, pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def draft(page: Page, live_server: LiveServer) -> CriteriaSet:
    """A draft, and the secretary at the browser."""
    made = make_set(locked=False)
    client = Client()
    client.force_login(person(Role.SECRETARY))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    return made


def enter(page: Page, live_server: LiveServer, draft: CriteriaSet, code: str, name: str = "rule") -> None:
    node = draft.criteria.get(code=code)
    page.goto(live_server.url + reverse(f"criteria:{name}", args=[draft.pk, node.pk]))


def accessible(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


def test_the_trial_follows_what_is_typed(page: Page, live_server: LiveServer, draft: CriteriaSet) -> None:
    enter(page, live_server, draft, "2.1.1")
    page.locator("[name=try-numerator]").fill("47")
    page.locator("[name=try-denominator]").fill("50")
    expect(page.locator(".try-points")).to_contain_text("3,76")
    expect(page.locator("[name=try-denominator]")).to_be_focused()
    page.locator("[name=r-factor]").fill("2")
    expect(page.locator(".try-points")).to_contain_text("1,88")
    expect(page.locator(".try-words")).to_contain_text("× 2")
    expect(page.locator("#rule-state")).to_have_text("chưa lưu")
    page.locator("[name=r-factor]").fill("")
    expect(page.locator("#try-result")).to_contain_text("chưa hoàn chỉnh")
    page.locator("[name=r-factor]").fill("4")
    page.locator("[name=r-factor]").press("Enter")  # tries, never saves nor removes
    page.locator("[name=try-numerator]").fill("25")
    page.locator("[name=try-denominator]").fill("50")
    expect(page.locator(".try-points")).to_contain_text("2")
    accessible(page)
    page.get_by_role("button", name="Lưu thành trường hợp kiểm tra").click()
    expect(page.locator(".try-cases")).to_contain_text("đúng")
    assert StoredCase.objects.get().points == 2


def test_rows_come_and_go_in_place(page: Page, live_server: LiveServer, draft: CriteriaSet) -> None:
    enter(page, live_server, draft, "1.1.2")
    page.locator("[name=r-options-0-label]").fill("Đúng hạn")
    page.get_by_role("button", name="Thêm phương án").click()
    expect(page.locator("[name=r-options-3-label]")).to_be_focused()
    page.keyboard.type("Khác")
    page.locator("[name=r-options-3-points]").fill("0,5")
    page.get_by_role("button", name="Chuyển dòng 4 lên").click()
    expect(page.locator("[name=r-options-2-label]")).to_have_value("Khác")
    page.get_by_role("button", name="Bỏ dòng 2").click()
    expect(page.locator("[name=r-options-2-label]")).to_have_value("Không ban hành")
    expect(page.locator("[name=r-options-0-label]")).to_have_value("Đúng hạn")
    expect(page.locator("#try-inputs")).to_contain_text("Khác")
    page.get_by_role("button", name="Lưu cách chấm", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Đã lưu cách chấm")
    rule = draft.criteria.get(code="1.1.2").rule
    assert rule == {
        "kind": "choice",
        "options": [["Đúng hạn", "2"], ["Khác", "0.5"], ["Không ban hành", "0"]],
    }


@pytest.mark.parametrize("width", [1280, 390])
def test_rules_inside_a_rule_are_drawn_and_accessible(
    page: Page, live_server: LiveServer, draft: CriteriaSet, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    draft.criteria.filter(code="1.2.2").update(rule=None, method="")
    enter(page, live_server, draft, "1.2.2")
    accessible(page)
    page.get_by_role("button", name="Tổng các phần").click()
    page.locator("[name=r-parts-0-kind]").select_option("tiers")
    expect(page.locator("[name=r-parts-0-bands-0-low]")).to_be_visible()
    page.locator("[name=r-parts-1-kind]").select_option("best_of")
    expect(page.locator("[name=r-parts-1-parts-1-kind]")).to_be_visible()
    page.locator("summary", has_text="Làm tròn").last.click()
    page.get_by_role("button", name="Thêm trường hợp").last.click()
    page.locator("[name=r-cases-0-when-by]").select_option("answer")
    page.locator("[name=r-cases-0-when-answer]").select_option("1.1.2|option")
    expect(page.locator("[name=r-cases-0-when-equals]")).to_be_visible()
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Lưu cách chấm", exact=True).click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("[name=r-cases-0-when-answer]")).to_have_value("1.1.2|option")
    enter(page, live_server, draft, "2.1.1", "cases")
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_every_button_works(page: Page, live_server: LiveServer, draft: CriteriaSet) -> None:
    bare = page.context.browser.new_context(java_script_enabled=False, locale="vi-VN")  # type: ignore[union-attr]
    bare.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain = bare.new_page()
    enter(plain, live_server, draft, "2.1.1")
    plain.locator("[name=try-numerator]").fill("1")
    plain.locator("[name=try-denominator]").fill("4")
    plain.get_by_role("button", name="Chấm thử").last.click()
    assert "1 / 4 × 4 = 1" in plain.content()
    enter(plain, live_server, draft, "1.1.2")
    plain.locator("[name=r-options-0-label]").fill("Đúng hạn")
    plain.get_by_role("button", name="Thêm phương án").click()
    assert plain.locator("[name=r-options-0-label]").input_value() == "Đúng hạn"
    assert plain.locator("[name=r-options-3-label]").count() == 1
    bare.close()
