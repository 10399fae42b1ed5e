"""DOCX and XLSX from the inside: a ZIP whose limits hold, whose main part is what it says, and nothing active.

The directory of the archive is measured before zipfile reads it, the sizes that it declares are checked
before an entry is read, and what really comes out is counted while it is read (each entry's CRC as well).
"""

from __future__ import annotations

import posixpath
import re
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.conf import settings
from django.utils.translation import gettext as _

from evidence.refusals import FileRefused

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAIN_PARTS = {f"{DOCX_TYPE}.main+xml": DOCX_TYPE, f"{XLSX_TYPE}.main+xml": XLSX_TYPE}

MAX_ENTRIES = 5_000
MAX_DIRECTORY = 2 * 1024 * 1024
MAX_TOTAL = 400 * 1024 * 1024  # bytes unpacked
MAX_RATIO = 120  # unpacked : packed, for entries above RATIO_FROM
RATIO_FROM = 8 * 1024 * 1024
MAX_XML = 2 * 1024 * 1024  # for the parts that are parsed whole
TEXT_BYTES = 400 * 1024
_CHUNK = 256 * 1024

_ACTIVE_TYPES = re.compile(
    r"macro-?enabled|vbaproject|vbadata|activex|oleobject|macrosheet|ms-office\.(?:script|webextension)", re.I
)
_ACTIVE_NAMES = re.compile(r"(?:^|/)(?:vbaproject\w*\.bin|vbadata\.xml|activex/.*|macrosheets/.*)$", re.I)
_PROGRAM_NAMES = re.compile(r"\.(?:exe|dll|com|scr|msi|js|jse|vbs|vbe|wsf|hta|bat|cmd|ps1|jar|lnk|sh)$", re.I)
_EMBEDDED = re.compile(r"(?:^|/)embeddings/[^/]+\.(?:xlsx|docx)$", re.I)
_RISKY_TARGETS = {"attachedTemplate", "oleObject", "frame", "subDocument", "control", "vbaProject"}
_DOCTYPES = (b"<!DOCTYPE", b"<!ENTITY", b"<\0!\0D\0O\0C\0T", b"<\0!\0E\0N\0T", b"\0<\0!\0D\0O\0C")
_TEXT_PARTS = {DOCX_TYPE: "word/document.xml", XLSX_TYPE: "xl/sharedStrings.xml"}


@dataclass
class Package:
    """An accepted package."""

    content_type: str
    text: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class _Budget:
    """What may still be unpacked, embedded packages included."""

    left: int = field(default_factory=lambda: MAX_TOTAL)

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _bomb()


def check(file: BinaryIO, size: int) -> Package:
    """Check a DOCX or XLSX from its first byte to its last. Raises FileRefused."""
    return _check(file, size, _Budget(), depth=0)


def _check(file: BinaryIO, size: int, budget: _Budget, depth: int) -> Package:
    _check_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = _check_entries(archive)
            types = _content_types(archive, entries)
            content_type = _main_part(archive, entries, types)
            _check_parts(entries, types, depth)
            notes = _check_targets(archive, entries)
            text = _read_all(archive, entries, content_type, budget, depth)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _damaged()
    except (ParseError, DefusedXmlException, UnicodeDecodeError, LookupError, ValueError):
        raise _damaged()
    return Package(content_type, text, notes)


# --- the archive -------------------------------------------------------------------------------


def _check_directory(file: BinaryIO, size: int) -> None:
    """Measure the directory by the archive's last record, before anything reads it into memory."""
    tail_size = min(size, 65_557)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < 22:
        raise _damaged()
    disk, start_disk, here, entries, length, offset, comment = struct.unpack(
        "<4H2LH", tail[place + 4 : place + 22]
    )
    if place + 22 + comment != len(tail) or disk or start_disk or here != entries:
        raise _damaged()
    if entries > MAX_ENTRIES or length > MAX_DIRECTORY:
        raise _bomb()
    if offset + length != size - tail_size + place:  # something before, after, or ZIP64
        raise _damaged()
    file.seek(0)


