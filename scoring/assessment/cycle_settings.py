"""The settings of a cycle: one validated object (data-model: digits, rounding, ties, grades, depth, substitutes).

Stored as plain JSON on the cycle; what is left out takes its default, so the file of a past year is read by
the same parser. Grades may differ by block; substitutes appraise in the place of an agency on its own sheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy, gettext_noop

from scoring.engine import GradeBand, Problem, RankingSettings, SettingsErrors, index_of

__all__ = ["DEPTHS", "ROUNDINGS", "CycleSettings"]

#: How deep the public sees a cycle's figures.
DEPTHS = {
    "area": gettext_lazy("areas"),
    "criterion": gettext_lazy("areas and criteria"),
    "leaf": gettext_lazy("everything, down to the sub-criteria"),
}
ROUNDINGS = {"half_up": gettext_lazy("half up"), "down": gettext_lazy("cut off")}
RANK_ON = {"printed": gettext_lazy("the printed index"), "exact": gettext_lazy("the exact index")}
TIES = {"competition": gettext_lazy("1, 2, 2, 4"), "dense": gettext_lazy("1, 2, 2, 3")}

_OWN_KEYS = ("grades_by_block", "ranking_by_block", "clamp", "depth", "substitutes", "default_substitute")
_OBJECT = gettext_noop("An object with named parameters is expected here.")
_TEXT = gettext_noop("A text is expected here.")
_FLAG = gettext_noop("true or false is expected here.")
_ONE_OF = gettext_noop("“%(value)s” is not one of: %(allowed)s.")
_SELF = gettext_noop("An agency cannot be its own substitute.")


@dataclass(frozen=True, slots=True)
class CycleSettings:
    """Checked settings of a cycle. ``ranking`` holds the grades of blocks that have none of their own.

    ``ranking_by_block`` holds the whole settings of blocks that were published under settings of their own (past
    years: the decision of each block says how it was rounded).
    ``substitutes``: slug of an appraiser → slug of the agency that appraises its sheet in its place;
    ``default_substitute`` stands in for every appraiser that is not named there.
    """

    ranking: RankingSettings = field(default_factory=RankingSettings)
    grades_by_block: Mapping[str, tuple[GradeBand, ...]] = field(default_factory=dict)
    ranking_by_block: Mapping[str, RankingSettings] = field(default_factory=dict)
    clamp: bool = True
    depth: str = "area"
    substitutes: Mapping[str, str] = field(default_factory=dict)
    default_substitute: str = ""
    #: Gaps between grades: allowed, to be shown.
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @classmethod
    def parse(cls, data: Mapping[str, Any] | None) -> CycleSettings:
        """Check settings (plain JSON). Raises engine.SettingsErrors with every fault and its place."""
        data = {} if data is None else data
        faults: list[Problem] = []
        warnings: list[Problem] = []
        ranking = RankingSettings()
        if isinstance(data, Mapping):
            ranking = _ranking(
                {key: value for key, value in data.items() if key not in _OWN_KEYS}, faults, warnings
            )
        else:
            faults.append(Problem("", "not_object", _OBJECT))
            data = {}
        settings = cls(
            ranking=ranking,
            grades_by_block=_grades_by_block(data.get("grades_by_block"), faults, warnings),
            ranking_by_block=_ranking_by_block(data.get("ranking_by_block"), faults, warnings),
            clamp=_flag(data.get("clamp", True), faults),
            depth=_depth(data.get("depth", "area"), faults),
            substitutes=_substitutes(data.get("substitutes"), faults),
            default_substitute=_text(data.get("default_substitute", ""), "default_substitute", faults),
            warnings=tuple(warnings),
        )
        if faults:
            raise SettingsErrors(faults)
        return settings

    def as_dict(self) -> dict[str, Any]:
        """All settings as plain JSON; ``parse`` reads it to the same."""
        return self.ranking.as_dict() | {
            "grades_by_block": {
                slug: [dict(grade.data) for grade in grades] for slug, grades in self.grades_by_block.items()
            },
            "ranking_by_block": {slug: own.as_dict() for slug, own in self.ranking_by_block.items()},
            "clamp": self.clamp,
            "depth": self.depth,
            "substitutes": dict(self.substitutes),
            "default_substitute": self.default_substitute,
        }

    def ranking_for(self, block_slug: str) -> RankingSettings:
        """The ranking settings in force for a block: its own, else the cycle's with its own grades."""
        if block_slug in self.ranking_by_block:
            return self.ranking_by_block[block_slug]
        own = self.grades_by_block.get(block_slug)
        return self.ranking if own is None else replace(self.ranking, grades=own)

    def printed_index(self, block_slug: str, points: Decimal, maximum: Decimal) -> Decimal | None:
        """The index in percent as a ranking of the block prints it: rounded once, by its digits and mode."""
        exact = index_of(points, maximum, clamp=self.clamp)
        return None if exact is None else self.ranking_for(block_slug).printed(exact)

    def with_ranking(self, block_slug: str, ranking: RankingSettings) -> CycleSettings:
        """The same settings, with these for one block."""
        return replace(self, ranking_by_block={**self.ranking_by_block, block_slug: ranking})

    def substitute_for(self, slug: str) -> str:
        """Who appraises the sheet of this agency in its own place; empty when nobody is named."""
        found = self.substitutes.get(slug, self.default_substitute)
        return "" if found == slug else found


