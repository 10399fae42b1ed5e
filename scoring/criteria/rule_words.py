"""The words of a rule inside a table: kinds, parameters and effects as an official writes them.

They are part of the file format, not of the interface: a table written today must be read in ten years and
under any interface language, so they stand here and not in the catalogue. Pure.
"""

from __future__ import annotations

from parindex.ui.collation import fold

KINDS = {
    "boolean": "Đạt / không đạt",
    "choice": "Chọn một phương án",
    "checklist": "Danh mục yêu cầu",
    "tiers": "Theo khoảng",
    "proportion": "Theo tỷ lệ",
    "count": "Đếm số lượng",
    "deduction": "Trừ dần",
    "survey": "Điều tra xã hội học",
    "external_index": "Chỉ số bên ngoài",
    "ratio_to_best": "So với cao nhất",
    "target_and_leader": "Mục tiêu và dẫn đầu",
    "sum_of": "Tổng các phần",
    "best_of": "Phần cao nhất",
    "formula": "Công thức",
    "manual": "Người chấm cho điểm",
}
METHODS = {
    "appraisal": "Tự chấm và thẩm định",
    "survey": "Điều tra xã hội học",
    "external": "Chỉ số bên ngoài",
    "office": "Cơ quan nhập điểm",
}

#: Parameters of any kind: key → words. What stands for two keys is told apart by the kind (`key_words`).
_COMMON = {
    "round_to": "Làm tròn đến",
    "not_arising": "Khi không phát sinh",
    "moves_to": "Chuyển điểm cho",
}
_RATIO = {
    "numerator": "Tử số",
    "denominator": "Mẫu số",
    "denominator_zero": "Khi mẫu số bằng 0",
    "allow_over": "Tử số được lớn hơn mẫu số",
    "whole": "Chỉ nhận số nguyên",
}
_BEST = {"value": "Giá trị", "unit": "Đơn vị tính", **_RATIO, "factor": "Điểm"}
_KEYS: dict[str, dict[str, str]] = {
    "boolean": {"yes": "Đạt", "no": "Không đạt"},
    "choice": {},
    "checklist": {},
    "tiers": {
        "measure": "Loại giá trị",
        "variable": "Giá trị",
        "unit": "Đơn vị tính",
        **_RATIO,
        "from": "Từ ngày",
        "to": "Đến ngày",
        "min": "Nhỏ nhất",
        "max": "Lớn nhất",
    },
    "proportion": {**_RATIO, "factor": "Điểm", "target_pct": "Mục tiêu %", "zero_below_pct": "0 điểm nếu dưới %"},
    "count": {"unit": "Mỗi", "each": "Được", "cap": "Nhiều nhất"},
    "deduction": {"start": "Bắt đầu", "floor": "Thấp nhất", "unit": "Mỗi", "each": "Trừ"},
    "survey": {"factor": "Điểm", "mean_pct": "Tỷ lệ trung bình"},
    "external_index": {"index": "Chỉ số", "by": "Tính theo", "factor": "Điểm", "min": "Nhỏ nhất", "max": "Lớn nhất"},
    "ratio_to_best": _BEST,
    "target_and_leader": {
        **_BEST,
        "target": "Mục tiêu",
        "target_share_pct": "Phần điểm khi đạt mục tiêu %",
        "below_target": "Dưới mục tiêu",
    },
    "formula": {"division_by_zero": "Khi chia cho 0"},
    "manual": {"step": "Bước điểm"},
}  # fmt: skip

NUMBERS = frozenset(
    {
        "yes", "no", "factor", "target_pct", "zero_below_pct", "each", "cap", "start", "floor", "target",
        "target_share_pct", "step", "round_to", "min", "max",
    }
)  # fmt: skip
_ZERO = {
    "not_applicable": "không áp dụng",
    "reduce": "không tính điểm tối đa",
    "rescale": "chia cho các tiêu chí khác",
    "full": "điểm tối đa",
    "zero": "0 điểm",
}
ENUMS: dict[str, dict[str, str]] = {
    "not_arising": _ZERO,
    "denominator_zero": _ZERO,
    "division_by_zero": _ZERO,
    "measure": {
        "percent": "tỷ lệ %",
        "count": "số lượng",
        "number": "số",
        "days": "số ngày",
        "parts": "số phần thiếu",
    },
    "by": {"value": "giá trị", "rank": "thứ hạng", "rank_change": "số bậc tăng"},
    "below_target": {"zero": "0 điểm", "proportional": "theo tỷ lệ"},
}
FLAGS = frozenset({"allow_over", "whole"})
YES, NO = "có", "không"

EFFECTS = {
    ("zeroes", "leaf"): "tiêu chí này 0 điểm",
    ("zeroes", "parent"): "toàn tiêu chí 0 điểm",
    ("grade_effect", "not_top"): "không xếp mức cao nhất",
    ("grade_effect", "one_down"): "hạ một mức xếp loại",
    ("grade_effect", "lowest"): "xếp mức thấp nhất",
}
#: Lines that begin with a word and a colon.
EXCEPTION, PART, VARIABLE, EXPRESSION = "Ngoại lệ", "Phần", "Biến", "Công thức"
UNSCORED = "không chấm"


def key_words(kind: str) -> dict[str, str]:
    """Parameter → words, for one kind."""
    return _KEYS.get(kind, {}) | _COMMON


def keys_by_words(kind: str) -> dict[str, str]:
    """Folded words → parameter; the English name of the format is understood too."""
    words = key_words(kind)
    return {fold(key.replace("_", " ")): key for key in words} | {
        fold(word): key for key, word in words.items()
    }


def word_of(key: str) -> str:
    """The words of a parameter wherever it stands, for messages; the key itself when it has none."""
    return next((words[key] for words in (_COMMON, *_KEYS.values()) if key in words), key)


KIND_OF = {fold(word): key for key, word in KINDS.items()} | {
    fold(key.replace("_", " ")): key for key in KINDS
}
METHOD_OF = {fold(word): key for key, word in METHODS.items()} | {key: key for key in METHODS}
EFFECT_OF = {fold(word): key for key, word in EFFECTS.items()}
ENUM_OF = {
    key: {fold(word): value for value, word in words.items()}
    | {fold(value.replace("_", " ")): value for value in words}
    for key, words in ENUMS.items()
}
