"""Kinds that pick: ``boolean``, ``choice`` and ``checklist``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..fields import Field
from ..inputs import Cleaner
from ..numbers import ZERO, is_multiple, plain
from ..problems import gettext_noop
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, register

ZEROES = ("leaf", "parent")
GRADE_EFFECTS = ("not_top", "one_down", "lowest")


@register
@dataclass(frozen=True)
class Boolean(Body):
    """``yes`` or ``no`` points: đạt / không đạt."""

    kind: ClassVar[str] = "boolean"
    yes: Decimal
    no: Decimal
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        yes, no = reader.points("yes"), reader.points("no")
        return cls(yes, no, max(yes, no))

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        choices = ((True, gettext_noop("Met")), (False, gettext_noop("Not met")))
        return (Field("value", "boolean", gettext_noop("Result"), choices=choices),)

    def read(self, cleaner: Cleaner, env: Env) -> bool | None:
        return cleaner.boolean("value")

    def evaluate(self, values: bool, env: Env) -> Outcome:
        points = self.yes if values else self.no
        step = {"op": "yes" if values else "no", "points": plain(points)}
        return Outcome(points, [step], plain(points))


@dataclass(frozen=True, slots=True)
class Entry:
    """An option or an item: its label, its points or range of points, and its side effects."""

    label: str
    low: Decimal = ZERO
    high: Decimal = ZERO
    step: Decimal | None = None
    ranged: bool = False
    zeroes: str = ""
    grade_effect: str = ""


def _read_effects(reader: Reader, value: object, key: str) -> tuple[dict[str, str], str, str]:
    inner = reader.child(value, key)
    zeroes = inner.optional_one_of("zeroes", ZEROES)
    effect = inner.optional_one_of("grade_effect", GRADE_EFFECTS)
    inner.finish()
    return inner.out, zeroes, effect


def _read_range(reader: Reader, value: object, key: str) -> tuple[object, Decimal, Decimal, Decimal | None]:
    inner = reader.child(value, key)
    low, high = inner.points("from"), inner.points("to")
    step = inner.optional_number("step", sign="positive")
    inner.finish()
    if inner.out.keys() >= {"from", "to"} and None not in inner.out.values() and low >= high:
        inner.wrong("to", "range_empty", min=low, max=high)
    return inner.out, low, high, step


def read_entries(reader: Reader, key: str, *, points: str) -> tuple[Entry, ...]:
    """``[label, points, {zeroes, grade_effect}]`` entries; ``points`` is needed, range or none.

    ``range`` allows ``{"from", "to", "step"}`` in the place of points. With ``none`` an entry is a bare
    label, or ``[label, null, {…}]``.
    """
    entries: list[Entry] = []
    canonical: list[object] = []
    labels: set[str] = set()
    for number, raw in enumerate(reader.entries(key)):
        place = f"{key}[{number}]"
        parts = [raw] if isinstance(raw, str) else raw
        if (
            not isinstance(parts, (list, tuple))
            or not 1 <= len(parts) <= 3
            or (points != "none" and len(parts) < 2)
        ):
            reader.wrong(place, "pair_expected")
            continue
        label = reader.checked_text(parts[0], f"{place}[0]")
        if label and label.casefold() in labels:
            reader.wrong(f"{place}[0]", "duplicate", label=label)
        labels.add(label.casefold())
        low = high = ZERO
        step: Decimal | None = None
        kept: object = None
        ranged = False
        if len(parts) > 1:
            if points == "range" and isinstance(parts[1], dict):
                kept, low, high, step = _read_range(reader, parts[1], f"{place}[1]")
                ranged = True
            elif points != "none":
                low, kept = reader.checked_points(parts[1], f"{place}[1]")
                high = low
            elif parts[1] is not None:
                reader.wrong(f"{place}[1]", "points_unused")
        zeroes = effect = ""
        extras: dict[str, str] = {}
        if len(parts) > 2:
            extras, zeroes, effect = _read_effects(reader, parts[2], f"{place}[2]")
        entries.append(Entry(label, low, high, step, ranged, zeroes, effect))
        if extras:
            canonical.append([label, kept, extras])
        else:
            canonical.append(label if points == "none" else [label, kept])
    reader.out[key] = canonical
    return tuple(entries)


def _apply(outcome: Outcome, entries: list[Entry]) -> Outcome:
    """The vetoes and grade effects of the entries that hold."""
    for entry in entries:
        if entry.zeroes:
            outcome.zeroes = "parent" if "parent" in (entry.zeroes, outcome.zeroes) else "leaf"
            outcome.steps.append({"op": f"zeroes_{entry.zeroes}", "label": entry.label})
            outcome.expression, outcome.sign = "0", "="
        if entry.grade_effect:
            outcome.grade_effects += (entry.grade_effect,)
            outcome.steps.append({"op": f"grade_{entry.grade_effect}", "label": entry.label})
    return outcome


@register
@dataclass(frozen=True)
class Choice(Body):
    """One option out of several. An option may be a range, within which points are typed."""

    kind: ClassVar[str] = "choice"
    options: tuple[Entry, ...]
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        options = read_entries(reader, "options", points="range")
        return cls(options, max((option.high for option in options), default=ZERO))

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        choices = tuple((number, option.label) for number, option in enumerate(self.options))
        fields: tuple[Field, ...] = (Field("option", "choice", gettext_noop("Option"), choices=choices),)
        ranges = [option for option in self.options if option.ranged]
        if ranges:
            steps = {option.step for option in ranges}
            fields += (
                Field(
                    "points",
                    "points",
                    gettext_noop("Points within the option"),
                    required=False,
                    minimum=min(option.low for option in ranges),
                    maximum=max(option.high for option in ranges),
                    step=steps.pop() if len(steps) == 1 else None,
                ),
            )
        return fields

    def read(self, cleaner: Cleaner, env: Env) -> tuple[Entry, Decimal] | None:
        index = cleaner.option("option", len(self.options))
        if index is None:
            return None
        option = self.options[index]
        if not option.ranged:
            return option, option.low
        points = cleaner.decimal("points", low=option.low, high=option.high)
        if points is not None and option.step is not None and not is_multiple(points, option.step):
            cleaner.wrong("points", "not_step", step=option.step)
        return None if points is None else (option, points)

    def evaluate(self, values: tuple[Entry, Decimal], env: Env) -> Outcome:
        option, points = values
        step = {"op": "option", "label": option.label, "points": plain(points)}
        if option.ranged:
            step |= {"op": "option_range", "from": plain(option.low), "to": plain(option.high)}
        return _apply(Outcome(points, [step], plain(points)), [option])


@register
@dataclass(frozen=True)
class Checklist(Body):
    """Items that hold: ``all`` gives the maximum only when every one does, ``sum`` adds their points."""

    kind: ClassVar[str] = "checklist"
    items: tuple[Entry, ...]
    all_needed: bool
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        all_needed = reader.one_of("mode", ("all", "sum")) == "all"
        items = read_entries(reader, "items", points="none" if all_needed else "needed")
        if all_needed:
            return cls(items, True, reader.maximum)
        total = sum((item.low for item in items), ZERO)
        if total > reader.maximum:
            reader.wrong("items", "exceeds_maximum", points=total, max=reader.maximum)
        return cls(items, False, total)

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        choices = tuple((number, item.label) for number, item in enumerate(self.items))
        return (Field("items", "items", gettext_noop("Items that hold"), choices=choices),)

    def read(self, cleaner: Cleaner, env: Env) -> tuple[int, ...] | None:
        return cleaner.items("items", len(self.items))

    def evaluate(self, values: tuple[int, ...], env: Env) -> Outcome:
        held = [self.items[number] for number in values]
        if self.all_needed:
            wanted = [item for item in self.items if not item.zeroes]
            number = sum(1 for item in held if not item.zeroes)
            every = number == len(wanted)
            points = self.ceiling if every else ZERO
            step = {"op": "all_hold" if every else "not_all_hold", "held": number, "items": len(wanted)}
            outcome = Outcome(points, [step | {"points": plain(points)}], f"{number} / {len(wanted)}", "→")
        else:
            points = sum((item.low for item in held), ZERO)
            step = {"op": "items_sum", "held": len(held), "items": len(self.items), "points": plain(points)}
            outcome = Outcome(points, [step], " + ".join(plain(item.low) for item in held) or "0")
        return _apply(outcome, held)
