"""Open data: the figures of an edition as CSV and JSON, the same that its page shows.

Numbers have a decimal point and the digits that the page prints; texts that a spreadsheet could take for a formula are
made harmless. docs/open-data.md describes both shapes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, JSONField, Value

from scoring.criteria.models import Criterion
from scoring.criteria.trace_words import rule_of, trace_for_machines
from scoring.criteria.wording import expression_in_words, trace_in_words
from scoring.engine import Rule
from scoring.publication.editions import Edition
from scoring.publication.parts import PartFigure, YearPart, YearParts, parts_of
from scoring.publication.public_queries import AreaFigure, BlockFigures, Row
from scoring.ranking.models import NodeRow

__all__ = ["COLUMNS", "CRITERIA_COLUMNS", "FORMAT", "as_criteria_csv", "as_csv", "as_json"]

FORMAT = "parindex.ranking/1"
COLUMNS = (
    "year", "block", "version", "rehearsal", "rank", "agency", "slug", "ranked", "points", "max", "index", "grade",
)  # fmt: skip
CRITERIA_COLUMNS = (
    "year", "block", "version", "rehearsal", "part", "agency", "slug", "code", "title", "points", "max", "index",
    "rank", "expression", "sentence",
)  # fmt: skip
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def as_csv(edition: Edition, figures: BlockFigures) -> bytes:
    """One line an agency in rank order, then a pair of columns (points, index) for each area.

    UTF-8 with a byte order mark, so that spreadsheets read the accents. ``rehearsal`` is true or false on every
    line: the lines stay plain data.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    parts = parts_of(edition)
    halves = [
        f"{_prefix(part)}{name}" for part in parts for name in ("period", "weight", "points", "max", "index")
    ]
    areas = [
        f"{_prefix(area.part)}area_{_text(area.code)}_{part}"
        for area in figures.areas
        for part in ("points", "max", "index", "rank")
    ]
    writer.writerow([*COLUMNS, *halves, *areas])
    for row in figures.rows:
        cells: list[str] = [
            str(edition.year),
            _text(edition.block_slug),
            "" if edition.version is None else str(edition.version),
            _flag(edition.rehearsal),
            "" if row.rank is None else str(row.rank),
            _text(row.name),
            _text(row.slug),
            _flag(row.ranked),
            plain(row.points),
            plain(row.maximum),
            _index(row.index, edition),
            _text(row.grade),
        ]
        of_part = {one.part.number: one for one in figures.parts.of(row.agency_id)}
        for part in parts:
            cells += [_text(part.period), plain(part.weight), *_part_cells(of_part.get(part.number), edition)]
        for area in figures.areas:
            own = area.figures.get(row.agency_id)
            cells += ["", "", "", ""] if own is None else [
                plain(own.points),
                plain(own.maximum),
                _index(own.index, edition),
                "" if own.rank is None else str(own.rank),
            ]  # fmt: skip
        writer.writerow(cells)
    return out.getvalue().encode("utf-8-sig")


def as_json(edition: Edition, figures: BlockFigures) -> bytes:
    """The edition in the format ``parindex.ranking/1``: decimals as strings, dates in ISO form. Two queries at most.

    Indented, but for the agencies' rows: one a line.
    """
    nodes, told = _nodes(edition, figures.parts)
    document: dict[str, Any] = {
        "format": FORMAT,
        "rehearsal": edition.rehearsal,
        "year": edition.year,
        "block": {"slug": edition.block_slug, "name": edition.block_name},
        "version": edition.version,
        "current": edition.current,
        "published_at": edition.published_at.isoformat() if edition.published_at else None,
        "notice": edition.notice,
        "content_sha256": edition.content,
        "engine_version": edition.engine_version,
        "decision": {
            "number": edition.decision_number,
            "date": edition.decision_date.isoformat() if edition.decision_date else None,
            "signatory": edition.signatory,
        },
        "depth": edition.depth,
        "settings": edition.settings,
        "mean": None if figures.mean is None else plain(figures.mean.quantize(Decimal("1e-6"))),
        "parts": [
            {"part": part.number, "period": part.period, "weight": plain(part.weight), "set": part.title}
            for part in parts_of(edition)
        ],
        "areas": [
            _in_part(area.part)
            | {"code": area.code, "title": area.title, "max": plain(area.max_points)}
            | ({"role": area.role} if area.role else {})
            for area in figures.areas
        ],
    }
    rows = [_row(edition, figures, row, nodes.get(row.agency_id, []), told) for row in figures.rows]
    return _written(document, rows).encode()


