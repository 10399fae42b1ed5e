"""The assessor's day in a browser: by keyboard, with live points, without script; accessible and inside the screen."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from scoring.assessment.models import ExplanationRequest, Mark, SheetState
from tests.accounts.test_browser import check, faults, sign_in  # noqa: F401
from tests.assessment.appraisal.ground import Province, make_province, plain_user

pytestmark = pytest.mark.needs("browser")


@pytest.fixture
def province(transactional_db: None) -> Province:
    province = make_province()
    province.move_all(SheetState.SUBMITTED)
    province.declare(province.health, "1.2", {"numerator": 88, "denominator": 111})
    return province


def address(server: LiveServer, province: Province, code: str, query: str = "") -> str:
    return (
        server.url
        + reverse("appraisal:leaf", args=[province.answer(province.health, code).public_id])
        + query
    )


def test_marking_by_keyboard_with_live_points(
    page: Page,
    live_server: LiveServer,
    province: Province,
    faults: list[str],  # noqa: F811
) -> None:
    sign_in(page, live_server, plain_user(province.assessor(province.home)))
    page.goto(address(live_server, province, "1.1", "?by=agency"))
    page.keyboard.press("j")
    expect(page.locator("h1")).to_contain_text("1.2")
    page.get_by_label(re.compile("^đúng hạn", re.I)).fill("85")
    expect(page.locator("#mark-preview")).to_contain_text("1,148649")
    expect(page.locator("#mark-preview")).to_contain_text("bắt buộc nêu lý do")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error-summary")).to_contain_text("hãy nêu lý do")
    expect(page.get_by_label(re.compile("^đúng hạn", re.I))).to_have_value("85")
    page.get_by_role("button", name="Trễ hạn, không có văn bản gia hạn.").click()
    page.get_by_label("Yêu cầu giải trình tiêu chí này").check()
    page.get_by_label("Nội dung cần giải trình").fill("Ba nhiệm vụ nào trễ hạn?")
    page.get_by_label("Nội dung cần giải trình").press("Control+Enter")
    expect(page.locator("h1")).not_to_contain_text("1.2 ")
    mark = Mark.objects.get()
    assert str(mark.points) == "1.148649" and mark.reason == "Trễ hạn, không có văn bản gia hạn."
    assert ExplanationRequest.objects.get().question == "Ba nhiệm vụ nào trễ hạn?"
    assert not [one for one in faults if "422" not in one]


def test_marking_without_script(browser: Browser, live_server: LiveServer, province: Province) -> None:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()
    sign_in(page, live_server, plain_user(province.assessor(province.home)))
    page.goto(live_server.url + reverse("appraisal:worklist") + "?agency=so-y-te")
    page.get_by_role("link", name="1.2", exact=True).click()
    page.get_by_label("Nhập điểm, kèm lý do").check()
    page.locator("#id_points").fill("1,1")
    page.locator("#id_reason").fill("Ba nhiệm vụ trễ hạn")
    page.get_by_role("button", name="Lưu và tiếp").first.click()
    expect(page.locator("#messages")).to_contain_text("1,1 điểm")
    assert str(Mark.objects.get().points) == "1.100000"
    page.goto(live_server.url + reverse("appraisal:worklist"))
    page.locator("input[name=pick]").first.check()
    page.get_by_role("button", name="Chấm các tiêu chí đã chọn").click()
    expect(page.locator("h1")).to_have_text("Chấm nhiều tiêu chí")
    page.get_by_role("button", name=re.compile("^Chấm 1 tiêu chí")).click()
    expect(page.locator("#messages")).to_contain_text("Đã chấm 1 tiêu chí")
    context.close()


@pytest.mark.once
def test_every_page_is_accessible_and_inside_the_screen(
    page: Page,
    live_server: LiveServer,
    province: Province,
    faults: list[str],  # noqa: F811
) -> None:
    block = province.year.cycle_block.public_id
    province.ask_not_applicable(province.justice, "1.1")
    asked = province.answer(province.justice, "1.1").public_id
    sheet = province.sheet(province.health).public_id
    wrong: dict[str, list[str]] = {}

    def look(*addresses: str) -> None:
        for path in addresses:
            page.goto(live_server.url + path)
            wrong[path] = check(page, faults)

    listed = reverse("appraisal:worklist")
    sign_in(page, live_server, plain_user(province.assessor(province.home)))
    look(
        *(listed + query for query in ("", "?by=agency", "?by=criterion", "?state=answered")),
        reverse("appraisal:sheet", args=[sheet]),
        reverse("appraisal:leaf", args=[province.answer(province.health, "1.2").public_id]),
        reverse("appraisal:leaf", args=[asked]),
    )
    sign_in(page, live_server, plain_user(province.secretary()))
    look(
        reverse("appraisal:blocks"),
        *(
            reverse(f"appraisal:{name}", args=[block])
            for name in ("rounds", "council", "assignments", "points")
        ),
        reverse("appraisal:assignments", args=[block]) + "?criterion=1.1",
        reverse("appraisal:close", args=[block, "round_1"]),
        reverse("appraisal:close", args=[block, "self_assessment"]),
        reverse("appraisal:sheet", args=[sheet]),
        reverse("admin:scoring_mark_changelist"),
        reverse("admin:scoring_scoresheet_changelist"),
    )
    page.goto(live_server.url + reverse("appraisal:points", args=[block]))
    page.locator("input[type=file]").set_input_files(
        {
            "name": "diem.csv",
            "mimeType": "text/csv",
            "buffer": "agency;criterion;pct\nSở Y tế;3.1;50\nX;3.1;5\n".encode(),
        }
    )
    page.get_by_role("button", name="Kiểm tra tệp").click()
    expect(page.locator(".error-summary")).to_contain_text("1 dòng sai")
    wrong["dry run"] = check(page, faults)
    assert {name: found for name, found in wrong.items() if found} == {}
