"""A criteria set out of a workbook: the same checks as the JSON file, every fault at its cell. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.collation import fold
from scoring.criteria import case_lines, rule_parse, rule_words
from scoring.criteria.case_terms import word_of_input
from scoring.criteria.fileformat import MAX_NODES, Reading, check
from scoring.criteria.json_source import Finding, Findings
from scoring.criteria.places import RowReport, located
from scoring.criteria.sums import counted, worth
from scoring.criteria.xlsx_info import read_info
from scoring.criteria.xlsx_layout import ROLE_OF, ROLES, TABLE_SHEET, Columns, find_columns
from scoring.criteria.xlsx_open import Sheet, UnreadableWorkbook, open_sheets
from scoring.criteria.xlsx_rows import RowNode, Rows, read_rows
from scoring.criteria.xlsx_values import UNREADABLE, CellValues
from scoring.engine import RuleErrors, parse_rule, plain

__all__ = ["read_workbook"]

_CASE_PLACE = re.compile(r"(?P<node>.+)\.tests\[(?P<number>\d+)\](?:\.inputs\.(?P<input>.+))?")
_KEY_IN_TEXT = re.compile(r"“([a-z_]+)”")


def read_workbook(data: bytes) -> Reading:
    """Read an XLSX file. Never raises for what the bytes hold: every fault is a Finding with its cell."""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        builder = _Builder(sheets=open_sheets(data))
    except UnreadableWorkbook as error:
        return Reading(None, errors=(Finding("", str(error)),), sha256=sha256)
    document = builder.whole()
    if document is None:
        return Reading(None, errors=tuple(builder.findings), sha256=sha256)
    return builder.reading(document, sha256)


@dataclass
class _Builder(CellValues):
    """Rows of cells → plain values, checked as those of any carrier."""

    sheets: list[Sheet] = field(default_factory=list)
    warnings: Findings = field(default_factory=Findings)
    rules: dict[str, rule_parse.RuleText] = field(default_factory=dict)
    #: Place of a leaf → the line of each of its stored cases.
    case_lines: dict[str, list[int]] = field(default_factory=dict)
    area_role: str = ""
    profiles: dict[str, str] = field(default_factory=dict)
    table: Sheet | None = None
    rows: Rows = field(default_factory=Rows)

    # the whole

    def whole(self) -> dict[str, Any] | None:
        found = self.find_table()
        if found is None:
            message = _(
                "No sheet has a table of criteria: a row of headings with the title and “%(points)s” is needed."
            ) % {"points": "Điểm tối đa"}
            self.findings.add(Finding("", message))
            return None
        self.table, columns = found
        if "max" not in columns.at and "max1" not in columns.at:
            self.findings.add(
                Finding(
                    self.table.place(columns.heading, 1),
                    _("There is no column “%(name)s”.") % {"name": "Điểm tối đa"},
                )
            )
            return None
        for column, text in columns.twice:
            self.findings.add(
                Finding(
                    self.table.place(columns.heading, column),
                    _("The column “%(name)s” stands here twice.") % {"name": text[:60]},
                )
            )
        for column, text in columns.unknown:
            message = _("The column “%(name)s” is not known and was passed over.") % {"name": text[:60]}
            self.warnings.add(Finding(self.table.place(columns.heading, column), message))
        document = read_info(self, self.sheets, self.table, columns)
        self.profiles = {fold(text): key for key, text in document["applicability_profiles"].items()}
        self.rows = read_rows(self.table, columns)
        for cell, message, code in self.rows.faults:
            self.findings.add(Finding(cell, message, code))
        if self.rows.total and document["total"] is None:
            total, self.places["total"] = self.rows.total
            document["total"] = self.points(total, "total", self.places["total"])
        if len(self.rows.nodes) > MAX_NODES:
            over = self.rows.nodes[MAX_NODES]
            self.findings.add(
                Finding(over.place, _("The set has more than %(max)s nodes.") % {"max": MAX_NODES})
            )
            return None
        self.places["areas"] = self.table.place(columns.first, 1)
        document["areas"] = [
            self.node(node, f"areas[{number}]") for number, node in enumerate(self.rows.areas)
        ]
        return document

    def find_table(self) -> tuple[Sheet, Columns] | None:
        tables = [(sheet, columns) for sheet in self.sheets if (columns := find_columns(sheet)) is not None]
        named = [one for one in tables if fold(one[0].name) == fold(TABLE_SHEET)]
        return next(iter(named or tables), None)

    def reading(self, document: dict[str, Any], sha256: str) -> Reading:
        """The common checks, with their findings moved to the cells."""
        checked = check(document, sha256=sha256)
        for finding in checked.errors:
            if not self.is_told(finding.place):
                self.findings.add(located(self.in_words(finding), self.places))
        errors = tuple(sorted(self.findings, key=self.order))
        warnings = (*self.warnings, *(located(one, self.places) for one in checked.warnings))
        return replace(
            checked,
            file=None if errors else checked.file,
            errors=errors,
            warnings=warnings,
            places=self.places,
            rows=tuple(self.report(errors)),
        )

    def in_words(self, finding: Finding) -> Finding:
        """A fault of a rule or a case with its line, and parameters by the words of the table."""
        if case := _CASE_PLACE.match(finding.place):
            return self.case_in_words(finding, case)
        node, at, path = finding.place.partition(".rule")
        if not at or node not in self.rules or finding.place.startswith(f"{node}.rule_text"):
            return finding
        message = _KEY_IN_TEXT.sub(lambda found: f"“{rule_words.word_of(found.group(1))}”", finding.message)
        line = self.rules[node].line_of(path.removeprefix("."))
        if line:
            message = _("line %(line)s: %(message)s") % {"line": line, "message": message}
        return Finding(finding.place, message, finding.code)

    def case_in_words(self, finding: Finding, case: re.Match[str]) -> Finding:
        lines = self.case_lines.get(case["node"], [])
        message, number = finding.message, int(case["number"])
        if case["input"]:
            message = _("“%(input)s”: %(message)s") % {
                "input": word_of_input(case["input"]),
                "message": message,
            }
        if number < len(lines):
            message = _("line %(line)s: %(message)s") % {"line": lines[number], "message": message}
        return Finding(finding.place, message, finding.code)

    def order(self, finding: Finding) -> tuple[int, int, str]:
        """By sheet and row; what has no cell comes first."""
        sheet, _mark, cell = finding.place.rpartition("!")
        names = [one.name for one in self.sheets]
        row = re.search(r"\d+$", cell)
        return (names.index(sheet) if sheet in names else -1, int(row.group()) if row else 0, "")

    def report(self, errors: tuple[Finding, ...]) -> list[RowReport]:
        """What became of each row of the table, in the order of the sheet."""
        assert self.table is not None
        broken: dict[int, list[str]] = {}
        for error in errors:
            sheet, _mark, cell = error.place.rpartition("!")
            if sheet == self.table.name and (row := re.search(r"\d+$", cell)):
                broken.setdefault(int(row.group()), []).append(error.message)
        reports = {row: RowReport(row, "skipped", text=text) for row, text in self.rows.skipped.items()}
        for node in self.rows.nodes:
            before = reports.get(node.row)
            code = f"{before.code}, {node.code}" if before and before.outcome == "node" else node.code
            reports[node.row] = RowReport(node.row, "node", code, node.title[:120])
        for number, messages in broken.items():
            before = reports.get(number)
            reports[number] = RowReport(
                number, "error", before.code if before else "", " ".join(messages)[:600]
            )
        return [reports[number] for number in sorted(reports)]

    # nodes

    def node(self, node: RowNode, place: str) -> dict[str, Any]:
        self.places[place] = node.place
        for key, at in node.at.items():
            self.places[f"{place}.{key}"] = at
        if "kind" in node.at:
            self.places[f"{place}.rule.kind"] = node.at["kind"]
            self.places.setdefault(f"{place}.rule", node.at["kind"])
        self.check_code(node, place)
        for key, cell in node.cells.items():
            if cell.fault and key not in ("code", "max", "cap", "na_request", "kind", "rule", "tests"):
                self.wrong(f"{place}.{key}", node.at[key], cell.fault, node.code)
        given: dict[str, Any] = {"code": node.code, "title": node.title}
        role = self.role(node, place)  # an area's, before the nodes beneath it
        children = [self.node(one, f"{place}.children[{number}]") for number, one in enumerate(node.children)]
        maximum = (
            self.points(node.cells["max"], f"{place}.max", node.at["max"], node.code)
            if "max" in node.cells
            else None
        )
        cap = (
            self.points(node.cells["cap"], f"{place}.cap", node.at["cap"], node.code)
            if "cap" in node.cells
            else None
        )
        if maximum is None and children:
            maximum = plain(counted(sum(map(_worth, children), Decimal(0)), _number(cap)))
        if maximum is None:
            self.wrong(
                f"{place}.max", node.at.get("max", node.place), _("The maximum is missing."), node.code
            )
            maximum = UNREADABLE
        given |= {"max": maximum} | ({} if cap is None else {"cap": cap}) | role
        for key in ("rule_text", "guidance", "evidence"):
            if (text := node.text(key)) and not (children and key in node.shared):
                given[key] = text
        if children:
            self.above_leaves(node, place)
            return given | {"children": children}
        return given | self.leaf(node, place, maximum)

    def check_code(self, node: RowNode, place: str) -> None:
        cell = node.cells.get("code")
        if cell is not None and (cell.is_date or cell.fault):
            message = cell.fault or _(
                "The spreadsheet made a date of this code: format the cell as text and type it again."
            )
            self.wrong(f"{place}.code", node.at["code"], message, node.code)

    def above_leaves(self, node: RowNode, place: str) -> None:
        for key in ("method", "kind", "rule", "appraiser", "not_applicable_for", "na_request", "tests"):
            if node.text(key) and key not in node.shared:
                self.wrong(
                    f"{place}.{key}",
                    node.at[key],
                    _("This node has parts: only a leaf is scored. Empty this cell."),
                    node.code,
                )

    def leaf(self, node: RowNode, place: str, maximum: str) -> dict[str, Any]:
        given: dict[str, Any] = {"rule": self.rule(node, place)}
        if method := node.text("method"):
            given["method"] = rule_words.METHOD_OF.get(fold(method))
            if given["method"] is None:
                allowed = "; ".join(rule_words.METHODS.values())
                message = _("“%(value)s” is not one of: %(allowed)s.") % {
                    "value": method[:60],
                    "allowed": allowed,
                }
                self.wrong(f"{place}.method", node.at["method"], message, node.code)
        if appraiser := node.text("appraiser"):
            given["appraiser"] = appraiser
        if profiles := node.text("not_applicable_for"):
            given["not_applicable_for"] = [
                one.strip() for one in re.split(r"[,;\n]", profiles) if one.strip()
            ]
        if "na_request" in node.cells:
            flag = self.flag(
                node.cells["na_request"], f"{place}.na_request", node.at["na_request"], node.code
            )
            given |= {"na_request": False} if flag is False else {}
        if cases := self.cases(node, place, given["rule"], maximum):
            given["tests"] = cases
        return given

    def role(self, node: RowNode, place: str) -> dict[str, str]:
        """The role of an area. Cells beneath it that say the same again are passed over."""
        text = node.text("role")
        if node.level == 1:
            self.area_role = ROLE_OF.get(fold(text), "")
        if (
            not text
            or node.level > 1
            and (ROLE_OF.get(fold(text)) == self.area_role or "role" in node.shared)
        ):
            return {}
        if fold(text) not in ROLE_OF:
            told = {"value": text[:60], "allowed": "; ".join(ROLES.values())}
            message = _("“%(value)s” is not one of: %(allowed)s.") % told
            self.wrong(f"{place}.role", node.at["role"], message, node.code)
        return {"role": ROLE_OF.get(fold(text), "")}

    def cases(self, node: RowNode, place: str, rule: dict[str, Any], maximum: str) -> list[dict[str, Any]]:
        """The stored cases of a leaf, one a line. A rule that can't be read has none to run."""
        cell = node.cells.get("tests")
        if cell is None or not (cell.text or cell.fault):
            return []
        if cell.fault:
            self.wrong(f"{place}.tests", node.at["tests"], cell.fault, node.code)
            return []
        try:
            parsed = parse_rule(rule, max_points=Decimal(maximum))
        except (RuleErrors, ArithmeticError):
            return []
        found = case_lines.read(parsed, cell.text)
        for number, message in found.faults:
            told = _("line %(line)s: %(message)s") % {"line": number, "message": message}
            self.wrong(f"{place}.tests", node.at["tests"], told, node.code)
        self.case_lines[place] = found.lines
        return found.cases

    def profile_keys(self, text: str) -> list[str]:
        """Profiles by their keys or, each on its line, by their meanings."""
        lines = [one.strip() for one in re.split(r"[;\n]", text) if one.strip()]
        if all(fold(line) in self.profiles for line in lines):
            return [self.profiles[fold(line)] for line in lines]
        return [one.strip() for line in lines for one in line.split(",") if one.strip()]

    def rule(self, node: RowNode, place: str) -> dict[str, Any]:
        """The rule of a leaf; a stand-in where it can't be read, so that the common checks do not repeat it."""
        stand_in = {"kind": "manual"}
        kind, text = node.cells.get("kind"), node.cells.get("rule")
        at = node.at.get("kind", node.place)
        for key, cell in (("kind", kind), ("rule", text)):
            if cell is not None and cell.fault:
                self.wrong(f"{place}.rule", node.at[key], cell.fault, node.code)
                return stand_in
        word, lines = kind.text if kind else "", text.text if text else ""
        known = rule_words.KIND_OF.get(fold(word), "")
        if word and not known:
            allowed = "; ".join(rule_words.KINDS.values())
            message = _("“%(value)s” is not one of: %(allowed)s.") % {"value": word[:60], "allowed": allowed}
            self.wrong(f"{place}.rule", at, message, node.code)
            return stand_in
        if not known and not lines.startswith("{"):
            message = _("This leaf does not say how it is scored: fill in the column “%(name)s”.") % {
                "name": "Cách chấm"
            }
            self.wrong(f"{place}.rule", at, message, node.code)
            return stand_in
        read = rule_parse.read(known, lines)
        self.rules[place] = read
        for number, message in read.faults:
            told = (
                _("line %(line)s: %(message)s") % {"line": number, "message": message} if number else message
            )
            self.wrong(f"{place}.rule", node.at.get("rule", at), told, node.code)
        return stand_in if read.faults or read.rule is None else read.rule


def _number(points: str | None) -> Decimal | None:
    return None if points is None or points == UNREADABLE else Decimal(points)


def _worth(child: dict[str, Any]) -> Decimal:
    """What a node that was read brings to the node above it (points); 0 where its maximum can't be read."""
    return worth(_number(child["max"]) or Decimal(0), _number(child.get("cap")))
