"""Grades that are not a matter of points alone: gates, effects of answers, quotas.

Grades stand from the best to the lowest. An agency takes the grade whose band holds its value; where a
gate of that grade is shut it falls to the next one whose gates are open; effects lower it further; at the
end each quota, from the best grade down, keeps the strongest and lets the others fall by one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TypeVar

from .bands import Band, gaps, overlaps, read_ends
from .numbers import EXACT, HUNDRED, ONE, ZERO
from .problems import Problem, gettext_noop
from .reading import Reader

K = TypeVar("K", bound=Hashable)

ENDS = ("gt", "ge", "lt", "le")
#: Why a grade is lower than the points alone would give (``Graded.reasons``).
REASONS: dict[str, str] = {
    "gate": gettext_noop("A further condition of the grade above is not met."),
    "not_top": gettext_noop("An answer excludes the highest grade."),
    "one_down": gettext_noop("An answer lowers the grade by one."),
    "lowest": gettext_noop("An answer means the lowest grade."),
    "quota": gettext_noop("The quota of the grade above is full."),
}
_ROUND = {"down": ROUND_DOWN, "half_up": ROUND_HALF_UP, "up": ROUND_CEILING}


@dataclass(frozen=True, slots=True)
class Gate:
    """What a grade also needs: an area's index, a count, or a fact."""

    area: str = ""
    count: str = ""
    fact: str = ""
    wanted: bool = True
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """At most ``pct`` of the base may hold the grade.

    The base is the agencies that have a place, or those whose grade before quotas is ``base``.
    """

    pct: Decimal
    base: str = ""
    rounding: str = "down"


@dataclass(frozen=True, slots=True)
class GradeBand:
    """A grade, the values that earn it, and what else it takes."""

    label: str
    band: Band
    data: dict[str, object]
    gates: tuple[Gate, ...] = ()
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What decides one agency's grade.

    ``value`` is the one that ranks it; ``chain`` breaks ties in a quota; ``areas`` are indices by code;
    ``counts`` and ``facts`` answer the gates, in each of ``counts_of_parts`` (parts of a year) as well; those in
    ``waived`` do not apply and keep no gate shut; ``effects`` come from answers (``Score.grade_effects``).
    """

    value: Decimal | None
    chain: tuple[Decimal | None, ...] = ()
    areas: Mapping[str, Decimal | None] = field(default_factory=dict)
    counts: Mapping[str, Decimal] = field(default_factory=dict)
    facts: Mapping[str, bool] = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    counts_of_parts: tuple[Mapping[str, Decimal], ...] = ()
    waived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade with the reasons why it is lower than the points alone would give."""

    label: str | None
    reasons: tuple[str, ...] = ()


def grade_of(value: Decimal | None, bands: Iterable[GradeBand]) -> str | None:
    """The label of the grade whose band holds the value; None where none does."""
    if value is None:
        return None
    return next((grade.label for grade in bands if grade.band.holds(value)), None)


def best_first(grades: Sequence[GradeBand]) -> list[GradeBand]:
    """The grades from the highest band to the lowest."""
    return sorted(
        grades,
        key=lambda one: (one.band.low is not None, one.band.low or ZERO, not one.band.low_closed),
        reverse=True,
    )


def assign_grades(candidates: Mapping[K, Candidate], grades: Sequence[GradeBand]) -> dict[K, Graded]:
    """The grade of every agency of a block. A fact or count that is not known leaves its gate shut."""
    ordered = best_first(grades)
    places: dict[K, int | None] = {}
    reasons: dict[K, list[str]] = {key: [] for key in candidates}
    for key, one in candidates.items():
        places[key] = _place(one, ordered, reasons[key])
    before = dict(places)
    for at, grade in enumerate(ordered):
        if grade.quota is not None:
            _fill(at, grade.quota, ordered, candidates, places, before, reasons)
    return {
        key: Graded(None if at is None else ordered[at].label, tuple(reasons[key]))
        for key, at in places.items()
    }


def _place(one: Candidate, ordered: list[GradeBand], reasons: list[str]) -> int | None:
    at = next(
        (n for n, grade in enumerate(ordered) if one.value is not None and grade.band.holds(one.value)), None
    )
    if at is None:
        return None
    last = len(ordered) - 1
    while at < last and not all(_open(gate, one) for gate in ordered[at].gates):
        reasons.append("gate")
        at += 1
    for effect in one.effects:
        lower = {"not_top": max(at, 1), "one_down": at + 1, "lowest": last}[effect]
        if min(lower, last) > at:
            reasons.append(effect)
            at = min(lower, last)
    return at


