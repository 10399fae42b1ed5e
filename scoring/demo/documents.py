"""Evidence of the sample: small real PDF files in Vietnamese, drawn as one file and parted, stored in the library."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pypdfium2
from django.conf import settings
from fpdf import FPDF

from agencies.models import Agency, Role
from evidence import storage
from evidence.description import Description
from evidence.models import Document, DocumentVersion
from parindex.ui.collation import fold
from scoring.demo import names
from scoring.demo.people import Province

FACES = {"": "400Regular/BeVietnamPro_400Regular.ttf", "B": "600SemiBold/BeVietnamPro_600SemiBold.ttf"}
STAMP = "TÀI LIỆU MẪU ĐỂ THỬ PHẦN MỀM, KHÔNG PHẢI VĂN BẢN THẬT"
PLAN, REPORT, RULES = "KH", "BC", "QĐ"
SUBJECTS = {
    PLAN: "Kế hoạch cải cách hành chính năm {year}",
    REPORT: "Báo cáo kết quả công tác cải cách hành chính năm {year}",
    RULES: "Quyết định ban hành quy chế làm việc và quy chế chi tiêu nội bộ năm {year}",
}
#: The second page of each kind: what answers cite by section and clause.
SECTIONS = {
    PLAN: ("I. Mục đích, yêu cầu", "II. Nhiệm vụ", "III. Phân công, kinh phí", "IV. Tổ chức thực hiện"),
    REPORT: ("I. Chỉ đạo, điều hành", "II. Kết quả", "III. Số liệu hồ sơ", "IV. Tồn tại, giải pháp"),
    RULES: ("Điều 1. Phạm vi điều chỉnh", "Điều 2. Nguyên tắc", "Điều 3. Trách nhiệm thực hiện", "Điều 4. Hiệu lực"),
}  # fmt: skip
#: Where an answer of an area finds its evidence: the document, its page and its clause.
PLACES = {
    "1": (PLAN, "2", "Mục II"),
    "2": (REPORT, "2", "Mục II, khoản 2"),
    "3": (REPORT, "2", "Mục III"),
    "4": (RULES, "2", "Điều 3"),
    "5": (RULES, "1-2", "Điều 2, khoản 4"),
    "6": (RULES, "2", "Điều 3, khoản 1"),
    "7": (REPORT, "2", "Mục III, biểu 02"),
    "8": (REPORT, "2", "Mục II, khoản 8"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that is to be."""

    agency: Agency
    kind: str
    year: int
    issued_on: date
    at: datetime

    @property
    def issuer(self) -> str:
        unit = self.agency.name
        return f"UBND {unit[0].lower()}{unit[1:]}" if unit.startswith(("Phường", "Xã", "Đặc khu")) else unit

    @property
    def number(self) -> str:
        unit = "UBND" if self.issuer != self.agency.name else _initials(self.agency.name)
        number = len(self.agency.name) * 3 + self.issued_on.month + self.issued_on.year % 9
        return f"{number}/{self.kind}-{unit}"

    @property
    def file_name(self) -> str:
        return f"{fold(self.number).upper().replace(' ', '-')}-{self.year}.pdf"

    @property
    def description(self) -> Description:
        return Description(
            number=self.number,
            issued_on=self.issued_on,
            issuer=self.issuer,
            subject=SUBJECTS[self.kind].format(year=self.year),
            signatory=f"Lãnh đạo {self.issuer}",
        )


def papers_of_running_year(province: Province, agencies: Iterable[Agency]) -> list[Paper]:
    """Three documents an agency, uploaded while it drafts."""
    year, at = province.year, province.now - timedelta(days=27)
    days = (
        (PLAN, date(year - 1, 12, 28)),
        (REPORT, province.today - timedelta(days=30)),
        (RULES, date(year, 3, 12)),
    )
    return [Paper(agency, kind, year, day, at) for agency in agencies for kind, day in days]


def papers_of_past_year(year: int, agencies: Iterable[Agency], at: datetime) -> list[Paper]:
    """One report an agency."""
    return [Paper(agency, REPORT, year, date(year, 11, 5), at) for agency in agencies]


