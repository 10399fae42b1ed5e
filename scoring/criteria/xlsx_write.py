"""A criteria set as a workbook that imports to the same again: one row a node, drop-downs, instructions.

Points are numbers, every other cell is text and stays text: nothing in it is ever a formula.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

from scoring.criteria import case_lines, rule_lines, rule_words
from scoring.criteria.xlsx_help import HELP
from scoring.criteria.xlsx_layout import (
    COLUMNS,
    GOES_ON,
    HELP_SHEET,
    INFO,
    INFO_SHEET,
    LISTS_SHEET,
    PROFILE,
    ROLES,
    TABLE_SHEET,
)
from scoring.engine import RuleErrors, parse_rule

__all__ = ["write_template", "write_workbook"]

#: A cell of a spreadsheet holds 32 767 characters; a longer rule goes on in further columns.
CELL = 15_000
TEMPLATE_ROWS = 400
#: Columns of numbers.
_POINTS = frozenset({"max", "cap"})
_RISKY = re.compile(r"\s*[=+\-@]")
#: Signs that a database keeps but no XML file may hold.
_NO_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")


def write_workbook(
    document: Mapping[str, Any], *, names: Mapping[str, str] | None = None, agencies: Sequence[str] = ()
) -> bytes:
    """A set in the plain values of the format. ``names``: slug → name of appraisers; ``agencies``: the drop-down."""
    book = _Book(names or {}, list(agencies))
    book.table(list(_rows(document.get("areas", ()))))
    book.info(document)
    return book.finish()


def write_template(*, agencies: Sequence[str] = (), blocks: Sequence[str] = ()) -> bytes:
    """An empty workbook with headings, drop-downs and instructions."""
    book = _Book({}, list(agencies), list(blocks))
    book.table([], room=TEMPLATE_ROWS)
    book.info({})
    return book.finish()


def _rows(nodes: Sequence[Mapping[str, Any]], level: int = 1) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for node in nodes:
        yield level, node
        yield from _rows(node.get("children", ()), level + 1)


def _long_texts(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of a leaf that may go on in further columns."""
    if not node.get("rule"):
        return
    yield "rule", rule_lines.write(node["rule"])
    if node.get("tests"):
        try:
            rule = parse_rule(node["rule"], max_points=Decimal(str(node["max"])))
        except (RuleErrors, ArithmeticError):
            rule = None
        yield "tests", "\n".join(case_lines.write(rule, case) for case in node["tests"])


def _parts(text: str) -> list[str]:
    """A long rule in pieces that fit a cell, none of them cut beside a space: readers trim cells."""
    parts = []
    while len(text) > CELL:
        at = CELL
        while at > 1 and (text[at - 1].isspace() or text[at].isspace()):
            at -= 1
        parts.append(text[:at])
        text = text[at:]
    return [*parts, text]


