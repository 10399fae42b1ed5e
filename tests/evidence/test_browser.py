"""The library in a real browser: uploads with and without script, and pages that everybody can use."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Agency, Role, User
from evidence import services
from evidence.description import Description
from evidence.models import Document
from tests.evidence import files
from tests.factories import AgencyFactory, actor_for, person
from tests.factories_scoring import open_cycle

pytestmark = [pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> None:
    settings.EVIDENCE_DIR = str(tmp_path / "evidence")


@pytest.fixture
def agency() -> Agency:
    return AgencyFactory(name="Sở Y tế mẫu")


@pytest.fixture
def user(agency: Agency) -> User:
    return person(Role.EDITOR, agency)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, bytes], str]:
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


def sign_in(context: BrowserContext, server: LiveServer, user: User) -> None:
    client = Client()
    client.force_login(user)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}]
    )


@pytest.fixture
def web(page: Page, live_server: LiveServer, user: User) -> Page:
    sign_in(page.context, live_server, user)
    return page


@pytest.fixture
def plain(browser: Browser, live_server: LiveServer, user: User) -> Any:
    """A browser without script."""
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    sign_in(context, live_server, user)
    yield context.new_page()
    context.close()


def batch(save: Callable[[str, bytes], str]) -> list[str]:
    return [
        save("kế hoạch.pdf", files.pdf("một", filler=2_000_000)),
        save("phần mềm.pdf", files.exe()),
        save("báo cáo.docx", files.docx("hai")),
        save("có dấu.docx", files.docx("MẬT")),
    ]


def test_several_files_each_with_its_outcome(
    web: Page, live_server: LiveServer, save: Callable[[str, bytes], str]
) -> None:
    faults: list[str] = []
    web.on("pageerror", lambda error: faults.append(str(error)))
    web.goto(live_server.url + reverse("workspace:library_upload"))
    confirmation = web.get_by_role("textbox", name="Xác nhận bằng văn bản")
    expect(confirmation).to_be_hidden()
    chosen = batch(save)
    web.locator("input[type=file]").set_input_files(chosen)
    lines = web.locator("[data-upload-list] li")
    expect(lines).to_have_count(4)
    expect(lines.nth(0)).to_contain_text("đã lưu")
    expect(lines.nth(1)).to_contain_text("Đây là chương trình")
    expect(lines.nth(2)).to_contain_text("đã lưu")
    expect(lines.nth(3)).to_contain_text("dấu độ mật “MẬT”")
    expect(confirmation).to_be_visible()
    confirmation.fill("Đã giải mật theo Quyết định số 12/QĐ-UBND")
    web.locator("input[type=file]").set_input_files(save("có dấu.docx", files.docx("MẬT")))
    expect(lines.nth(4)).to_contain_text("đã lưu")
    web.locator("input[type=file]").set_input_files(chosen[2])
    expect(lines.nth(5)).to_contain_text("đã lưu")  # the same page, the same key: counted once
    assert Document.objects.count() == 3
    lines.nth(0).get_by_role("link").click()
    expect(web.get_by_role("heading", level=1)).to_have_text("kế hoạch.pdf")
    assert faults == []


def test_a_file_that_is_too_large_is_not_even_sent(
    web: Page, live_server: LiveServer, save: Callable[[str, bytes], str], settings: Any
) -> None:
    settings.MAX_UPLOAD_MB, settings.MAX_UPLOAD_BYTES = 1, 1_048_576
    sent: list[str] = []
    web.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    web.goto(live_server.url + reverse("workspace:library_upload"))
    web.locator("input[type=file]").set_input_files(save("lớn.pdf", files.pdf(filler=1_200_000)))
    expect(web.locator("[data-upload-list] li")).to_contain_text("1 MB")
    assert sent == []


def test_files_chosen_before_the_script_has_come_are_taken(
    web: Page, live_server: LiveServer, save: Callable[[str, bytes], str]
) -> None:
    """A slow line: the page stands, its script is still on the way."""
    held: list[Any] = []
    web.route("**/parindex/upload*.js", lambda route: held.append(route))
    web.goto(live_server.url + reverse("workspace:library_upload"), wait_until="commit")
    web.locator("input[type=file]").set_input_files(save("kế hoạch.pdf", files.pdf("kế hoạch")))
    web.wait_for_timeout(500)
    assert Document.objects.count() == 0
    assert held
    for route in held:
        route.continue_()
    expect(web.locator("[data-upload-list] li").get_by_text("đã lưu")).to_be_visible()
    assert Document.objects.count() == 1


def test_without_script_the_same_form_works(
    plain: Page, live_server: LiveServer, save: Callable[[str, bytes], str]
) -> None:
    plain.goto(live_server.url + reverse("workspace:library_upload"))
    plain.locator("input[type=file]").set_input_files(batch(save))
    plain.get_by_role("button", name="Tải lên").click()
    lines = plain.locator(".upload-list li.is-done, .upload-list li.is-failed")
    expect(lines).to_have_count(4)
    expect(plain.locator(".upload-list li.is-done")).to_have_count(2)
    expect(lines.nth(1)).to_contain_text("Đây là chương trình")
    assert Document.objects.count() == 2
    plain.get_by_role("link", name="Tiếp theo").click()
    card = plain.locator("section.card").first
    card.get_by_label("Số và ký hiệu").fill("45/KH-SYT")
    card.get_by_role("button", name="Lưu").click()
    expect(plain.locator("#messages")).to_contain_text("45/KH-SYT")
    expect(plain.locator("section.card form")).to_have_count(1)


def test_describing_saves_each_card_by_itself(
    web: Page, live_server: LiveServer, agency: Agency, user: User
) -> None:
    for number in (1, 2):
        store(agency, user, name=f"4{number}-KH-SYT ngày 12-12-2024.pdf")
    web.goto(live_server.url + reverse("workspace:library_describe"))
    card = web.locator("section.card").nth(1)
    expect(card.get_by_label("Số và ký hiệu")).to_have_value("41/KH-SYT")
    card.get_by_label("Ngày ban hành").fill("2999-01-01")
    card.get_by_role("button", name="Lưu").click()
    expect(card).to_contain_text("Ngày ban hành ở tương lai")
    card.get_by_label("Ngày ban hành").fill("2024-12-12")
    card.get_by_role("button", name="Lưu").click()
    expect(card).to_contain_text("đã lưu")
    expect(web.locator("section.card form")).to_have_count(1)


def test_searching_while_typing(web: Page, live_server: LiveServer, agency: Agency, user: User) -> None:
    store(agency, user, Description("45/KH-SYT", subject="Kế hoạch Đề án 06"))
    store(agency, user, Description("46/BC-SYT", subject="Báo cáo"))
    web.goto(live_server.url + reverse("workspace:library"))
    expect(web.locator("table.data tbody tr")).to_have_count(2)
    web.get_by_role("searchbox").press_sequentially("de an")
    expect(web.locator("table.data tbody tr")).to_have_count(1)
    expect(web).to_have_url(re.compile(r"q=de(\+|%20)an"))


def test_a_file_comes_down_as_it_went_up(
    web: Page, live_server: LiveServer, agency: Agency, user: User, tmp_path: Path
) -> None:
    data = files.pdf("chữ ký số", filler=300_000)
    version = store(agency, user, data=data, name="Kế hoạch số 45.pdf")
    web.goto(live_server.url + reverse("workspace:document", args=[version.document.public_id]))
    with web.expect_download() as caught:
        web.get_by_role("link", name="Mở tệp").click()
    assert caught.value.suggested_filename == "Kế hoạch số 45.pdf"
    caught.value.save_as(tmp_path / "down.pdf")
    assert (tmp_path / "down.pdf").read_bytes() == data


def store(
    agency: Agency,
    user: User,
    description: Description | None = None,
    *,
    data: bytes | None = None,
    name: str = "a.pdf",
) -> Any:
    data = data or files.pdf(f"{name} {description}")
    return services.store_document(
        actor=actor_for(user),
        agency=agency,
        upload=files.upload(data, name),
        description=description,
        read_text=False,
    ).version


@pytest.mark.once
@pytest.mark.parametrize(("tone", "width"), [("light", 1280), ("dark", 390)])
def test_every_page_is_accessible(
    web: Page, live_server: LiveServer, agency: Agency, user: User, tone: str, width: int
) -> None:
    used = store(
        agency, user, Description("45/KH-SYT", timezone.localdate(), "Sở Y tế", "Kế hoạch", "Giám đốc")
    )
    store(agency, user, name="một cái tên dài không có khoảng trắng".replace(" ", "_") * 4 + ".pdf")
    year = open_cycle([agency])
    year.answer(year.sheets[0], "1.1.1").citations.create(
        document_version=used, page="4", added_by=user, added_at=timezone.now()
    )
    heard: list[str] = []
    web.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    web.set_viewport_size({"width": width, "height": 900})
    web.context.add_cookies([{"name": "theme", "value": tone, "url": live_server.url}])
    pages = ["library", "library_upload", "library_describe"]
    addresses = [reverse(f"workspace:{name}") for name in pages] + [f"{reverse('workspace:library')}?q=khong"]
    for document in Document.objects.all():
        names = ("document", "document_edit", "document_replace", "document_remove")
        addresses += [reverse(f"workspace:{name}", args=[document.public_id]) for name in names]
    for address in addresses:
        web.goto(live_server.url + address)
        found = Axe().run(web, options=RULES).response["violations"]
        assert [f"{address} {one['id']}: {node['target']}" for one in found for node in one["nodes"]] == []
        reached = web.evaluate("document.documentElement.scrollWidth")
        assert reached <= width, f"{address}: {reached}"
    assert heard == []
