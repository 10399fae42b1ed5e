"""Workbooks for tests: officials' tables written cell by cell, and damage done to them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

from scoring.criteria.xlsx_write import write_workbook
from tests.criteria.files import ALL_FILES

QD_766 = Path(__file__).resolve().parents[1] / "data" / "criteria" / "qd_766.json"
FILES = (*ALL_FILES, QD_766)


def document(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes())


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(rows: list[list[Any]], *, merge: tuple[str, ...] = (), info: dict[str, Any] | None = None) -> bytes:
    """A workbook with these rows in one sheet, cells merged as named, and a sheet “Thông tin”."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Phụ lục"
    for row in rows:
        sheet.append(row)
    for cells in merge:
        sheet.merge_cells(cells)
    given = {"Tên bộ tiêu chí": "Bộ thử", "Năm": 2025, "Khối": "Sở, ban, ngành"} if info is None else info
    if given:
        second = book.create_sheet("Thông tin")
        for key, value in given.items():
            second.append([key, *(value if isinstance(value, tuple) else (value,))])
    return saved(book)


def edited(change: Callable[[Any], None], source: dict[str, Any] | bytes) -> bytes:
    """Our own workbook of a set (or any workbook), changed in the spreadsheet. ``change`` gets the workbook."""
    data = source if isinstance(source, bytes) else write_workbook(source)
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    return saved(book)


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()
