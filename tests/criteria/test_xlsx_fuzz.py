"""Damaged workbooks of every sort: findings, never a traceback, never a stored half."""

from __future__ import annotations

import io
import random
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import MergedCell

from agencies.models import Block
from scoring import engine
from scoring.criteria import case_lines, services
from scoring.criteria.carriers import read
from scoring.criteria.case_check import check
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.xlsx_notes import annotated
from scoring.criteria.xlsx_open import UnreadableWorkbook
from scoring.criteria.xlsx_write import write_workbook
from tests.criteria.drawing import drawn_set
from tests.criteria.files import SAMPLES, small
from tests.criteria.test_fuzz import sound
from tests.criteria.test_xlsx import officials
from tests.criteria.workbooks import FILES, document, packed, parts, saved
from tests.engine.test_fuzz import EVERY
from tests.factories_scoring import home_affairs, make_block

DRAWN = [drawn_set(random.Random(seed)) for seed in range(4)]
BOOKS = [
    officials(),
    write_workbook(small()),
    *(write_workbook(document(path)) for path in FILES[2:]),
    *map(write_workbook, DRAWN),
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(date(1950, 1, 1)),
    st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=30),
    st.sampled_from(
        ["=1+1", "#REF!", "0,5", "1.2.3", "{", '{"kind": "count"}', "Theo khoảng",
         "Tổng cộng", "Ghi chú: x", "Lĩnh vực", "có", "2", "1e999", "\u202e", "Mã", "điểm trừ", "Vai trò", "Mức trần",
         "tử số = 8; mẫu số = 10 → 1", "→ 1", "giá trị = 90 → 1 trên 2 | x", '{"inputs": {}, "points": "1"}']
    ),
)  # fmt: skip

CASE_PIECES = st.sampled_from(
    ["tử số", "mẫu số", "giá trị", "phương án", "mục", "A", "x", " = ", "; ", " → ", "->", "1", "0,5", "trên", "|",
     "\n", "{", "}", '"inputs": {}', ":", "đạt", "có", "1, 2", "31/12/2025", "phần 1 ", "cao nhất của khối"]
) | st.text(max_size=4)  # fmt: skip


def damaged(seed: int, values: list[Any]) -> bytes:
    """A good workbook with cells exchanged, rows and columns moved, cells merged."""
    chance = random.Random(seed)
    book = openpyxl.load_workbook(io.BytesIO(chance.choice(BOOKS)))
    for value in values:
        sheet = chance.choice(book.worksheets[:2])
        row, column = chance.randint(1, sheet.max_row), chance.randint(1, min(sheet.max_column, 18))
        match chance.randrange(8):
            case 0:
                sheet.delete_rows(row)
            case 1:
                sheet.insert_rows(row)
            case 2:
                sheet.delete_cols(column)
            case 3:
                sheet.merge_cells(
                    start_row=row,
                    end_row=row + 2,
                    start_column=column,
                    end_column=column + chance.randint(0, 2),
                )
            case _:
                if not isinstance(sheet.cell(row, column), MergedCell):
                    sheet.cell(row, column).value = value
    return saved(book)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9), st.lists(VALUES, min_size=1, max_size=6))
def test_cells_exchanged(seed: int, values: list[Any]) -> None:
    data = damaged(seed, values)
    reading = read(data)
    sound(reading)
    copy = annotated(data, reading.errors, reading.warnings)
    assert openpyxl.load_workbook(io.BytesIO(copy)).sheetnames


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9))
def test_bytes_of_the_parts_exchanged(seed: int) -> None:
    """The archive is whole, the XML in it is not."""
    chance = random.Random(seed)
    entries = parts(chance.choice(BOOKS))
    for _one in range(chance.randint(1, 4)):
        name = chance.choice([name for name in entries if name.endswith((".xml", ".rels"))])
        content = bytearray(entries[name])
        if not content:
            continue
        at = chance.randrange(len(content))
        match chance.randrange(5):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                del content[at : at + chance.randint(1, 60)]
            case 2:
                content[at:at] = chance.choice([b"<", b">", b'"', b"&x;", b"\x00", b"-1", b"99999999999"])
            case 3:
                entries.pop(name)
                continue
            case 4:
                spot = content.find(chance.choice([b'r="', b's="', b"<v>", b'ref="', b't="']), at)
                content[spot + 3 : spot + 4] = chance.choice([b"9", b"Z", b"-", b"x"])
        entries[name] = bytes(content)
    data = packed(entries)
    reading = read(data)
    sound(reading)
    try:
        annotated(data, reading.errors, reading.warnings)
    except UnreadableWorkbook as refusal:
        assert str(refusal)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(EVERY), st.lists(CASE_PIECES, max_size=8).map("".join))
def test_any_text_in_the_column_of_cases(data: dict[str, Any], text: str) -> None:
    """Findings with their line, or cases that are written to the same again."""
    rule = engine.parse_rule(data, max_points=Decimal(2))
    found = case_lines.read(rule, text)
    assert all(line > 0 and message and "%(" not in message for line, message in found.faults)
    for case in found.cases:
        if isinstance(case.get("inputs"), dict) and isinstance(case.get("points"), str):
            check(rule, rule.max_points, case["inputs"])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_bytes_of_the_archive_exchanged(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(chance.choice(BOOKS))
    for _one in range(chance.randint(1, 5)):
        at = chance.randrange(len(data))
        if chance.randrange(2):
            data[at] = chance.randrange(256)
        else:
            del data[at : at + chance.randint(1, 200)]
    sound(read(bytes(data)))


@given(st.binary(max_size=300))
def test_any_bytes_after_the_mark_of_an_archive(data: bytes) -> None:
    sound(read(b"PK\x03\x04" + data))


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 10**9), st.lists(VALUES, min_size=1, max_size=4))
def test_nothing_is_stored_by_halves(seed: int, values: list[Any]) -> None:
    if not Block.objects.filter(name="Sở, ban, ngành").exists():
        home_affairs()
        make_block("Sở, ban, ngành")
    sets, nodes = CriteriaSet.objects.count(), Criterion.objects.count()
    outcome = services.import_criteria_set(actor=None, data=damaged(seed, values), appraisers_needed=False)
    if outcome.errors:
        assert (CriteriaSet.objects.count(), Criterion.objects.count()) == (sets, nodes)
    else:
        assert outcome.criteria_set is not None and outcome.file is not None
        assert outcome.criteria_set.criteria.count() == len(outcome.file.nodes)


def test_the_books_are_sound() -> None:
    assert (SAMPLES / "departments.json").exists()
    assert [read(data).errors for data in BOOKS] == [()] * len(BOOKS)
