"""Remove files that no document came to refer to, and say what is wrong with those that are referred to."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evidence import upkeep


class Command(BaseCommand):
    help = (
        "Remove orphans (files of uploads that were never finished) older than a day; referenced files are "
        "never touched. With --verify, hash every referenced file and name those that are missing or changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
        parser.add_argument("--verify", action="store_true", help="compare every file with its SHA-256")

    def handle(self, *args: Any, dry_run: bool = False, verify: bool = False, **options: Any) -> None:
        swept = upkeep.sweep(dry_run=dry_run)
        verb = "would remove" if dry_run else "removed"
        self.stdout.write(
            f"{verb} {swept.orphans} orphans ({swept.size} bytes), {swept.unfinished} unfinished uploads"
        )
        if not verify:
            return
        checked = wrong = 0
        for key, state in upkeep.checked_files():
            checked += 1
            if state:
                wrong += 1
                self.stderr.write(f"{state}: {key}")
        self.stdout.write(f"verified {checked} files, {wrong} wrong")
        if wrong:
            raise CommandError(f"{wrong} files are missing or changed")
