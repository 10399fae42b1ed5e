"""What the library takes and what it refuses, by structure."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import filetypes, ooxml
from evidence.refusals import FileRefused
from tests.evidence import files


def inspect(tmp_path: Path, data: bytes) -> filetypes.Inspection:
    path = tmp_path / "file"
    path.write_bytes(data)
    return filetypes.inspect(path, size=len(data))


def refusal(tmp_path: Path, data: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        inspect(tmp_path, data)
    assert caught.value.messages[0]
    return caught.value


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (files.pdf, "pdf"),
        (lambda: files.pdf(trailer=b"/Info << /Title (EncryptMetadata) >>"), "pdf"),
        (files.pdf_with_object_stream, "pdf"),
        (lambda: files.unicode_pdf("Kế hoạch"), "pdf"),
        (lambda: files.pdf(filler=3_000_000), "pdf"),
        (files.docx, "docx"),
        (files.docx_with_link, "docx"),
        (files.xlsx, "xlsx"),
        (files.png, "png"),
        (files.jpg, "jpg"),
    ],
)
def test_takes_the_five_kinds(tmp_path: Path, make: Callable[[], bytes], kind: str) -> None:
    assert inspect(tmp_path, make()).kind.name == kind


def test_takes_a_chart_with_its_workbook(tmp_path: Path) -> None:
    data = files.docx_with_embedded("Microsoft_Excel_Sheet.xlsx", files.xlsx(), files.XLSX)
    assert inspect(tmp_path, data).kind.name == "docx"


def test_remarks_on_links_to_other_files(tmp_path: Path) -> None:
    rels = files.relationships(("http://x/image", "https://example.org/a.png", "External"))
    data = files.package(files.docx_parts() | {"word/_rels/document.xml.rels": rels})
    assert inspect(tmp_path, data).notes == ("external image",)


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", lambda: b"", "empty"),
    ("program", files.exe, "program"),
    ("script", lambda: b"#!/bin/sh\nrm -rf /\n", "program"),
    ("text", lambda: b"Xin ch\xc3\xa0o", "unknown"),
    ("html", lambda: b"<html><script>alert(1)</script>", "unknown"),
    ("svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "unknown"),
    ("zip", files.zip_of, "archive"),
    ("rar", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(100), "archive"),
    ("7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100), "archive"),
    ("gzip", lambda: b"\x1f\x8b\x08" + bytes(100), "archive"),
    ("old Word", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_office"),
    ("rtf", lambda: b"{\\rtf1 x}", "rtf"),
    ("gif", lambda: b"GIF89a" + bytes(50), "image"),
    ("heic", lambda: b"\0\0\0\x18ftypheic" + bytes(50), "image"),
    ("video", lambda: b"\0\0\0\x18ftypmp42" + bytes(50), "media"),
    ("junk before PDF", lambda: b"GARBAGE\n" + files.pdf(), "pdf_start"),
    ("half a PDF", lambda: files.pdf()[:300], "damaged"),
    ("only a PDF's head", lambda: b"%PDF-1.7\n", "damaged"),
    ("PDF pointing outside", lambda: files.pdf().replace(b"startxref\n", b"startxref\n9"), "damaged"),
    ("PDF of nothing", lambda: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n", "damaged"),
    ("encrypted PDF", files.encrypted_pdf, "encrypted"),
    ("PDF with script", files.pdf_with_script, "active"),
    ("PDF with escaped script", files.pdf_with_escaped_script, "active"),
    ("PDF with packed script", files.pdf_with_script_in_object_stream, "active"),
    (
        "PDF with a script packed oddly",
        lambda: files.pdf_with_script_in_object_stream(filters=b"[/ASCIIHexDecode /FlateDecode]"),
        "unreadable",
    ),
    ("PDF with attachment", files.pdf_with_attachment, "active"),
    ("PDF with a packed bomb", files.pdf_with_packed_bomb, "bomb"),
    ("PDF and ZIP", lambda: files.pdf() + files.zip_of(), "polyglot"),
    ("PNG and ZIP", lambda: files.png() + files.zip_of(), "polyglot"),
    ("JPG and ZIP", lambda: files.jpg() + files.zip_of(), "polyglot"),
    ("half a PNG", lambda: files.png()[:-20], "damaged"),
    ("half a JPG", lambda: files.jpg()[:300], "damaged"),
    ("JPG without end", lambda: files.jpg()[:-2], "damaged"),
    ("huge PNG", lambda: files.png(60_000, 60_000), "pixels"),
    ("empty PNG", lambda: files.png(0, 5), "damaged"),
    ("docm as docx", files.docm, "macros"),
    ("macros unsaid", files.docx_with_hidden_macros, "macros"),
    ("template from afar", files.docx_with_template_from_afar, "active"),
    (
        "OLE object",
        lambda: files.docx_with_embedded("oleObject1.bin", b"\xd0\xcf\x11\xe0", "application/octet-stream"),
        "active",
    ),
    ("program inside", lambda: files.package(files.docx_parts() | {"word/media/image1.png": files.exe()}), "active"),
    ("archive inside", lambda: files.package(files.docx_parts() | {"word/media/a.png": files.zip_of()}), "active"),
    ("bomb in the chart's workbook", lambda: files.docx_with_embedded("a.xlsx", files.docx_bomb(), files.XLSX), "bomb"),
    (
        "macros in the chart's workbook",
        lambda: files.docx_with_embedded("a.xlsx", files.docm(), files.XLSX),
        "macros",
    ),
    (
        "document in document in document",
        lambda: files.docx_with_embedded(
            "a.docx", files.docx_with_embedded("b.docx", files.docx(), files.DOCX), files.DOCX
        ),
        "active",
    ),
    ("zip bomb", files.docx_bomb, "bomb"),
    ("lies about sizes", files.docx_that_lies_about_sizes, "damaged"),
    ("overlapping entries", files.docx_with_overlap, "bomb"),
    ("too many entries", files.docx_with_many_entries, "bomb"),
    ("cut docx", lambda: files.docx()[:-30], "damaged"),
    ("docx with something behind", lambda: files.docx() + b"x" * 50, "damaged"),
    ("entities", lambda: files.package(files.docx_parts() | {"word/x.xml": b'<!DOCTYPE a []><a/>'}), "damaged"),
    ("entry that leads out", lambda: files.package(files.docx_parts() | {"../../etc/passwd": b"x"}), "damaged"),
    ("powerpoint", lambda: files.package(files.docx_parts(kind="application/vnd.ms-powerpoint")), "not_office"),
    ("opendocument", lambda: files.package({"mimetype": "application/vnd.oasis.opendocument.text"}), "not_office"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "reason"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_refuses(tmp_path: Path, make: Callable[[], bytes], reason: str) -> None:
    assert refusal(tmp_path, make()).reason == reason


def test_refuses_an_encrypted_entry(tmp_path: Path) -> None:
    data = bytearray(files.docx())
    for signature, flag_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            struct.pack_into("<H", data, place + flag_at, data[place + flag_at] | 1)
            place = data.find(signature, place + 4)
    assert refusal(tmp_path, bytes(data)).reason == "encrypted"


def test_a_directory_is_measured_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory over the limit must not reach zipfile, which would hold it in memory."""

    def fail(*_args: object) -> None:
        raise AssertionError("zipfile was given the file")

    data = files.docx_with_many_entries()
    monkeypatch.setattr(ooxml.zipfile, "ZipFile", fail)
    assert refusal(tmp_path, data).reason == "bomb"


def test_a_name_across_two_pieces_is_found(tmp_path: Path) -> None:
    """An action that lies on the border of two pieces of the reading."""
    from evidence import pdf

    whole = files.pdf_with_script()
    place = whole.find(b"/JavaScript")
    for shift in (-5, 0, 3):
        padding = b"%" + b" " * (pdf.CHUNK - place + shift - 2) + b"\n"
        data = whole.replace(b"%PDF-1.7\n", b"%PDF-1.7\n" + padding)
        start = data.rfind(b"startxref\n") + 10
        old = data[start : data.find(b"\n", start)]
        data = data[:start] + str(int(old) + len(padding)).encode() + data[start + len(old) :]
        assert refusal(tmp_path, data).reason == "active"


def test_office_text_is_read_for_the_stamp(tmp_path: Path) -> None:
    assert "TỐI MẬT" in inspect(tmp_path, files.docx("Sở mẫu\nTỐI MẬT")).text.split("\n")
