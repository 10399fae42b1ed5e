"""The year's set-up inside the administration."""

from __future__ import annotations

from datetime import date

from parindex.clock import db_now
from scoring.assessment.models import Amendment
from tests.factories_scoring import make_set, open_cycle
from tests.permissions.table import PROVINCE, Kinds, Row, World

LEAVES = [("1.1", "1", {"kind": "boolean", "yes": "1", "no": "0"})]
MANAGES = {"secretary"}
BOTH = ("GET", "POST")
POST = ("POST",)


def _years(world: World) -> list:
    return [
        open_cycle([world.a, world.b], year=year, criteria_set=make_set(year=year)) for year in (2041, 2042)
    ]


def _cycles(world: World) -> Kinds:
    own, foreign = _years(world)
    return Kinds({"pk": own.cycle.pk}, {"pk": foreign.cycle.pk}, {"pk": 999_999})


def _blocks(world: World) -> Kinds:
    own, foreign = _years(world)
    return Kinds({"pk": own.cycle_block.pk}, {"pk": foreign.cycle_block.pk}, {"pk": 999_999})


def _participations(world: World) -> Kinds:
    own, foreign = (sheet.participation for sheet in _years(world)[0].sheets)
    return Kinds({"pk": own.pk}, {"pk": foreign.pk}, {"pk": 999_999})


def _amendments(world: World) -> Kinds:
    made = [
        Amendment.objects.create(
            cycle_block=year.cycle_block,
            earlier=year.criteria_set,
            criteria_set=make_set(LEAVES, year=year.cycle.year),
            effective_on=date(2041, 7, 1),
            sheets=2,
            by=world.people["secretary"],
            at=db_now(),
        )
        for year in _years(world)
    ]
    return Kinds({"pk": made[0].pk}, {"pk": made[1].pk}, {"pk": 999_999})


OBJECTS = {
    "amendment": _amendments,
    "cycle": _cycles,
    "block_of_cycle": _blocks,
    "participation": _participations,
}
READ_AND_SET_UP = {"methods": BOTH, "posts": (MANAGES, MANAGES)}
TABLE = {
    "cycles:amend": Row(MANAGES, MANAGES, make="block_of_cycle", methods=BOTH),
    "cycles:amendment": Row(PROVINCE, PROVINCE, make="amendment"),
    "cycles:amendment_list": Row(PROVINCE, PROVINCE, make="amendment"),
    "cycles:index": Row(PROVINCE),
    "cycles:new": Row(MANAGES, methods=BOTH),
    "cycles:cycle": Row(PROVINCE, PROVINCE, make="cycle", **READ_AND_SET_UP),
    "cycles:change": Row(MANAGES, MANAGES, make="cycle", methods=BOTH),
    "cycles:settings": Row(MANAGES, MANAGES, make="cycle", methods=BOTH),
    "cycles:delete": Row(MANAGES, MANAGES, make="cycle", methods=BOTH),
    "cycles:block": Row(PROVINCE, PROVINCE, make="block_of_cycle"),
    "cycles:choose_set": Row(MANAGES, MANAGES, make="block_of_cycle", methods=POST),
    "cycles:windows": Row(PROVINCE, PROVINCE, make="block_of_cycle", **READ_AND_SET_UP),
    "cycles:agencies": Row(PROVINCE, PROVINCE, make="block_of_cycle", **READ_AND_SET_UP),
    "cycles:extensions": Row(PROVINCE, PROVINCE, make="block_of_cycle", **READ_AND_SET_UP),
    "cycles:open": Row(MANAGES, MANAGES, make="block_of_cycle", methods=BOTH),
    "cycles:parts": Row(MANAGES, MANAGES, make="block_of_cycle", methods=BOTH),
    "cycles:add_part": Row(MANAGES, MANAGES, make="block_of_cycle", methods=BOTH),
    "cycles:remove": Row(MANAGES, MANAGES, make="block_of_cycle", methods=BOTH),
    "cycles:participation": Row(MANAGES, MANAGES, make="participation", methods=BOTH),
    "cycles:remove_agency": Row(MANAGES, MANAGES, make="participation", methods=POST),
}
