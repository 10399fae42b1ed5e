"""Find the block or agency that a file names: by slug, else by folded name.

Case, accents, đ and punctuation do not count: "Sở, ban, ngành" = "sở ban ngành" = "so-ban-nganh".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

from agencies.models import Agency, Block
from parindex.ui.collation import fold

N = TypeVar("N", Agency, Block)


class Names(Generic[N]):
    """Rows by their slugs and folded names. A name that two rows share finds neither: ``ambiguous`` says so."""

    def __init__(self, rows: Iterable[N]) -> None:
        self._by_slug: dict[str, N] = {}
        self._by_name: dict[str, list[N]] = defaultdict(list)
        for row in rows:
            self._by_slug[row.slug] = row
            for name in {fold(row.name), fold(getattr(row, "short_name", "")), fold(row.slug)} - {""}:
                self._by_name[name].append(row)

    def find(self, text: str) -> N | None:
        """The one row of this slug or name, or None."""
        text = text.strip()
        if (exact := self._by_slug.get(text)) is not None:
            return exact
        found = self._by_name.get(fold(text), [])
        return found[0] if len(found) == 1 else None

    def ambiguous(self, text: str) -> bool:
        """Whether more than one row bears the name."""
        return text.strip() not in self._by_slug and len(self._by_name.get(fold(text), [])) > 1


def block_names() -> Names[Block]:
    """All blocks. One query."""
    return Names(Block.objects.all())


def agency_names() -> Names[Agency]:
    """All agencies. One query."""
    return Names(Agency.objects.all())