def _written(document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """The document with its ``rows``. Indented, all nodes of 150 agencies would be 10 MB, written at half the pace."""
    head = json.dumps(document, ensure_ascii=False, indent=1).removesuffix("\n}")
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return f'{head},\n "rows": [\n  {lines}\n ]\n}}\n'


def plain(value: Decimal) -> str:
    """A decimal for machines: a point, no exponent, no needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _row(
    edition: Edition,
    figures: BlockFigures,
    row: Row,
    nodes: list[dict[str, Any]],
    told: Mapping[tuple[int, int], dict[str, Any]],
) -> dict[str, Any]:
    return {
        "agency": {"slug": row.slug, "name": row.name},
        "ranked": row.ranked,
        "rank": row.rank,
        "points": plain(row.points),
        "max": plain(row.maximum),
        "bonus": plain(row.bonus),
        "penalty": plain(row.penalty),
        "index": _index(row.index, edition) or None,
        "grade": row.grade or None,
        "parts": [
            {
                "part": one.part.number,
                "points": plain(one.points),
                "max": plain(one.maximum),
                "bonus": plain(one.bonus),
                "penalty": plain(one.penalty),
                "index": _index(one.index, edition) or None,
            }
            for one in figures.parts.of(row.agency_id)
        ],
        "areas": [
            _in_part(area.part)
            | _figure(area.code, own, edition)
            | told.get((row.agency_id, area.criterion_id), {})
            for area in figures.areas
            if (own := area.figures.get(row.agency_id)) is not None
        ],
        "criteria": nodes,
    }


def _figure(code: str, own: AreaFigure, edition: Edition) -> dict[str, Any]:
    return {
        "code": code,
        "points": plain(own.points),
        "max": plain(own.maximum),
        "index": _index(own.index, edition) or None,
        "rank": own.rank,
    }


@dataclass(frozen=True, slots=True)
class _Node:
    """A published row below the whole: an agency's figures at one node, with a leaf's trace where it is published."""

    agency_id: int
    criterion_id: int
    set_id: int
    level: int
    code: str
    title: str
    figure: AreaFigure
    trace: dict[str, Any] | None


def _rows_below(edition: Edition, parts: YearParts) -> list[_Node]:
    """Nodes of all agencies as deep as the edition is published, areas among them, depth first. One query.

    Traces are read where the depth is ``leaf`` alone.
    """
    nodes = (
        NodeRow.objects.filter(run=edition.run_id, criterion__level__lte=edition.levels)
        .order_by("agency_id", "criterion__order")
        .values_list("agency_id", "criterion_id", "criterion__criteria_set_id", "criterion__level",
                     "criterion__code", "criterion__title", "points", "maximum", "index", "rank",
                     F("trace") if edition.depth == "leaf" else Value(None, JSONField()))
    )  # fmt: skip
    found = [
        _Node(agency, node, set_id, level, code, title, AreaFigure(points, maximum, index, place), trace)
        for agency, node, set_id, level, code, title, points, maximum, index, place, trace in nodes.iterator(
            chunk_size=2000
        )
    ]
    return sorted(found, key=lambda node: parts.number_of(node.set_id))


def _nodes(
    edition: Edition, parts: YearParts
) -> tuple[dict[int, list[dict[str, Any]]], dict[tuple[int, int], dict[str, Any]]]:
    """The nodes below the areas by agency, and what is told of areas that are leaves, by agency and node.

    No query for areas alone, two where traces are published, one otherwise.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    areas: dict[tuple[int, int], dict[str, Any]] = {}
    if edition.levels == 1:
        return found, areas
    rows = _rows_below(edition, parts)
    rules = _rules(rows) if edition.depth == "leaf" else {}
    for node in rows:
        told = _told(node, rules)
        if node.level == 1:
            areas[node.agency_id, node.criterion_id] = told
            continue
        own = _figure(node.code, node.figure, edition) | told
        found.setdefault(node.agency_id, []).append(_in_part(parts.by_set.get(node.set_id)) | own)
    return found, areas


def _rules(rows: Sequence[_Node]) -> dict[int, Rule]:
    """The rules of the leaves that have a trace, by node. One query."""
    wanted = {node.criterion_id for node in rows if node.trace}
    leaves = Criterion.objects.filter(pk__in=wanted).only("rule", "max_points")
    return {leaf.pk: rule for leaf in leaves if (rule := rule_of(leaf)) is not None}


def _told(node: _Node, rules: Mapping[int, Rule]) -> dict[str, Any]:
    """How a leaf's points came about: the sentence of the page, and the trace for machines. Nothing above leaves."""
    if not node.trace:
        return {}
    return {
        "expression": expression_in_words(node.trace),
        "sentence": trace_in_words(node.trace),
        "trace": trace_for_machines(node.trace, rules.get(node.criterion_id)),
    }


def as_criteria_csv(edition: Edition, figures: BlockFigures) -> bytes:
    """One line an agency and node, as deep as the edition is published; sentences where leaves are. Two queries."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(CRITERIA_COLUMNS)
    by_agency: dict[int, list[_Node]] = {}
    for node in _rows_below(edition, figures.parts):
        by_agency.setdefault(node.agency_id, []).append(node)
    for row in figures.rows:
        for node in by_agency.get(row.agency_id, ()):
            part = figures.parts.by_set.get(node.set_id)
            figure = node.figure
            writer.writerow(
                [
                    str(edition.year),
                    _text(edition.block_slug),
                    "" if edition.version is None else str(edition.version),
                    _flag(edition.rehearsal),
                    "" if part is None else str(part.number),
                    _text(row.name),
                    _text(row.slug),
                    _text(node.code),
                    _text(node.title),
                    plain(figure.points),
                    plain(figure.maximum),
                    _index(figure.index, edition),
                    "" if figure.rank is None else str(figure.rank),
                    _text(expression_in_words(node.trace)),
                    _text(trace_in_words(node.trace)),
                ]
            )
    return out.getvalue().encode("utf-8-sig")


def _prefix(part: YearPart | None) -> str:
    """What stands before a column's name in a year of several sets."""
    return "" if part is None else f"part_{part.number}_"


def _in_part(part: YearPart | None) -> dict[str, Any]:
    return {} if part is None else {"part": part.number}


def _part_cells(own: PartFigure | None, edition: Edition) -> list[str]:
    if own is None:
        return ["", "", ""]
    return [plain(own.points), plain(own.maximum), _index(own.index, edition)]


def _index(value: Decimal | None, edition: Edition) -> str:
    """The index as printed: exactly the digits of the settings (it is rounded already)."""
    return "" if value is None else f"{value:.{edition.digits}f}"


def _text(value: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_RISKY) else value


def _flag(value: bool) -> str:
    return "true" if value else "false"
