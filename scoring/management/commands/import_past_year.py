"""``manage.py import_past_year``: bring a published year, from a table of points by agency."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.actors import SYSTEM
from parindex.errors import Refusal
from scoring.assessment.past_files import PastYearRefused
from scoring.assessment.services.past_years import import_past_year


class Command(BaseCommand):
    help = "Bring a year that is published already: block, agencies, criteria set and points."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Here ``--settings`` is the ranking's file, not Django's module (manage.py renames it as well)."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.set_defaults(settings=None)
        parser.add_argument("year", type=int)
        parser.add_argument("--block", required=True, help="slug or name; made when it does not exist")
        parser.add_argument("--set", required=True, type=Path, dest="set_path", help="criteria set (JSON)")
        parser.add_argument(
            "--points", required=True, type=Path, help="agency,criterion,points,max,unranked (CSV)"
        )
        parser.add_argument(
            "--settings",
            "--ranking-settings",
            type=Path,
            dest="settings_path",
            help="digits, rounding, ties, grades (JSON)",
        )
        parser.add_argument("--dry-run", action="store_true", help="report what would be done, store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        settings_path: Path | None = options["settings_path"]
        try:
            report = import_past_year(
                actor=SYSTEM,
                year=options["year"],
                block=options["block"],
                set_file=self._read(options["set_path"]),
                points_file=self._read(options["points"]),
                settings_file=None if settings_path is None else self._read(settings_path),
                file_name=options["points"].name,
                dry_run=options["dry_run"],
            )
        except PastYearRefused as refused:
            lines = [f"line {p.line}: {p.message}" if p.line else p.message for p in refused.problems]
            raise CommandError("\n".join(["Nothing was stored.", *lines])) from refused
        except Refusal as refusal:
            raise CommandError("\n".join(["Nothing was stored.", *refusal.messages])) from refusal
        for name in report.made:
            self.stdout.write(f"new: {name}")
        for row in report.rows:
            self.stdout.write(f"line {row.line}: {row.agency}, {row.criterion}: {row.outcome}")
        counts = Counter(row.outcome for row in report.rows)
        summary = ", ".join(f"{counts[kind]} {kind}" for kind in ("new", "replaced", "unchanged"))
        self.stdout.write(f"{summary}{' (rehearsed, nothing stored)' if options['dry_run'] else ''}")

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
