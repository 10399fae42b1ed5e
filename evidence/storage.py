"""Where files lie: below DATA_DIR/evidence, outside the web root, each under a random name.

A file is written in chunks, hashed on the way, and made durable (file and folder fsync'd) before a
transaction refers to it. A file that no transaction came to refer to is an orphan: `sweep` removes those
that are older than a day and never a referenced one.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

CHUNK = 256 * 1024
ORPHAN_AGE = timedelta(days=1)
_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Written:
    """A file that has been written but is not referred to yet; sizes in bytes."""

    key: str
    path: Path
    size: int
    sha256: str


class TooLarge(Exception):
    """More bytes came than the limit allows; nothing has been kept."""


def root() -> Path:
    """The folder of the library's files (setting EVIDENCE_DIR, by default DATA_DIR/evidence)."""
    return Path(getattr(settings, "EVIDENCE_DIR", "") or Path(settings.DATA_DIR) / "evidence")


def path_of(key: str) -> Path:
    """The path of a stored file. ValueError for anything that is not a key made here."""
    if not _KEY.fullmatch(key):
        raise ValueError("not a key of the library")
    return root() / key


def write(chunks: Iterable[bytes], *, limit: int) -> Written:
    """Write a new file of at most ``limit`` bytes and return its key, size and SHA-256.

    Memory holds one chunk. Raises TooLarge, or OSError when the disk refuses; then nothing stays behind.
    The file is not yet durable: call `make_durable` before referring to it.
    """
    name = secrets.token_hex(16)
    key = f"{name[:2]}/{name}"
    path = root() / key
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as out:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                digest.update(chunk)
                _write_all(out.fileno(), chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Written(key=key, path=path, size=size, sha256=digest.hexdigest())


def make_durable(written: Written) -> None:
    """Force the file and its folders to the disk. OSError when the disk refuses."""
    for target in (written.path, written.path.parent, written.path.parent.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def discard(written: Written) -> None:
    """Remove a file that nothing refers to."""
    written.path.unlink(missing_ok=True)


def sweep(
    referenced: Callable[[list[str]], set[str]], *, now: datetime | None = None, dry_run: bool = False
) -> tuple[int, int]:
    """Remove orphans older than a day; returns (files, bytes) removed, or that would be in a dry run.

    ``referenced`` says which of the given keys a row refers to. It is asked after the age is known: a key
    of that age gets no new first reference, because a store refers to its file within one request.
    """
    oldest = (now or datetime.now(UTC)) - ORPHAN_AGE
    files = size = 0
    for batch in _batches(_old_keys(oldest), 500):
        held = referenced([key for key, _ in batch])
        for key, length in batch:
            if key not in held:
                files, size = files + 1, size + length
                if not dry_run:
                    path_of(key).unlink(missing_ok=True)
    return files, size


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _old_keys(oldest: datetime) -> Iterator[tuple[str, int]]:
    if not root().is_dir():
        return
    for folder in sorted(root().iterdir()):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            key = f"{folder.name}/{path.name}"
            try:
                stat = path.lstat()
            except FileNotFoundError:
                continue
            if _KEY.fullmatch(key) and datetime.fromtimestamp(stat.st_mtime, UTC) < oldest:
                yield key, stat.st_size


def _batches(items: Iterable[tuple[str, int]], size: int) -> Iterator[list[tuple[str, int]]]:
    batch: list[tuple[str, int]] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
