"""What a band is looked up by: a percentage, a count, days, failing parts, a place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import HUNDRED, ONE, ZERO, plain, shown
from ..problems import gettext_noop
from ..reading import Reader
from ..rule import Step

ZERO_EFFECTS = ("not_applicable", "full", "zero", "rescale", "reduce")


def read_zero_effect(reader: Reader) -> str:
    """``denominator_zero``: what holds where there is nothing below. Absent, 0 is refused as an input."""
    return reader.optional_one_of("denominator_zero", ZERO_EFFECTS)


@dataclass(frozen=True)
class Measure(ABC):
    """A value within [``low``, ``high``]; None there means unbounded."""

    low: Decimal | None
    high: Decimal | None
    #: only whole numbers come out
    whole: bool

    @abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """What to ask for."""

    @abstractmethod
    def read(self, cleaner: Cleaner) -> Any:
        """The typed inputs, or None."""

    @abstractmethod
    def value(self, values: Any, steps: list[Step]) -> tuple[Decimal, str] | None:
        """The value and its arithmetic; None where a ratio has nothing below."""

    def held(self, value: Decimal) -> Decimal:
        """The value kept within its range."""
        if self.low is not None and value < self.low:
            return self.low
        return self.high if self.high is not None and value > self.high else value


@dataclass(frozen=True)
class Declared(Measure):
    """One number as it is declared."""

    label: str
    unit: str
    percent: bool

    def fields(self) -> tuple[Field, ...]:
        type_ = "percent" if self.percent else "integer" if self.whole else "decimal"
        return (Field("value", type_, self.label, self.unit, minimum=self.low, maximum=self.high),)

    def read(self, cleaner: Cleaner) -> Decimal | None:
        return cleaner.decimal(
            "value",
            whole=self.whole,
            percent=self.percent,
            signed=self.low is None or self.low < 0,
            low=self.low,
            high=self.high,
        )

    def value(self, values: Decimal, steps: list[Step]) -> tuple[Decimal, str]:
        return values, plain(values)


@dataclass(frozen=True)
class Ratio(Measure):
    """numerator / denominator × 100."""

    numerator: str
    denominator: str
    zero_effect: str
    allow_over: bool
    whole_inputs: bool

    @classmethod
    def parse(cls, reader: Reader, low: Decimal | None = ZERO, high: Decimal | None = HUNDRED) -> Ratio:
        """Read the parameters of a ratio."""
        return cls(
            low,
            high,
            False,
            reader.text("numerator"),
            reader.text("denominator"),
            read_zero_effect(reader),
            reader.flag("allow_over"),
            reader.flag("whole", default=True),
        )

    def fields(self) -> tuple[Field, ...]:
        type_ = "integer" if self.whole_inputs else "decimal"
        return (
            Field("numerator", type_, self.numerator, minimum=ZERO),
            Field("denominator", type_, self.denominator, minimum=ZERO),
        )

    def read(self, cleaner: Cleaner) -> tuple[Decimal, Decimal] | None:
        return cleaner.ratio(
            whole=self.whole_inputs, allow_over=self.allow_over, zero_allowed=bool(self.zero_effect)
        )

    def value(self, values: tuple[Decimal, Decimal], steps: list[Step]) -> tuple[Decimal, str] | None:
        numerator, denominator = values
        if denominator == 0:
            return None
        value = numerator * HUNDRED / denominator
        steps.append(
            {
                "op": "percentage",
                "numerator": plain(numerator),
                "denominator": plain(denominator),
                "value": shown(value),
            }
        )
        return value, f"{plain(numerator)} / {plain(denominator)} × 100 = {shown(value)}"


@dataclass(frozen=True)
class Days(Measure):
    """Days from one date to another; fewer than 0 where the second comes first."""

    first: str
    second: str

    def fields(self) -> tuple[Field, ...]:
        return (Field("from", "date", self.first), Field("to", "date", self.second))

    def read(self, cleaner: Cleaner) -> tuple[date, date] | None:
        first, second = cleaner.day("from"), cleaner.day("to")
        return None if first is None or second is None else (first, second)

    def value(self, values: tuple[date, date], steps: list[Step]) -> tuple[Decimal, str]:
        first, second = values
        days = Decimal((second - first).days)
        from_, to = (day.strftime("%d/%m/%Y") for day in values)
        steps.append({"op": "days", "from": from_, "to": to, "n": plain(days)})
        return days, f"{to} − {from_} = {plain(days)}"


@dataclass(frozen=True)
class Failing(Measure):
    """How many parts of a list fail."""

    labels: tuple[str, ...]

    def fields(self) -> tuple[Field, ...]:
        choices = tuple(enumerate(self.labels))
        return (Field("items", "items", gettext_noop("Parts that are missing or fail"), choices=choices),)

    def read(self, cleaner: Cleaner) -> tuple[int, ...] | None:
        return cleaner.items("items", len(self.labels))

    def value(self, values: tuple[int, ...], steps: list[Step]) -> tuple[Decimal, str]:
        steps.append({"op": "failing", "n": len(values), "items": len(self.labels)})
        return Decimal(len(values)), str(len(values))


@dataclass(frozen=True)
class Place(Measure):
    """The place in another ranking, or how many places were won (a negative number: lost)."""

    index: str
    change: bool

    def fields(self) -> tuple[Field, ...]:
        fields = (Field("rank", "integer", gettext_noop("Place"), self.index, minimum=ONE),)
        if not self.change:
            return fields
        before = Field("previous_rank", "integer", gettext_noop("Place before"), self.index, minimum=ONE)
        return (*fields, before)

    def read(self, cleaner: Cleaner) -> tuple[int | None, int | None]:
        place = cleaner.integer("rank", low=ONE)
        return place, cleaner.integer("previous_rank", low=ONE) if self.change else place

    def value(self, values: tuple[int, int], steps: list[Step]) -> tuple[Decimal, str]:
        place, before = values
        if not self.change:
            steps.append({"op": "place", "index": self.index, "n": place})
            return Decimal(place), str(place)
        steps.append({"op": "place_change", "index": self.index, "n": place, "before": before})
        return Decimal(before - place), f"{before} − {place} = {before - place}"


def read_measure(reader: Reader) -> Measure:
    """The measure of ``tiers``; its range is ``min`` … ``max``, by default that of the measure."""
    computed = reader.has("numerator") or reader.has("denominator")
    if computed:
        reader.only_one_of("measure", "numerator")
        reader.take("measure", required=False)
        reader.text("variable", required=False)
        return Ratio.parse(reader, *_range(reader, ZERO, HUNDRED))
    measure = reader.one_of("measure", ("percent", "count", "number", "days", "parts"), default="percent")
    if measure == "days":
        reader.text("variable", required=False)
        low, high = _range(reader, None, None)
        return Days(low, high, True, reader.text("from"), reader.text("to"))
    if measure == "parts":
        reader.text("variable", required=False)
        labels: list[str] = []
        for number, entry in enumerate(reader.entries("parts")):
            label = reader.checked_text(entry, f"parts[{number}]")
            if label.casefold() in map(str.casefold, labels):
                reader.wrong(f"parts[{number}]", "duplicate", label=label)
            labels.append(label)
        reader.out["parts"] = labels
        return Failing(ZERO, Decimal(len(labels)), True, tuple(labels))
    label, unit = reader.text("variable"), reader.text("unit", required=False, limit=60)
    percent = measure == "percent"
    low, high = _range(reader, ZERO, HUNDRED if percent else None)
    return Declared(low, high, measure == "count", label, "%" if percent else unit, percent)


def _range(
    reader: Reader, low: Decimal | None, high: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """``min`` and ``max``, or the range of the measure where they are absent or make no range."""
    first, last = reader.optional_number("min", sign="any"), reader.optional_number("max", sign="any")
    from_, to = low if first is None else first, high if last is None else last
    if from_ is not None and to is not None and from_ >= to:
        reader.wrong("min" if reader.has("min") else "max", "range_empty", min=from_, max=to)
        return low, high
    return from_, to