def store(province: Province, papers: Sequence[Paper]) -> dict[tuple[int, str, int], DocumentVersion]:
    """Write the files and their rows; versions by agency id, kind and year."""
    files = [storage.write([data], limit=settings.MAX_UPLOAD_BYTES) for data in draw(papers)]
    if hasattr(os, "sync"):
        os.sync()  # durable before anything refers to them, all at once
    people = [province.staff(Role.EDITOR, paper.agency) for paper in papers]
    documents = Document.objects.bulk_create(
        [
            Document(agency=paper.agency, created_by=user, created_at=paper.at)
            for paper, user in zip(papers, people, strict=True)
        ],
        batch_size=500,
    )
    versions = DocumentVersion.objects.bulk_create(
        [
            DocumentVersion(
                document=document,
                version=1,
                folded=paper.description.folded(paper.file_name),
                file_key=file.key,
                original_name=paper.file_name,
                content_type="application/pdf",
                size=file.size,
                sha256=file.sha256,
                scan_state=DocumentVersion.ScanState.NOT_SCANNED,
                uploaded_by=user,
                uploaded_at=paper.at,
                **paper.description.as_dict(),
            )
            for paper, document, file, user in zip(papers, documents, files, people, strict=True)
        ],
        batch_size=500,
    )
    return {
        (paper.agency.pk, paper.kind, paper.year): version
        for paper, version in zip(papers, versions, strict=True)
    }


def draw(papers: Sequence[Paper]) -> list[bytes]:
    """The files, two pages each. Drawn together, because the letters are then fitted once."""
    if not papers:
        return []
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    for style, file in FACES.items():
        pdf.add_font("Be Vietnam Pro", style, settings.FONT_DIR / file)
    for paper in papers:
        _first_page(pdf, paper)
        _second_page(pdf, paper)
    whole = pypdfium2.PdfDocument(bytes(pdf.output()))
    try:
        return [_part(whole, at * 2) for at in range(len(papers))]
    finally:
        whole.close()


def _first_page(pdf: FPDF, paper: Paper) -> None:
    pdf.add_page()
    lines = (
        ("B", 12, 20, paper.issuer.upper()),
        ("", 11, 20, f"Số: {paper.number}"),
        (
            "",
            11,
            110,
            f"{names.PLACE}, ngày {paper.issued_on:%d} tháng {paper.issued_on:%m} năm {paper.issued_on:%Y}",
        ),
        ("B", 15, 20, SUBJECTS[paper.kind].format(year=paper.year)),
        ("", 11, 20, f"Cơ quan ban hành: {paper.issuer}"),
        ("", 11, 20, f"Người ký: Lãnh đạo {paper.issuer}"),
    )
    for row, (style, size, left, text) in enumerate(lines):
        pdf.set_font("Be Vietnam Pro", style, size)
        pdf.text(left, 30 + row * 11, text)
    _foot(pdf, 1)


def _second_page(pdf: FPDF, paper: Paper) -> None:
    pdf.add_page()
    for row, heading in enumerate(SECTIONS[paper.kind]):
        top = 30 + row * 42
        pdf.set_font("Be Vietnam Pro", "B", 12)
        pdf.text(20, top, heading)
        pdf.set_font("Be Vietnam Pro", "", 11)
        for number in range(1, 4):
            pdf.text(
                24, top + number * 9, f"{number}. Nội dung mẫu của {paper.agency.name}, năm {paper.year}."
            )
    _foot(pdf, 2)


def _foot(pdf: FPDF, page: int) -> None:
    pdf.set_font("Be Vietnam Pro", "B", 9)
    pdf.text(20, 284, f"{STAMP} · trang {page}/2")


def _part(whole: pypdfium2.PdfDocument, first: int) -> bytes:
    part = pypdfium2.PdfDocument.new()
    try:
        part.import_pages(whole, [first, first + 1])
        out = io.BytesIO()
        part.save(out)
        return out.getvalue()
    finally:
        part.close()


def _initials(name: str) -> str:
    return "".join(word[0] for word in fold(name).upper().split())
