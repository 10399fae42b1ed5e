"""The library's upkeep: files that no document came to refer to, and whether every file is still what it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from evidence import queries, storage


@dataclass(frozen=True, slots=True)
class Swept:
    """What was removed (or would be): orphans with their bytes, and temporary files of broken uploads."""

    orphans: int
    size: int
    unfinished: int


def sweep(*, dry_run: bool = False) -> Swept:
    """Remove what is older than a day and that nothing refers to. Safe while uploads go on, and twice at once."""
    orphans, size = storage.sweep(queries.referenced, dry_run=dry_run)
    unfinished = 0
    oldest = time.time() - storage.ORPHAN_AGE.total_seconds()
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    for path in folder.glob("tmp*.upload*") if folder.is_dir() else ():
        try:
            if path.stat().st_mtime < oldest:
                unfinished += 1
                if not dry_run:
                    path.unlink()
        except FileNotFoundError:
            continue
    return Swept(orphans, size, unfinished)


def checked_files() -> Iterator[tuple[str, str]]:
    """(key, "missing" | "changed" | "") of every file that a version refers to, hashed anew; "" is right."""
    last = 0
    while batch := queries.stored_files(last):
        last = batch[-1][0]
        for _id, key, sha256 in batch:
            path = storage.path_of(key)
            if not path.is_file():
                yield key, "missing"
            else:
                yield key, "" if storage.sha256_of(path) == sha256 else "changed"
