"""``manage.py compute_ranking``: make (or find) the final run of a year's blocks and print it."""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from parindex.errors import Refusal
from scoring.assessment.models import CycleBlock
from scoring.criteria.matching import block_names
from scoring.ranking import queries, services
from scoring.ranking.models import RankingRun


class Command(BaseCommand):
    help = (
        "Compute the final ranking of a year (or find the run of the same inputs) and print it. Where a block had two"
        " sets in the year, the index combines them by their weights."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument("--block", help="slug or name of the block; without it every block of the year")
        parser.add_argument("--by", choices=["area", "criterion"], help="one line for each agency and node")
        parser.add_argument("--format", choices=["csv", "json"], default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        lines: list[dict[str, str]] = []
        for cycle_block in self._blocks(options["year"], options["block"]):
            lines += self._lines(self._run(cycle_block), options["by"])
        self._print(lines, options["format"], options["by"])

    def _blocks(self, year: int, name: str | None) -> list[CycleBlock]:
        blocks = (
            CycleBlock.objects.filter(cycle__year=year, part_of=None)
            .select_related("cycle", "block")
            .order_by("block__order")
        )
        if name is not None:
            block = block_names().find(name)
            if block is None:
                raise CommandError(f"There is no block “{name}”.")
            blocks = blocks.filter(block=block)
        found = list(blocks)
        if not found:
            raise CommandError(
                f"There is no cycle of the year {year}" + (f" with the block “{name}”." if name else ".")
            )
        return found

    def _run(self, cycle_block: CycleBlock) -> RankingRun:
        try:
            run = services.queue_run(cycle_block=cycle_block, actor=None, dispatch=False)
        except Refusal as refusal:
            raise CommandError(f"{cycle_block.block}: " + " ".join(refusal.messages)) from refusal
        services.work(run.pk)
        run.refresh_from_db()
        if run.state == RankingRun.State.SAME and run.same_as is not None:
            return run.same_as
        if run.state != RankingRun.State.DONE:
            raise CommandError(f"{cycle_block.block}: the run is {run.get_state_display()}. {run.error}")
        return run

    def _lines(self, run: RankingRun, by: str | None) -> list[dict[str, str]]:
        if by is None:
            return [
                {
                    "agency": row.agency.name,
                    "points": plain(row.points),
                    "max": plain(row.maximum),
                    "index": printed(row.index, run),
                    "rank": str(row.rank or ""),
                    "grade": row.grade,
                }
                for row in queries.table(run)
            ]
        return [
            {
                "agency": node.agency.name,
                "code": node.criterion.code,
                "title": node.criterion.title,
                "points": plain(node.points),
                "max": plain(node.maximum),
                "index": printed(node.index, run),
                "rank": str(node.rank or ""),
                "grade": "",
            }
            for node in queries.node_table(run, by=by)
        ]

    def _print(self, lines: list[dict[str, str]], form: str, by: str | None) -> None:
        columns = ["agency", "points", "max", "index", "rank", "grade"]
        if by:
            columns[1:1] = ["code", "title"]
        if form == "json":
            self.stdout.write(json.dumps(lines, ensure_ascii=False, indent=1))
            return
        writer = csv.DictWriter(self.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def plain(value: Decimal) -> str:
    """A decimal with a point and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def printed(value: Decimal | None, run: RankingRun) -> str:
    """The printed index with the run's own number of digits."""
    return "" if value is None else f"{value:.{run.settings.get('digits', 2)}f}"
