"""The sheet in a real browser: it saves by itself, keeps what is typed, is loud when it fails, and is accessible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import User
from parindex.clock import db_now
from scoring.assessment.models import (
    ExplanationRequest,
    Mark,
    Scoresheet,
    SheetState,
    Stage,
    Transition,
    Window,
)
from scoring.assessment.services import submission
from tests.assessment.sheet.conftest import Place, actor_of, make_place, make_version
from tests.services import wait_until

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def place(transactional_db: None) -> Place:
    return make_place()


@pytest.fixture
def enter(page: Page, live_server: LiveServer) -> Callable[..., None]:
    """Sign the browser in as a person and open an address."""

    def go(user: User, address: str, *, on: Page | None = None) -> None:
        client = Client()
        client.force_login(user)
        cookie = {
            "name": settings.SESSION_COOKIE_NAME,
            "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
            "url": live_server.url,
        }
        target = on or page
        target.context.add_cookies([cookie])  # type: ignore[list-item]
        target.goto(live_server.url + address)

    return go


def sheet(place: Place, area: str = "2") -> str:
    return reverse("workspace:sheet", args=[place.sheet.public_id]) + f"?area={area}"


def row(page: Page, place: Place, code: str) -> Locator:
    return page.locator(f"#leaf-{place.answer(code).public_id}")


def violations(page: Page) -> list[str]:
    result = Axe().run(page, options=RULES)
    return [
        f"{found['id']}: {node['target']} {node.get('failureSummary', '')}"
        for found in result.response["violations"]
        for node in found["nodes"]
    ]


def test_an_answer_saves_itself_and_nothing_jumps(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    enter(place.editor, sheet(place))
    leaf = row(page, place, "2.1.1")
    before = leaf.bounding_box()
    leaf.get_by_label("Số hồ sơ đúng hạn").fill("47")
    below = leaf.get_by_label("Số hồ sơ đã giải quyết")
    below.click()
    expect(leaf.locator("[data-saved]")).to_have_text("chưa lưu: nhập đủ các ô")
    expect(leaf.locator(".field-slot").first).to_have_text("")
    below.press_sequentially("50")
    expect(leaf.locator(".preview-of")).to_contain_text("3,76")
    assert place.answer("2.1.1").version == 0, "a preview saves nothing"
    below.press("Tab")
    expect(leaf.locator("[data-saved]")).to_contain_text("đã lưu")
    expect(leaf.locator(".points")).to_contain_text("3,76")
    expect(leaf.locator(".trace .line")).to_have_text("47 / 50 × 4 = 3,76")
    expect(page.locator("#summary .points")).to_contain_text("3,76")
    expect(page.locator("#check-link")).to_contain_text("(8)")  # 7 unanswered, 1 without evidence
    after = leaf.bounding_box()
    assert before and after and before["y"] == after["y"]
    assert place.answer("2.1.1").inputs == {"numerator": "47", "denominator": "50"}
    # once more at once: the version came with the answer
    leaf.get_by_label("Số hồ sơ đúng hạn").fill("40")
    leaf.get_by_label("Số hồ sơ đúng hạn").press("Tab")
    expect(leaf.locator(".points")).to_contain_text("3,2")
    assert place.answer("2.1.1").version == 2
    assert faults == []


def test_every_kind_can_be_answered_by_keyboard_and_mouse(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    enter(place.editor, sheet(place, "1"))
    row(page, place, "1.1.1").get_by_text("Đạt", exact=True).click()
    row(page, place, "1.1.2").get_by_text("Không kịp thời", exact=True).click()
    row(page, place, "1.2.1").get_by_text("đúng hạn", exact=True).click()
    number = row(page, place, "1.2.2").locator("input[inputmode]")
    number.fill("82,5")
    number.press("Enter")
    for code in ("1.1.1", "1.1.2", "1.2.1", "1.2.2"):
        expect(row(page, place, code).locator("[data-saved]")).to_contain_text("đã lưu")
    assert {code: place.answer(code).inputs for code in ("1.1.1", "1.1.2", "1.2.1", "1.2.2")} == {
        "1.1.1": {"value": True},
        "1.1.2": {"option": 1},
        "1.2.1": {"items": [1]},
        "1.2.2": {"value": "82.5"},
    }


def test_a_wrong_figure_is_told_beside_its_field(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    enter(place.editor, sheet(place))
    leaf = row(page, place, "2.1.1")
    field = leaf.get_by_label("Số hồ sơ đúng hạn")
    leaf.get_by_label("Số hồ sơ đã giải quyết").fill("50")
    field.fill("51")
    field.press("Tab")
    expect(leaf.locator(".field-slot").first).to_contain_text("51")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("51")
    field.fill("47")
    field.press("Tab")
    expect(leaf.locator("[data-saved]")).to_contain_text("đã lưu")
    expect(leaf.locator(".field-slot").first).to_have_text("")
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_two_people_and_a_stale_page_lose_nothing(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    enter(place.editor, sheet(place))
    place.save("2.1.1", user=place.coordinator, note="Bản của đầu mối", numerator="40", denominator="50")
    leaf = row(page, place, "2.1.1")
    leaf.get_by_label("Số hồ sơ đã giải quyết").fill("50")
    leaf.get_by_label("Số hồ sơ đúng hạn").fill("45")
    leaf.get_by_label("Số hồ sơ đúng hạn").press("Tab")
    conflict = leaf.locator(".conflict")
    expect(conflict).to_contain_text("40")
    expect(conflict).to_contain_text("45")
    expect(conflict).to_contain_text("Bản của đầu mối")
    expect(leaf.get_by_label("Số hồ sơ đúng hạn")).to_have_value("45")
    assert violations(page) == []
    conflict.get_by_role("button", name="Giữ nội dung vừa nhập").click()
    expect(leaf.locator(".points")).to_contain_text("3,6")
    expect(conflict).to_have_count(0)
    assert place.answer("2.1.1").inputs == {"numerator": "45", "denominator": "50"}


def test_take_what_is_saved(page: Page, place: Place, enter: Callable[..., None]) -> None:
    enter(place.editor, sheet(place))
    place.save("2.1.2", user=place.coordinator, note="Bản đã lưu", n="2")
    leaf = row(page, place, "2.1.2")
    leaf.locator("input[inputmode=numeric]").fill("1")
    leaf.locator("input[inputmode=numeric]").press("Tab")
    leaf.locator(".conflict").get_by_role("link", name="Lấy nội dung đã lưu").click()
    expect(leaf.locator(".conflict")).to_have_count(0)
    expect(leaf.locator("input[inputmode=numeric]")).to_have_value("2")
    assert place.answer("2.1.2").inputs == {"n": 2}


def test_without_the_network_it_is_loud_and_keeps_the_text(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    enter(place.editor, sheet(place))
    leaf = row(page, place, "2.1.2")
    page.context.set_offline(True)
    leaf.locator("input[inputmode=numeric]").fill("1")
    leaf.locator("input[inputmode=numeric]").press("Tab")
    expect(page.locator(".toast-card.bad").first).to_contain_text("chưa lưu")
    expect(leaf.locator("[data-saved]")).to_have_class("saved is-failed")
    expect(leaf.locator("input[inputmode=numeric]")).to_have_value("1")
    page.context.set_offline(False)
    page.locator(".toast-card.bad").get_by_role("button", name="Thử lại").first.click()
    expect(leaf.locator("[data-saved]")).to_contain_text("đã lưu")
    assert place.answer("2.1.2").inputs == {"n": 1}


def test_a_lost_login_keeps_the_text_and_saves_after_it(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    enter(place.editor, sheet(place))
    leaf = row(page, place, "2.1.2")
    page.context.clear_cookies()
    leaf.locator("input[inputmode=numeric]").fill("1")
    leaf.locator("input[inputmode=numeric]").press("Tab")
    expect(page.locator(".toast-card.bad").first).to_be_visible()
    expect(leaf.locator("input[inputmode=numeric]")).to_have_value("1")
    other = page.context.new_page()
    enter(place.editor, sheet(place), on=other)
    other.close()
    page.locator(".toast-card.bad").get_by_role("button", name="Thử lại").first.click()
    expect(leaf.locator("[data-saved]")).to_contain_text("đã lưu")
    assert place.answer("2.1.2").inputs == {"n": 1}


def test_after_the_window_it_says_so_and_keeps_the_text(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    enter(place.editor, sheet(place))
    Window.objects.filter(stage=Stage.SELF_ASSESSMENT).update(closes=db_now() - timedelta(seconds=1))
    leaf = row(page, place, "2.1.2")
    leaf.locator("input[inputmode=numeric]").fill("1")
    leaf.locator("input[inputmode=numeric]").press("Tab")
    expect(leaf.get_by_role("alert")).to_contain_text("đã kết thúc lúc")
    expect(leaf.locator("input[inputmode=numeric]")).to_have_value("1")
    assert place.answer("2.1.2").version == 0


def test_cite_note_and_not_applicable_in_the_row(
    page: Page, place: Place, enter: Callable[..., None]
) -> None:
    make_version(place.year.agencies[0], place.editor)
    enter(place.editor, sheet(place))
    leaf = row(page, place, "2.1.1")
    leaf.get_by_role("link", name="Gắn tài liệu").click()
    leaf.get_by_role("radio").check()
    leaf.get_by_label("Trang").fill("4")
    leaf.get_by_role("button", name="Gắn", exact=True).click()
    expect(leaf.locator(".docs")).to_contain_text("45/BC-TEST")
    expect(leaf.locator(".docs")).to_contain_text("tr. 4")
    leaf.locator(".leaf-note summary").click()
    leaf.locator("textarea[name=note]").fill("Theo báo cáo quý IV.")
    leaf.locator("textarea[name=note]").press("Tab")
    wait_until(lambda: place.answer("2.1.1").note == "Theo báo cáo quý IV.", what="the note saved")
    leaf.locator(".leaf-na summary").click()
    leaf.locator("textarea[name=reason]").fill("Không phát sinh trong năm.")
    leaf.get_by_role("button", name="Đề nghị không áp dụng").click()
    expect(leaf).to_contain_text("Chờ người thẩm định quyết định")
    leaf.get_by_role("button", name="Rút đề nghị").click()
    expect(leaf.get_by_label("Số hồ sơ đúng hạn")).to_be_visible()
    leaf.locator(".leaf-history").click()
    expect(leaf.locator(".history")).to_contain_text("Rút đề nghị không áp dụng")


def explaining(place: Place) -> None:
    place.fill()
    submission.submit_for_approval(sheet=place.sheet, actor=actor_of(place.coordinator))
    submission.approve(sheet=place.sheet, actor=actor_of(place.head))
    answer = place.answer("2.1.1")
    Mark.objects.create(
        answer=answer,
        round=1,
        by=place.head,
        points="3",
        applicable_max=4,
        trace={},
        reason="Ba hồ sơ trễ",
        at=db_now(),
    )
    ExplanationRequest.objects.create(
        answer=answer, question="Vì sao trễ?", asked_by=place.head, asked_at=db_now()
    )
    Transition.objects.create(
        scoresheet=place.sheet,
        name="ask_for_explanation",
        source="appraising",
        target="explaining",
        at=db_now(),
    )
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.EXPLAINING)


def test_a_reply_saves_itself(page: Page, place: Place, enter: Callable[..., None]) -> None:
    explaining(place)
    enter(place.editor, reverse("workspace:explanation", args=[place.sheet.public_id]))
    page.locator("textarea[name=text]").fill("Đã có văn bản gia hạn.")
    page.locator("textarea[name=text]").press("Tab")
    expect(page.locator(".reply [data-saved]")).to_contain_text("đã lưu")
    expect(page.locator("#reply-count")).to_contain_text("đã giải trình 1")
    assert ExplanationRequest.objects.get().explanation.text == "Đã có văn bản gia hạn."


@pytest.mark.once
@pytest.mark.parametrize(("tone", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_the_pages_are_accessible_and_never_scroll_sideways(
    page: Page, place: Place, enter: Callable[..., None], live_server: LiveServer, tone: str, width: int
) -> None:
    for code in ("1.1.1", "2.1.1"):
        place.save(code)
    make_version(place.year.agencies[0], place.editor)
    page.set_viewport_size({"width": width, "height": 900})
    page.context.add_cookies([{"name": "theme", "value": tone, "url": live_server.url}])
    names = ["sheet", "print", "check", "history", "divisions"]
    addresses = [reverse("workspace:home"), sheet(place), sheet(place, "3")]
    addresses += [reverse(f"workspace:{name}", args=[place.sheet.public_id]) for name in names]
    addresses.append(reverse("workspace:cite", args=[place.answer("1.1.1").public_id]))
    found = look(page, place.coordinator, addresses, enter, width)
    explaining(place)
    addresses = [
        reverse(f"workspace:{name}", args=[place.sheet.public_id])
        for name in ("explanation", "send-explanation")
    ]
    found += look(page, place.head, [*addresses, sheet(place)], enter, width)
    Scoresheet.objects.filter(pk=place.sheet.pk).update(state=SheetState.AWAITING_APPROVAL)
    found += look(
        page, place.head, [reverse("workspace:approval", args=[place.sheet.public_id])], enter, width
    )
    assert found == []


def look(page: Page, user: User, addresses: list[str], enter: Any, width: int) -> list[str]:
    found = []
    for address in addresses:
        enter(user, address)
        found += [f"{address} {one}" for one in violations(page)]
        reached = page.evaluate("document.documentElement.scrollWidth")
        if reached > width:
            found.append(f"{address}: {reached} px wide")
    return found


def test_without_script_the_row_has_its_own_button(
    browser: Browser, place: Place, enter: Callable[..., None], live_server: LiveServer
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    plain = context.new_page()
    enter(place.editor, sheet(place), on=plain)
    leaf = row(plain, place, "2.1.1")
    leaf.get_by_label("Số hồ sơ đúng hạn").fill("47")
    leaf.get_by_label("Số hồ sơ đã giải quyết").fill("50")
    leaf.get_by_role("button", name="Lưu").click()
    expect(leaf.locator(".points")).to_contain_text("3,76")
    expect(plain.locator("#messages")).to_contain_text("Đã lưu 2.1.1")
    context.close()
