"""A whole year walked in a browser, as the guided tour in README tells it: login screens, real clicks, real files.

It knows the portal by its address alone, so it walks any installation that holds the sample province.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

PASSWORD = "dien-tap-cai-cach"
AGENCY = "Ban Quản lý Khu di tích Đồi Mẫu"
PATIENCE = 60_000  # ms: the machine may be busy
WIDTHS = (1280, 390)
DECISION = {
    "Số quyết định": "126/QĐ-MẪU",
    "Ngày quyết định": "20/11/2026",
    "Người ký": "Chủ tịch UBND tỉnh",
}
# Rank, points and index: 3 + 2 + 4 + 2,25 + 2 + 7,6 (the council's) + 2 + 4,5 + 2,75 and the survey's 6,23, of 40.
RESULT = ("1", "36,33", "90,83")
SAVE = re.compile(r"^Lưu( và tiếp)?$")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the editor declares for one leaf, where it is cited from, and the points that the page then shows."""

    code: str
    ticked: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    document: str = "ke-hoach-cchc.pdf"
    page: str = "2"
    clause: str = ""
    points: str = ""


LEAVES: dict[str, tuple[Declared, ...]] = {
    "1. Công tác chỉ đạo": (
        Declared("1.1.1", ticked=("Trước ngày 31/12 năm trước",), page="1", points="3,00"),
        Declared(
            "1.1.2",
            ticked=("đủ nhiệm vụ trên các lĩnh vực", "phân công rõ người thực hiện", "bố trí kinh phí"),
            clause="Mục II, III",
            points="2,00",
        ),
        Declared("1.1.3", typed=("95,5",), document="bao-cao-cchc.pdf", clause="Mục II", points="4,00"),
        Declared("1.2.1", typed=("1",), document="bao-cao-cchc.pdf", clause="Mục I", points="2,25"),
        Declared("1.2.2", typed=("2",), document="bao-cao-cchc.pdf", clause="Mục IV", points="2,00"),
    ),
    "2. Cải cách thủ tục": (
        Declared("2.1.1", typed=("480", "500"), document="bao-cao-cchc.pdf", clause="Mục III", points="7,68"),
        Declared("2.1.2", ticked=("Đạt",), document="bao-cao-cchc.pdf", clause="Mục III", points="2,00"),
    ),
    "3. Chính quyền số": (
        Declared("3.1.1", typed=("360", "500"), document="bao-cao-cchc.pdf", clause="Mục III", points="4,50"),
        Declared("3.2.1", typed=("2,75",), clause="Mục III", points="2,75"),
    ),
}


