"""``manage.py import_points``: survey, external and office points of one block from a CSV or XLSX file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from parindex.ui.formats import format_points
from scoring.assessment.models import CycleBlock
from scoring.assessment.queries.parts import row_of
from scoring.assessment.services.imports import ImportRefused, ImportReport, import_points
from scoring.criteria.matching import block_names


class Command(BaseCommand):
    help = "Import survey, external and office points of a block; nothing is stored when any row is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int)
        parser.add_argument(
            "file", type=Path, help="agency,criterion,pct | agency,criterion,A,B,… | …,points,note"
        )
        parser.add_argument("--block", required=True, help="slug or name of the block")
        parser.add_argument(
            "--part",
            default="",
            help="where the year has two sets: the name of the part, or its number (1 is the block's first set)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="tell every row's outcome and store nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        block = block_names().find(options["block"])
        if block is None:
            raise CommandError(f"There is no block “{options['block']}”.")
        rows = CycleBlock.objects.filter(cycle__year=options["year"], block=block)
        cycle_block = row_of(rows, options["part"])
        if cycle_block is None and options["part"] and rows:
            known = ", ".join(f"{number} ({row.period})" for number, row in enumerate(rows, 1))
            raise CommandError(f"There is no part “{options['part']}” of the year; there are: {known}.")
        if cycle_block is None:
            raise CommandError(f"There is no cycle of the year {options['year']} with the block “{block}”.")
        try:
            data = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        try:
            report = import_points(
                cycle_block=cycle_block,
                actor=None,
                data=data,
                file_name=options["file"].name,
                dry_run=options["dry_run"],
            )
        except ImportRefused as refused:
            report = refused.report
        self._tell(report)
        if not report.is_clean:
            raise CommandError(report.fault or f"{len(report.errors)} rows are wrong. Nothing was stored.")
        verb = "would change" if options["dry_run"] else "changed"
        self.stdout.write(f"{report.changes} of {len(report.rows)} figures {verb}.")

    def _tell(self, report: ImportReport) -> None:
        for row in report.rows:
            told = "; ".join(row.messages)
            if row.points is not None:
                told = f"{format_points(row.points, 6)} / {format_points(row.maximum, 6)}"
                if row.status == "replaced":
                    told += f" (was {format_points(row.before, 6)})"
            self.stdout.write(f"{row.line}\t{row.status}\t{row.agency}\t{row.criterion}\t{told}")
