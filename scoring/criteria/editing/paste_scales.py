"""Rows beneath a criterion that say how it is scored, told from rows that are parts of it. Pure.

A decree often prints the scale as rows without a number: "Kịp thời: 0,5", "Không kịp thời: 0,25", "Không ban
hành: 0". Such rows make no criteria: they are the official wording of the rule of the criterion above.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["BULLETS", "Line", "paragraphs", "without_scales"]

BULLETS = frozenset({"", "-", "+", "–", "—", "•", "*", "·"})
_SCALED = re.compile(r".*[:=]\s*\d+(?:[.,]\d+)?\s*(?:đ|điểm)?\s*[.;,]?|(?:điểm|nếu|mỗi)\b.*", re.IGNORECASE)

Points = Callable[[str], Decimal | None]


@dataclass(slots=True)
class Line:
    """A row by what its cells hold: code, title, points, rule_text, guidance, evidence, appraiser."""

    number: int
    cells: dict[str, str]

    @property
    def mark(self) -> str | None:
        """The bullet that stands for a code; None where there is a code."""
        code = self.cells["code"].strip()
        return code if code in BULLETS else None


def without_scales(lines: list[Line], points: Points) -> list[Line]:
    """The lines without those that only say how the line above is scored; their words stand with that line."""
    out: list[Line] = []
    at = 0
    while at < len(lines):
        head = lines[at] if lines[at].mark is None else None
        begin = at + (head is not None)
        end = begin
        while end < len(lines) and lines[end].mark is not None:
            end += 1
        if head is not None:
            out.append(head)
        out += _kept(head, lines[begin:end], points)
        at = end
    return out


def paragraphs(title: str) -> tuple[str, str]:
    """(title, wording) of a cell of several paragraphs: from the first paragraph that names points on, wording."""
    parts = [part.strip() for part in title.split("\n") if part.strip()]
    scaled = next((at for at, part in enumerate(parts) if at and _SCALED.fullmatch(part)), len(parts))
    return " ".join(parts[:scaled]), "\n".join(parts[scaled:])


def _kept(head: Line | None, run: list[Line], points: Points) -> list[Line]:
    """A run of lines without codes: those that make nodes. The wording among them is written to its line."""
    if not run:
        return []
    groups: list[list[Line]] = []
    for line in run:
        if not groups or line.mark == run[0].mark:
            groups.append([line])
        else:
            groups[-1].append(line)
    below = [_kept(group[0], group[1:], points) for group in groups]
    firsts = [group[0] for group in groups]
    if head is not None and not any(below) and _is_scale(head, firsts, points):
        head.cells["rule_text"] = "\n".join(filter(None, [head.cells["rule_text"], *map(_words, firsts)]))
        return []
    return [line for first, rest in zip(firsts, below, strict=True) for line in (first, *rest)]


def _is_scale(head: Line, steps: list[Line], points: Points) -> bool:
    """Whether the steps say how the head is scored. Parts add up to it; a scale reaches it, and mostly goes to 0."""
    most = points(head.cells["points"])
    if most is None:
        return False
    found = [points(step.cells["points"]) for step in steps]
    figures = [figure for figure in found if figure is not None]
    if len(figures) < len(found) or min(figures) == 0:
        # a figure that is none, such as "năm", is a fault to be told, not wording
        return all(
            figure is not None or not step.cells["points"] for figure, step in zip(found, steps, strict=True)
        )
    return len(figures) > 1 and sum(figures) != most and max(figures) == most


def _words(step: Line) -> str:
    title, figure = step.cells["title"].strip(), step.cells["points"].strip()
    more = step.cells["rule_text"].strip()
    words = f"{title.rstrip(':').rstrip()}: {figure}" if figure else title
    return "\n".join(filter(None, [words, more]))