@dataclass(slots=True)
class Walk:
    """One walk: a browser, the portal's address, files to upload. ``see`` is told each page worth looking at."""

    browser: Browser
    base: str
    files: Path
    year: int
    shots: Path | None = None
    count: int = field(default=0)

    # --- people -------------------------------------------------------------------------------------

    @contextmanager
    def person(self, username: str | None) -> Iterator[Page]:
        """Somebody at a browser of his own, logged in through the login page (None: the public)."""
        context = self.browser.new_context(
            base_url=self.base,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            viewport={"width": WIDTHS[0], "height": 900},
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        try:
            if username is not None:
                page.goto("/accounts/login/")
                page.get_by_label("Tên tài khoản").fill(username)
                page.get_by_label("Mật khẩu").fill(PASSWORD)
                page.get_by_role("button", name="Đăng nhập").click()
                expect(page.get_by_role("heading", level=1)).not_to_have_text("Đăng nhập", timeout=PATIENCE)
            yield page
        except BaseException:
            if not page.is_closed() and (folder := os.environ.get("TOUR_SHOTS")):
                page.screenshot(path=str(Path(folder) / "failed.png"), full_page=True)
            raise
        finally:
            context.close()

    def see(self, page: Page, name: str) -> None:
        """Keep a picture at both widths, when pictures are asked for."""
        if self.shots is None:
            return
        self.count += 1
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=str(self.shots / f"{self.count:02d}-{name}-{width}.png"), full_page=True)
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    # --- the agency declares ------------------------------------------------------------------------

    def declare(self) -> None:
        """The editor uploads two documents, declares every leaf with page and clause, submits to the head."""
        with self.person("cv.khu-di-tich") as page:
            self.see(page, "editor-home")
            self.upload(page, ("ke-hoach-cchc.pdf", "bao-cao-cchc.pdf"))
            page.goto("/workspace/")
            page.get_by_role("link", name="Tiếp tục kê khai").click()
            for area, leaves in LEAVES.items():
                page.get_by_role("link", name=area).first.click()
                expect(page.locator(".leaf-code").first).to_have_text(leaves[0].code, timeout=PATIENCE)
                page.wait_for_load_state()
                for leaf in leaves:
                    self.fill(page, leaf)
                self.see(page, f"sheet-{leaves[0].code[0]}")
            page.get_by_role("link", name="Trình lãnh đạo").first.click()
            self.see(page, "submit")
            page.get_by_role("button", name="Trình lãnh đạo").click()
            expect(page.get_by_text("chờ lãnh đạo duyệt").first).to_be_visible(timeout=PATIENCE)
            self.see(page, "handed-over")

    def upload(self, page: Page, names: Sequence[str]) -> None:
        """Several files with the file picker; each line says that it is stored."""
        page.get_by_role("link", name="Tài liệu", exact=True).first.click()
        page.get_by_role("link", name="Tải tài liệu lên").click()
        page.locator("input[type=file]").set_input_files([self.files / name for name in names])
        for name in names:
            line = page.locator("[data-upload-list] li", has_text=name)
            expect(line.get_by_text("đã lưu")).to_be_visible(timeout=PATIENCE)
        self.see(page, "uploaded")

    def fill(self, page: Page, leaf: Declared) -> None:
        """Declare one leaf; it saves itself. Then cite its document by page and clause."""
        row = self.leaf(page, leaf.code)
        for label in leaf.ticked:
            row.locator("label.choice").filter(has_text=label).first.click()
        boxes = row.locator(".leaf-inputs").get_by_role("textbox")
        for at, text in enumerate(leaf.typed):
            boxes.nth(at).fill(text)
            boxes.nth(at).blur()
        expect(row.locator(".leaf-points")).to_contain_text(leaf.points, timeout=PATIENCE)
        expect(row.locator(".leaf-points")).to_contain_text("đã lưu", timeout=PATIENCE)
        self.cite(row, leaf.document, leaf.page, leaf.clause)
        expect(row.locator(".leaf-points")).to_contain_text("đã lưu")

    def cite(self, row: Locator, document: str, page: str, clause: str) -> None:
        """Pick a document of the library, with page and clause."""
        row.get_by_role("link", name="Gắn tài liệu").click()
        row.locator(".pick-list label", has_text=document).first.click()
        row.get_by_label("Trang", exact=True).fill(page)
        row.get_by_label("Mục, điều, khoản", exact=True).fill(clause)
        row.get_by_role("button", name="Gắn", exact=True).click()
        expect(row.locator("ul.docs")).to_contain_text(document, timeout=PATIENCE)
        row.get_by_role("button", name="Đóng").click()

    def leaf(self, page: Page, code: str) -> Locator:
        return page.locator("article.leaf").filter(has=page.get_by_text(code, exact=True)).first

    def approve(self) -> None:
        """The head reads the sheet and submits it to Home Affairs."""
        with self.person("ld.khu-di-tich") as page:
            self.see(page, "head-home")
            page.get_by_role("link", name="Xem và duyệt").click()
            self.see(page, "approval")
            page.get_by_role("button", name="Duyệt và nộp").click()
            expect(page.get_by_text("đã nộp").first).to_be_visible(timeout=PATIENCE)
            self.see(page, "submitted")

    # --- appraisal ----------------------------------------------------------------------------------

    def mark(self) -> None:
        """Round 1: every criterion as declared, but one corrected with a reason and a question."""
        with self.person("tham-dinh") as page:
            self.worklist(page)
            self.see(page, "worklist")
            page.get_by_role("link", name="1.1.1").first.click()
            codes = [leaf.code for leaves in LEAVES.values() for leaf in leaves]
            for at, code in enumerate(codes):
                expect(page.get_by_role("heading", level=1)).to_contain_text(code, timeout=PATIENCE)
                page.wait_for_load_state()
                if code == "2.1.1":
                    page.get_by_label("Số hồ sơ đúng và trước hạn").fill("450")
                    page.get_by_role("textbox", name="Lý do").fill("Hệ thống của tỉnh có số thấp hơn.")
                    page.get_by_label("Yêu cầu giải trình tiêu chí này").check()
                    page.get_by_label("Nội dung cần giải trình").fill(
                        "Đề nghị gửi bảng tổng hợp có xác nhận."
                    )
                    expect(page.locator("#mark-preview")).to_contain_text("7,2", timeout=PATIENCE)
                    self.see(page, "mark")
                page.locator("#mark-form").get_by_role("button", name=SAVE).click()
                if at == len(codes) - 1:
                    expect(page.get_by_role("heading", level=1)).not_to_contain_text(code, timeout=PATIENCE)
            self.see(page, "marked")

    def worklist(self, page: Page) -> None:
        """The assessor's list, narrowed to the agency of the tour."""
        page.get_by_role("link", name="Việc cần thẩm định").first.click()
        page.get_by_label("Cơ quan", exact=True).select_option(label=AGENCY)
        page.get_by_role("button", name="Lọc").click()
        page.wait_for_url(re.compile("agency=khu-di-tich"))

    def close(self, stage: str) -> None:
        """The secretary closes a round of the block, on the page that names every sheet it moves."""
        with self.person("thu-ky") as page:
            self.block(page)
            row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=stage, exact=True))
            self.see(page, "rounds")
            row.get_by_role("link", name="Kết thúc").click()
            expect(page.get_by_role("row").filter(has_text=AGENCY)).to_be_visible()
            self.see(page, "close")
            page.get_by_role("button", name="Kết thúc với các phiếu này").click()
            expect(row.get_by_role("link", name="Kết thúc")).to_have_count(0, timeout=PATIENCE)

    def block(self, page: Page) -> None:
        """To the tour block's page of rounds."""
        page.get_by_role("link", name="Vòng thẩm định và hội đồng").first.click()
        page.get_by_role("link", name="Khối tham quan").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Khối tham quan", timeout=PATIENCE)

    def close_round_1(self) -> None:
        self.close("Thẩm định lần 1")

    def close_round_2(self) -> None:
        self.close("Thẩm định lần 2")

    # --- the agency explains ------------------------------------------------------------------------

    def explain(self) -> None:
        """The editor answers the question, with one more document."""
        with self.person("cv.khu-di-tich") as page:
            self.upload(page, ("quy-che-chi-tieu.pdf",))
            page.goto("/workspace/")
            page.get_by_role("link", name="Thực hiện giải trình").click()
            page.wait_for_load_state()
            reply = page.locator("article.reply").first
            reply.get_by_label("Giải trình", exact=True).fill("30 hồ sơ được cập nhật sau ngày chốt số liệu.")
            reply.get_by_label("Giải trình", exact=True).blur()
            expect(reply.locator("[data-saved]")).to_contain_text("đã lưu", timeout=PATIENCE)
            self.cite(reply, "quy-che-chi-tieu.pdf", "1-2", "Điều 3")
            self.see(page, "explanation")

    def send_explanation(self) -> None:
        """The head sends it."""
        with self.person("ld.khu-di-tich") as page:
            page.get_by_role("link", name="Thực hiện giải trình").click()
            self.see(page, "explanation-head")
            page.get_by_role("link", name="Gửi giải trình").first.click()
            page.get_by_role("button", name="Gửi giải trình").click()
            expect(page.get_by_text("thẩm định lần 2").first).to_be_visible(timeout=PATIENCE)
            self.see(page, "explanation-sent")

    def mark_again(self) -> None:
        """Round 2: the assessor accepts a part, with a reason."""
        with self.person("tham-dinh") as page:
            self.worklist(page)
            page.get_by_role("link", name="2.1.1").first.click()
            page.get_by_label("Số hồ sơ đúng và trước hạn").fill("470")
            page.get_by_role("textbox", name="Lý do").fill("Chấp nhận 20 hồ sơ có xác nhận.")
            self.see(page, "mark-round-2")
            page.locator("#mark-form").get_by_role("button", name=SAVE).click()
            expect(page.get_by_text("Đã lưu 2.1.1").first).to_be_visible(timeout=PATIENCE)

    # --- council, ranking, publication --------------------------------------------------------------

    def settle(self) -> None:
        """The council settles one mark, then finalises the sheet."""
        with self.person("hoi-dong") as page:
            self.block(page)
            page.get_by_role("link", name="Hội đồng", exact=True).last.click()
            self.see(page, "council")
            page.get_by_role("link", name=AGENCY).first.click()
            self.see(page, "council-sheet")
            page.get_by_role("link", name="2.1.1").first.click()
            page.get_by_label("Số hồ sơ đúng và trước hạn").fill("475")
            page.get_by_role("textbox", name="Lý do").fill(
                "Hội đồng thống nhất theo số liệu đã kiểm tra lại."
            )
            self.see(page, "settle")
            page.locator("#mark-form").get_by_role("button", name=SAVE).click()
            expect(page.get_by_text("Đã lưu 2.1.1").first).to_be_visible(timeout=PATIENCE)
            self.block(page)
            page.get_by_role("link", name="Hội đồng", exact=True).last.click()
            page.get_by_role("row").filter(has_text=AGENCY).get_by_role("checkbox").check()
            page.get_by_role("button", name="Chốt các phiếu đã chọn").click()
            self.see(page, "finalise")
            page.get_by_role("button", name=re.compile("^Chốt")).click()
            row = page.get_by_role("row").filter(has_text=AGENCY)
            expect(row).to_contain_text("đã chốt điểm", timeout=PATIENCE)
            self.see(page, "finalised")

    def rank(self) -> None:
        """The secretary asks for the ranking; the page shows its progress until a worker has done it."""
        with self.person("thu-ky") as page:
            page.get_by_role("link", name="Xếp hạng", exact=True).first.click()
            self.see(page, "ranking")
            page.locator(
                "section, article", has=page.get_by_role("heading", name="Khối tham quan")
            ).last.get_by_role("button", name="Tính xếp hạng chính thức").click()
            expect(page.locator("main")).to_contain_text("Khối tham quan", timeout=PATIENCE)
            self.see(page, "run")
            expect(page.get_by_role("row").filter(has_text=AGENCY)).to_contain_text(
                RESULT[2], timeout=PATIENCE
            )
            self.see(page, "run-done")

    def propose(self) -> None:
        """The publisher proposes the ranking with its decision, and cannot approve it."""
        with self.person("trinh-cong-bo") as page:
            page.get_by_role("link", name="Đề nghị công bố").first.click()
            for label, text in DECISION.items():
                page.get_by_label(label).fill(text)
            self.see(page, "propose")
            page.get_by_role("button", name="Đề nghị công bố").click()
            expect(page.get_by_text("Người đề nghị không được tự duyệt")).to_be_visible(timeout=PATIENCE)
            expect(page.get_by_role("button", name="Duyệt và công bố")).to_have_count(0)
            self.see(page, "proposed")
            token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
            shown = page.get_by_text(re.compile("^[0-9a-f]{64}$")).first.inner_text()
            answer = page.request.post(
                page.url + "approve/",
                form={"csrfmiddlewaretoken": token, "content": shown},
                headers={"Referer": page.url},
                max_redirects=0,
            )
            assert answer.status == 403, answer.status
            page.reload()
            expect(page.get_by_text("chờ duyệt").first).to_be_visible()

    def confirm(self) -> None:
        """Another person reads the same figures and confirms them."""
        with self.person("duyet-cong-bo") as page:
            page.get_by_role("link", name=DECISION["Số quyết định"]).click()
            self.see(page, "approve")
            page.get_by_role("button", name="Duyệt và công bố").click()
            expect(page.get_by_text("đã công bố").first).to_be_visible(timeout=PATIENCE)
            self.see(page, "published")

    # --- the public ---------------------------------------------------------------------------------

    def addresses(self) -> list[str]:
        """Where the public will read it."""
        block = f"/rankings/{self.year}/khoi-tham-quan"
        return [f"{block}/", f"{block}.csv", f"{block}.json", f"{block}/khu-di-tich/", f"{block}/v1/"]

    def hidden(self) -> None:
        """Before the publication every one of these addresses answers as if it did not exist."""
        with self.person(None) as page:
            for address in self.addresses():
                assert page.request.get(address).status == 404, address

    def read(self) -> None:
        """Anybody reads the table and the agency's page with its charts, and downloads the same figures."""
        with self.person(None) as page:
            page.goto("/")
            self.see(page, "public-home")
            page.goto(f"/rankings/{self.year}/khoi-tham-quan/")
            expect(page.get_by_text("diễn tập").first).to_be_visible()
            expect(page.get_by_text(DECISION["Số quyết định"]).first).to_be_visible()
            self.see(page, "public-block")
            shown = self.table(page)
            assert shown[AGENCY] == RESULT, shown
            csv_rows = csv.DictReader(io.StringIO(self.download(page, "CSV").decode("utf-8-sig")))
            from_csv = {r["agency"]: told(r["rank"], r["points"], r["index"]) for r in csv_rows}
            json_rows = json.loads(self.download(page, "JSON"))["rows"]
            from_json = {r["agency"]["name"]: told(r["rank"], r["points"], r["index"]) for r in json_rows}
            assert shown == from_csv == from_json
            page.get_by_role("link", name=AGENCY).first.click()
            expect(page.get_by_role("heading", level=1)).to_have_text(AGENCY, timeout=PATIENCE)
            charts = page.locator("main img[src*='.svg']").filter(visible=True)
            assert charts.count() >= 2
            for chart in charts.all():
                chart.scroll_into_view_if_needed()
                expect(chart).to_have_js_property("complete", True, timeout=PATIENCE)
                assert chart.evaluate("image => image.naturalWidth") > 100
            self.see(page, "public-agency")
            for address in self.addresses():
                assert page.request.get(address).status == 200, address

    def table(self, page: Page) -> dict[str, tuple[str, str, str]]:
        """The ranking as it stands on the page: agency → rank, points, index."""
        rows = page.get_by_role("table").first.locator("tbody tr")
        found = {}
        for row in rows.all():
            rank, name, points, index = [cell.strip() for cell in row.locator("th, td").all_inner_texts()][:4]
            found[name] = (rank, points.split("/")[0].strip(), index)
        return found

    def download(self, page: Page, name: str) -> bytes:
        """A file by the page's own link."""
        with page.expect_download(timeout=PATIENCE) as arriving:
            page.get_by_role("link", name=name).first.click()
        return Path(arriving.value.path()).read_bytes()


def told(rank: object, points: str, index: str) -> tuple[str, str, str]:
    """Figures of a file as a page shows them: rounded half up to two digits, with a decimal comma."""
    figures = (Decimal(one).quantize(Decimal("0.01"), ROUND_HALF_UP) for one in (points, index))
    shown = [str(one).replace(".", ",") for one in figures]
    return str(rank), shown[0], shown[1]


def walk_year(walk: Walk) -> None:
    """The whole year, in the order of README's guided tour."""
    walk.hidden()
    walk.declare()
    walk.approve()
    walk.mark()
    walk.close_round_1()
    walk.explain()
    walk.send_explanation()
    walk.mark_again()
    walk.close_round_2()
    walk.settle()
    walk.rank()
    walk.propose()
    walk.hidden()
    walk.confirm()
    walk.read()