@dataclass
class _Book:
    names: Mapping[str, str]
    agencies: list[str]
    blocks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.out = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.book = xlsxwriter.Workbook(self.out, options)
        self.sheets = {
            name: self.book.add_worksheet(name) for name in (TABLE_SHEET, INFO_SHEET, HELP_SHEET, LISTS_SHEET)
        }
        self.formats: dict[tuple[Any, ...], Any] = {}
        self.lists()
        self.help()

    def style(
        self, *, level: int = 0, indent: int = 0, number: str = "@", head: bool = False, quote: bool = False
    ) -> Any:
        key = (level, indent, number, head, quote)
        if key not in self.formats:
            options: dict[str, Any] = {
                "num_format": number,
                "text_wrap": True,
                "valign": "top",
                "indent": indent,
            }
            if head:
                options |= {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "valign": "vcenter"}
            elif level == 1:
                options |= {"bold": True, "bg_color": "#DCE6F2"}
            elif level == 2:
                options |= {"bold": True}
            if quote:
                options["quote_prefix"] = True
            self.formats[key] = self.book.add_format(options)
        return self.formats[key]

    def text(self, sheet: Any, row: int, column: int, value: str, **style: Any) -> None:
        """A cell that is text for good, whatever it begins with."""
        value = _NO_XML.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        if value:
            quote = bool(_RISKY.match(value))
            sheet.write_string(row, column, value, self.style(quote=quote, **style))
        else:
            sheet.write_blank(row, column, None, self.style(**style))

    def points(self, sheet: Any, row: int, column: int, value: str, **style: Any) -> None:
        sheet.write_number(row, column, Decimal(value), self.style(number="General", **style))

    # the table

    def table(self, rows: list[tuple[int, Mapping[str, Any]]], room: int = 0) -> None:
        sheet = self.sheets[TABLE_SHEET]
        long = {
            (number, key): _parts(text)
            for number, (_level, node) in enumerate(rows)
            for key, text in _long_texts(node)
        }
        keys = list(COLUMNS)
        headings = {column: (COLUMNS[key][0], COLUMNS[key][1]) for column, key in enumerate(keys)}
        further: dict[str, range] = {}
        for key in GOES_ON:
            more = max([len(parts) - 1 for (_number, one), parts in long.items() if one == key], default=0)
            further[key] = range(len(headings), len(headings) + more)
            for number, column in enumerate(further[key], start=2):
                headings[column] = (GOES_ON[key].format(number=number), COLUMNS[key][1])
        for column, (heading, width) in headings.items():
            sheet.set_column(column, column, width)
            self.text(sheet, 0, column, heading, head=True)
        sheet.freeze_panes(1, keys.index("title") + 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for number, (level, node) in enumerate(rows):
            sheet.set_row(number + 1, None, None, {"level": min(level - 1, 7)})
            parts = {key: long.get((number, key), [""]) for key in GOES_ON}
            self.row(sheet, number + 1, level, node, {key: texts[0] for key, texts in parts.items()})
            for key, columns in further.items():
                for part, column in enumerate(columns, start=1):
                    self.text(sheet, number + 1, column, "".join(parts[key][part : part + 1]))
        self.drop_downs(sheet, keys, max(len(rows) + 50, room))
        if room:
            for column, key in enumerate(keys):
                number_format = "General" if key in _POINTS else "@"
                sheet.set_column(column, column, COLUMNS[key][1], self.style(number=number_format))

    def row(self, sheet: Any, row: int, level: int, node: Mapping[str, Any], long: dict[str, str]) -> None:
        style: dict[str, Any] = {"level": 0 if "rule" in node else level}
        cells = self.cells(node) | long
        for column, key in enumerate(COLUMNS):
            if key in _POINTS and node.get(key) is not None:
                self.points(sheet, row, column, str(node[key]), **style)
            elif key == "level":
                sheet.write_number(row, column, level, self.style(number="0", **style))
            else:
                indent = level - 1 if key == "title" else 0
                self.text(sheet, row, column, cells.get(key, ""), indent=indent, **style)

    def cells(self, node: Mapping[str, Any]) -> dict[str, str]:
        cells = {
            key: str(node.get(key) or "") for key in ("code", "title", "rule_text", "guidance", "evidence")
        }
        cells["role"] = ROLES.get(str(node.get("role")), "")
        if "rule" not in node:
            return cells
        slug = str(node.get("appraiser") or "")
        return cells | {
            "method": rule_words.METHODS.get(str(node.get("method")), ""),
            "kind": rule_words.KINDS.get(str(node["rule"].get("kind")), ""),
            "appraiser": self.names.get(slug, slug),
            "not_applicable_for": ", ".join(node.get("not_applicable_for", ())),
            "na_request": rule_words.YES if node.get("na_request", True) else rule_words.NO,
        }

    def drop_downs(self, sheet: Any, keys: list[str], last: int) -> None:
        for key, values in self.choices.items():
            if values and key in keys:
                column, at = keys.index(key), list(self.choices).index(key)
                letter = chr(ord("A") + at)
                options = {
                    "validate": "list",
                    "source": f"='{LISTS_SHEET}'!${letter}$2:${letter}${len(values) + 1}",
                }
                if key == "appraiser":
                    options |= {"error_type": "warning"}
                sheet.data_validation(1, column, last, column, options)

    @property
    def choices(self) -> dict[str, list[str]]:
        return {
            "method": list(rule_words.METHODS.values()),
            "kind": list(rule_words.KINDS.values()),
            "na_request": [rule_words.YES, rule_words.NO],
            "appraiser": self.agencies,
            "block": self.blocks,
            "role": list(ROLES.values()),
        }

    def lists(self) -> None:
        sheet = self.sheets[LISTS_SHEET]
        for column, (key, values) in enumerate(self.choices.items()):
            self.text(sheet, 0, column, COLUMNS[key][0] if key in COLUMNS else INFO[key], head=True)
            for row, value in enumerate(values, start=1):
                self.text(sheet, row, column, value)
        sheet.hide()

    # the other sheets

    def info(self, document: Mapping[str, Any]) -> None:
        sheet = self.sheets[INFO_SHEET]
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 40)
        sheet.set_column(2, 2, 60)
        decision = document.get("decision") or {}
        row = 0
        for key, label in INFO.items():
            head, _point, tail = key.partition(".")
            value = decision.get(tail) if tail else document.get(head)
            self.text(sheet, row, 0, label, level=2)
            self.info_value(sheet, row, key, value)
            if key == "block" and self.blocks:
                options = {"validate": "list", "source": f"='{LISTS_SHEET}'!$E$2:$E${len(self.blocks) + 1}"}
                sheet.data_validation(row, 1, row, 1, options)
            row += 1
        profiles = document.get("applicability_profiles") or {}
        for key, meaning in (profiles or {"": ""}).items():
            self.text(sheet, row, 0, PROFILE, level=2)
            self.text(sheet, row, 1, key)
            self.text(sheet, row, 2, meaning)
            row += 1

    def info_value(self, sheet: Any, row: int, key: str, value: Any) -> None:
        if key in ("total", "bonus_cap", "penalty_cap") and value is not None:
            self.points(sheet, row, 1, str(value))
        elif key == "year" and value is not None:
            sheet.write_number(row, 1, int(value), self.style(number="0"))
        elif key in ("decision.date", "effective_from") and value:
            day = date.fromisoformat(str(value))
            self.text(sheet, row, 1, f"{day.day:02}/{day.month:02}/{day.year:04}")
        elif key == "official":
            self.text(sheet, row, 1, rule_words.YES if value else rule_words.NO)
        else:
            self.text(sheet, row, 1, str(value or ""))

    def help(self) -> None:
        sheet = self.sheets[HELP_SHEET]
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 100)
        for row, (head, text) in enumerate(HELP):
            self.text(sheet, row, 0, head, level=1 if not text else 2)
            self.text(sheet, row, 1, text)

    def finish(self) -> bytes:
        self.book.close()
        return self.out.getvalue()
