"""Sample pages for the tests of the look: the components as the rooms use them, with figures from nowhere.

A URL conf (ROOT_URLCONF of these tests); no installation serves it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from parindex.ui import nav
from parindex.ui.forms import DecimalField, PortalForm, RadioCards
from parindex.ui.tables import RankingLine
from parindex.urls import urlpatterns as portal_patterns

SAMPLES = Path(__file__).parent / "samples"

FIGURES = {"p": "1.189189", "m": "1.5", "h": "0.5", "five": "5", "got": "44.1", "of": "58"}


@dataclass
class Thing:
    """Anything with attributes, for templates."""

    values: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError as error:
            raise AttributeError(name) from error


def thing(**values: Any) -> Thing:
    return Thing(values)


class RatioForm(PortalForm):
    numerator = DecimalField(label="Hoàn thành đúng hạn", whole=True, min_value=0)
    denominator = DecimalField(label="Được giao đến hạn", whole=True, min_value=1)


class ChoiceForm(PortalForm):
    pick = forms.ChoiceField(
        label="Ban hành kế hoạch",
        choices=[("a", "Ban hành kịp thời, đủ nội dung"), ("b", "Ban hành chậm"), ("c", "Không ban hành")],
        widget=RadioCards(hints={"a": "0,5 điểm", "b": "0,25 điểm", "c": "0 điểm"}),
    )


class MarkForm(PortalForm):
    points = DecimalField(
        label="Điểm thẩm định", min_value=0, max_value=Decimal("1.5"), help_text="Bước 0,05; tối đa 1,5."
    )
    reason = forms.CharField(
        label="Lý do (bắt buộc khi khác điểm tự chấm)", widget=forms.Textarea(attrs={"rows": 3})
    )
    explain = forms.BooleanField(label="Yêu cầu giải trình tiêu chí này", required=False)
    stage = forms.ChoiceField(label="Giai đoạn", choices=[("1", "Lần 1"), ("2", "Lần 2")])


def lines() -> list[RankingLine]:
    rows = [
        ("Văn phòng UBND tỉnh", 1, "63.52", "68.50", "92.73", "Xuất sắc", "good", 3, "2.41", ""),
        ("Sở Khoa học và Công nghệ", 2, "91.05", "100", "91.05", "Xuất sắc", "good", 0, "0.60", ""),
        ("Sở Tư pháp", 3, "89.40", "100", "89.40", "Tốt", "info", -2, "-1.12", ""),
        ("Sở Tài chính", 3, "89.40", "100", "89.40", "Tốt", "info", None, None, "sáp nhập 3/2025"),
        ("Sở Nội vụ", 5, "88.13", "100", "88.13", "Tốt", "info", 1, "0.85", ""),
        ("Sở Nông nghiệp và Môi trường", 6, "84.77", "100", "84.77", "Tốt", "info", -1, "-0.31", ""),
        ("Sở Y tế", 7, "76.20", "100", "76.20", "Khá", "warn", 2, "4.02", ""),
        (
            "Ban Quản lý khu kinh tế",
            None,
            "51.10",
            "60",
            "85.17",
            "",
            "",
            None,
            None,
            "không xếp hạng theo quyết định",
        ),
    ]
    return [
        RankingLine(
            name,
            rank,
            Decimal(points),
            Decimal(maximum),
            Decimal(index),
            "#",
            grade,
            tone,
            places,
            None if change is None else Decimal(change),
            note,
        )
        for name, rank, points, maximum, index, grade, tone, places, change, note in rows
    ]


def context() -> dict[str, Any]:
    now = timezone.now()
    areas = [
        thing(
            code=str(place),
            title=title,
            points=Decimal(got),
            maximum=Decimal(maximum),
            gaps=gaps,
            url="#",
            current=place == 1,
        )
        for place, (title, got, maximum, gaps) in enumerate(
            [
                ("Chỉ đạo, điều hành", "8.5", "10", 0),
                ("Thể chế", "6", "6.5", 0),
                ("Thủ tục hành chính", "9.8", "11", 0),
                ("Tổ chức bộ máy", "5", "6", 0),
                ("Chế độ công vụ", "3.25", "6", 2),
                ("Tài chính công", "1", "6", 4),
                ("Chính quyền số", "6.1", "7.5", 0),
                ("Tác động", "4.7", "5", 0),
            ],
            start=1,
        )
    ]
    wrong = MarkForm({"points": "1.7", "reason": "", "stage": "1"})
    wrong.is_valid()
    return {
        "now": now,
        "closes": datetime(2025, 11, 30, 17, 0, tzinfo=UTC),
        "soon": now + timedelta(days=6, hours=4, minutes=5),
        "past": now - timedelta(hours=2, minutes=1),
        "issued": date(2025, 12, 12),
        "areas": areas,
        "lines": lines(),
        "mean": Decimal("86.41"),
        "ratio": RatioForm({"numerator": "88", "denominator": "111"}),
        "choice": ChoiceForm({"pick": "b"}),
        "mark": MarkForm(
            initial={"points": Decimal("1.15"), "reason": "Ba nhiệm vụ hoàn thành sau hạn (tr. 5)."}
        ),
        "wrong": wrong,
        "d": {name: Decimal(text) for name, text in FIGURES.items()},
        "stages": [
            thing(label="Tự chấm", points=Decimal("1.189189"), sub="88 / 111", now=False),
            thing(label="Năm 2024", points=Decimal("1.31"), sub="hạng 8", now=False),
            thing(label="TB khối", points=Decimal("1.34"), sub="16 đã chấm", now=False),
            thing(label="Lần 1", points=Decimal("1.15"), sub="85 / 111", now=True),
        ],
        "entries": [
            thing(
                at=now,
                who="thành viên tổ thẩm định",
                what="Chấm lần 1",
                detail="Ba nhiệm vụ trễ hạn.",
                tone="accent",
                before="1,19",
                after="1,15",
            ),
            thing(
                at=now - timedelta(days=3),
                who="lãnh đạo",
                what="Duyệt, nộp phiếu",
                detail="",
                tone="good",
                before="",
                after="",
            ),
        ],
        "steps": [
            thing(label="Tự chấm", state="done", note=""),
            thing(label="Thẩm định lần 1", state="now", note="đến 15/12"),
            thing(label="Giải trình", state="", note=""),
            thing(label="Công bố", state="", note=""),
        ],
        "tabs": [
            thing(url="#", label="Cần chấm", current=True, count=17),
            thing(url="#", label="Đã chấm", current=False, count=3),
        ],
        "blocks": [
            thing(url="#", label="Sở, ban, ngành", current=True, count=20),
            thing(url="#", label="Phường", current=False, count=45),
            thing(url="#", label="Xã, đặc khu", current=False, count=75),
        ],
        "years": [
            thing(url="#", label=str(year), current=year == 2025, count=None) for year in (2025, 2024, 2023)
        ],
        "names": ["Sở Tư pháp", "Sở Tài chính", "Sở Y tế"],
        "page_obj": Paginator(range(200), 20).page(3),
        "conflicts": [
            (
                "Thuyết minh",
                "Đơn vị đã hoàn thành 88 nhiệm vụ đúng hạn.",
                "Đơn vị đã hoàn thành 90 nhiệm vụ, 2 trễ.",
            )
        ],
    }


@login_not_required
def sample(request: HttpRequest, name: str) -> HttpResponse:
    template = engines["django"].from_string((SAMPLES / f"{name}.html").read_text())
    values = context() | {"rehearsal": "rehearsal" in request.GET}
    if "work" in request.GET:
        values |= {
            "who": nav.Identity("Chuyên viên", "Sở Khoa học và Công nghệ", "chuyên viên, đầu mối"),
            "nav_main": [
                nav.Link("a", "Tổng quan", "/a/", "", None),
                nav.Link("b", "Việc cần thẩm định", "/b/", "page", 17),
                nav.Link("c", "Phiếu", "/c/", "", None),
                nav.Link("d", "Kỳ đánh giá", "/d/", "", None),
                nav.Link("e", "Xếp hạng", "/e/", "", None),
                nav.Link("f", "Công bố", "/f/", "", None),
                nav.Link("g", "Nhật ký", "/g/", "", None),
            ],
        }
    return HttpResponse(template.render(values, request))


@login_not_required
@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Takes one file as the library does: a name that begins with "bad" is refused."""
    name = request.FILES["file"].name
    if name.startswith("bad"):
        return JsonResponse({"errors": ["Tệp có macro: lưu lại dưới dạng .docx."]}, status=400)
    return JsonResponse({"name": name, "url": "#nhan", "state": "đã lưu, chờ kiểm tra"}, status=201)


@login_not_required
@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    """Answers with the status that was asked for: for the tests of htmx's failures."""
    status = int(request.GET.get("status", "200"))
    if status == 302:
        return HttpResponse(status=302, headers={"Location": "/accounts/login/"})
    return HttpResponse(f"<p id='answer'>trả lời {status}</p>", status=status)


urlpatterns = [
    *portal_patterns,
    path("sample/<slug:name>/", login_not_required(sample), name="sample"),
    path("echo/", login_not_required(echo), name="echo"),
    path("receive/", receive, name="receive"),
]
