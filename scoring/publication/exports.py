"""Open data: the figures of an edition as CSV and JSON, the same that its page shows.

Numbers have a decimal point and the digits that the page prints; texts that a spreadsheet could take for a formula are
made harmless. docs/open-data.md describes both shapes.
"""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

from scoring.publication.editions import Edition
from scoring.publication.parts import PartFigure, YearPart, YearParts, parts_of
from scoring.publication.public_queries import AreaFigure, BlockFigures, Row
from scoring.ranking.models import NodeRow

__all__ = ["COLUMNS", "FORMAT", "as_csv", "as_json"]

FORMAT = "parindex.ranking/1"
COLUMNS = (
    "year", "block", "version", "rehearsal", "rank", "agency", "slug", "ranked", "points", "max", "index", "grade",
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
    """The edition in the format ``parindex.ranking/1``: decimals as strings, dates in ISO form. One query."""
    nodes = _nodes(edition, figures.parts)
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
            _in_part(area.part) | {"code": area.code, "title": area.title, "max": plain(area.max_points)}
            for area in figures.areas
        ],
        "rows": [_row(edition, figures, row, nodes.get(row.agency_id, [])) for row in figures.rows],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def plain(value: Decimal) -> str:
    """A decimal for machines: a point, no exponent, no needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _row(edition: Edition, figures: BlockFigures, row: Row, nodes: list[dict[str, Any]]) -> dict[str, Any]:
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
            _in_part(area.part) | _figure(area.code, own, edition)
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


def _nodes(edition: Edition, parts: YearParts) -> dict[int, list[dict[str, Any]]]:
    """The nodes below the areas by agency, as deep as the edition is published. One query, none for areas alone."""
    found: dict[int, list[dict[str, Any]]] = {}
    if edition.levels == 1:
        return found
    rows = (
        NodeRow.objects.filter(
            run=edition.run_id, criterion__level__gt=1, criterion__level__lte=edition.levels
        )
        .order_by("agency_id", "criterion__order")
        .values_list(
            "agency_id", "criterion__code", "points", "maximum", "index", "rank", "criterion__criteria_set_id"
        )
    )
    for agency, code, points, maximum, index, place, set_id in sorted(
        rows, key=lambda row: parts.number_of(row[-1])
    ):
        own = _figure(code, AreaFigure(points, maximum, index, place), edition)
        found.setdefault(agency, []).append(_in_part(parts.by_set.get(set_id)) | own)
    return found


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
