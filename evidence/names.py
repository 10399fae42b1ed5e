"""Names of uploaded files as people may see them: nothing in them can lead elsewhere or read backwards."""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 180
_SPACES = re.compile(r"\s+")
_NOT_IN_NAMES = re.compile(r'[<>:"|?*]')


def clean_name(name: str, extensions: tuple[str, ...]) -> str:
    """The display name of a file: NFC, no path, no control or direction characters, at most 180 characters.

    ``extensions`` are those of the kind that the file's structure shows, the usual one first; a name that
    ends otherwise gets the usual one ("setup.exe", which is a PDF, becomes "setup.exe.pdf").
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    text = re.split(r"[/\\]", text)[-1]
    text = "".join(" " if ch in "\t\r\n" else ch for ch in text if ch in "\t\r\n" or _is_shown(ch))
    text = _SPACES.sub(" ", _NOT_IN_NAMES.sub("_", text)).strip(" .")
    stem, dot, extension = text.rpartition(".")
    if not dot or extension.casefold() not in extensions:
        stem, extension = text, extensions[0]
    return f"{_cut(stem.strip(' .') or 'tai-lieu', MAX_LENGTH - 1 - len(extension))}.{extension}"


def _is_shown(character: str) -> bool:
    """Letters, marks, figures, signs and plain blanks; not control, format, surrogate or private characters."""
    category = unicodedata.category(character)
    return category[0] not in "CZ" or category == "Zs"


def _cut(text: str, length: int) -> str:
    """At most that many characters, without tearing a mark from its letter."""
    if len(text) <= length:
        return text
    while length > 0 and unicodedata.combining(text[length]):
        length -= 1
    return text[:length].rstrip(" .")
