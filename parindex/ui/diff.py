"""Two texts side by side, word by word, for a save that met somebody else's save."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Literal

_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text: in both ("same"), only in the first ("gone") or only in the second ("new")."""

    kind: Literal["same", "gone", "new"]
    text: str


def words(old: str, new: str) -> list[Piece]:
    """The runs that lead from `old` to `new`; joined without "new" they give `old`, without "gone" `new`."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    pieces: list[Piece] = []
    for operation, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
            continue
        if b > a:
            pieces.append(Piece("gone", "".join(before[a:b])))
        if d > c:
            pieces.append(Piece("new", "".join(after[c:d])))
    return pieces
