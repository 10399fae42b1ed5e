"""What a file is, by its structure and never by its name: PDF, DOCX, XLSX, JPG or PNG, or refused.

Everything else is refused with what to do about it: programs, archives, old Office formats, encrypted files,
macros and other active content, bombs, damaged and empty files. Files are read in pieces; limits are checked
before reading and while reading. Reading never changes a byte: the file may be digitally signed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import filetype
from django.utils.translation import gettext as _

from evidence import ooxml, pdf
from evidence.refusals import FileRefused

MAX_PIXELS = 250_000_000
ACCEPTED = ".pdf,.docx,.xlsx,.jpg,.jpeg,.png"
_CHUNK = 1024 * 1024
_TAIL = 66_000  # a ZIP's last record with its longest comment


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that the library takes; ``extensions`` has the usual one first."""

    name: str
    content_type: str
    extensions: tuple[str, ...]


PDF = Kind("pdf", "application/pdf", ("pdf",))
DOCX = Kind("docx", ooxml.DOCX_TYPE, ("docx",))
XLSX = Kind("xlsx", ooxml.XLSX_TYPE, ("xlsx",))
JPG = Kind("jpg", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"))
PNG = Kind("png", "image/png", ("png",))
KINDS = {kind.name: kind for kind in (PDF, DOCX, XLSX, JPG, PNG)}


@dataclass(frozen=True, slots=True)
class Inspection:
    """An accepted file: its kind, the beginning of its text layer and remarks for the record."""

    kind: Kind
    text: str = ""
    notes: tuple[str, ...] = ()


def inspect(path: Path, *, size: int, read_text: bool = True) -> Inspection:
    """Decide whether the library takes this file. Raises FileRefused with a message for the person.

    ``read_text`` False leaves pdfium's opinion and the text layer of a PDF out.
    """
    if size == 0:
        raise FileRefused(
            "empty", _("The file is empty (0 bytes). Check it on your computer and choose it again.")
        )
    with path.open("rb") as file:
        head = file.read(8192)
        if head.startswith(b"%PDF-"):
            pdf.check(file, size)
            _refuse_hidden_archive(file, size)
            text = pdf.first_text(path) if read_text else pdf.FirstText("")
            return Inspection(PDF, text.text, text.notes)
        if head.startswith(b"PK\x03\x04"):
            package = ooxml.check(file, size)
            kind = DOCX if package.content_type == ooxml.DOCX_TYPE else XLSX
            return Inspection(kind, package.text, package.notes)
        if head.startswith(b"\xff\xd8\xff"):
            _check_jpeg(file, size)
            _refuse_hidden_archive(file, size)
            return Inspection(JPG)
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            _check_png(file, size)
            _refuse_hidden_archive(file, size)
            return Inspection(PNG)
    raise _refusal_of_other(head)


def _refusal_of_other(head: bytes) -> FileRefused:
    """The message for a file of another kind, as far as its beginning tells."""
    guess = filetype.guess(head)
    extension = guess.extension if guess else ""
    if head.startswith((b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe")):
        return FileRefused(
            "program",
            _("This is a program, not a document. Programs are never accepted, whatever their name."),
        )
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _refusal_of_old_office()
    if extension in {"zip", "rar", "7z", "gz", "bz2", "xz", "tar", "lz", "Z", "cab", "zst", "ar"}:
        return FileRefused(
            "archive",
            _("This is an archive (.%(extension)s). Unpack it and upload the documents in it one by one.")
            % {"extension": extension},
        )
    if head.startswith(b"{\\rtf"):
        return FileRefused("rtf", _("This is an RTF text. Open it in Word and save it as .docx or as PDF."))
    if head[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc", b"ftypavif"}:
        return FileRefused(
            "image", _("This is a HEIC photo of a phone. Save or send it as .jpg and upload that.")
        )
    if guess and guess.mime.startswith("image/"):
        return FileRefused(
            "image",
            _("This is an image of the kind .%(extension)s. Save it as .jpg, .png or PDF.")
            % {"extension": extension},
        )
    if guess and guess.mime.startswith(("video/", "audio/")):
        return FileRefused(
            "media", _("This is a sound or video file. Evidence is a document: PDF, DOCX, XLSX, JPG or PNG.")
        )
    if b"%PDF-" in head:
        return FileRefused(
            "pdf_start",
            _(
                "Something stands before the beginning of this PDF. Open it, save it as PDF again and upload that."
            ),
        )
    return FileRefused(
        "unknown",
        _(
            "The content of this file is none of PDF, DOCX, XLSX, JPG and PNG (its name doesn't count). "
            "Open it in the program it was made with and save it as PDF."
        ),
    )


def _refusal_of_old_office() -> FileRefused:
    return FileRefused(
        "old_office",
        _(
            "This is a file of an old Office format (.doc, .xls), or a Word or Excel file with a password. "
            "Open it, remove the password if it has one, and save it as .docx or .xlsx."
        ),
    )


def _refuse_hidden_archive(file: BinaryIO, size: int) -> None:
    """Refuse a file that is at the same time a ZIP archive (a "polyglot")."""
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    place = tail.rfind(b"PK\x05\x06")
    while place >= 0:
        record = tail[place : place + 22]
        if len(record) == 22 and place + 22 + struct.unpack("<H", record[20:])[0] <= len(tail):
            raise FileRefused(
                "polyglot",
                _(
                    "An archive is hidden in this file. Open the document, save it as PDF again and upload that."
                ),
            )
        place = tail.rfind(b"PK\x05\x06", 0, place)


def _damaged(what: str) -> FileRefused:
    return FileRefused(
        "damaged",
        _("This %(what)s is damaged or not whole. Open it on your computer; if it opens, save it again.")
        % {"what": what},
    )


def _check_size(width: int, height: int, what: str) -> None:
    if not width or not height:
        raise _damaged(what)
    if width * height > MAX_PIXELS:
        raise FileRefused(
            "pixels",
            _("This image has %(width)s × %(height)s dots, too many to be shown. Save it in a smaller size.")
            % {"width": width, "height": height},
        )


def _check_jpeg(file: BinaryIO, size: int) -> None:
    """Walk the segments to the image data; the size must be sane and the image must end."""
    place, sized = 2, False
    while True:
        file.seek(place)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            raise _damaged("JPG")
        marker, length = head[1], struct.unpack(">H", head[2:])[0]
        if marker == 0xFF:  # fill bytes
            place += 1
            continue
        if length < 2 or place + 2 + length > size:
            raise _damaged("JPG")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = file.read(5)
            if len(frame) < 5:
                raise _damaged("JPG")
            height, width = struct.unpack(">HH", frame[1:])
            _check_size(width, height, "JPG")
            sized = True
        place += 2 + length
        if marker == 0xDA:
            break
    if not sized or not _contains(file, place, b"\xff\xd9"):
        raise _damaged("JPG")


def _check_png(file: BinaryIO, size: int) -> None:
    """Walk the chunks to the last one."""
    place, first, data = 8, True, False
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            raise _damaged("PNG")
        length, kind = struct.unpack(">I4s", head)
        if place + 12 + length > size or (kind == b"IHDR") != first:
            raise _damaged("PNG")
        if first:
            if length != 13:
                raise _damaged("PNG")
            width, height = struct.unpack(">II", file.read(8))
            _check_size(width, height, "PNG")
            first = False
        data = data or kind == b"IDAT"
        if kind == b"IEND":
            break
        place += 12 + length
    if not data:
        raise _damaged("PNG")


def _contains(file: BinaryIO, start: int, token: bytes) -> bool:
    file.seek(start)
    carried = b""
    while chunk := file.read(_CHUNK):
        if token in carried + chunk:
            return True
        carried = chunk[-(len(token) - 1) :]
    return False