def _open(gate: Gate, one: Candidate) -> bool:
    if not gate.area and (gate.fact or gate.count) in one.waived:
        return True
    if gate.fact:
        return one.facts.get(gate.fact) is gate.wanted
    if gate.area:
        values = [one.areas.get(gate.area)]
    else:
        values = [told.get(gate.count) for told in (one.counts, *one.counts_of_parts)]
    known = [value for value in values if value is not None]
    return bool(known) and gate.band is not None and all(map(gate.band.holds, known))


def _fill(
    at: int,
    quota: Quota,
    ordered: list[GradeBand],
    candidates: Mapping[K, Candidate],
    places: dict[K, int | None],
    before: Mapping[K, int | None],
    reasons: dict[K, list[str]],
) -> None:
    """Keep the strongest. Equals at the edge of the quota fall together: it may not be exceeded."""
    if quota.base:
        base = sum(1 for n in before.values() if n is not None and ordered[n].label == quota.base)
    else:
        base = sum(1 for one in candidates.values() if one.value is not None)
    share = EXACT.divide(EXACT.multiply(Decimal(base), quota.pct), HUNDRED)
    room = int(share.quantize(ONE, rounding=_ROUND[quota.rounding], context=EXACT))
    holders = [key for key, place in places.items() if place == at]
    if len(holders) <= room or at == len(ordered) - 1:
        return

    def strength(key: K) -> tuple[tuple[bool, Decimal], ...]:
        one = candidates[key]
        return tuple((part is not None, part or ZERO) for part in (one.value, *one.chain))

    edge = sorted(map(strength, holders), reverse=True)[room]
    for key in holders:
        if strength(key) <= edge:
            places[key] = at + 1
            reasons[key].append("quota")


def read_grades(reader: Reader) -> tuple[tuple[GradeBand, ...], list[Problem]]:
    """``grades: [{label, gt|ge, lt|le, gates, quota}, …]``, and warnings of gaps between them."""
    before = len(reader.problems)
    grades: list[GradeBand] = []
    if reader.take("grades", required=False) == []:
        return (), []
    for number, inner in enumerate(reader.objects("grades", required=False, limit=20)):
        label = inner.text("label", limit=100)
        if label and any(label.casefold() == other.label.casefold() for other in grades):
            inner.wrong("label", "duplicate", label=label)
        if not any(inner.has(key) for key in ENDS):
            inner.wrong("", "one_of_needed", keys="ge, gt, le, lt")
        band = read_ends(inner, None, None, number=number)
        gates = tuple(_read_gate(gate) for gate in inner.objects("gates", required=False, limit=20))
        quota = _read_quota(inner) if inner.has("quota") else None
        grades.append(GradeBand(label, band, inner.out, gates, quota))
    labels = {grade.label for grade in grades}
    for number, grade in enumerate(grades):
        if grade.quota and grade.quota.base and grade.quota.base not in labels:
            reader.wrong(
                f"grades[{number}].quota.of",
                "not_one_of",
                value=grade.quota.base,
                allowed=", ".join(sorted(labels)),
            )
    warnings: list[Problem] = []
    if len(reader.problems) == before:
        bands = [grade.band for grade in grades]
        reader.problems += overlaps(bands, "grades")
        # nothing lies above the best grade or below 0: only gaps between and below are told
        warnings = gaps(bands, "grades", ZERO, None) if len(reader.problems) == before else []
        warnings = [one for one in warnings if one.code != "band_gap_above"]
    return tuple(grades), warnings


def _read_gate(reader: Reader) -> Gate:
    for other in ("count", "fact"):
        reader.only_one_of("area", other)
    reader.only_one_of("count", "fact")
    if reader.has("fact"):
        return Gate(fact=reader.text("fact"), wanted=reader.flag("is", default=True))
    if not any(reader.has(key) for key in ENDS):
        reader.wrong("", "one_of_needed", keys="ge, gt, le, lt")
    band = read_ends(reader, None, None)
    if reader.has("count"):
        return Gate(count=reader.text("count"), band=band)
    return Gate(area=reader.text("area", limit=60), band=band)


def _read_quota(reader: Reader) -> Quota:
    inner = reader.child(reader.take("quota", required=True), "quota")
    pct = inner.optional_number("pct", most=HUNDRED)
    if pct is None and not inner.has("pct") and inner.usable:
        inner.wrong("pct", "missing_key", key="pct")
    base = inner.text("of", required=False, limit=100)
    rounding = inner.one_of("rounding", tuple(_ROUND), default="down")
    inner.finish()
    reader.out["quota"] = inner.out
    return Quota(ZERO if pct is None else pct, base, rounding)
