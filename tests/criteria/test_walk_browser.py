"""An official with the table of a decree in Word: an empty set, the table pasted, rules, a case, locked; no file."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from agencies.models import Role
from scoring.criteria.models import CriteriaSet, StoredCase
from tests.factories import person
from tests.factories_scoring import home_affairs, make_agency, make_block

pytestmark = [pytest.mark.once, pytest.mark.needs("browser"), pytest.mark.django_db(transaction=True)]

# As Word gives it: the paragraphs of a cell break the row; the scale of 2.1 stands in rows without a number.
TABLE = """TT\tLĩnh vực/Tiêu chí\tĐiểm tối đa\tCách chấm\tTài liệu kiểm chứng\tĐơn vị thẩm định
1\tCHỈ ĐẠO, ĐIỀU HÀNH\t6\t\t\t
1.1\tBan hành kế hoạch\t1\tKịp thời: 1
Không kịp thời: 0,5
Không ban hành: 0\tKế hoạch\tSở Nội vụ
1.2\tMức độ hoàn thành kế hoạch\t2\tTừ 90% trở lên: 2
Từ 70% đến dưới 90%: 1
Dưới 70%: 0\tBáo cáo năm\tSở Nội vụ
1.3\tBáo cáo định kỳ\t1\tMỗi báo cáo trễ trừ 0,25 điểm\t\tSở Nội vụ
1.4\tPhối hợp\t2\tTheo đánh giá của Sở Nội vụ\t\tSở Nội vụ
2\tTHỦ TỤC HÀNH CHÍNH\t5\t\t\t
2.1\tCông khai thủ tục\t1\t\tẢnh niêm yết\tVăn phòng UBND tỉnh
\tĐạt:\t1\t\t\t
\tKhông đạt:\t0\t\t\t
2.2\tHồ sơ đúng hạn\t4\tĐiểm = (b/a) x 4
a = số hồ sơ đã giải quyết
b = số hồ sơ đúng hạn\tTrích xuất\tVăn phòng UBND tỉnh
\tTỔNG CỘNG\t11\t\t\t"""


@pytest.fixture
def official(page: Page, live_server: LiveServer, transactional_db: None) -> Page:
    """The secretary's browser, with a block and the two agencies that appraise."""
    make_block("Sở, ban, ngành")
    home_affairs()
    make_agency("Văn phòng UBND tỉnh")
    client = Client()
    client.force_login(person(Role.SECRETARY))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    return page


def test_from_the_table_of_a_decree_to_a_locked_set(official: Page, live_server: LiveServer) -> None:
    page, address = official, live_server.url
    page.goto(address + reverse("criteria:new"))
    page.get_by_label("Năm").fill("2027")
    page.get_by_label("Khối").select_option(label="Sở, ban, ngành")
    page.get_by_label("Tên", exact=False).first.fill("Bộ tiêu chí năm 2027")
    page.get_by_label("Tổng điểm").fill("11")
    page.locator("form .btn-primary").last.click()
    # the table, as it stands
    page.get_by_role("link", name="Dán từ Word, Excel").first.click()
    page.get_by_label("Các dòng chép từ bảng").fill(TABLE)
    page.get_by_role("button", name="Kiểm tra").click()
    page.get_by_role("button", name="Thêm 8 tiêu chí").first.click()
    expect(page.locator("[data-whole-sign]")).to_contain_text("khớp")
    # rules: each is read out of the wording, one key saves it and goes on to the next
    page.locator("a.for-leaf:visible").first.click()
    for code in ("1.1", "1.2", "1.3"):
        expect(page.get_by_role("heading", level=1)).to_contain_text(code)
        expect(page.get_by_text("Đọc từ nguyên văn, chưa lưu.")).to_be_visible()
        page.keyboard.press("Control+Enter")
    # one whose wording says nothing plain: chosen by hand
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.4")
    page.locator('button[value="choose:manual"]').click()
    expect(page.locator("#rule-form .rule-card")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2.1")
    page.keyboard.press("Control+Enter")
    # the last: tried out, the trial kept as a stored case, saved with it
    expect(page.get_by_role("heading", level=1)).to_contain_text("2.2")
    page.locator("[name=try-numerator]").fill("47")
    page.locator("[name=try-denominator]").fill("50")
    expect(page.locator(".try-points")).to_contain_text("3,76")
    page.locator("button[value=case]").click()
    expect(page.locator(".try-cases")).to_contain_text("đúng")
    # locked
    made = CriteriaSet.objects.get()
    page.goto(address + reverse("criteria:lock", args=[made.pk]))
    assert not page.locator(".error-summary").count()
    page.get_by_role("button", name="Khóa bộ tiêu chí").click()
    expect(page.get_by_text("Đã khóa bộ tiêu chí.")).to_be_visible()
    made.refresh_from_db()
    leaves = made.criteria.filter(rule__isnull=False).order_by("order")
    assert made.locked_at and StoredCase.objects.get().points.normalize().to_eng_string() == "3.76"
    assert [(leaf.code, (leaf.rule or {})["kind"], str(leaf.appraiser)) for leaf in leaves] == [
        ("1.1", "choice", "Sở Nội vụ"),
        ("1.2", "tiers", "Sở Nội vụ"),
        ("1.3", "deduction", "Sở Nội vụ"),
        ("1.4", "manual", "Sở Nội vụ"),
        ("2.1", "boolean", "Văn phòng UBND tỉnh"),
        ("2.2", "proportion", "Văn phòng UBND tỉnh"),
    ]