def _ranking(
    data: Mapping[str, Any], faults: list[Problem], warnings: list[Problem], prefix: str = ""
) -> RankingSettings:
    try:
        ranking = RankingSettings.parse(data)
    except SettingsErrors as error:
        faults += [_moved(problem, prefix) for problem in error.problems]
        return RankingSettings()
    warnings += [_moved(problem, prefix) for problem in ranking.warnings]
    return ranking


def _moved(problem: Problem, prefix: str) -> Problem:
    """The same problem with the place of a block's settings; ``prefix`` that ends in "." is put before the path."""
    if not prefix:
        return problem
    path = problem.path if prefix.endswith(".") else problem.path.removeprefix("grades")
    return Problem(prefix + path, problem.code, problem.message, problem.params)


def _grades_by_block(
    value: object, faults: list[Problem], warnings: list[Problem]
) -> dict[str, tuple[GradeBand, ...]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        faults.append(Problem("grades_by_block", "not_object", _OBJECT))
        return {}
    return {
        str(slug): _ranking({"grades": grades}, faults, warnings, f"grades_by_block.{slug}").grades
        for slug, grades in value.items()
    }


def _ranking_by_block(
    value: object, faults: list[Problem], warnings: list[Problem]
) -> dict[str, RankingSettings]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        faults.append(Problem("ranking_by_block", "not_object", _OBJECT))
        return {}
    return {
        str(slug): _ranking(
            own if isinstance(own, Mapping) else {}, faults, warnings, f"ranking_by_block.{slug}."
        )
        for slug, own in value.items()
    }


def _substitutes(value: object, faults: list[Problem]) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        faults.append(Problem("substitutes", "not_object", _OBJECT))
        return {}
    found: dict[str, str] = {}
    for whose, by in value.items():
        place = f"substitutes.{whose}"
        name = _text(by, place, faults)
        if name and name == whose:
            faults.append(Problem(place, "self", _SELF))
        elif name:
            found[str(whose)] = name
    return found


def _flag(value: object, faults: list[Problem]) -> bool:
    if not isinstance(value, bool):
        faults.append(Problem("clamp", "not_boolean", _FLAG))
        return True
    return value


def _depth(value: object, faults: list[Problem]) -> str:
    if not isinstance(value, str) or value not in DEPTHS:
        params: dict[str, object] = {"value": str(value)[:60], "allowed": ", ".join(DEPTHS)}
        faults.append(Problem("depth", "not_one_of", _ONE_OF, params))
        return "area"
    return value


def _text(value: object, place: str, faults: list[Problem]) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 120:
        faults.append(Problem(place, "not_text", _TEXT))
        return ""
    return value.strip()
