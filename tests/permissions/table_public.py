"""The public's pages: everybody reads what is published; what is not is absent to everybody."""

from __future__ import annotations

from tests.factories_scoring import make_agency, make_block
from tests.permissions.table import EVERYBODY, Kinds, Row, World
from tests.publication import years


def _edition(world: World) -> Kinds:
    """A published block, and one that is scored, ranked and proposed."""
    block = make_block("Xã", slug="xa")
    agency = make_agency("Xã Một", block=block)
    years.publish(
        years.scored({agency: ("50", "30")}, block=block, settings={"digits": 2, "depth": "criterion"})
    )
    hidden = years.scored({agency: ("51", "30")}, block=block, year=2026)
    years.propose(years.run_of(hidden), number="77/QĐ-UBND")
    return Kinds({"year": 2025, "block": "xa"}, None, {"year": 2026, "block": "xa"})


def _with(**more: object):
    def make(world: World) -> Kinds:
        found = world.kinds("edition")
        return Kinds(dict(found.own) | more, None, dict(found.absent) | more)

    return make


OBJECTS = {
    "edition": _edition,
    "edition_year": lambda world: Kinds(
        {"year": world.kinds("edition").own["year"]}, None, {"year": world.kinds("edition").absent["year"]}
    ),
    "edition_version": _with(version=1),
    "edition_agency": _with(agency="xa-mot"),
    "edition_chart": _with(version=1, name="xa-mot.years"),
}

TABLE: dict[str, Row] = {
    **{f"public:{name}": Row(EVERYBODY) for name in ("home", "rankings", "methods", "open_data")},
    "public:year": Row(EVERYBODY, make="edition_year"),
    **{
        f"public:{name}": Row(EVERYBODY, make="edition")
        for name in ("block", "block_csv", "block_json", "block_criteria", "method")
    },
    **{
        f"public:{name}": Row(EVERYBODY, make="edition_version")
        for name in ("version", "version_csv", "version_json", "version_criteria")
    },
    "public:agency": Row(EVERYBODY, make="edition_agency"),
    "public:chart": Row(EVERYBODY, make="edition_chart"),
}
