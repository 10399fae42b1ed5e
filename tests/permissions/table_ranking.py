"""Rankings before they are published."""

from __future__ import annotations

import uuid

from parindex.clock import db_now
from scoring.ranking.models import RankingRun
from tests.factories_scoring import make_set, open_cycle
from tests.permissions.table import Kinds, Row, World

READERS = {"secretary", "council_member", "own_council_member", "publisher", "approver", "inspector"}
ASKS = {"secretary"}


def _runs(world: World) -> Kinds:
    """A run is of a block, not of an agency: "foreign" is another block's."""
    runs = [
        RankingRun.objects.create(
            cycle_block=open_cycle([world.a], year=year, criteria_set=make_set(year=year)).cycle_block,
            state=RankingRun.State.FAILED,
            error="x",
            requested_at=db_now(),
        )
        for year in (2021, 2022)
    ]
    return Kinds(
        {"public_id": runs[0].public_id}, {"public_id": runs[1].public_id}, {"public_id": uuid.uuid4()}
    )


def _blocks(world: World) -> Kinds:
    blocks = [
        open_cycle([world.a], year=year, criteria_set=make_set(year=year)).cycle_block
        for year in (2023, 2024)
    ]
    return Kinds({"cycle_block": blocks[0].pk}, {"cycle_block": blocks[1].pk}, {"cycle_block": 999_999})


def _sets(world: World) -> Kinds:
    """Sets to rehearse: like runs, of a block."""
    sets = [make_set(locked=False, year=year) for year in (2041, 2042)]
    return Kinds({"pk": sets[0].pk}, {"pk": sets[1].pk}, {"pk": 999_999})


OBJECTS = {"set_to_rehearse": _sets, "run": _runs, "cycle_block_to_rank": _blocks}
POST = ("POST",)
TABLE = {
    "ranking:index": Row(READERS),
    "ranking:run": Row(READERS, READERS, make="run"),
    "ranking:progress": Row(READERS, READERS, make="run"),
    "ranking:request": Row(ASKS, ASKS, make="cycle_block_to_rank", methods=POST),
    "ranking:rehearse": Row(ASKS, ASKS, make="set_to_rehearse"),
    "ranking:rehearse_csv": Row(ASKS, ASKS, make="set_to_rehearse"),
    "ranking:retry": Row(ASKS, ASKS, make="run", methods=POST),
}
