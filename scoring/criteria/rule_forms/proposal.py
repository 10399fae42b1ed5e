"""A rule read out of the official wording of a criterion: a proposal that a person looks at before it is saved. Pure.

Decrees say the same few things in the same few ways: "Đạt yêu cầu: 0,5; Không đạt: 0", "Từ 80% trở lên: 2; Từ 60%
đến dưới 80%: 1; Dưới 60%: 0", "Điểm = (b/a) x 4", "mỗi báo cáo trễ trừ 0,25 điểm". What is not understood whole is
not proposed at all, and what the engine refuses neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from parindex.ui.collation import fold
from scoring import engine

__all__ = ["propose"]

Rule = dict[str, Any]

_N = r"(\d+(?:[.,]\d+)?)"
_POINTS = r"\s*(?:điểm|đ)?\s*\.?"
_STEP = re.compile(rf"[-+•–\s]*(?P<label>.*\S)\s*[:=]\s*(?P<points>\d+(?:[.,]\d+)?){_POINTS}", re.IGNORECASE)
_BANDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (rf"(?:trên|>) {_N} ?%", ("gt",)),
    (rf"(?:từ|>=|≥)? ?{_N} ?% trở lên", ("ge",)),
    (rf"(?:>=|≥) ?{_N} ?%", ("ge",)),
    (rf"(?:từ )?(?:trên|>) {_N} ?%? (?:đến|-|–) (?:dưới|<) {_N} ?%", ("gt", "lt")),
    (rf"(?:từ )?(?:trên|>) {_N} ?%? (?:đến|-|–) {_N} ?%", ("gt", "le")),
    (rf"(?:từ )?{_N} ?%? (?:đến|-|–) (?:dưới|<) ?{_N} ?%", ("ge", "lt")),
    (rf"(?:từ )?{_N} ?%? (?:đến|-|–) {_N} ?%", ("ge", "le")),
    (rf"(?:dưới|<) ?{_N} ?%", ("lt",)),
    (rf"(?:từ )?{_N} ?% trở xuống", ("le",)),
    (rf"(?:đạt|bằng|đúng)? ?{_N} ?%", ("ge", "le")),
)
_SHARE = re.compile(rf"([a-z])\s*/\s*([a-z])\s*\)?\s*[x×*.]\s*{_N}", re.IGNORECASE)
_FLOOR = re.compile(
    rf"(?:nếu|trường hợp)[^;\n]*?(?:<|dưới)\s*{_N}\s*%[^;\n]*?(?:là|được|=|:)\s*0\b", re.IGNORECASE
)
_COUNT = re.compile(
    rf"mỗi (.+?)(?: thì)?(?: được)?(?: cộng| tính)?\s*:?\s*{_N}\s*(?:điểm|đ)\b(.*)", re.IGNORECASE | re.DOTALL
)
_MOST = re.compile(rf"(?:tối đa|không quá)(?: là)?\s*:?\s*{_N}", re.IGNORECASE)
_LESS = re.compile(rf"(?:mỗi|cứ)(?: một| 01)? (.+?),?(?: thì)?(?: bị)? trừ\s*:?\s*{_N}", re.IGNORECASE)
_TIMES = re.compile(rf"[x×*]\s*{_N}", re.IGNORECASE)
_INDEX = re.compile(r"\b(SIPAS|DTI|PAPI|PCI|DDCI|PAR INDEX|DGRCI|DCI)\b", re.IGNORECASE)
_GIVEN = re.compile(rf"(?:cho|chấm) điểm(?: trong khoảng)? từ 0 đến {_N}", re.IGNORECASE)
_YES = re.compile(r"(dat|dat yeu cau|co|dung|day du|du|dung quy dinh|hoan thanh|co thuc hien)")
_NO = re.compile(r"(khong|chua|con lai|truong hop khac|neu khong).*")


def propose(text: str, maximum: Decimal, title: str = "") -> Rule | None:
    """The rule that the wording states under ``maximum`` (points), as plain values; None where it is not plain."""
    text = " ".join(text.replace("\r", "").replace("\n", " ; ").split())
    if not text or maximum <= 0:
        return None
    for reader in _READERS:
        rule = reader(text, maximum, title)
        if rule is None:
            continue
        try:
            return dict(engine.parse_rule(rule, max_points=maximum).data)
        except engine.RuleErrors:
            continue
    return None


def _number(text: str) -> str:
    return str(Decimal(text.replace(",", ".")))


def _steps(text: str) -> list[tuple[str, str]]:
    """(label, points) of each step of a scale; none where anything else is said."""
    found = [_STEP.fullmatch(part.strip()) for part in text.split(";") if part.strip(" .")]
    if len(found) < 2 or not all(found):
        return []
    return [(one["label"].strip(), _number(one["points"])) for one in found if one]


def _scale(text: str, maximum: Decimal, title: str) -> Rule | None:
    steps = _steps(text)
    if not steps or any(len(label) > 300 for label, _points in steps):
        return None
    figures = [Decimal(points) for _label, points in steps]
    if bands := _bands(steps):
        return (
            {"kind": "tiers", "variable": _short(title), "bands": bands} if max(figures) == maximum else None
        )
    if any("%" in label for label, _points in steps):
        return None  # bands that are not understood are no options
    if len(steps) == 2 and _YES.fullmatch(fold(steps[0][0])) and _NO.fullmatch(fold(steps[1][0])):
        return {"kind": "boolean", "yes": steps[0][1], "no": steps[1][1]}
    if sum(figures) == maximum and min(figures) > 0:
        return {"kind": "checklist", "mode": "sum", "items": [list(step) for step in steps]}
    return {"kind": "choice", "options": [list(step) for step in steps]} if max(figures) == maximum else None


def _bands(steps: list[tuple[str, str]]) -> list[dict[str, str]]:
    """The bands of percentages, where every label is one."""
    found: list[dict[str, str]] = []
    for label, points in steps:
        words = re.sub(r"^(?:đạt|tỷ lệ|hoàn thành|thực hiện)\s+(?=\S+ ?\d)", "", label.casefold().strip())
        for pattern, ends in _BANDS:
            if (match := re.fullmatch(pattern, words)) is not None:
                figures = [_number(figure) for figure in match.groups()]
                figures *= len(ends) // len(figures)  # "100 %" is both ends
                found.append({"points": points, **dict(zip(ends, figures, strict=True))})
                break
        else:
            return []
    return found


def _share(text: str, maximum: Decimal, title: str) -> Rule | None:
    match = _SHARE.search(text)
    if match is None:
        return None
    above, below = (_named(text, letter) for letter in match.groups()[:2])
    if not above or not below:
        return None
    rule: Rule = {
        "kind": "proportion",
        "numerator": above,
        "denominator": below,
        "factor": _number(match[3]),
        "denominator_zero": "not_applicable",
    }
    if (floor := _FLOOR.search(text)) is not None:
        rule["zero_below_pct"] = _number(floor[1])
    return rule


def _named(text: str, letter: str) -> str:
    """What a letter stands for: "a = số hồ sơ", "a là số hồ sơ"."""
    match = re.search(
        rf"(?<!\w){letter}\s*(?:=|:|là)\s*((?:(?!,\s*[a-z]\s*(?:=|:|là\b))[^;()/])+)", text, re.IGNORECASE
    )
    return match[1].strip(" .") if match else ""


def _deduction(text: str, maximum: Decimal, title: str) -> Rule | None:
    less = _LESS.search(text)
    if less is None or len(_LESS.findall(text)) > 1:
        return None
    return {
        "kind": "deduction",
        "start": str(maximum),
        "unit": _short(less[1]),
        "each": _number(less[2]),
        "floor": "0",
    }


def _count(text: str, maximum: Decimal, title: str) -> Rule | None:
    match = _COUNT.match(text)
    if match is None or "trừ" in text.casefold():
        return None
    most = _MOST.search(match[3])
    cap = _number(most[1]) if most else str(maximum)
    return {"kind": "count", "unit": _short(match[1]), "each": _number(match[2]), "cap": cap}


def _survey(text: str, maximum: Decimal, title: str) -> Rule | None:
    if "xã hội học" not in text.casefold():
        return None
    times = _TIMES.search(text)
    return {"kind": "survey", "mean_pct": True, "factor": _number(times[1]) if times else str(maximum)}


def _index(text: str, maximum: Decimal, title: str) -> Rule | None:
    named, times = _INDEX.search(text), _TIMES.search(text)
    if named is None or times is None:
        return None
    return {"kind": "external_index", "index": named[1].upper(), "factor": _number(times[1])}


def _best(text: str, maximum: Decimal, title: str) -> Rule | None:
    if not re.search(r"(?:cao|tốt|lớn) nhất", text.casefold()) or "/" not in text:
        return None
    return {"kind": "ratio_to_best", "value": _short(title), "factor": str(maximum)}


def _given(text: str, maximum: Decimal, title: str) -> Rule | None:
    match = _GIVEN.search(text)
    return {"kind": "manual"} if match and Decimal(_number(match[1])) == maximum else None


def _short(text: str) -> str:
    text = text.strip(" .:")
    return text[:1].lower() + text[1:120] if not text[:2].isupper() else text[:120]


_READERS: tuple[Callable[[str, Decimal, str], Rule | None], ...] = (
    _scale,
    _survey,
    _index,
    _best,
    _share,
    _deduction,
    _count,
    _given,
)
