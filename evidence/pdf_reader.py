"""A process of its own that opens one PDF with pdfium and prints what it says, as JSON.

`python -m evidence.pdf_reader FILE`. It imports nothing of the portal, has no environment, and limits itself
before it opens the file: a hostile PDF costs this process, not the portal.
"""

from __future__ import annotations

import json
import sys

PAGES = 3
CHARACTERS = 12_000
SECONDS = 15
MEMORY = 1024 * 1024 * 1024


def limit() -> None:
    """No more than some seconds, a gigabyte, and not a byte written to any file."""
    try:
        import resource
    except ImportError:  # not a Unix
        return
    for what, most in (
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def read(path: str) -> dict[str, object]:
    """The text of the first pages, and how many scripts and attachments there are."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    limit()
    try:
        document = pdfium.PdfDocument(path)
        pages = len(document)
    except pdfium.PdfiumError as error:
        return {"error": "password" if "password" in str(error).lower() else "damaged"}
    if not pages:
        return {"error": "damaged"}
    texts: list[str] = []
    for number in range(min(pages, PAGES)):
        try:
            texts.append(document[number].get_textpage().get_text_range()[:CHARACTERS])
        except pdfium.PdfiumError:
            texts.append("")
    return {
        "pages": pages,
        "scripts": raw.FPDFDoc_GetJavaScriptActionCount(document),
        "attachments": raw.FPDFDoc_GetAttachmentCount(document),
        "text": "\n".join(texts)[:CHARACTERS],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(sys.argv[1])))
