"""The public pages in a real browser: accessible, inside the screen, quiet, printable, usable without script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.publication.years import publish, scored, three

pytestmark = [pytest.mark.once, pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
BLOCK = "/rankings/2025/so-ban-nganh/"
PAGES = ["/", "/rankings/", "/rankings/2025/", BLOCK, f"{BLOCK}so-y-te/"]
PAGES += ["/method/2025/so-ban-nganh/", "/method/", "/data/"]


@pytest.fixture
def published(settings):
    settings.BACKGROUND = "broker"  # pictures are drawn when they are asked for
    agencies = three()
    points = dict(zip(agencies, [("55", "37.73"), ("50", "30.5"), ("50", "30.5")], strict=True))
    for year in (2024, 2025):
        publish(
            scored(points, block=agencies[0].block, year=year, settings={"depth": "leaf", "digits": 2}),
            number=f"{year}/QĐ-UBND",
        )


@pytest.fixture
def faults(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda request: heard.append(request.url))
    return heard


@pytest.mark.parametrize(("tone", "width"), [("light", 1280), ("dark", 390)])
def test_pages_are_accessible_and_fit(
    page: Page, live_server: LiveServer, published, faults, tone, width
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.context.add_cookies([{"name": "theme", "value": tone, "url": live_server.url}])
    for url in PAGES:
        page.goto(f"{live_server.url}{url}")
        found = Axe().run(page, options=RULES).response["violations"]
        assert not found, (url, [(one["id"], [node["target"] for node in one["nodes"]]) for one in found])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
        for picture in page.locator("img").all():
            if picture.is_visible():
                picture.scroll_into_view_if_needed()
                expect(picture).to_have_js_property("complete", True)
                assert picture.evaluate("image => image.naturalWidth") > 0, url
                assert picture.get_attribute("class") == tone
    assert faults == []


def test_the_table_sorts_without_script(browser: Browser, live_server: LiveServer, published) -> None:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()
    page.goto(f"{live_server.url}{BLOCK}")
    first = page.locator("table.ranking tbody tr").first
    expect(first).to_contain_text("Sở Y tế")
    page.get_by_role("link", name="Cơ quan").first.click()
    expect(page.locator("table.ranking tbody tr").first).to_contain_text("Sở Ánh sáng")
    page.get_by_role("link", name="Sở Y tế").click()
    expect(page.locator("h1")).to_have_text("Sở Y tế")
    context.close()


def test_the_ranking_prints_as_a_document(page: Page, live_server: LiveServer, published, tmp_path) -> None:
    from pypdfium2 import PdfDocument

    page.goto(f"{live_server.url}{BLOCK}")
    pdf = PdfDocument(page.pdf(path=str(tmp_path / "p.pdf"), format="A4", prefer_css_page_size=True))
    text = " ".join(one.get_textpage().get_text_range() for one in pdf)
    assert "2025/QĐ-UBND" in text and "92,73" in text
    assert f"{live_server.url}{BLOCK}" in text
    assert "Tải CSV" not in text
