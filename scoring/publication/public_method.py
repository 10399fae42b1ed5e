"""The method page: the locked criteria set of a published block and year, and how its ranking was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from parindex.ui.formats import format_percent, format_points
from scoring.criteria.models import Criterion
from scoring.criteria.settings_words import grade_in_words, ties_in_words
from scoring.criteria.wording import rule_in_words
from scoring.publication.editions import Edition
from scoring.publication.parts import YearPart, parts_of
from scoring.ranking.models import NodeRow

__all__ = ["MethodNode", "MethodPage", "method_page", "settings_in_words"]


@dataclass(frozen=True, slots=True)
class MethodNode:
    """A node of the set as the public reads it; the parts on scoring are empty above the leaves."""

    level: int
    code: str
    title: str
    max_points: Decimal
    cap: Decimal | None
    role: str
    is_leaf: bool
    rule: str
    official: str
    guidance: str
    evidence: str
    appraiser: str
    method: str
    not_applicable_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MethodPage:
    """The set of one block and year: title, decision, nodes depth first, settings in words."""

    edition: Edition
    title: str
    version: int
    official: bool
    decision_number: str
    decision_date: date | None
    decision_issuer: str
    total: Decimal
    nodes: list[MethodNode]
    settings: list[tuple[str, str]]
    grades: list[tuple[str, str]]
    profiles: list[str]
    part: YearPart | None = None  # in a year of several sets: what this one is for
    effective_from: date | None = None
    further: tuple[MethodPage, ...] = ()  # the pages of the other sets

    @property
    def sets(self) -> tuple[MethodPage, ...]:
        """Every set of the year, this one first."""
        return (self, *self.further)

    @property
    def leaves(self) -> int:
        return sum(1 for node in self.nodes if node.is_leaf)


def method_page(edition: Edition) -> MethodPage | None:
    """The set that the edition's run was computed with; in a year of several, all of them. Two queries."""
    parts = {part.set_id: part for part in parts_of(edition)}
    if parts:
        used = Criterion.objects.filter(criteria_set__public_id__in=parts)
    else:
        rows = NodeRow.objects.filter(run=edition.run_id).values("criterion__criteria_set")[:1]
        used = Criterion.objects.filter(criteria_set__in=rows)
    by_set: dict[str, list[Criterion]] = {set_id: [] for set_id in parts}
    for node in used.select_related("criteria_set", "appraiser").order_by("order"):
        by_set.setdefault(str(node.criteria_set.public_id), []).append(node)
    pages = [_page(edition, nodes, parts.get(set_id)) for set_id, nodes in by_set.items() if nodes]
    return replace(pages[0], further=tuple(pages[1:])) if pages else None


def _page(edition: Edition, nodes: Sequence[Criterion], part: YearPart | None) -> MethodPage:
    criteria_set = nodes[0].criteria_set
    profiles: Mapping[str, str] = criteria_set.profiles
    return MethodPage(
        edition=edition,
        title=criteria_set.title,
        version=criteria_set.version,
        official=criteria_set.official,
        decision_number=criteria_set.decision_number,
        decision_date=criteria_set.decision_date,
        decision_issuer=criteria_set.decision_issuer,
        effective_from=criteria_set.effective_from,
        total=criteria_set.total,
        nodes=[_node(node, profiles) for node in nodes],
        settings=[
            *settings_in_words(edition.settings, criteria_set.bonus_cap, criteria_set.penalty_cap),
            *_ties(edition.settings, nodes),
        ],
        grades=_grades(edition.settings, nodes),
        profiles=list(profiles.values()),
        part=part,
    )


def settings_in_words(
    settings: Mapping[str, Any], bonus_cap: Decimal = Decimal(0), penalty_cap: Decimal = Decimal(0)
) -> list[tuple[str, str]]:
    """How a run rounds, ranks and breaks ties: (what, how). Source: the run's own frozen settings."""
    digits = int(settings.get("digits", 2))
    rounding = (
        _("cut off after %(digits)s decimals")
        if settings.get("rounding") == "down"
        else _("rounded half up to %(digits)s decimals")
    ) % {"digits": digits}
    rank_on = (
        _("by the exact index, before rounding")
        if settings.get("rank_on") == "exact"
        else _("by the index as printed: agencies with the same printed index share a rank")
    )
    ties = (
        _("the next rank follows without a gap (1, 2, 2, 3)")
        if settings.get("ties") == "dense"
        else _("the next rank counts everyone above it (1, 2, 2, 4)")
    )
    told = [
        (_("Index"), _("points achieved / maximum that applies to the agency × 100")),
        (_("Rounding of the index"), rounding),
        (_("Ranking"), rank_on),
        (_("Shared ranks"), ties),
    ]
    told += _parts_in_words(settings)
    if bonus_cap or penalty_cap:
        told.append(
            (
                _("Bonus and penalty"),
                _("at most %(bonus)s points added and %(penalty)s points taken away, outside the criteria")
                % {"bonus": format_points(bonus_cap), "penalty": format_points(penalty_cap)},
            )
        )
    if settings.get("clamp", True) and (bonus_cap or penalty_cap):
        told.append((_("Bounds of the index"), _("never below 0 % and never above 100 %")))
    return told


def _ties(settings: Mapping[str, Any], nodes: Sequence[Criterion]) -> list[tuple[str, str]]:
    """What tells agencies with the same index apart, in turn."""
    names = settings.get("tie_breakers") or ()
    if not names:
        return []
    chain = "; ".join(ties_in_words(names, {node.code: node.title for node in nodes}))
    return [(_("Equal index"), _("told apart by, in turn: %(chain)s") % {"chain": chain})]


def _grades(settings: Mapping[str, Any], nodes: Sequence[Criterion]) -> list[tuple[str, str]]:
    """(grade, what it takes): its band, the gates of areas, counts and facts, its quota."""
    titles = {node.code: node.title for node in nodes}
    return [(str(grade["label"]), grade_in_words(grade, titles)) for grade in settings.get("grades", [])]


def _parts_in_words(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How a year of several sets is put together; nothing for a year of one."""
    parts = settings.get("parts")
    if not parts:
        return []
    named = "; ".join(
        f"{part['period']}: {format_percent(Decimal(part['weight']), None)} ({part['title']})"
        for part in parts
    )
    return [
        (
            _("Two sets in one year"),
            _(
                "the weighted mean of the exact indexes of the parts – %(parts)s; an agency with one part alone counts"
                " by that one"
            )
            % {"parts": named},
        )
    ]


def _node(node: Criterion, profiles: Mapping[str, str]) -> MethodNode:
    return MethodNode(
        level=node.level,
        code=node.code,
        title=node.title,
        max_points=node.max_points,
        cap=node.cap,
        role=node.role,
        is_leaf=node.is_leaf,
        rule=rule_in_words(node),
        official=node.rule_text,
        guidance=node.guidance,
        evidence=node.evidence,
        appraiser=str(node.appraiser) if node.appraiser else "",
        method=str(node.get_method_display()) if node.method else "",
        not_applicable_for=tuple(profiles.get(key, key) for key in node.not_applicable_for),
    )
