"""The workbook of a set: loss-free both ways, tables as officials write them, every fault at its cell."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from datetime import date
from typing import Any

import openpyxl
import pytest

from scoring.criteria import fileformat
from scoring.criteria.carriers import read
from scoring.criteria.fileformat import SetFile
from scoring.criteria.xlsx_notes import annotated
from scoring.criteria.xlsx_write import CELL, write_template, write_workbook
from tests.criteria.files import encoded, leaf, small, with_value
from tests.criteria.workbooks import FILES, document, edited, packed, parts, table
from tests.engine.test_fuzz import RULES

HEADS = [
    "TT",
    "Lĩnh vực",
    "Tiêu chí",
    "Tiêu chí thành phần",
    "Điểm tối đa",
    "Cách chấm",
    "Quy tắc",
    "Cơ quan thẩm định",
]
YES_NO = ("Đạt / không đạt", "Đạt = 1\nKhông đạt = 0")


def same(file: SetFile | None) -> Any:
    """A set without its places, which differ from carrier to carrier."""
    assert file is not None
    return replace(file, nodes=tuple(replace(node, place="") for node in file.nodes))


def faults(data: bytes) -> list[tuple[str, str]]:
    reading = read(data)
    assert reading.file is None and reading.errors
    return [(one.place, one.message) for one in reading.errors]


# both ways


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_json_to_xlsx_and_back_is_the_same(path: Any) -> None:
    direct = fileformat.read(path.read_bytes())
    through = read(write_workbook(document(path)))
    assert through.errors == () and same(through.file) == same(direct.file)
    assert [one.message for one in through.warnings] == [one.message for one in direct.warnings]


def test_every_kind_of_rule_and_every_column_comes_back() -> None:
    leaves = [leaf(f"1.1.{number}", "2", rule.data) for number, rule in enumerate(RULES, start=2)]
    for one, rule in zip(leaves, RULES, strict=True):
        one["method"] = {"survey": "survey", "external_index": "external"}.get(rule.kind, "office")
    whole = leaf(
        "1.1",
        "2",
        na_request=False,
        not_applicable_for=["no_tthc"],
        guidance="Dòng 1\nDòng 2",
        evidence="Kế hoạch",
    )
    given = small(*leaves)
    given["areas"][0]["children"][0]["code"] = "1"
    given["areas"][0] |= {"code": "I", "guidance": "chung", "rule_text": "nguyên văn"}
    given["areas"].append(whole | {"code": "II"})
    given |= {
        "decision": {"number": "1/QĐ-UBND", "date": "2024-12-31", "issuer": "UBND tỉnh"},
        "official": True,
        "total": "50.125",
    }
    for one in leaves:
        if "cases" in one["rule"] or one["rule"].get("moves_to"):
            one["rule"] = {"kind": "manual"}  # they look at other leaves of their own set
    direct = fileformat.read(encoded(given))
    assert direct.errors == ()
    through = read(write_workbook(given))
    assert through.errors == () and same(through.file) == same(direct.file)


def test_a_rule_longer_than_a_cell_goes_on_in_further_columns() -> None:
    options = [[f"phương án {number} " + "dài " * 100, "1"] for number in range(150)]
    given = small(leaf("1.1.1", "2", {"kind": "choice", "options": options}), leaf("1.1.2"))
    data = write_workbook(given)
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Bộ tiêu chí"]
    assert max(len(str(cell.value or "")) for row in sheet.iter_rows() for cell in row) <= CELL
    assert sheet["Q1"].value == "Quy tắc (tiếp 2)" and sheet["T1"].value == "Quy tắc (tiếp 5)"
    assert same(read(data).file) == same(fileformat.read(encoded(given)).file)


def test_texts_that_look_like_formulas_stay_texts() -> None:
    given = small(
        leaf(
            "1.1.1",
            title='=HYPERLINK("http://x.example";"y")',
            guidance="+1 điểm",
            evidence="@a",
            rule_text="-x",
        ),
        leaf("1.1.2"),
    )
    data = write_workbook(given)
    book = openpyxl.load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    risky = [cell for cell in cells if str(cell.value or "")[:1] in "=+-@" and cell.value]
    assert len(risky) == 4 and all(cell.quotePrefix for cell in risky)
    assert b"<f>" not in b"".join(content for name, content in parts(data).items() if "worksheets" in name)
    assert same(read(data).file) == same(fileformat.read(encoded(given)).file)


def test_the_template_asks_for_what_an_import_needs() -> None:
    data = write_template(agencies=["Sở Nội vụ", "Sở Tư pháp"], blocks=["Sở, ban, ngành"])
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames[:3] == ["Bộ tiêu chí", "Thông tin", "Hướng dẫn"]
    assert len(book["Bộ tiêu chí"].data_validations.dataValidation) == 5
    assert faults(data)[0][0] in ("Thông tin!B1", "Bộ tiêu chí!A2")

    def fill(book: Any) -> None:
        sheet, info = book["Bộ tiêu chí"], book["Thông tin"]
        sheet.append(["1", None, "Lĩnh vực một", "1"])
        sheet.append(["1.1", None, "Tiêu chí", "0,5", None, "Đạt / không đạt", "Đạt = 0,5\nKhông đạt = 0"])
        sheet.append(
            ["1.2", None, "Tiêu chí", 0.5, None, "Người chấm cho điểm", None, None, None, None, "Sở Nội vụ"]
        )
        info["B1"], info["B2"], info["B3"] = "Bộ tiêu chí 2026", "2026", "Sở, ban, ngành"

    reading = read(edited(fill, data))
    assert reading.errors == () and reading.file is not None
    assert [(node.code, str(node.max_points)) for node in reading.file.nodes] == [
        ("1", "1"),
        ("1.1", "0.5"),
        ("1.2", "0.5"),
    ]
    assert reading.file.year == 2026 and reading.file.title == "Bộ tiêu chí 2026"


# as officials write it


def officials() -> bytes:
    """An appendix of a decree: merged cells, a column for each level, codes in the titles, notes, decimal commas."""
    return table(
        [
            ["PHỤ LỤC I"],
            ["BỘ TIÊU CHÍ CẢI CÁCH HÀNH CHÍNH CẤP SỞ"],
            ["(Kèm theo Quyết định số 1/QĐ-UBND)"],
            [],
            [*HEADS, "Ghi chú", "Cột riêng"],
            ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)"],
            [1, "1. Chỉ đạo, điều hành", "1.1. Kế hoạch", "1.1.1. Ban hành kế hoạch", "0,5", "Chọn một phương án",
             "Kịp thời: 0,5; Không kịp thời: 0,25; Không ban hành: 0", "Sở Nội vụ", "xem văn bản 12"],
            [2, None, None, "1.1.2. Hoàn thành kế hoạch", "1.5", "Theo khoảng",
             "Giá trị = tỷ lệ % nhiệm vụ\ntrên 90% = 1,5\ntừ 70% đến 90% = 1\ndưới 70% = 0"],
            [3, None, "1.2. Báo cáo", "1.2.1. Đủ báo cáo", 1, *YES_NO, "Sở Tư pháp"],
            [4, "2. Thủ tục hành chính", "2.1. Đúng hạn", None, "2 điểm", "Theo tỷ lệ",
             "Tử số = đúng hạn\nMẫu số = đã giải quyết\nĐiểm = 2\nKhi mẫu số bằng 0 = không áp dụng",
             "Văn phòng UBND tỉnh"],
            ["Tổng cộng", None, None, None, 5],
            ["Ghi chú: điểm làm tròn hai chữ số."],
            [None, None, None, "TM. ỦY BAN NHÂN DÂN"],
        ],
        merge=("A1:H1", "A2:H2", "B7:B9", "C7:C8", "H7:H8", "C10:D10"),
        info={"Năm": "2025", "Khối": "Sở, ban, ngành", "Nhóm đặc thù": ("no_tthc", "Không có TTHC")},
    )  # fmt: skip


def test_a_table_of_a_decree_is_read_as_it_stands() -> None:
    reading = read(officials())
    assert reading.errors == () and reading.file is not None
    assert reading.file.title == "BỘ TIÊU CHÍ CẢI CÁCH HÀNH CHÍNH CẤP SỞ"
    assert [(node.code, node.level, node.title, str(node.max_points)) for node in reading.file.nodes] == [
        ("1", 1, "Chỉ đạo, điều hành", "3"),
        ("1.1", 2, "Kế hoạch", "2"),
        ("1.1.1", 3, "Ban hành kế hoạch", "0.5"),
        ("1.1.2", 3, "Hoàn thành kế hoạch", "1.5"),
        ("1.2", 2, "Báo cáo", "1"),
        ("1.2.1", 3, "Đủ báo cáo", "1"),
        ("2", 1, "Thủ tục hành chính", "2"),
        ("2.1", 2, "Đúng hạn", "2"),
    ]
    assert [leaf.appraiser for leaf in reading.file.leaves] == [
        "Sở Nội vụ",
        "Sở Nội vụ",
        "Sở Tư pháp",
        "Văn phòng UBND tỉnh",
    ]
    assert [one.message for one in reading.warnings] == [
        "Cột “Cột riêng” không có trong mẫu nên được bỏ qua."
    ]
    assert [(row.row, row.outcome, row.code) for row in reading.rows] == [
        (6, "skipped", ""),
        (7, "node", "1, 1.1, 1.1.1"),
        (8, "node", "1.1.2"),
        (9, "node", "1.2, 1.2.1"),
        (10, "node", "2, 2.1"),
        (11, "skipped", ""),
        (12, "skipped", ""),
        (13, "skipped", ""),
    ]


def test_the_total_of_the_table_is_compared() -> None:
    def change(book: Any) -> None:
        book["Phụ lục"]["E11"] = "5,5"

    warnings = read(edited(change, officials())).warnings
    assert warnings[0].place.startswith("Phụ lục!J5") and warnings[1].place == "Phụ lục!E11"


def test_parents_repeated_on_each_row_and_headings_across_the_table() -> None:
    one = [["Mã", "Lĩnh vực", "Tiêu chí", "Điểm", "Cách chấm", "Quy tắc"]]
    one += [[code, "Lĩnh vực A", f"Tiêu chí {code}", 1, *YES_NO] for code in ("1.1", "1.2")]
    one += [["2.1", "Lĩnh vực B", "Tiêu chí 2.1", 1, *YES_NO]]
    file = read(table(one)).file
    assert file is not None and [(n.code, n.title) for n in file.nodes if n.level == 1] == [
        ("1", "Lĩnh vực A"),
        ("2", "Lĩnh vực B"),
    ]
    two = [
        ["Mã", "Nội dung", "Điểm tối đa", "Cách chấm", "Quy tắc"],
        ["I. LĨNH VỰC MỘT"],
        ["I.1", "a", 1, *YES_NO],
        ["II. LĨNH VỰC HAI"],
        ["II.1", "b", 1, *YES_NO],
    ]
    file = read(table(two, merge=("A2:E2", "A4:E4"))).file
    assert file is not None and [(n.code, n.level) for n in file.nodes] == [
        ("I", 1),
        ("I.1", 2),
        ("II", 1),
        ("II.1", 2),
    ]


def test_headings_in_two_rows_and_in_english() -> None:
    rows = [
        ["Mã", "Nội dung", "Điểm", None, "Cách chấm", "Quy tắc"],
        [None, None, "Điểm tối đa", "Ghi chú", None, None],
        ["1", "a", 1, None, *YES_NO],
    ]
    file = read(table(rows, merge=("C1:D1", "A1:A2", "B1:B2"))).file
    assert file is not None and len(file.leaves) == 1
    file = read(
        table([["code", "title", "max", "kind", "rule"], ["1", "a", "1.0", "boolean", "yes = 1\nno = 0"]])
    ).file
    assert file is not None and file.leaves[0].rule is not None and file.leaves[0].rule.data["yes"] == "1"


def test_numbers_mean_what_the_spreadsheet_shows() -> None:
    rows = [
        ["Mã", "Nội dung", "Điểm tối đa", "Cách chấm", "Quy tắc"],
        ["1", "a", None],
        *([1.1 + number / 10, "b", 0.1 + 0.2, "Người chấm cho điểm"] for number in range(3)),
    ]

    def style(book: Any) -> None:
        book["Phụ lục"]["A3"].number_format = "0.00"

    file = read(edited(style, table(rows))).file
    assert file is not None
    assert [node.code for node in file.nodes] == ["1", "1.10", "1.2", "1.3"]
    assert str(file.nodes[1].max_points) == "0.3" and str(file.nodes[0].max_points) == "0.9"


def test_formulas_count_by_their_stored_value_or_are_refused() -> None:
    def change(book: Any) -> None:
        book["Phụ lục"]["E9"] = "=0.5+0.5"

    data = edited(change, officials())
    assert faults(data)[0][0] == "Phụ lục!E9"
    entries = parts(data)
    name = next(name for name, content in entries.items() if b"0.5+0.5" in content)
    entries[name] = (
        entries[name]
        .replace(b"<f>0.5+0.5</f><v></v>", b"<f>0.5+0.5</f><v>1</v>")
        .replace(b"<f>0.5+0.5</f><v/>", b"<f>0.5+0.5</f><v>1</v>")
        .replace(b"<f>0.5+0.5</f><v />", b"<f>0.5+0.5</f><v>1</v>")
    )
    reading = read(packed(entries))
    assert reading.errors == () and same(reading.file) == same(read(officials()).file)


# faults


@pytest.mark.parametrize(
    ("cell", "value", "place", "word"),
    [
        ("E7", "nửa điểm", "E7", "nửa điểm"),
        ("E7", -1, "E7", "-1"),
        ("E7", 0.1234567, "E7", "0.1234567"),
        ("E7", date(2025, 1, 5), "E7", "2025"),
        ("E7", None, "E7", "điểm tối đa"),
        ("E7", "0,25", "G7", "0,25"),
        ("F8", "Theo cảm tính", "F8", "Theo cảm tính"),
        ("F8", None, "F8", "Cách chấm"),
        ("G8", "Giá trị = t\ntrên 90 = 1,5\ntừ 70 đến 95 = 1\ndưới 70 = 0", "G8", "dòng 3"),
        ("G8", "Giá trị = t\ntrên 90 = 1,5\nlung tung", "G8", "dòng 3"),
        ("G9", "Đạt = 1", "G9", "Không đạt"),
        ("G10", "Tử số = a\nMẫu số = b\nĐiểm = 3", "G10", "dòng 3"),
        ("D8", "1.1.1. Hai lần", "D8", "D7"),
        ("D7", "", "D7", "E7"),
        ("B7", "9 9. x" * 250, "B7", "1000"),
    ],
)
def test_every_fault_points_to_its_cell(cell: str, value: Any, place: str, word: str) -> None:
    if cell == "D7":  # without its title the row is the criterion itself, which then has parts and a rule
        place, word = "F7", "mục con"

    def change(book: Any) -> None:
        book["Phụ lục"][cell] = value

    found = faults(edited(change, officials()))
    assert found[0][0] == f"Phụ lục!{place}" and word in " ".join(message for _place, message in found)
    assert not [message for _place, message in found if "areas[" in message]


@pytest.mark.parametrize(
    ("cell", "value", "word"),
    [
        ("B2", "năm nay", "2025"),
        ("B4", "chắc thế", "có"),
        ("B6", "hôm qua", "31/10/2025"),
        ("B9", "nhiều", "nhiều"),
        ("C12", None, ""),
        ("B1", None, ""),
        ("B12", "không hợp lệ", ""),
    ],
)
def test_faults_of_the_set_itself_point_to_their_cells(cell: str, value: Any, word: str) -> None:
    def change(book: Any) -> None:
        book["Thông tin"][cell] = value

    found = faults(edited(change, small()))
    at = {place for place, _message in found}
    assert f"Thông tin!{cell}" in at and word in found[0][1]


def test_a_rule_above_leaves_a_missing_level_and_a_lost_code_are_named() -> None:
    heads = ["Mã", "Cấp", "Nội dung", "Điểm tối đa", "Cách chấm", "Quy tắc"]
    rows = [
        heads,
        ["1", 1, "a", 2, *YES_NO],
        ["1.1", 2, "b", 1, *YES_NO],
        ["1.2", 4, "c", 1, *YES_NO],
        ["1.3", "hai", "d", 1, *YES_NO],
    ]
    assert [place for place, _message in faults(table(rows))] == [
        "Phụ lục!E2",
        "Phụ lục!F2",
        "Phụ lục!C4",
        "Phụ lục!B5",
    ]
    rows = [[*heads[:1], *heads[2:]], [date(2025, 1, 1), "a", 1, *YES_NO], [None, "b", 1, *YES_NO]]
    found = faults(table(rows))
    assert [place for place, _message in found] == ["Phụ lục!A2", "Phụ lục!A3"]


def test_all_faults_of_a_file_are_told_at_once_in_its_order() -> None:
    broken = with_value(small(), ["areas", 0, "children", 0, "children", 1, "rule", "yes"], "9")

    def change(book: Any) -> None:
        book["Bộ tiêu chí"]["E4"] = "kiểu mới"
        book["Thông tin"]["B2"] = "x"

    assert [place for place, _message in faults(edited(change, broken))] == [
        "Bộ tiêu chí!E4",
        "Bộ tiêu chí!G5",
        "Thông tin!B2",
    ]


def test_the_copy_shows_each_fault_in_its_cell() -> None:
    def change(book: Any) -> None:
        book["Phụ lục"]["E9"] = "một"
        book["Phụ lục"]["G10"] = "=1+1"

    data = edited(change, officials())
    reading = read(data)
    copy = openpyxl.load_workbook(io.BytesIO(annotated(data, reading.errors, reading.warnings)))
    assert copy.sheetnames == ["Lỗi cần sửa", "Phụ lục", "Thông tin"]
    sheet = copy["Phụ lục"]
    assert (
        sheet["E9"].comment.text == reading.errors[0].message and sheet["E9"].fill.fgColor.rgb == "00F8B4B4"
    )
    assert sheet["G10"].comment is not None and sheet["G10"].value == "=1+1"
    assert sheet["J5"].fill.fgColor.rgb == "00FCE8A6"
    assert sheet["E8"].comment is None and sheet["E8"].value == "1.5"
    assert {str(one) for one in sheet.merged_cells.ranges} >= {"B7:B9", "C7:C8"}
    listed = [row[0].value for row in copy["Lỗi cần sửa"].iter_rows(min_row=2)]
    assert listed == ["Phụ lục!E9", "Phụ lục!G10", "Phụ lục!J5"]
    again = annotated(annotated(data, reading.errors), reading.errors)
    assert openpyxl.load_workbook(io.BytesIO(again)).sheetnames.count("Lỗi cần sửa") == 1
    assert [one.place for one in read(again).errors] == [one.place for one in reading.errors]


# what is no criteria set


def test_other_archives_macros_and_bombs_are_refused_quickly() -> None:
    good = parts(officials())
    name = next(name for name in good if "sheet1" in name)
    wide = good[name].replace(b"A1:H1", b"A1:XFD1048576")
    assert wide != good[name]
    far = good[name].replace(b'r="A1"', b'r="XFD1048576"', 1)
    bomb = {"xl/media/a.bin": b"\0" * (31 * 1024 * 1024)}
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    cases = [
        packed({"a.txt": b"x"}),
        packed(good | {"xl/vbaProject.bin": b"x"}),
        packed(good | bomb),
        packed(good | {name: wide}),
        packed(good | {name: far}),
        packed(good | {name: entity}),
        packed(good | {"xl/workbook.xml": entity}),
        packed({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
        packed(good | {f"xl/extra{number}.xml": b"" for number in range(500)}),
        officials()[:-40],
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"PK\x03\x04" + b"\0" * (2 * 1024 * 1024),
        table([["Họ tên", "Ngày sinh"], ["x", 1]], info={}),
        table([["Mã", "Nội dung"], ["1", "x"]]),
    ]
    start = time.perf_counter()
    for data in cases:
        reading = read(data)
        assert reading.file is None and reading.errors and reading.errors[0].message
    assert time.perf_counter() - start < 20
