"""The publishers' pages in the administration."""

from __future__ import annotations

from uuid import uuid4

from tests.factories_scoring import make_agency, make_block
from tests.permissions.table import Kinds, Row, World
from tests.publication import years

READERS = {"publisher", "approver", "secretary", "council_member", "own_council_member", "inspector"}
PUBLISHER, APPROVER = {"publisher"}, {"approver"}


def _proposal(world: World) -> Kinds:
    """A proposal of the world's publisher."""
    from agencies.actors import actor_for

    block = make_block("Phường", slug="phuong")
    ward = make_agency("Phường Một", block=block)
    run = years.run_of(years.scored({ward: ("50", "30")}, block=block))
    made = years.propose(run, by=actor_for(world.people["publisher"]))
    return Kinds({"publication": made.public_id}, None, {"publication": uuid4()})


def _with(**more: str):
    """The addresses of a proposal's preview."""

    def make(world: World) -> Kinds:
        found = world.kinds("proposal")
        return Kinds(
            dict(found.own) | {"block": "phuong"} | more,
            None,
            dict(found.absent) | {"block": "phuong"} | more,
        )

    return make


def _run(**more: str):
    """The addresses of a run's preview."""

    def make(world: World) -> Kinds:
        from scoring.ranking.models import RankingRun

        world.kinds("proposal")
        run = RankingRun.objects.get()
        return Kinds({"run": run.public_id} | more, None, {"run": uuid4()} | more)

    return make


OBJECTS = {
    "proposal": _proposal,
    "proposal_preview": _with(),
    "proposal_agency": _with(agency="phuong-mot"),
    "proposal_chart": _with(name="distribution"),
    "run_preview": _run(),
    "run_agency": _run(agency="phuong-mot"),
    "run_chart": _run(name="distribution"),
}

TABLE: dict[str, Row] = {
    "publication:index": Row(READERS),
    "publication:propose": Row(PUBLISHER, methods=("GET", "POST")),
    "publication:detail": Row(READERS, make="proposal"),
    "publication:approve": Row(APPROVER, make="proposal", methods=("POST",), data={"content": "x"}),
    "publication:send_back": Row(APPROVER, make="proposal", methods=("POST",), data={"reason": "Sai số"}),
    "publication:take_back": Row(PUBLISHER, make="proposal", methods=("POST",), data={"reason": "Nhầm"}),
    "publication:preview": Row(READERS, make="proposal_preview"),
    "publication:preview_method": Row(READERS, make="proposal_preview"),
    "publication:preview_agency": Row(READERS, make="proposal_agency"),
    "publication:preview_chart": Row(READERS, make="proposal_chart"),
    "publication:run_preview": Row(READERS, make="run_preview"),
    "publication:run_preview_method": Row(READERS, make="run_preview"),
    "publication:run_preview_agency": Row(READERS, make="run_agency"),
    "publication:run_preview_chart": Row(READERS, make="run_chart"),
}
