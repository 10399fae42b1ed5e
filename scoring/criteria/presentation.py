"""A set as lines to show: the same for a stored set and for a file that is being rehearsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from agencies.models import Agency
from scoring.criteria.case_check import StoredLike
from scoring.criteria.case_words import CaseLine, case_lines_of
from scoring.criteria.fileformat import SetFile
from scoring.criteria.models import Method
from scoring.criteria.queries import SetTree
from scoring.criteria.sums import counted, parts_of
from scoring.criteria.wording import rule_data_in_words


@dataclass(frozen=True, slots=True)
class Line:
    """One node to read. ``parts`` is the plain sum of its parts (points), None for a leaf."""

    code: str
    title: str
    level: int
    max_points: Decimal
    parts: Decimal | None
    cap: Decimal | None = None
    role: str = ""
    method: str = ""
    words: str = ""
    rule_text: str = ""
    guidance: str = ""
    evidence: str = ""
    appraiser: str = ""
    profiles: tuple[str, ...] = ()
    na_request: bool = True
    cases: tuple[CaseLine, ...] = ()

    @property
    def is_leaf(self) -> bool:
        return self.parts is None

    @property
    def adds_up(self) -> bool:
        return self.parts is None or counted(self.parts, self.cap) == self.max_points

    @property
    def anchor(self) -> str:
        return "node-" + _slug(self.code)

    @property
    def failing(self) -> int:
        """How many of its stored cases do not pass."""
        return sum(not case.passes for case in self.cases)

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
        return "area-" + _slug(self.head.code)

    @property
    def all_lines(self) -> list[Line]:
        return [self.head, *(line for line in self.lines if line is not self.head)]


def _slug(code: str) -> str:
    return "".join(mark if mark.isalnum() else "-" for mark in code)


def areas_of_set(
    tree: SetTree,
    appraisers: Mapping[int, Agency],
    profiles: Mapping[str, str],
    cases: Mapping[int, Sequence[StoredLike]] | None = None,
) -> list[Area]:
    """A stored set. ``profiles``: key → meaning; ``cases``: stored cases by the id of the leaf."""
    sums = parts_of(node.summand for node in tree.nodes)
    return _areas(
        Line(
            code=node.code,
            title=node.title,
            level=node.level,
            max_points=node.max_points,
            parts=None if node.rule is not None else sums.get(node.id, Decimal(0)),
            cap=node.cap,
            role=node.role,
            method=node.method,
            words=rule_data_in_words(node.rule.data, node.max_points) if node.rule else "",
            rule_text=node.rule_text,
            guidance=node.guidance,
            evidence=node.evidence,
            appraiser=str(appraisers.get(node.appraiser_id, "")) if node.appraiser_id else "",
            profiles=tuple(profiles.get(key, key) for key in node.not_applicable_for),
            na_request=node.na_request,
            cases=case_lines_of(node, cases[node.id]) if cases and node.id in cases else (),
        )
        for node in tree.nodes
    )


def areas_of_file(file: SetFile, appraisers: Mapping[int, Agency]) -> list[Area]:
    """A file that is not stored yet; ``appraisers`` by position of the leaf."""
    sums = parts_of(node.summand for node in file.nodes)
    return _areas(
        Line(
            code=node.code,
            title=node.title,
            level=node.level,
            max_points=node.max_points,
            parts=None if node.rule is not None else sums.get(node.position, Decimal(0)),
            cap=node.cap,
            role=node.role,
            method=node.method if node.rule is not None else "",
            words=rule_data_in_words(node.rule.data, node.max_points) if node.rule else "",
            rule_text=node.rule_text,
            guidance=node.guidance,
            evidence=node.evidence,
            appraiser=str(appraisers.get(node.position, "")) or node.appraiser,
            profiles=tuple(file.profiles.get(key, key) for key in node.not_applicable_for),
            na_request=node.na_request,
            cases=case_lines_of(node, node.cases),
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
