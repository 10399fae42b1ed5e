"""PDF from the outside: whole, not encrypted, and without anything that acts by itself.

The bytes are searched in pieces for the names of actions; names may be written with #xx, and dictionaries may
hide in compressed object streams, so both are undone. What pdfium says of the same file (in a process of its
own, with limits) is a second opinion, and gives the beginning of the text layer.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from evidence.refusals import FileRefused

logger = logging.getLogger(__name__)

CHUNK = 1024 * 1024
OVERLAP = 4096
MAX_OBJECT_STREAMS = 128 * 1024 * 1024  # bytes unpacked, all of them together
CHILD_SECONDS = 20

_END = rb"(?=[\s/<>\[\](){}%])"
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFile|RichMedia|Rendition|SubmitForm|ImportData|GoToE|XFA)" + _END
    + rb"|/EF\s{0,64}(?:<<|\d{1,10}\s{1,64}\d{1,5}\s{1,64}R)"
)  # fmt: skip
_ENCRYPT = re.compile(rb"/Encrypt" + _END)
_OBJECT_STREAM = re.compile(rb"/ObjStm" + _END)
_ESCAPED_NAME = re.compile(rb"/[!-~]{0,80}?#[0-9A-Fa-f]{2}[!-~]{0,80}")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream\r?\n")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]*\]|/[A-Za-z0-9]+)")
_START = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")


@dataclass(frozen=True, slots=True)
class FirstText:
    """The beginning of the text layer (empty for scans), with remarks for the record."""

    text: str
    notes: tuple[str, ...] = ()


def check(file: BinaryIO, size: int) -> None:
    """Check a PDF that begins with its header. Raises FileRefused; memory holds a few megabytes."""
    _check_end(file, size)
    budget = MAX_OBJECT_STREAMS
    for start, piece in _pieces(file):
        _look_for(piece)
        for found in _OBJECT_STREAM.finditer(piece):
            if start and found.end() < OVERLAP:  # seen with the piece before
                continue
            budget = _look_into_object_stream(file, start + found.start(), budget)


def first_text(path: Path) -> FirstText:
    """Ask pdfium, in a child process with limits, what the first pages say.

    Raises FileRefused when pdfium can't open the file, finds it encrypted, or finds scripts or attachments.
    A child that takes too long or dies is only remarked on: a busy evening must not cost an upload.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "evidence.pdf_reader", str(path)],
            capture_output=True,
            timeout=CHILD_SECONDS,
            cwd=settings.BASE_DIR,
            env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        logger.warning("text layer not read: %s", type(error).__name__)
        return FirstText("", ("text layer not read",))
    if answer.get("error") == "password":
        raise _encrypted()
    if answer.get("error"):
        raise _damaged()
    if answer["scripts"] or answer["attachments"]:
        raise _active()
    return FirstText(str(answer["text"]))


def _check_end(file: BinaryIO, size: int) -> None:
    """The trailer must stand near the end and its number point into the file, at a table or an object."""
    file.seek(max(0, size - 4096))
    ends = list(_START.finditer(file.read(4096) + b"\n"))
    if not ends:
        raise _damaged()
    place = int(ends[-1].group(1))
    if place >= size:
        raise _damaged()
    file.seek(place)
    if place and not re.match(rb"\s*(?:xref\b|\d+\s+\d+\s+obj\b)", file.read(64)):
        raise _damaged()


def _pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The file in pieces that overlap, each with its place."""
    file.seek(0)
    place, carried = 0, b""
    while chunk := file.read(CHUNK):
        yield place - len(carried), carried + chunk
        place += len(chunk)
        carried = chunk[-OVERLAP:]
        file.seek(place)


def _look_for(piece: bytes) -> None:
    if _ENCRYPT.search(piece):
        raise _encrypted()
    if _ACTIVE.search(piece):
        raise _active()
    for name in _ESCAPED_NAME.findall(piece):
        plain = _ESCAPE.sub(lambda code: bytes([int(code.group(1), 16)]), name) + b" "
        if _ACTIVE.search(plain):
            raise _active()
        if _ENCRYPT.search(plain):
            raise _encrypted()
        if _OBJECT_STREAM.search(plain):  # nobody writes it so who has nothing to hide
            raise _active()


def _look_into_object_stream(file: BinaryIO, place: int, budget: int) -> int:
    """Unpack the object stream whose dictionary holds this place and look for the same names."""
    back = file.tell()
    try:
        file.seek(max(0, place - 2048))
        window = file.read(6144)
        here = place - max(0, place - 2048)
        body = _STREAM.search(window, here)
        if body is None:
            raise _odd()
        dictionary = window[max(window.rfind(b"obj", 0, here), 0) : body.start()]
        if b"#" in dictionary or b"/DecodeParms" in dictionary or b"/DP" in dictionary:
            raise _odd()
        filters = _FILTER.search(dictionary)
        if filters is None and b"/F" not in dictionary.replace(b"/First", b""):
            return budget  # not packed: the bytes themselves were searched
        if filters is None or re.findall(rb"/(\w+)", filters.group(1)) not in ([b"FlateDecode"], [b"Fl"]):
            raise _odd()
        file.seek(max(0, place - 2048) + body.end())
        unpack, carried = zlib.decompressobj(), b""
        while not unpack.eof and (packed := unpack.unconsumed_tail or file.read(65_536)):
            out = unpack.decompress(packed, 1_048_576)
            budget -= len(out)
            if budget < 0:
                raise _bomb()
            _look_for(carried + out)
            carried = (carried + out)[-OVERLAP:]
        _look_for(carried + b" ")
    except zlib.error:
        pass  # not a stream after all, or damaged: a reader can't use it either
    finally:
        file.seek(back)
    return budget


def _damaged() -> FileRefused:
    return FileRefused(
        "damaged",
        _("This PDF is damaged or not whole. Open it on your computer; if it opens, save it as PDF again."),
    )


def _encrypted() -> FileRefused:
    return FileRefused(
        "encrypted",
        _(
            "This PDF is protected (by a password or against printing and copying). "
            "Save it without protection and upload it again."
        ),
    )


def _active() -> FileRefused:
    return FileRefused(
        "active",
        _(
            "This PDF holds active content (a script, an attached file, a form that sends data or starts a program). "
            "Print it to PDF and upload that; upload attached files one by one."
        ),
    )


def _bomb() -> FileRefused:
    return FileRefused(
        "bomb",
        _("Unpacked, this PDF is far larger than a document should be. Print it to PDF and upload that."),
    )


def _odd() -> FileRefused:
    return FileRefused(
        "unreadable",
        _("The inner structure of this PDF can't be checked. Print it to PDF and upload that."),
    )
