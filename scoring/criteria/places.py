"""Where a carrier other than JSON keeps what stands at a place of the plain values. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.criteria.json_source import Finding

_NODE_IN_TEXT = re.compile(r"areas\[\d+\](?:\.children\[\d+\])*")
#: Place in the plain values → place in the carrier: ``areas[0].max`` → ``Bộ tiêu chí!D7``.
Places = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowReport:
    """One row of a table in a rehearsal: ``outcome`` is node, skipped or error."""

    row: int
    outcome: str
    code: str = ""
    text: str = ""


def located(finding: Finding, places: Places) -> Finding:
    """The finding at its place in the carrier: the nearest place above that the carrier knows."""
    if not places:
        return finding
    at = finding.place
    while at and at not in places:
        at = at[: max(at.rfind("."), at.rfind("["), 0)]
    message = _NODE_IN_TEXT.sub(lambda found: places.get(found.group(), found.group()), finding.message)
    return Finding(places.get(at, finding.place), message, finding.code)
