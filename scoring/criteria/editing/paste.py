"""Lines copied out of a table in Word or Excel → nodes with their places. Pure: nothing is stored here.

A line is a row, tabs part its cells: code, title, points. A line of headings may say otherwise and may add
columns (evidence, wording, guidance, who appraises). How deep a row lies follows from how its code is written:
each way of counting ("I", "1", "1.1", "a)", "-") opens a level beneath the one before, and comes back to its own level.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from parindex.errors import Invalid
from parindex.ui.collation import fold
from parindex.ui.formats import NotANumber, parse_decimal
from scoring.criteria.editing import checks, paste_cells
from scoring.criteria.editing.paste_scales import BULLETS, Line, paragraphs, without_scales
from scoring.criteria.fileformat import MAX_LEVEL, MAX_NODES

__all__ = ["MAX_CHARACTERS", "Pasted", "PastedNode", "read_lines"]

MAX_CHARACTERS = 500_000
MAX_ROWS = 20_000
#: Headings of another width that are followed, columns looked at, and characters that a heading may have.
MOST_TABLES, MOST_COLUMNS, LONGEST_HEADING = 20, 60, 300

_POINTS = re.compile(r"(.*?)\s*(?:đ|điểm|d|diem)?\.?", re.IGNORECASE | re.DOTALL)
_LEADING_CODE = re.compile(
    r"((?:\d+(?:\.\d+)*|[IVXLC]+|[A-Za-zĐđ])[.)]|\d+(?:\.\d+)+|[-+–•*])\s+(?=\S)(.*)", re.DOTALL
)
_ROMAN = re.compile(r"[IVXLC]+")
_NUMBERS = re.compile(r"(?:[A-Z]+\.)?\d+(?:\.\d+)*")
_HEADINGS: tuple[tuple[str, str], ...] = (
    (r"stt|tt|ma|so tt|so thu tu|ma so|code", "code"),
    (r".*(tai lieu|minh chung|kiem chung).*|evidence", "evidence"),
    (
        r"(don vi|co quan|so nganh|bo phan)(?!.*tu cham).*(tham dinh|cham|danh gia|theo doi|phu trach).*|appraiser",
        "appraiser",
    ),
    (r"(diem|diem toi da|diem chuan|thang diem|so diem|diem so|max|points|maximum)", "points"),
    (r".*(cach (tinh|cham)|phuong phap|quy dinh|cong thuc).*|rule", "rule_text"),
    (r".*(huong dan|ghi chu).*|guidance", "guidance"),
    (r".*(linh vuc|tieu chi|noi dung|ten|chi so|chi tieu).*|title", "title"),
)
_COUNTED = re.compile(r"\(?(?:\d{1,2}|[A-D])\)?")  # a line of column numbers beneath the headings
_TEXTS = ("rule_text", "guidance", "evidence")
_SUMS = frozenset({"tong", "tong cong", "cong", "tong diem", "tong so", "total", "sum"})


@dataclass(slots=True)
class PastedNode:
    """One row that makes a node. ``above`` is the index of its parent among the pasted, None: the top."""

    line: int
    code: str
    title: str
    points: Decimal | None
    above: int | None
    level: int
    style: str = ""
    own: str = ""  # the code as it was pasted
    texts: dict[str, str] = field(default_factory=dict)
    appraiser: str = ""  # an agency's name, as it was pasted
    error: str = ""
    warning: str = ""
    parts: Decimal | None = None

    @property
    def adds_up(self) -> bool:
        return self.parts is None or self.parts == self.points


@dataclass(slots=True)
class Pasted:
    """What a paste would make, with every line that it could not read or passed over."""

    nodes: list[PastedNode] = field(default_factory=list)
    skipped: list[tuple[int, str, str]] = field(default_factory=list)  # line, text, reason
    errors: list[tuple[int, str]] = field(default_factory=list)  # of the whole, or of a line without a node

    @property
    def is_good(self) -> bool:
        return bool(self.nodes) and not self.errors and not self.faulty

    @property
    def faulty(self) -> int:
        """How many rows cannot be stored as they are."""
        return sum(bool(node.error) for node in self.nodes)


def read_lines(text: str, *, used: Collection[str] = (), parent_code: str = "", level: int = 0) -> Pasted:
    """Read a paste. ``used``: codes of the set; ``parent_code`` and ``level``: of the node that it goes under.

    Never raises for what the text holds: what is wrong stands with its line.
    """
    out = Pasted()
    if len(text) > MAX_CHARACTERS:
        out.errors.append((0, _("This is too much at once. Paste it in parts.")))
        return out
    open_styles: list[tuple[str, int]] = []  # (way of counting, index of its last node), outermost first
    for line in without_scales(_lines(text, out), _points):
        if len(out.nodes) >= MAX_NODES:
            out.errors.append((line.number, _("The set has more than %(max)s nodes.") % {"max": MAX_NODES}))
            break
        out.nodes.append(_node(line.number, line.cells, open_styles, out.nodes, level))
    _give_codes(out.nodes, used, parent_code)
    _sum_up(out.nodes)
    return out


def _lines(text: str, out: Pasted) -> list[Line]:
    """The rows by what their cells hold; headings and sums are passed over, and told."""
    rows = paste_cells.rows(text)
    if len(rows) > MAX_ROWS:
        out.errors.append((0, _("This is too much at once. Paste it in parts.")))
        return []
    columns, width, tables = ["code", "title", "points"], 0, 0
    lines: list[Line] = []
    at = 0
    while at < len(rows):
        number, cells = rows[at]
        at += 1
        if (found := _headings(cells)) is not None:
            while at < len(rows) and (more := _headings_go_on(cells, found, rows[at][1])) is not None:
                cells, found, at = paste_cells.joined(cells, rows[at][1]), more, at + 1
            if len(cells) != width and tables < MOST_TABLES:
                tables += 1
                rows[at:] = paste_cells.whole_rows(rows[at:], len(cells))
            columns, width = found, len(cells)
            out.skipped.append((number, " · ".join(filter(None, cells))[:80], _("headings")))
            if at < len(rows) and all(_COUNTED.fullmatch(cell) for cell in rows[at][1]):
                at += 1
            continue
        if not any(cells):
            continue
        row = _row(cells, columns)
        if fold(row["title"] or row["code"]) in _SUMS:
            out.skipped.append((number, row["title"] or row["code"], _("a line of sums")))
            continue
        lines.append(Line(number, row))
    return lines


def _headings_go_on(cells: list[str], found: list[str], following: list[str]) -> list[str] | None:
    """The columns with one line more, where a heading of several paragraphs goes on: "Điểm", "tối đa"."""
    if not any(following) or any(character.isdigit() for cell in following for character in cell):
        return None
    more = _headings(paste_cells.joined(cells, following))
    if more is None or sum(map(bool, more)) < sum(map(bool, found)):
        return None
    grows = sum(map(bool, more)) > sum(map(bool, found))
    return more if grows or (len(following) == 1 and following[0][:1].islower()) else None


def _headings(cells: Sequence[str]) -> list[str] | None:
    """What each column holds, where the row is one of headings: a title and points, and no figure."""
    columns: list[str] = []
    for cell in cells[:MOST_COLUMNS]:
        told = fold(cell) if len(cell) <= LONGEST_HEADING else ""
        words = " ".join(re.sub(r"\(.*?\)", "", told).split())
        name = next((name for pattern, name in _HEADINGS if words and re.fullmatch(pattern, words)), "")
        columns.append("" if name in columns else name)
    return columns if {"title", "points"} <= set(columns) else None


def _row(cells: list[str], columns: list[str]) -> dict[str, str]:
    """The cells by what they hold. Two cells, or a code that shares its cell with the title, are told apart."""
    row = dict.fromkeys(("code", "title", "points", "appraiser", *_TEXTS), "")
    if len(cells) == 2 and "".join(columns) == "codetitlepoints" and _points(cells[1]) is not None:
        cells = ["", *cells]
    for name, cell in zip(columns, cells, strict=False):
        if name:
            row[name] = cell
    if not row["code"] and (found := _LEADING_CODE.fullmatch(row["title"])):
        row["code"], row["title"] = found[1], found[2]
    elif len(row["code"]) > checks.CODE_LENGTH and not row["title"]:
        if found := _LEADING_CODE.fullmatch(row["code"]):
            row["code"], row["title"] = found[1], found[2]
    row["title"], wording = paragraphs(row["title"])
    row["rule_text"] = "\n".join(filter(None, [wording, row["rule_text"]]))
    return row


def _points(text: str) -> Decimal | None:
    found = _POINTS.fullmatch(text.strip())
    try:
        return parse_decimal(found[1] if found else text)
    except NotANumber:
        return None


def _node(
    number: int,
    row: dict[str, str],
    open_styles: list[tuple[str, int]],
    nodes: list[PastedNode],
    level: int,
) -> PastedNode:
    code = row["code"].strip().rstrip(".)").lstrip("(").replace(" ", "")
    style = _style(code, open_styles, nodes)
    known = [one for one, _index in open_styles]
    del open_styles[known.index(style) if style in known else len(known) :]
    above = open_styles[-1][1] if open_styles else None
    open_styles.append((style, len(nodes)))
    texts = {name: row[name] for name in _TEXTS if row[name]}
    own = "" if code in BULLETS else code
    node = PastedNode(
        number, own, "", None, above, level + len(open_styles), style, own, texts, row["appraiser"]
    )
    faults = []
    try:
        node.title = checks.text(" ".join(row["title"].split()), limit=checks.TITLE)
        if not node.title:
            faults.append(_("The title is missing."))
        if row["points"]:
            node.points = checks.points(_points(row["points"]))
    except Invalid:
        shown = row["points"][:40]
        faults.append(
            _("“%(text)s” is no number of points.") % {"text": shown}
            if len(row["title"]) <= checks.TITLE
            else _("The title is too long.")
        )
    if node.level > MAX_LEVEL:
        faults.append(_("The tree has more than %(max)s levels.") % {"max": MAX_LEVEL})
    node.error = " ".join(faults)
    return node


def _style(code: str, open_styles: Sequence[tuple[str, int]], nodes: Sequence[PastedNode]) -> str:
    """The way of counting that a code belongs to."""
    if code in BULLETS:
        return f"bullet {code}" if code else "bullet -"
    if _NUMBERS.fullmatch(code):
        return f"number {code.count('.')}"
    letter = len(code) == 1 and code.isalpha()
    if letter:
        kind = "upper" if code.isupper() else "lower"
        last = next((nodes[at].code for style, at in open_styles if style == f"letter {kind}"), "")
        if last and (not _ROMAN.fullmatch(code) or ord(code) - ord(last[-1]) == 1):
            return f"letter {kind}"  # … G, H, I: the letter, not the numeral
    if _ROMAN.fullmatch(code):
        return "roman"
    if letter:
        return "letter upper" if code.isupper() else "letter lower"
    return f"other {code.count('.')}"


def _give_codes(nodes: Sequence[PastedNode], used: Collection[str], parent_code: str) -> None:
    """A code of its own for each: counting that begins anew in every group is put behind the group's code."""
    seen: dict[str, set[str]] = {}
    anew = set()
    for node in nodes:
        codes = seen.setdefault(node.style, set())
        if not node.code or node.code in codes or node.style.startswith("letter lower"):
            anew.add(node.style)
        codes.add(node.code)
    for style, codes in seen.items():
        others = set(used).union(
            *(mine for other, mine in seen.items() if other != style and other not in anew)
        )
        if codes & others and style not in anew and not style.startswith("number"):
            anew.add(style)
    taken = set(used)
    counts: dict[int | None, int] = {}
    for node in nodes:
        head = parent_code if node.above is None else nodes[node.above].code
        number = counts[node.above] = counts.get(node.above, 0) + 1
        outer = "" if node.above is None else nodes[node.above].own
        if outer and outer != head and node.own.startswith(f"{outer}."):
            node.code = head + node.own.removeprefix(outer)  # "1.1" under "1" that became "I.1"
        elif node.style in anew:
            own = node.own or str(number)
            node.code = f"{head}.{own}" if head else own
        if node.error:
            continue
        if node.code in taken:
            node.error = _("The code %(code)s is there already.") % {"code": node.code}
        elif len(node.code) > checks.CODE_LENGTH or not checks.CODE.fullmatch(node.code):
            node.error = _("“%(code)s” is no code: letters, digits and points, without spaces.") % {
                "code": node.code[:40]
            }
        taken.add(node.code)


def _sum_up(nodes: Sequence[PastedNode]) -> None:
    """The sum of each group's parts; a group without points takes it, from the innermost outward."""
    for at in range(len(nodes) - 1, -1, -1):
        node = nodes[at]
        if node.points is None and node.parts is not None:
            node.points = node.parts
        if node.points is None and not node.error:
            node.error = _("The points are missing.")
        if node.above is not None:
            above = nodes[node.above]
            above.parts = (above.parts or Decimal(0)) + (node.points or Decimal(0))
