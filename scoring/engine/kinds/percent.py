"""Kinds that turn a percentage into points: ``survey`` and ``external_index``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import HUNDRED, ONE, ZERO, plain, shown
from ..problems import gettext_noop
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, Step, register
from .measures import Place
from .tiers import Banded


def _percent_of(value: Decimal, factor: Decimal) -> tuple[Decimal, Step]:
    points = value * factor / HUNDRED
    return points, {
        "op": "percent_of",
        "value": shown(value),
        "factor": plain(factor),
        "points": shown(points),
    }


@register
@dataclass(frozen=True)
class Survey(Body):
    """Weighted mean of the answers in percent × factor / 100, or the mean itself."""

    kind: ClassVar[str] = "survey"
    factor: Decimal
    weights: tuple[tuple[str, Decimal], ...]
    label: str
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        factor = reader.points("factor")
        weights: list[tuple[str, Decimal]] = []
        label = gettext_noop("Mean of the survey")
        reader.only_one_of("option_weights_pct", "mean_pct")
        mean = reader.take("mean_pct", required=False)
        raw = reader.take("option_weights_pct", required=False)
        if reader.has("mean_pct"):
            if isinstance(mean, str):
                label = reader.text("mean_pct")
            elif not reader.flag("mean_pct"):
                reader.wrong("mean_pct", "not_text")
        elif isinstance(raw, Mapping) and raw:
            inner = reader.child(raw, "option_weights_pct")
            for name in raw:
                option = reader.checked_text(name, "option_weights_pct", limit=60)
                weight = inner.optional_number(str(name), most=HUNDRED)
                weights.append((option, ZERO if weight is None else weight))
            if len({option for option, _ in weights}) < len(weights):
                reader.wrong("option_weights_pct", "duplicate", label="option")
            reader.out["option_weights_pct"] = inner.out
        elif reader.has("option_weights_pct"):
            reader.wrong("option_weights_pct", "not_object")
        else:
            reader.wrong("", "one_of_needed", keys="option_weights_pct, mean_pct")
        return cls(factor, tuple(weights), label, factor)

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        counted = tuple(
            Field(f"counts.{option}", "integer", option, required=False, minimum=ZERO)
            for option, _ in self.weights
        )
        mean = Field("pct", "percent", self.label, "%", not counted, minimum=ZERO, maximum=HUNDRED)
        return (mean, *counted)

    def _raw_counts(self, cleaner: Cleaner) -> dict[str, object]:
        """The counts as given: an object, or a field for each option."""
        given = cleaner.value("counts")
        raw: dict[str, object] = {}
        if isinstance(given, Mapping):
            raw.update((str(option), value) for option, value in given.items())
        for option, _ in self.weights:
            if cleaner.given(f"counts.{option}"):
                raw[option] = cleaner.value(f"counts.{option}")
        return raw

    def read(self, cleaner: Cleaner, env: Env) -> Decimal | dict[str, int] | None:
        raw = self._raw_counts(cleaner)
        if not raw:
            return cleaner.decimal("pct", percent=True, low=ZERO, high=HUNDRED)
        before = len(cleaner.problems)
        known = {option for option, _ in self.weights}
        for option in sorted(set(raw) - known):
            cleaner.wrong(f"counts.{option[:60]}", "unknown_answer_option", option=option[:60])
        inner = Cleaner(
            {f"{cleaner.prefix}counts.{option}": value for option, value in raw.items()},
            prefix=cleaner.prefix + "counts.",
            problems=cleaner.problems,
        )
        # an option that nobody chose is declared as 0, never left out
        counts = {option: inner.integer(option) for option, _ in self.weights}
        if cleaner.given("pct"):
            cleaner.wrong("pct", "conflict", first="counts", second="pct")
        elif len(cleaner.problems) == before and not any(counts.values()):
            cleaner.wrong("counts", "no_counts")
        cleaner.keep("counts", counts)
        return {option: count or 0 for option, count in counts.items()}

    def evaluate(self, values: Decimal | dict[str, int], env: Env) -> Outcome:
        if isinstance(values, Decimal):
            points, step = _percent_of(values, self.factor)
            first: Step = {"op": "survey_mean", "value": plain(values)}
            return Outcome(points, [first, step], f"{plain(values)} × {plain(self.factor)} / 100")
        number = sum(values.values())
        total = sum((values[option] * weight for option, weight in self.weights), ZERO)
        terms = " + ".join(f"{values[option]} × {plain(weight)}" for option, weight in self.weights)
        _, step = _percent_of(total / number, self.factor)
        first = {
            "op": "weighted_mean",
            "answers": number,
            "sum": plain(total),
            "value": shown(total / number),
        }
        expression = f"({terms}) / {number} × {plain(self.factor)} / 100"
        return Outcome(total * self.factor / (number * HUNDRED), [first, step], expression)


@register
@dataclass(frozen=True)
class ExternalIndex(Body):
    """Another index in percent × factor / 100; or bands over a place in it, or over places won."""

    kind: ClassVar[str] = "external_index"
    index: str
    factor: Decimal
    banded: Banded | None
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        index = reader.text("index")
        by = reader.one_of("by", ("value", "rank", "rank_change"), default="value")
        if by == "value":
            factor = reader.points("factor")
            return cls(index, factor, None, factor)
        change = by == "rank_change"
        banded = Banded.parse(reader, Place(None if change else ONE, None, True, index, change))
        return cls(index, ZERO, banded, banded.ceiling())

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        if self.banded is not None:
            return self.banded.measure.fields()
        return (Field("pct", "percent", self.index, "%", minimum=ZERO, maximum=HUNDRED),)

    def read(self, cleaner: Cleaner, env: Env) -> Any:
        if self.banded is not None:
            return self.banded.measure.read(cleaner)
        return cleaner.decimal("pct", percent=True, low=ZERO, high=HUNDRED)

    def evaluate(self, values: Any, env: Env) -> Outcome:
        if self.banded is not None:
            steps: list[Step] = []
            found = self.banded.find(values, steps)
            assert found is not None  # a place is never a ratio
            return Outcome(found[0].points, steps, found[2], "→")
        points, step = _percent_of(values, self.factor)
        first: Step = {"op": "index_value", "index": self.index, "value": plain(values)}
        return Outcome(points, [first, step], f"{plain(values)} × {plain(self.factor)} / 100")
