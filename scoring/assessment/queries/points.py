"""The points that stand for every leaf of a block at a stage: what rankings and totals are made of.

One statement for both databases, read row by row, so that 4,000 sheets of 80 leaves never stand in memory
as objects. Which points count: the last mark of the highest round up to the stage; imported points for what
is never self-scored, and for every leaf of a year that was brought in; 0 of 0 for what the agency's profile
leaves out (docs/scoring.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal, NamedTuple

from django.db import connection

from scoring.assessment.models import (
    Adjustment,
    Answer,
    CycleBlock,
    ImportedPoints,
    Mark,
    Participation,
    Scoresheet,
)
from scoring.assessment.queries.sums import NOTHING, Adjusted, Pair, roll_up
from scoring.criteria.models import Criterion, Method
from scoring.criteria.queries import SetTree, tree_of

PointStage = Literal["self", "round_1", "round_2", "final"]

#: The highest round of marks that counts at a stage; none at the self-assessment.
HIGHEST_ROUND: dict[PointStage, int] = {"self": 0, "round_1": 1, "round_2": 2, "final": 3}
#: Sources of leaves that nobody has answered, marked or imported.
OPEN_SOURCES = frozenset({"unanswered", "unmarked", "missing"})
CHUNK = 2000
ZERO = Decimal(0)


class LeafPoints(NamedTuple):
    """What one leaf of one sheet stands at.

    ``points`` out of ``maximum`` (points; the applicable maximum). ``source``: ``self``, ``round_1``,
    ``round_2``, ``council``, ``imported``, ``profile`` (not applicable by profile), ``granted`` (not
    applicable, self stage only), or, with 0 points, ``unanswered`` (so while "not applicable" is asked for),
    ``unmarked``, ``missing`` (not imported). ``trace``: JSON text of the engine's trace, ``None`` where no arithmetic
    took place or when it was not asked for.
    """

    participation_id: int
    criterion_id: int
    points: Decimal
    maximum: Decimal
    source: str
    trace: str | None


class Leaf(NamedTuple):
    """What the points of a leaf are held against."""

    max_points: Decimal
    method: str
    not_applicable_for: frozenset[str]


def leaf_points(
    cycle_block: CycleBlock,
    stage: PointStage,
    *,
    with_trace: bool = False,
    leaves: Mapping[int, Leaf] | None = None,
    profiles: Mapping[int, Collection[str]] | None = None,
    sheet: Scoresheet | None = None,
) -> Iterator[LeafPoints]:
    """The points of every leaf of every sheet of the block, by participation and tree order.

    Rows are streamed from the database, in one query; three more where ``cycle_block`` comes without its cycle
    and the caller does not hand over the set's ``leaves`` and the ``profiles`` by participation. The sheet that
    counts is the one of the block's present criteria set. ``sheet``: this one alone, whatever its set.
    """
    if leaves is None:
        leaves = leaves_of(cycle_block.criteria_set_id)
    if profiles is None:
        parts = Participation.objects.filter(cycle_block=cycle_block)
        profiles = dict(parts.values_list("pk", "profiles"))
    for participation, criterion, source, points, maximum, trace in _rows(
        cycle_block, stage, with_trace, sheet
    ):
        leaf = leaves[criterion]
        if source in ("missing", "imported") and not leaf.not_applicable_for.isdisjoint(
            profiles[participation]
        ):
            source = "profile"
        if source in ("profile", "granted"):
            yield LeafPoints(participation, criterion, ZERO, ZERO, source, None)
        elif points is None or source == "unanswered":
            yield LeafPoints(participation, criterion, ZERO, leaf.max_points, source, None)
        else:
            full = leaf.max_points if maximum is None else _decimal(maximum)
            yield LeafPoints(participation, criterion, _decimal(points), full, source, trace)


def leaves_of(criteria_set_id: int) -> dict[int, Leaf]:
    """The leaves of a set by id, in tree order. One query."""
    rows = (
        Criterion.objects.filter(criteria_set=criteria_set_id, rule__isnull=False)
        .order_by("order")
        .values_list("pk", "max_points", "method", "not_applicable_for")
    )
    return {pk: Leaf(maximum, method, frozenset(outside)) for pk, maximum, method, outside in rows}


def leaves_in(tree: SetTree) -> dict[int, Leaf]:
    """The same of a set that is read already. Pure."""
    return {
        leaf.id: Leaf(leaf.max_points, leaf.method, frozenset(leaf.not_applicable_for))
        for leaf in tree.leaves
    }


class SheetTotal(NamedTuple):
    """What a sheet comes to at a stage, in points. ``adjusted``: with its bonus and penalty in force.

    ``open``: leaves unanswered, unmarked or missing.
    """

    points: Decimal
    maximum: Decimal
    open: int
    adjusted: Decimal


def sheet_totals(
    cycle_block: CycleBlock, stage: PointStage, adjusted: Mapping[int, Adjusted] | None = None
) -> dict[int, SheetTotal]:
    """Points and applicable maximum of each sheet of the block, by participation id, rolled up as in a ranking.

    ``adjusted``: bonus and penalty by participation id (``adjustments_of``). Three queries at most, two where
    the set was read before. What only a whole block settles (the best of the block, vetoes over a parent, maxima
    that move) is not in it yet: see docs/scoring.md, Settling.
    """
    criteria_set = cycle_block.criteria_set
    tree = tree_of(criteria_set)
    totals: dict[int, SheetTotal] = {}
    for participation, rows in groupby(
        leaf_points(cycle_block, stage, leaves=leaves_in(tree)), key=lambda row: row.participation_id
    ):
        results: dict[int, Pair] = {}
        still_open = 0
        for row in rows:
            results[row.criterion_id] = (row.points, row.maximum)
            still_open += row.source in OPEN_SOURCES
        rolled = roll_up(criteria_set, results, tree=tree)
        given = (adjusted or {}).get(participation, NOTHING)
        whole = roll_up(criteria_set, results, given, tree=tree) if given != NOTHING else rolled
        totals[participation] = SheetTotal(rolled.points, rolled.maximum, still_open, whole.points)
    return totals


def adjustments_of(cycle_block: CycleBlock) -> dict[int, Adjusted]:
    """Bonus and penalty in force, by participation id; sheets without any are left out. One query."""
    sums: dict[int, Adjusted] = {}
    rows = Adjustment.objects.filter(
        scoresheet__participation__cycle_block=cycle_block,
        scoresheet__criteria_set=cycle_block.criteria_set_id,
        voided_at=None,
    ).values_list("scoresheet__participation_id", "kind", "points")
    for participation, kind, points in rows:
        bonus, penalty = sums.get(participation, NOTHING)
        if kind == Adjustment.Kind.BONUS:
            bonus += points
        else:
            penalty += points
        sums[participation] = Adjusted(bonus, penalty)
    return sums


def _rows(
    cycle_block: CycleBlock, stage: PointStage, with_trace: bool, sheet: Scoresheet | None
) -> Iterator[tuple[Any, ...]]:
    imported = cycle_block.cycle.imported
    sql = _statement(stage, with_trace=with_trace, imported=imported, one_sheet=sheet is not None)
    chosen = [cycle_block.pk, cycle_block.criteria_set_id] if sheet is None else [sheet.pk]
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, chosen)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _statement(stage: PointStage, *, with_trace: bool, imported: bool, one_sheet: bool) -> str:
    """The one statement. Everything in it comes from this module; the ids are parameters."""
    table = {
        model.__name__: connection.ops.quote_name(model._meta.db_table)
        for model in (Answer, Criterion, ImportedPoints, Mark, Participation, Scoresheet)
    }
    from_file = "i.id IS NOT NULL" if imported else f"i.id IS NOT NULL AND c.method <> '{Method.APPRAISAL}'"
    never_scored = f"c.method <> '{Method.APPRAISAL}'"
    by_profile = f"a.applicability = '{Answer.Applicability.PROFILE}'"
    if stage == "self":
        mark = ""
        granted = f"WHEN a.applicability = '{Answer.Applicability.GRANTED}' THEN 'granted'"
        asked = f"WHEN a.applicability = '{Answer.Applicability.REQUESTED}' THEN 'unanswered'"
        source = f"{granted} {asked} WHEN a.self_points IS NOT NULL THEN 'self' ELSE 'unanswered'"
        points, maximum, trace = "a.self_points", "a.applicable_max", "a.trace"
    else:
        mark = f"""
        LEFT JOIN {table["Mark"]} m ON m.id = (
            SELECT last.id FROM {table["Mark"]} last
            WHERE last.answer_id = a.id AND last.round <= {HIGHEST_ROUND[stage]}
            ORDER BY last.round DESC, last.id DESC LIMIT 1)"""
        named = "WHEN 1 THEN 'round_1' WHEN 2 THEN 'round_2' WHEN 3 THEN 'council'"
        # another criterion's change left the mark without points: it has to be given again (facts.is_lapsed)
        lapsed = "m.points = 0 AND m.inputs IS NOT NULL AND m.trace ->> 'kind' = 'unanswered'"
        source = f"WHEN {lapsed} THEN 'unmarked' ELSE CASE m.round {named} ELSE 'unmarked' END"
        points, maximum, trace = "m.points", "m.applicable_max", "m.trace"
    told = f"CAST(CASE WHEN {from_file} THEN i.trace ELSE {trace} END AS text)" if with_trace else "NULL"
    return f"""
        SELECT s.participation_id, c.id,
            CASE WHEN {from_file} THEN 'imported' WHEN {by_profile} THEN 'profile'
                 WHEN {never_scored} THEN 'missing' {source} END,
            CASE WHEN {from_file} THEN i.points ELSE {points} END,
            CASE WHEN {from_file} THEN i.applicable_max ELSE {maximum} END,
            {told}
        FROM {table["Participation"]} p
        JOIN {table["Scoresheet"]} s ON s.participation_id = p.id
        JOIN {table["Criterion"]} c ON c.criteria_set_id = s.criteria_set_id AND c.rule IS NOT NULL
        LEFT JOIN {table["Answer"]} a ON a.scoresheet_id = s.id AND a.criterion_id = c.id
        LEFT JOIN {table["ImportedPoints"]} i ON i.scoresheet_id = s.id AND i.criterion_id = c.id AND i.current{mark}
        WHERE {"s.id = %s" if one_sheet else "p.cycle_block_id = %s AND s.criteria_set_id = %s"}
        ORDER BY p.id, c.{connection.ops.quote_name("order")}"""


def _decimal(value: Decimal | float | int | str) -> Decimal:
    """Points as the column holds them; SQLite hands decimals out as numbers of its own."""
    return value if isinstance(value, Decimal) else Decimal(str(value))
