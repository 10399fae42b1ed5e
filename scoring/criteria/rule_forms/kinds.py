"""The kinds of rule as a person chooses among them: a name, a sentence, and an example as decrees have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

__all__ = ["KINDS", "KIND_CHOICES", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rule, in words."""

    key: str
    name: Any
    sentence: Any
    example: Any


KINDS: tuple[Kind, ...] = (
    Kind(
        "boolean",
        _("Met or not met"),
        _("Points where it is met, others where it is not."),
        _("Plan issued in time: 1 point; not: 0."),
    ),
    Kind(
        "choice",
        _("One of several options"),
        _("The option that holds gives its points; an option may be a range within which points are chosen."),
        _("In time 0.5; late 0.25; not issued 0."),
    ),
    Kind(
        "checklist",
        _("List of requirements"),
        _("All of them are needed for the points, or each adds its own."),
        _("Five contents of the report, each 0.2 points."),
    ),
    Kind(
        "tiers",
        _("Bands of a value"),
        _(
            "The band that holds a percentage, a count, a number of days or of missing parts gives the points."
        ),
        _("Above 90 %: 2 points; from 70 % to 90 %: 1; below 70 %: 0."),
    ),
    Kind(
        "proportion",
        _("Share of the whole"),
        _("A share of the points by numerator and denominator, full from a target on, 0 below a floor."),
        _("Files settled in time / files settled × 4 points."),
    ),
    Kind(
        "count",
        _("Count up to a limit"),
        _("So many points for each, up to a limit."),
        _("Each initiative 0.5, at most 1."),
    ),
    Kind(
        "deduction",
        _("Deduction"),
        _("Starts with points and loses some for each fault, down to a floor."),
        _("Starts at 2; each late report takes away 0.5."),
    ),
    Kind(
        "survey",
        _("Sociological survey"),
        _("Answers of a survey by their weights, or its mean; imported, never self-scored."),
        _("A 100 %, B 60 %, C 20 %, D 0 %, out of 3 points."),
    ),
    Kind(
        "external_index",
        _("Another index"),
        _("By the value of another index, by the place in it, or by the places won; never self-scored."),
        _("SIPAS at 91.17 per cent, 10 points: 9.117."),
    ),
    Kind(
        "ratio_to_best",
        _("Against the best"),
        _("The value over the best value of the block; settled by the ranking."),
        _("Initiatives per employee / the best of the block × 2."),
    ),
    Kind(
        "target_and_leader",
        _("Target, then the leader"),
        _(
            "A share of the points at the target, the rest by the excess over it against the best of the block."
        ),
        _("80 per cent earns half; the rest goes by the excess."),
    ),
    Kind(
        "sum_of",
        _("Sum of parts"),
        _("Several rules whose points are added, up to a limit where there is one."),
        _("Issued in time 0.5, and share of tasks done × 1.5."),
    ),
    Kind(
        "best_of",
        _("Best of parts"),
        _("Several rules of which the one with the most points counts."),
        _("By the rate or by the number of files, whichever is better."),
    ),
    Kind(
        "formula",
        _("Formula"),
        _("Points computed from named figures, held between 0 and the maximum."),
        _("(a × 1 + b × 0.5) / c × 2"),
    ),
    Kind(
        "manual",
        _("Points by the scorer"),
        _("The scorer types the points, within the maximum and in steps where they are set."),
        _("From 0 to 2, in steps of 0.25."),
    ),
)
KIND_CHOICES: list[tuple[str, Any]] = [(kind.key, kind.name) for kind in KINDS]
