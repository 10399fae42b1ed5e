"""The criteria set as a workbook: sheets, columns and their headings, in Vietnamese and (to read) in English.

Headings are part of the file format: they do not follow the interface language. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from parindex.ui.collation import fold
from scoring.criteria.xlsx_open import Sheet

TABLE_SHEET = "Bộ tiêu chí"
INFO_SHEET = "Thông tin"
HELP_SHEET = "Hướng dẫn"
LISTS_SHEET = "Danh mục"
FAULTS_SHEET = "Lỗi cần sửa"

#: Column → (heading, width in characters), in the order of the export.
COLUMNS: dict[str, tuple[str, int]] = {
    "code": ("Mã", 9),
    "level": ("Cấp", 5),
    "title": ("Lĩnh vực, tiêu chí, tiêu chí thành phần", 52),
    "max": ("Điểm tối đa", 8),
    "method": ("Cách lấy điểm", 18),
    "kind": ("Cách chấm", 20),
    "rule": ("Quy tắc", 44),
    "rule_text": ("Nguyên văn", 36),
    "guidance": ("Hướng dẫn", 30),
    "evidence": ("Tài liệu kiểm chứng", 30),
    "appraiser": ("Cơ quan thẩm định", 24),
    "not_applicable_for": ("Không áp dụng cho", 18),
    "na_request": ("Được đề nghị không áp dụng", 12),
    "cap": ("Mức trần", 8),
    "role": ("Vai trò", 12),
    "tests": ("Trường hợp kiểm tra", 44),
}
#: Columns whose text may be longer than a cell, and the headings of the columns where it goes on.
GOES_ON = {"rule": "Quy tắc (tiếp {number})", "tests": "Trường hợp kiểm tra (tiếp {number})"}
#: What an area does to the total.
ROLES = {"bonus": "điểm cộng", "penalty": "điểm trừ"}
ROLE_OF = {fold(word): key for key, word in ROLES.items()} | {
    "bonus": "bonus", "diem thuong": "bonus", "thuong": "bonus", "cong": "bonus",
    "penalty": "penalty", "diem phat": "penalty", "tru": "penalty", "phat": "penalty",
}  # fmt: skip
NOTE = "Ghi chú"

INFO: dict[str, str] = {
    "title": "Tên bộ tiêu chí",
    "year": "Năm",
    "block": "Khối",
    "official": "Chính thức",
    "decision.number": "Số quyết định",
    "decision.date": "Ngày quyết định",
    "decision.issuer": "Cơ quan ban hành",
    "effective_from": "Áp dụng từ ngày",
    "total": "Tổng điểm",
    "bonus_cap": "Điểm thưởng tối đa",
    "penalty_cap": "Điểm trừ tối đa",
}
PROFILE = "Nhóm đặc thù"
_INFO_ENGLISH = {
    "decision number": "decision.number",
    "decision date": "decision.date",
    "issuer": "decision.issuer",
}
INFO_OF = (
    {fold(word): key for key, word in INFO.items()}
    | {fold(key.replace("_", " ")): key for key in INFO}
    | _INFO_ENGLISH
    | {fold(PROFILE): "profile", "profile": "profile", "applicability profile": "profile"}
)

_NAMES: dict[str, tuple[str, ...]] = {
    "code": ("Mã", "Mã số", "Mã tiêu chí", "STT", "Số TT", "TT", "code", "no"),
    "level": ("Cấp", "level"),
    "title": (
        "Lĩnh vực, tiêu chí, tiêu chí thành phần",
        "Lĩnh vực, tiêu chí, TCTP",
        "Lĩnh vực/tiêu chí",
        "Tên",
        "Tên tiêu chí",
        "Nội dung",
        "Nội dung tiêu chí",
        "Nội dung đánh giá",
        "title",
    ),
    "level1": ("Lĩnh vực", "Cấp 1", "area", "level 1"),
    "level2": ("Tiêu chí", "Cấp 2", "criterion", "level 2"),
    "level3": ("Tiêu chí thành phần", "TCTP", "Cấp 3", "sub criterion", "level 3"),
    "level4": ("Cấp 4", "level 4"),
    "level5": ("Cấp 5", "level 5"),
    "level6": ("Cấp 6", "level 6"),
    "max": (
        "Điểm tối đa",
        "Điểm chuẩn",
        "Thang điểm",
        "Điểm",
        "Số điểm",
        "Điểm tiêu chí thành phần",
        "Điểm TCTP",
        "max",
        "maximum",
        "points",
    ),
    "max1": ("Điểm lĩnh vực", "Điểm tối đa lĩnh vực", "max 1"),
    "max2": ("Điểm tiêu chí", "Điểm tối đa tiêu chí", "max 2"),
    "method": ("Cách lấy điểm", "Hình thức đánh giá", "method"),
    "kind": ("Cách chấm", "Loại quy tắc", "kind"),
    "rule": ("Quy tắc", "Quy tắc chấm", "rule"),
    "rule_text": ("Nguyên văn", "Nguyên văn quy tắc", "Cách tính điểm", "rule text", "official wording"),
    "guidance": ("Hướng dẫn", "Hướng dẫn đánh giá", "guidance"),
    "evidence": (
        "Tài liệu kiểm chứng",
        "Tài liệu kiểm chứng cần có",
        "Minh chứng",
        "Hồ sơ minh chứng",
        "evidence",
    ),
    "appraiser": (
        "Cơ quan thẩm định",
        "Đơn vị thẩm định",
        "Cơ quan chủ trì thẩm định",
        "appraiser",
        "appraised by",
    ),
    "not_applicable_for": ("Không áp dụng cho", "not applicable for"),
    "na_request": ("Được đề nghị không áp dụng", "na request"),
    "cap": ("Mức trần", "Điểm trần", "Tính không quá", "points cap"),  # “Cấp” folds to “cap”
    "role": ("Vai trò", "role"),
    "tests": ("Trường hợp kiểm tra", "tests", "stored cases"),
    "note": (NOTE, "Ghi chú khác", "note", "notes"),
}
_COUNTS = ("stt", "tt", "so tt", "no")
HEADING_OF = {fold(name): key for key, names in _NAMES.items() for name in names}
_GOES_ON = {key: fold(heading.format(number="")) for key, heading in GOES_ON.items()}
#: A heading row is looked for among the first rows of a sheet.
HEADING_ROWS = 40
LEVELS = tuple(f"level{number}" for number in range(1, 7))


@dataclass
class Columns:
    """Where the table begins and which column holds what. ``levels``: level → column, where each has its own."""

    heading: int
    first: int
    at: dict[str, int] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)
    #: Column → those in which its long text goes on.
    more: dict[str, list[int]] = field(default_factory=dict)
    #: The column of codes is called “TT”: its numbers may only count the rows.
    counts: bool = False
    unknown: list[tuple[int, str]] = field(default_factory=list)
    twice: list[tuple[int, str]] = field(default_factory=list)

    @property
    def names_nodes(self) -> bool:
        return "title" in self.at or bool(self.levels)


def find_columns(sheet: Sheet) -> Columns | None:
    """The heading row of a table of criteria; None where the sheet has none."""
    best: Columns | None = None
    for row in [row for row in sheet.by_row if row <= HEADING_ROWS]:
        columns = _columns(sheet, row)
        known = len(columns.at) + len(columns.levels)
        if columns.names_nodes and known >= 2 and (best is None or known > len(best.at) + len(best.levels)):
            best = columns
    return best


def _columns(sheet: Sheet, row: int) -> Columns:
    headings, last = _headings(sheet, row)
    found = Columns(row, last + 1)
    keys = {column: HEADING_OF.get(fold(text)) for column, text in headings.items()}
    several = {"level1", "level3", *LEVELS[3:]} & set(keys.values())
    for column, text in headings.items():
        key = keys[column]
        if key == "level2" and not several:
            key = "title"  # “Tiêu chí” alone names every node
        further = next((one for one, head in _GOES_ON.items() if fold(text).startswith(head)), None)
        if key is None and further is not None:
            found.more.setdefault(further, []).append(column)
        elif key is None:
            found.unknown.append((column, text))
        elif key in LEVELS:
            found.levels.setdefault(int(key[-1]), column)
        elif key == "code" and "code" in found.at:
            _better_code(found, column, headings)
        elif key in found.at:
            found.twice.append((column, text))
        else:
            found.at[key] = column
    found.counts = "code" in found.at and fold(headings[found.at["code"]]) in _COUNTS
    return found


def _better_code(found: Columns, column: int, headings: Mapping[int, str]) -> None:
    """Beside “Mã”, a column “STT” only counts."""
    if fold(headings[found.at["code"]]) in _COUNTS:
        found.at["code"] = column


def _headings(sheet: Sheet, row: int) -> tuple[dict[int, str], int]:
    """The texts of a heading row and its last row: beneath a heading merged across stand its own headings."""
    texts = {column: cell.text for column, cell in sheet.row(row).items() if cell.text}
    last = row
    for top, left, bottom, right in sheet.merges:
        if top == row and left in texts:
            last = max(last, bottom)
            if right > left and bottom == row:
                below = {column: sheet.at(row + 1, column).text for column in range(left, right + 1)}
                if sum(fold(text) in HEADING_OF for text in below.values()) >= 1:
                    texts |= {column: text for column, text in below.items() if text}
                    last = max(last, row + 1)
    return dict(sorted(texts.items())), last
