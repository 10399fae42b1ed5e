"""Import a criteria set from a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from parindex.errors import Refusal
from parindex.ui.formats import format_decimal
from scoring.criteria import services
from scoring.criteria.json_source import MAX_BYTES


class Command(BaseCommand):
    help = "Import a criteria set (JSON or XLSX), or list its errors with their places and store nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--year", type=int, help="the year of the set, in place of the file's")
        parser.add_argument("--block", help="slug or name of the block, in place of the file's")
        parser.add_argument("--dry-run", action="store_true", help="check and report, store nothing")
        parser.add_argument("--lock", action="store_true", help="lock the set at once")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 with the list of errors on standard error."""
        try:
            with options["file"].open("rb") as source:
                data = source.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}")
        try:
            with transaction.atomic():  # locking refused: the import is undone too
                outcome = services.import_criteria_set(
                    actor=None,
                    data=data,
                    year=options["year"],
                    block=options["block"],
                    dry_run=options["dry_run"],
                )
                if outcome.criteria_set is not None and options["lock"]:
                    services.lock_set(actor=None, criteria_set=outcome.criteria_set)
        except Refusal as refusal:
            raise CommandError("\n".join(refusal.messages))
        for warning in outcome.warnings:
            self.stderr.write(self.style.WARNING(f"{_('Warning')}: {warning}"))
        if outcome.errors:
            raise CommandError("\n".join(str(error) for error in outcome.errors))
        self._report(outcome, options)

    def _report(self, outcome: services.ImportOutcome, options: dict[str, Any]) -> None:
        file = outcome.file
        assert file is not None
        told = _(
            "%(title)s: %(block)s %(year)s, version %(version)s, %(leaves)s leaves, %(total)s points"
        ) % {
            "title": file.title,
            "block": outcome.block,
            "year": outcome.year,
            "version": outcome.version,
            "leaves": len(file.leaves),
            "total": format_decimal(file.total),
        }
        if options["dry_run"]:
            end = _("nothing stored (rehearsal)")
        else:
            end = _("stored and locked") if options["lock"] else _("stored as a draft")
        self.stdout.write(f"{told}; {end}.")