def _check_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Names, methods, declared sizes and places of all entries, before one of them is read."""
    found: dict[str, zipfile.ZipInfo] = {}
    total = 0
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise _bomb()
    for info in infos:
        name = info.filename
        if info.flag_bits & 0x1:
            raise FileRefused(
                "encrypted",
                _("This file is protected by a password. Remove the password, save it and upload it again."),
            )
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or ".." in parts or "\0" in name or ":" in parts[0]:
            raise _damaged()
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _damaged()
        if info.is_dir():
            continue
        key = name.casefold()
        if key in found:
            raise _damaged()
        found[key] = info
        total += info.file_size
        if total > MAX_TOTAL or _ratio_is_wild(info.file_size, info.compress_size):
            raise _bomb()
    placed = sorted((info.header_offset, info.compress_size) for info in infos)
    for (start, length), (following, _size) in zip(placed, placed[1:], strict=False):
        if start + 30 + length > following:  # entries that share bytes: the "better zip bomb"
            raise _bomb()
    return found


def _ratio_is_wild(unpacked: int, packed: int) -> bool:
    return unpacked > RATIO_FROM and unpacked > MAX_RATIO * max(packed, 1)


def _read_all(
    archive: zipfile.ZipFile,
    entries: dict[str, zipfile.ZipInfo],
    content_type: str,
    budget: _Budget,
    depth: int,
) -> str:
    """Unpack every entry once, counting; return the beginning of the text."""
    text = ""
    wanted = _TEXT_PARTS[content_type]
    for key, info in entries.items():
        embedded = bool(_EMBEDDED.search(key))
        kept = bytearray()
        with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) if embedded else _Nothing() as copy:
            with archive.open(info) as part:
                size, carried = 0, b""
                while chunk := part.read(_CHUNK):
                    if size == 0:
                        _check_beginning(key, chunk, embedded)
                    size += len(chunk)
                    budget.take(len(chunk))
                    if size > info.file_size or _ratio_is_wild(size, info.compress_size):
                        raise _bomb()
                    if key.endswith((".xml", ".rels", ".vml")):
                        _check_xml(key, carried + chunk)
                        carried = chunk[-64:]
                    if key == wanted.casefold() and len(kept) < TEXT_BYTES:
                        kept += chunk
                    if embedded:
                        copy.write(chunk)
            if embedded:
                copy.flush()
                _check(copy, size, budget, depth + 1)  # type: ignore[arg-type]
        if kept:
            text = _plain_text(bytes(kept[:TEXT_BYTES]))
    return text


class _Nothing:
    """Where bytes go that nobody keeps."""

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def write(self, _chunk: bytes) -> None: ...

    def flush(self) -> None: ...


def _check_beginning(name: str, chunk: bytes, embedded: bool) -> None:
    """A part must not be a program, an OLE object or an archive of its own."""
    if chunk.startswith((b"MZ", b"\x7fELF")):
        raise _active()
    if chunk.startswith(b"\xd0\xcf\x11\xe0") and not name.endswith("thumbs.db"):
        raise _active()
    if chunk.startswith((b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf")) and not embedded:
        raise _active()


def _check_xml(name: str, chunk: bytes) -> None:
    if any(token in chunk for token in _DOCTYPES):
        raise _damaged()
    if (b"DDEAUTO" in chunk and name.startswith("word/")) or b"<ddeLink" in chunk:
        raise _active()


# --- the package -------------------------------------------------------------------------------


def _xml(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Element:
    if info.file_size > MAX_XML:
        raise _bomb()
    with archive.open(info) as part:
        data = part.read(MAX_XML + 1)
    if len(data) > MAX_XML:
        raise _bomb()
    return ElementTree.fromstring(data, forbid_dtd=True)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _content_types(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    """The declared type of every entry, by its folded name."""
    info = entries.get("[content_types].xml")
    if info is None and "mimetype" in entries:  # OpenDocument
        raise _not_office()
    if info is None:
        raise FileRefused(
            "archive", _("This is an archive (.%(extension)s). Unpack it and upload the documents in it one by one.")
            % {"extension": "zip"},
        )  # fmt: skip
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    for element in _xml(archive, info):
        kind = element.get("ContentType", "")
        if _local(element.tag) == "Default":
            defaults[element.get("Extension", "").casefold()] = kind
        elif _local(element.tag) == "Override":
            overrides[element.get("PartName", "").lstrip("/").casefold()] = kind
    return {name: overrides.get(name) or defaults.get(name.rpartition(".")[2], "") for name in entries}


def _main_part(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], types: dict[str, str]) -> str:
    """DOCX_TYPE or XLSX_TYPE, by the part that the package itself names as its main one."""
    info = entries.get("_rels/.rels")
    if info is None:
        raise _not_office()
    for element in _xml(archive, info):
        if element.get("Type", "").endswith("/officeDocument"):
            target = posixpath.normpath(element.get("Target", "").lstrip("/")).casefold()
            declared = types.get(target, "")
            if target in entries and declared in MAIN_PARTS:
                return MAIN_PARTS[declared]
            if _ACTIVE_TYPES.search(declared):
                raise _macros()
            raise _not_office()
    raise _not_office()


def _check_parts(entries: dict[str, zipfile.ZipInfo], types: dict[str, str], depth: int) -> None:
    """No macros, ActiveX, OLE objects or programs; embedded documents one level deep (charts have them)."""
    for name in entries:
        if _ACTIVE_NAMES.search(name) or "vba" in types[name].casefold() or "macro" in types[name].casefold():
            raise _macros()
        if _ACTIVE_TYPES.search(types[name]) or _PROGRAM_NAMES.search(name):
            raise _active()
        if "embeddings/" in name and (depth or not _EMBEDDED.search(name)):
            raise _active()


def _check_targets(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> tuple[str, ...]:
    """Refuse what would be fetched and run on opening; links to other files are only remarked on."""
    notes: set[str] = set()
    for name, info in entries.items():
        if not name.endswith(".rels"):
            continue
        for element in _xml(archive, info):
            if element.get("TargetMode", "").casefold() != "external":
                continue
            kind = element.get("Type", "").rpartition("/")[2]
            if kind in _RISKY_TARGETS:
                raise _active()
            if kind != "hyperlink":
                notes.add(f"external {kind}"[:60])
    return tuple(sorted(notes))


# --- text --------------------------------------------------------------------------------------

_BREAKS = re.compile(rb"</(?:\w+:)?(?:p|si|tr)>|<(?:\w+:)?(?:br|tab)\b[^>]*>")
_TAGS = re.compile(rb"<[^>]*>")
_ENTITIES = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}


def _plain_text(xml: bytes) -> str:
    """The readable text of a part, a line for each paragraph or cell; good enough to look for a stamp."""
    bare = _TAGS.sub(b"", _BREAKS.sub(b"\n", xml))
    for entity, character in _ENTITIES.items():
        bare = bare.replace(entity, character)
    return unicodedata.normalize("NFC", bare.decode("utf-8", "ignore"))


# --- refusals ----------------------------------------------------------------------------------


def _damaged() -> FileRefused:
    return FileRefused(
        "damaged",
        _("This Word or Excel file is damaged or not built as it should be. Open it and save it again."),
    )


def _bomb() -> FileRefused:
    return FileRefused(
        "bomb",
        _(
            "Unpacked, this file is far larger than a document should be. "
            "Delete empty rows, columns and pictures that are not needed, or save it as PDF."
        ),
    )


def _macros() -> FileRefused:
    return FileRefused(
        "macros", _("This file holds macros. Save it without macros (.docx or .xlsx), or as PDF.")
    )


def _active() -> FileRefused:
    return FileRefused(
        "active",
        _(
            "This file holds active content (an embedded object, a program or a link that runs on opening). "
            "Remove it, or save the file as PDF."
        ),
    )


def _not_office() -> FileRefused:
    return FileRefused(
        "not_office",
        _("This is neither a Word document nor an Excel workbook. Save it as .docx, .xlsx or PDF."),
    )
