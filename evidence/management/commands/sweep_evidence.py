"""Remove files that no document came to refer to, and say what is wrong with those that are referred to."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evidence import queries, storage


class Command(BaseCommand):
    help = (
        "Remove orphans (files of uploads that were never finished) older than a day; referenced files are "
        "never touched. With --verify, hash every referenced file and name those that are missing or changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
        parser.add_argument("--verify", action="store_true", help="compare every file with its SHA-256")

    def handle(self, *args: Any, dry_run: bool = False, verify: bool = False, **options: Any) -> None:
        files, size = storage.sweep(queries.referenced, dry_run=dry_run)
        left = self._sweep_incoming(dry_run)
        verb = "would remove" if dry_run else "removed"
        self.stdout.write(f"{verb} {files} orphans ({size} bytes), {left} unfinished uploads")
        if verify and (wrong := self._verify()):
            raise CommandError(f"{wrong} files are missing or changed")

    def _sweep_incoming(self, dry_run: bool) -> int:
        """Temporary files of uploads whose process was killed."""
        folder, count = Path(settings.FILE_UPLOAD_TEMP_DIR), 0
        oldest = time.time() - storage.ORPHAN_AGE.total_seconds()
        for path in folder.glob("tmp*.upload*") if folder.is_dir() else ():
            if path.stat().st_mtime < oldest:
                count += 1
                if not dry_run:
                    path.unlink(missing_ok=True)
        return count

    def _verify(self) -> int:
        last, checked, wrong = 0, 0, 0
        while batch := queries.stored_files(last):
            last = batch[-1][0]
            for _id, key, sha256 in batch:
                checked += 1
                path = storage.path_of(key)
                state = "missing" if not path.is_file() else "changed"
                if state == "missing" or storage.sha256_of(path) != sha256:
                    wrong += 1
                    self.stderr.write(f"{state}: {key}")
        self.stdout.write(f"verified {checked} files, {wrong} wrong")
        return wrong
