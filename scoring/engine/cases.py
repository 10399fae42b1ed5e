"""Conditions of a rule with cases: a declared fact, or what another leaf answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .bands import Band, read_ends
from .inputs import Cleaner, read_number
from .reading import Reader, plain_number

ENDS = ("gt", "ge", "lt", "le")


@dataclass(frozen=True, slots=True)
class Condition:
    """``{"fact": text, "is": bool}``, or ``{"answer": code, "field": name, "is" | "gt|ge|lt|le": …}``.

    A fact that nobody above knows is asked for in the field ``fact_0``, ``fact_1`` … of the leaf.
    """

    fact: str = ""
    wanted: bool | Decimal | str = True
    answer: str = ""
    field: str = ""
    band: Band | None = None

    def text(self) -> str:
        """The condition in the words of the set and in signs."""
        if self.fact:
            return self.fact if self.wanted else f"¬ {self.fact}"
        if self.band:
            return f"{self.answer} ({self.field}) ∈ {self.band.text()}"
        wanted = {True: "✓", False: "✗"}[self.wanted] if isinstance(self.wanted, bool) else self.wanted
        return f"{self.answer} ({self.field}) = {wanted}"

    def known(self, facts: Mapping[str, Any]) -> bool | None:
        """Whether it holds by what is known from outside; None where that does not say."""
        if self.fact:
            value = facts.get("facts", {}).get(self.fact)
            return None if value is None else bool(value) == self.wanted
        inputs = facts.get("answers", {}).get(self.answer)
        return None if inputs is None else self._meets(inputs.get(self.field))

    def _meets(self, value: object) -> bool:
        if isinstance(value, (list, tuple)):
            return any(self._meets(entry) for entry in value)
        if isinstance(value, bool) or isinstance(self.wanted, bool) and self.band is None:
            return value is self.wanted and self.band is None
        number = read_number(value)
        if isinstance(number, str):
            return self.band is None and value == self.wanted
        return self.band.holds(number) if self.band else number == self.wanted

    def holds(self, cleaner: Cleaner, facts: Mapping[str, Any], asked: tuple[str, ...]) -> bool | None:
        """Whether it holds; None where the cleaner noted that it cannot be told yet."""
        known = self.known(facts)
        if known is not None:
            return known
        if self.fact:
            value = cleaner.boolean(f"fact_{asked.index(self.fact)}")
            return None if value is None else value == self.wanted
        cleaner.wrong("answer", "depends_on_answer", code=self.answer)
        return None


def read_condition(reader: Reader) -> Condition:
    """The ``when`` of one case."""
    if reader.has("answer"):
        reader.only_one_of("answer", "fact")
        reader.take("fact", required=False)
        answer, field = reader.text("answer", limit=60), reader.text("field", limit=60)
        ends = [key for key in ENDS if reader.has(key)]
        if ends:
            reader.only_one_of("is", ends[0])
            reader.take("is", required=False)
            return Condition(answer=answer, field=field, band=read_ends(reader, None, None))
        return Condition(answer=answer, field=field, wanted=_wanted(reader))
    fact = reader.text("fact")
    return Condition(fact=fact, wanted=reader.flag("is", default=True))


def _wanted(reader: Reader) -> bool | Decimal | str:
    value = reader.take("is", required=True)
    if isinstance(value, bool):
        reader.out["is"] = value
        return value
    number = plain_number(value)
    if isinstance(number, Decimal):
        reader.out["is"] = str(value) if isinstance(value, int) else value
        return number
    return reader.text("is") if reader.has("is") else False
