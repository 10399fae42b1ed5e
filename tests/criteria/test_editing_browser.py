"""The editor in a real browser: sums follow the typing, keys and the mouse move a criterion, nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Role
from scoring.criteria.editing import services
from scoring.criteria.models import CriteriaSet
from tests.factories import person
from tests.factories_scoring import make_set

pytestmark = [pytest.mark.once, pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
YES = {"kind": "boolean", "yes": "1", "no": "0"}


@pytest.fixture
def draft(transactional_db: None) -> CriteriaSet:
    return make_set([(code, "1", YES) for code in ("1.1.1", "1.1.2", "1.2.1", "2.1.1")], locked=False)


@pytest.fixture
def editor(page: Page, live_server: LiveServer, draft: CriteriaSet) -> Page:
    client = Client()
    client.force_login(person(Role.SECRETARY))
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": live_server.url,
    }
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(live_server.url + reverse("criteria:edit", args=[draft.pk]))
    return page


def row(page: Page, draft: CriteriaSet, code: str) -> Locator:
    return page.locator(f"#n{draft.criteria.get(code=code).pk}")


def codes(page: Page) -> list[str]:
    fields: list[str] = page.locator(".editor-tree .code input").evaluate_all(
        "all => all.map(one => one.value)"
    )
    return fields


def violations(page: Page) -> list[str]:
    found: Any = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


def test_sums_follow_and_keys_move(editor: Page, draft: CriteriaSet) -> None:
    faults: list[str] = []
    editor.on("pageerror", lambda error: faults.append(str(error)))
    editor.set_viewport_size({"width": 1280, "height": 1100})
    maximum = row(editor, draft, "1.1.1").locator(".max input")
    maximum.fill("1,000001")
    expect(row(editor, draft, "1.1").locator("[data-sum]")).to_have_text("2,000001 thừa 0,000001")
    maximum.fill("một")
    expect(row(editor, draft, "1.1").locator("[data-sum]")).to_have_text("không phải số")
    maximum.fill("0.5")
    expect(row(editor, draft, "1.1").locator("[data-sum]")).to_have_text("1,5 thiếu 0,5")
    row(editor, draft, "2").locator(".max input").fill("2")
    expect(editor.locator("[data-whole-sign]")).to_have_text("thừa 1")
    # Alt and an arrow move the row at hand; what was typed stays typed, the focus stays in its field
    title = row(editor, draft, "1.2.1").locator("textarea")
    title.fill("Chưa lưu")
    title.press("Alt+ArrowLeft")
    said = editor.get_by_role("status").filter(has_text="1.2.1")
    expect(said).to_have_text("1.2.1 nay đứng thứ 3 trong 3 tiêu chí con của 1, cấp 2.")
    expect(title).to_be_focused()
    title.press("Alt+ArrowUp")
    title.press("Alt+ArrowUp")
    expect(said).to_have_text("1.2.1 nay đứng thứ 1 trong 3 tiêu chí con của 1, cấp 2.")
    assert codes(editor) == "1 1.2.1 1.1 1.1.1 1.1.2 1.2 2 2.1 2.1.1".split()
    title.press("Alt+ArrowRight")
    expect(editor.locator("[data-says]")).to_have_text("Tiêu chí này đã đứng đầu nhóm.")
    expect(title).to_have_value("Chưa lưu")
    # the mouse: onto the middle of a group, into it
    row(editor, draft, "1.2.1").locator(".grip").drag_to(
        row(editor, draft, "2.1"), target_position={"x": 300, "y": 20}
    )
    expect(said).to_have_text("1.2.1 nay đứng thứ 2 trong 2 tiêu chí con của 2.1, cấp 3.")
    assert not violations(editor) and not faults
    maximum.fill("1")
    title.press("Control+Enter")
    expect(editor.get_by_text("Đã sửa 2 tiêu chí.")).to_be_visible()
    draft.refresh_from_db()
    assert draft.criteria.get(code="1.2.1").title == "Chưa lưu" and draft.revision == 5
    assert draft.criteria.get(code="2").max_points == 2


def test_a_step_on_an_old_page_is_refused_aloud(editor: Page, draft: CriteriaSet) -> None:
    services.add_node(actor=None, set_pk=draft.pk)
    row(editor, draft, "1.2").locator("textarea").press("Alt+ArrowUp")
    expect(editor.get_by_role("status").filter(has_text="đã có người sửa")).to_be_visible()
    assert codes(editor) == "1 1.1 1.1.1 1.1.2 1.2 1.2.1 2 2.1 2.1.1".split()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_are_accessible_and_narrow(
    editor: Page, draft: CriteriaSet, live_server: LiveServer, width: int
) -> None:
    # tall: a row half beneath the sticky bar would count as too small a target
    editor.set_viewport_size({"width": width, "height": 2400})
    leaf = draft.criteria.get(code="1.1.1").pk
    for name, args in (
        ("edit", [draft.pk]),
        ("edit_details", [draft.pk]),
        ("edit_profiles", [draft.pk]),
        ("edit_paste", [draft.pk]),
        ("node", [draft.pk, leaf]),
        ("node_delete", [draft.pk, leaf]),
        ("edit_renumber", [draft.pk]),
        ("new", []),
    ):
        editor.goto(live_server.url + reverse(f"criteria:{name}", args=args))
        assert not violations(editor), name
        assert editor.evaluate("document.documentElement.scrollWidth") <= width, name
    editor.goto(live_server.url + reverse("criteria:edit_paste", args=[draft.pk]))
    editor.get_by_label("Các dòng chép từ bảng").fill("3\tBa\t2\n3.1\tMột\tsai\n3.2\tHai\t1")
    editor.get_by_role("button", name="Kiểm tra").click()
    expect(editor.get_by_role("alert")).to_contain_text("1 dòng có lỗi")
    assert not violations(editor)
    assert editor.evaluate("document.documentElement.scrollWidth") <= width
