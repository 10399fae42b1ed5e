"""A set as lines to show: the same for a stored set and for a file that is being rehearsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from agencies.models import Agency
from scoring.criteria.fileformat import SetFile
from scoring.criteria.models import Method
from scoring.criteria.queries import SetTree
from scoring.criteria.wording import rule_data_in_words


@dataclass(frozen=True, slots=True)
class Line:
    """One node to read. ``parts`` is the sum of its parts (points), None for a leaf."""

    code: str
    title: str
    level: int
    max_points: Decimal
    parts: Decimal | None
    method: str = ""
    words: str = ""
    rule_text: str = ""
    guidance: str = ""
    evidence: str = ""
    appraiser: str = ""
    profiles: tuple[str, ...] = ()
    na_request: bool = True

    @property
    def is_leaf(self) -> bool:
        return self.parts is None

    @property
    def adds_up(self) -> bool:
        return self.parts is None or self.parts == self.max_points

    @property
    def method_label(self) -> str:
        return str(Method(self.method).label) if self.method else ""

    @property
    def is_self_scored(self) -> bool:
        return self.method == Method.APPRAISAL


@dataclass(frozen=True, slots=True)
class Area:
    """An area with the lines beneath it. An area that is itself a leaf is its own one line."""

    head: Line
    lines: list[Line] = field(default_factory=list)
    leaves: int = 0

    @property
    def anchor(self) -> str:
        return "area-" + "".join(mark if mark.isalnum() else "-" for mark in self.head.code)


def areas_of_set(tree: SetTree, appraisers: Mapping[int, Agency], profiles: Mapping[str, str]) -> list[Area]:
    """A stored set. ``profiles``: key → meaning."""
    sums: dict[int | None, Decimal] = {}
    for node in tree.nodes:
        sums[node.parent_id] = sums.get(node.parent_id, Decimal(0)) + node.max_points
    return _areas(
        Line(
            code=node.code,
            title=node.title,
            level=node.level,
            max_points=node.max_points,
            parts=None if node.rule is not None else sums.get(node.id, Decimal(0)),
            method=node.method,
            words=rule_data_in_words(node.rule.data, node.max_points) if node.rule else "",
            rule_text=node.rule_text,
            guidance=node.guidance,
            evidence=node.evidence,
            appraiser=str(appraisers.get(node.appraiser_id, "")) if node.appraiser_id else "",
            profiles=tuple(profiles.get(key, key) for key in node.not_applicable_for),
            na_request=node.na_request,
        )
        for node in tree.nodes
    )


def areas_of_file(file: SetFile, appraisers: Mapping[int, Agency]) -> list[Area]:
    """A file that is not stored yet; ``appraisers`` by position of the leaf."""
    sums: dict[int | None, Decimal] = {}
    for node in file.nodes:
        sums[node.parent] = sums.get(node.parent, Decimal(0)) + node.max_points
    return _areas(
        Line(
            code=node.code,
            title=node.title,
            level=node.level,
            max_points=node.max_points,
            parts=None if node.rule is not None else sums.get(node.position, Decimal(0)),
            method=node.method if node.rule is not None else "",
            words=rule_data_in_words(node.rule.data, node.max_points) if node.rule else "",
            rule_text=node.rule_text,
            guidance=node.guidance,
            evidence=node.evidence,
            appraiser=str(appraisers.get(node.position, "")) or node.appraiser,
            profiles=tuple(file.profiles.get(key, key) for key in node.not_applicable_for),
            na_request=node.na_request,
        )
        for node in file.nodes
    )


def _areas(lines: Iterable[Line]) -> list[Area]:
    areas: list[Area] = []
    for line in lines:
        if line.level == 1:
            areas.append(Area(line, [line] if line.is_leaf else [], int(line.is_leaf)))
            continue
        last = areas[-1]
        areas[-1] = Area(last.head, [*last.lines, line], last.leaves + line.is_leaf)
    return areas
