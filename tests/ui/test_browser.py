"""The look in a real browser: accessible, inside its screen, quiet when it works and loud when it fails."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.once, pytest.mark.urls("tests.ui.pages"), pytest.mark.needs("browser")]

SAMPLES = ["sheet", "ranking", "marking", "parts"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def faults(page: Page) -> list[str]:
    """What the browser's console complained about: a breach of the CSP would stand there."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def violations(page: Page, *, without: tuple[str, ...] = ()) -> list[str]:
    """What axe finds, except the rules named: each exception has its reason where it is made."""
    result = Axe().run(page, options=RULES)
    return [
        f"{found['id']}: {node['target']} {node.get('failureSummary', '')}"
        for found in result.response["violations"]
        for node in found["nodes"]
        if found["id"] not in without
    ]


def theme(page: Page, server: LiveServer, value: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": value, "url": server.url}])


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("tone", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_pages_are_accessible(
    page: Page, live_server: LiveServer, faults: list[str], name: str, tone: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    theme(page, live_server, tone)
    page.goto(f"{live_server.url}/sample/{name}/?work=1&rehearsal=1")
    assert violations(page) == []
    assert faults == []


@pytest.mark.parametrize("name", SAMPLES)
def test_no_page_scrolls_sideways(page: Page, live_server: LiveServer, name: str) -> None:
    for width in (320, 390, 600, 721, 960, 1101, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{live_server.url}/sample/{name}/?work=1")
        reached = page.evaluate("document.documentElement.scrollWidth")
        assert reached <= width, f"{name} at {width}: {reached}"


@pytest.mark.parametrize("name", SAMPLES)
def test_without_script_nothing_is_out_of_reach(browser: Browser, live_server: LiveServer, name: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{live_server.url}/sample/{name}/")
    expect(page.locator("h1")).to_be_visible()
    if name == "ranking":
        expect(page.get_by_text("63,52 / 68,5").first).to_be_visible()
    if name == "parts":
        expect(page.get_by_role("cell", name="đã nộp").first).to_be_visible()
    context.close()


def test_the_theme_changes_at_once_and_stays(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/sheet/")
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Tối", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("details.menu > summary").click()
    page.keyboard.press("Escape")
    expect(page.locator("details.menu")).not_to_have_attribute("open", "")


def save(page: Page, answer: str) -> None:
    """Type into a leaf of the sheet whose save gets this answer."""
    page.locator("#l161 form[hx-post]").evaluate(
        "(form, url) => { form.setAttribute('hx-post', url); htmx.process(form); }", f"/echo/?status={answer}"
    )
    page.locator("#id_numerator").fill("90")
    page.locator("#id_numerator").blur()


def test_a_save_is_quiet(page: Page, live_server: LiveServer, faults: list[str]) -> None:
    page.goto(f"{live_server.url}/sample/sheet/")
    before = page.locator("#l162").bounding_box()
    page.locator("#id_numerator").type("1")
    expect(page.locator("#l161 [data-saved]")).to_have_text("chưa lưu")
    page.locator("#id_numerator").blur()
    expect(page.locator("#l161 [data-saved]")).to_contain_text("đã lưu ")
    expect(page.locator(".toast-card")).to_have_count(0)
    assert page.locator("#l162").bounding_box() == before
    assert faults == []


@pytest.mark.parametrize(
    ("answer", "words", "does"),
    [
        ("500", "Hệ thống gặp sự cố", "Thử lại"),
        ("403", "Tài khoản này không được làm việc này", "Đóng"),
        ("404", "không còn ở đây", "Đóng"),
        ("401", "Phiên đăng nhập đã hết", "Đăng nhập ở thẻ mới"),
        ("302", "Phiên đăng nhập đã hết", "Đăng nhập ở thẻ mới"),
    ],
)
def test_a_failure_is_loud_and_what_was_typed_stays(
    page: Page, live_server: LiveServer, answer: str, words: str, does: str
) -> None:
    page.goto(f"{live_server.url}/sample/sheet/")
    save(page, answer)
    card = page.locator(".toast-card.bad")
    expect(card).to_contain_text(words)
    expect(card.locator(".actions").get_by_text(does)).to_be_visible()
    expect(page.locator("#l161 [data-saved]")).to_have_text("không lưu được")
    expect(page.locator("#id_numerator")).to_have_value("90")
    expect(page.locator("#l161")).to_be_visible()


def test_a_lost_network_is_told_and_can_be_tried_again(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/sheet/")
    page.context.set_offline(True)
    save(page, "204")
    card = page.locator(".toast-card.bad")
    expect(card).to_contain_text("Mất kết nối")
    page.context.set_offline(False)
    card.get_by_role("button", name="Thử lại").click()
    expect(page.locator("#l161 [data-saved]")).to_contain_text("đã lưu ")
    expect(page.locator(".toast-card")).to_have_count(0)


def test_a_conflict_is_put_where_the_text_was(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/sheet/")
    page.locator("#l161 form[hx-post]").evaluate("form => { form.setAttribute('hx-swap', 'innerHTML'); }")
    save(page, "409")
    expect(page.locator("#answer")).to_have_text("trả lời 409")
    expect(page.locator(".toast-card")).to_have_count(0)


def test_unsaved_text_is_offered_again(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/sheet/")
    page.route("**/echo/**", lambda route: route.abort())
    page.locator("#id_numerator").fill("77")
    page.locator("#id_numerator").blur()
    expect(page.locator(".toast-card.bad")).to_be_visible()
    page.reload()
    expect(page.locator("#id_numerator")).to_have_value("88")
    page.get_by_role("button", name="Lấy lại").click()
    expect(page.locator("#id_numerator")).to_have_value("77")
    page.unroute("**/echo/**")
    page.locator("#id_numerator").fill("78")
    page.locator("#id_numerator").blur()
    expect(page.locator("#l161 [data-saved]")).to_contain_text("đã lưu ")
    page.reload()
    expect(page.locator(".kept")).to_have_count(0)


def test_what_a_narrow_screen_drops_is_one_tap_away(page: Page, live_server: LiveServer) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live_server.url}/sample/parts/")
    row = page.get_by_role("row").filter(has_text="Sở Tư pháp").first
    expect(row.locator("td.wide").first).to_be_hidden()
    toggle = row.locator(".more-toggle")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    details = page.locator("tr.more-row")
    expect(details).to_contain_text("Trạng thái")
    expect(details).to_contain_text("đã nộp")
    assert violations(page) == []
    toggle.click()
    expect(details).to_have_count(0)


def test_keys_and_ready_sentences(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/marking/?work=1")
    page.get_by_role("button", name="trễ hạn không gia hạn").click()
    expect(page.locator("#id_reason")).to_have_value(
        "Ba nhiệm vụ hoàn thành sau hạn (tr. 5). Trễ hạn, không có văn bản gia hạn."
    )
    page.locator("#id_reason").press("j")
    expect(page.locator("#id_reason")).to_have_value(
        "Ba nhiệm vụ hoàn thành sau hạn (tr. 5). Trễ hạn, không có văn bản gia hạn.j"
    )
    assert not page.url.endswith("#")
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page).to_have_url(f"{live_server.url}/sample/marking/?work=1#")


def test_leaving_with_unsaved_text_is_asked_about(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/marking/")
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    page.goto(f"{live_server.url}/sample/marking/")
    assert asked == []
    page.locator("#id_reason").type("thêm")
    page.goto(f"{live_server.url}/sample/sheet/")
    assert asked == ["beforeunload"]


def test_several_files_go_up_each_with_its_own_outcome(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/parts/")
    page.locator("#f").set_input_files(
        [
            {"name": "báo cáo.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"},
            {"name": "bad.docm", "mimeType": "application/msword", "buffer": b"x"},
            {"name": "lon.pdf", "mimeType": "application/pdf", "buffer": b"x" * 1_000_001},
        ]
    )
    rows = page.locator("[data-upload-list] li").filter(has=page.locator("[role=status], [role=alert]"))
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("đã lưu, chờ kiểm tra")
    expect(rows.nth(0).get_by_role("link", name="báo cáo.pdf")).to_be_visible()
    expect(rows.nth(1)).to_contain_text("Tệp có macro")
    expect(rows.nth(2)).to_contain_text("Tệp lớn hơn 1 MB")


def test_the_print_is_black_on_white_with_the_mark_of_a_rehearsal(
    page: Page, live_server: LiveServer
) -> None:
    theme(page, live_server, "dark")
    page.goto(f"{live_server.url}/sample/ranking/?rehearsal=1")
    page.emulate_media(media="print")
    ink, paper = page.evaluate(
        "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
    )
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    expect(page.locator(".watermark")).to_be_visible()
    expect(page.locator(".head-actions")).to_be_hidden()
    expect(page.locator(".print-only")).to_be_visible()
    expect(page.locator("td.wide").first).to_be_visible()


def test_figures_in_a_column_are_of_equal_width(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/sample/ranking/")
    widths = page.evaluate(
        """async () => {
          await document.fonts.ready;
          const cell = document.querySelector('td.index');
          const probe = document.createElement('span');
          cell.append(probe);
          const width = (text) => {
            probe.textContent = text;
            return probe.getBoundingClientRect().width;
          };
          return ['1111', '8888'].map(width);
        }"""
    )
    assert widths[0] == pytest.approx(widths[1], abs=0.01)
    assert page.evaluate("document.fonts.check('600 16px Figures', '0')")
