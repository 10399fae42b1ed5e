"""Rules read out of the official wording: what decrees commonly say is proposed, what is not plain is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import engine
from scoring.criteria.models import CriteriaSet
from scoring.criteria.rule_forms.proposal import propose
from tests.criteria.test_pages import client
from tests.factories_scoring import make_set

BANDS = [{"points": "2", "ge": "80"}, {"points": "1", "ge": "60", "lt": "80"}, {"points": "0", "lt": "60"}]


@pytest.mark.parametrize(
    "text,maximum,rule",
    [
        ("Đạt yêu cầu: 0,5; Không đạt: 0", "0.5", {"kind": "boolean", "yes": "0.5", "no": "0"}),
        (
            "Kịp thời: 0,5 điểm\nKhông kịp thời: 0,25 điểm\nKhông ban hành: 0 điểm.",
            "0.5",
            {
                "kind": "choice",
                "options": [["Kịp thời", "0.5"], ["Không kịp thời", "0.25"], ["Không ban hành", "0"]],
            },
        ),
        (
            "Tại trụ sở: 0,25\nTrên trang thông tin: 0,25",
            "0.5",
            {
                "kind": "checklist",
                "mode": "sum",
                "items": [["Tại trụ sở", "0.25"], ["Trên trang thông tin", "0.25"]],
            },
        ),
        (
            "Từ 80% trở lên: 2\nTừ 60% đến dưới 80%: 1\nDưới 60%: 0",
            "2",
            {"kind": "tiers", "variable": "tỷ lệ hồ sơ", "bands": BANDS},
        ),
        (
            "- Trên 90 %: 2 điểm; - Từ 70% - 90%: 1 điểm; - Dưới 70%: 0 điểm",
            "2",
            {
                "kind": "tiers",
                "variable": "tỷ lệ hồ sơ",
                "bands": [
                    {"points": "2", "gt": "90"},
                    {"points": "1", "ge": "70", "le": "90"},
                    {"points": "0", "lt": "70"},
                ],
            },
        ),
        (
            "100%: 1; Dưới 100%: 0",
            "1",
            {
                "kind": "tiers",
                "variable": "tỷ lệ hồ sơ",
                "bands": [{"points": "1", "ge": "100", "le": "100"}, {"points": "0", "lt": "100"}],
            },
        ),
        (
            "Điểm = (b/a) x 4; a = số hồ sơ đã giải quyết; b = số hồ sơ đúng, trước hạn; nếu b/a < 80% thì điểm là 0",
            "4",
            {
                "kind": "proportion",
                "numerator": "số hồ sơ đúng, trước hạn",
                "denominator": "số hồ sơ đã giải quyết",
                "factor": "4",
                "denominator_zero": "not_applicable",
                "zero_below_pct": "80",
            },
        ),
        (
            "Điểm tối đa 1; mỗi báo cáo gửi trễ trừ 0,25 điểm, trừ đến hết điểm",
            "1",
            {"kind": "deduction", "start": "1", "unit": "báo cáo gửi trễ", "each": "0.25", "floor": "0"},
        ),
        (
            "Mỗi sáng kiến được công nhận: 0,5 điểm; tối đa 1 điểm",
            "1",
            {"kind": "count", "unit": "sáng kiến được công nhận", "each": "0.5", "cap": "1"},
        ),
        (
            "Điểm = tỷ lệ % đánh giá qua điều tra xã hội học x 5",
            "5",
            {"kind": "survey", "mean_pct": True, "factor": "5"},
        ),
        ("Điểm = SIPAS của đơn vị (%) x 10", "10", {"kind": "external_index", "index": "SIPAS", "factor": "10"}),
        ("Hội đồng cho điểm từ 0 đến 0,5", "0.5", {"kind": "manual"}),
    ],
)  # fmt: skip
def test_what_decrees_commonly_say(text: str, maximum: str, rule: dict[str, Any]) -> None:
    assert propose(text, Decimal(maximum), "Tỷ lệ hồ sơ") == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Theo hướng dẫn của Sở Nội vụ",
        "Kịp thời: 0,5",  # one step alone
        "Kịp thời: 0,5; Không: 0",  # reaches half of the maximum
        "Kịp thời: 2; Không: 0",  # more than the maximum
        "Đạt: 1; Không đạt: 0; xem thêm Phụ lục II",  # something more is said
        "Từ 80%: 1; Từ 60% đến 80%: 0",  # the bands overlap
        "Điểm = (b/a) x 1",  # nobody says what a and b are
    ],
)
def test_what_is_not_plain_is_not_proposed(text: str) -> None:
    assert propose(text, Decimal(1), "Tỷ lệ hồ sơ") is None


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab01,.% :;=x/()\nđtừ≥<mỗi"), max_size=80), st.integers(0, 5))
def test_any_wording_gives_a_sound_rule_or_none(text: str, maximum: int) -> None:
    rule = propose(text, Decimal(maximum), "Tỷ lệ")
    assert rule is None or engine.parse_rule(rule, max_points=Decimal(maximum)).data == rule


@pytest.mark.django_db
def test_the_page_opens_with_the_proposal_and_stores_nothing() -> None:
    draft: CriteriaSet = make_set(locked=False)
    node = draft.criteria.get(code="1.1.2")
    node.rule, node.method, node.rule_text = None, "", f"Đạt: {node.max_points}; Không đạt: 0"
    node.save()
    page = client().get(reverse("criteria:rule", args=[draft.pk, node.pk])).content.decode()
    assert "Đọc từ nguyên văn, chưa lưu." in page and 'name="r-yes"' in page
    node.refresh_from_db()
    assert node.rule is None
    node.rule_text = "Theo hướng dẫn"
    node.save()
    page = client().get(reverse("criteria:rule", args=[draft.pk, node.pk])).content.decode()
    assert "Đọc từ nguyên văn" not in page and "Chọn loại cách chấm" in page
