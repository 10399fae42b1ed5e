"""The set's own fields: the sheet “Thông tin”, or what stands above the table of a decree. Pure."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.collation import fold
from scoring.criteria.fileformat import FORMAT
from scoring.criteria.xlsx_layout import INFO_OF, INFO_SHEET, Columns
from scoring.criteria.xlsx_open import Cell, Sheet
from scoring.criteria.xlsx_values import CellValues

__all__ = ["read_info"]


def read_info(reader: CellValues, sheets: list[Sheet], table: Sheet, columns: Columns) -> dict[str, Any]:
    """The plain values of the set itself; year and block may be left to the import."""
    values: dict[str, Any] = {}
    decision: dict[str, Any] = {}
    profiles: dict[str, str] = {}
    sheet = next((one for one in sheets if fold(one.name) in (fold(INFO_SHEET), "info")), None)
    for row in sheet.by_row if sheet is not None else ():
        assert sheet is not None
        key = INFO_OF.get(fold(sheet.at(row, 1).text))
        if key is None:
            continue
        cell, at = sheet.at(row, 2), sheet.place(row, 2)
        if key == "profile":
            _profile(reader, sheet, row, profiles)
            continue
        if key in reader.places:
            reader.wrong(key, at, _("“%(key)s” stands here twice.") % {"key": sheet.at(row, 1).text[:60]})
        reader.places[key] = at
        value = _info_value(reader, key, cell, at)
        (decision if key.startswith("decision.") else values)[key.rpartition(".")[2]] = value
    reader.places[""] = reader.places["title"] = reader.places.get("title", table.place(columns.heading, 1))
    return {
        "format": FORMAT,
        "title": values.get("title") or _title_above(table, columns),
        "year": values.get("year"),
        "block": values.get("block"),
        "official": bool(values.get("official")),
        "decision": decision if any(decision.values()) else None,
        "effective_from": values.get("effective_from"),
        "total": values.get("total"),
        "applicability_profiles": profiles,
        "bonus_cap": values.get("bonus_cap") or "0",
        "penalty_cap": values.get("penalty_cap") or "0",
    }


def _info_value(reader: CellValues, key: str, cell: Cell, at: str) -> Any:
    if key in ("total", "bonus_cap", "penalty_cap"):
        return reader.points(cell, key, at)
    if key in ("decision.date", "effective_from"):
        return reader.day(cell, key, at)
    if key == "official":
        return reader.flag(cell, key, at)
    if cell.fault:
        reader.wrong(key, at, cell.fault)
    if key == "year" and cell.text:
        if re.fullmatch(r"\d{4}", cell.text, re.ASCII):
            return int(cell.text)
        reader.wrong(key, at, _("A year is expected, such as 2025."))
        return None
    return cell.text or None


def _profile(reader: CellValues, sheet: Sheet, row: int, profiles: dict[str, str]) -> None:
    """``Nhóm đặc thù | no_tthc | Không có thủ tục hành chính``."""
    key, meaning = sheet.at(row, 2), sheet.at(row, 3)
    if not key.text and not meaning.text:
        return
    at = f"applicability_profiles.{key.text[:60]}"
    if key.text in profiles:
        reader.wrong(at, sheet.place(row, 2), _("“%(key)s” stands here twice.") % {"key": key.text[:60]})
    profiles[key.text] = meaning.text
    reader.places[at] = sheet.place(row, 2 if meaning.text else 3)


def _title_above(table: Sheet, columns: Columns) -> str | None:
    """The name of the set as it stands above the table of a decree."""
    texts = [
        table.cells[at].text.replace("\n", " ")
        for at in sorted(table.cells)
        if at[0] < columns.heading and table.cells[at].text
    ]
    named = [text for text in texts if fold(text).startswith(("bo tieu chi", "bo chi so", "chi so"))]
    return next(iter(named or sorted(texts, key=len, reverse=True)), None)
