"""The condition of one case: a declared fact, or what another criterion of the set answers.

Answers are chosen in words: the criterion with its question, then the answer; nobody types the name of a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from scoring import engine
from scoring.criteria.rule_forms.params import NOTHING, Choice, Flag, Num, Param, Text
from scoring.criteria.rule_forms.rows import ENDS, gather_ends, spread_ends

__all__ = ["Answers", "gather_condition", "params_of_condition", "place_in_condition", "spread_condition"]

_BY = Choice(
    "by",
    _("The case holds"),
    choices=(
        ("fact", _("where a fact is declared")),
        ("answer", _("by the answer to another criterion")),
    ),
    default="fact",
    reshapes=True,
)
_FACT: tuple[Param, ...] = (
    Text("fact", _("Fact"), rows=1, required=True, wide=True),
    Flag("is", _("It must"), choices=(("true", _("hold")), ("false", _("not hold"))), default="true"),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The questions of the other criteria of a set, by ``code|field``."""

    fields: Mapping[str, tuple[str, engine.Field]] = field(default_factory=dict)

    @classmethod
    def of(cls, leaves: Mapping[str, tuple[str, engine.Rule]]) -> Answers:
        """``leaves``: code → (title, rule). What can be compared: choices, items, numbers."""
        found: dict[str, tuple[str, engine.Field]] = {}
        for code, (title, rule) in leaves.items():
            for one in rule.fields():
                if one.type != "date":
                    words = _t(one.label) if one.choices else one.label
                    group = f"{one.group} · " if one.group else ""
                    found[f"{code}|{one.name}"] = (f"{code} {title[:60]} – {group}{words}", one)
        return cls(found)

    def choices(self, kept: str) -> list[tuple[str, str]]:
        """The questions to choose from, with the one that is set even where the set no longer asks it."""
        listed = [(key, words) for key, (words, _field) in self.fields.items()]
        if kept and kept not in self.fields:
            listed.append((kept, kept.replace("|", ": ")))
        return [("", "—"), *listed]

    def asked(self, key: str) -> engine.Field | None:
        """The question, or None where the set does not ask it."""
        found = self.fields.get(key)
        return found[1] if found else None


class _Is(Param):
    """A value to equal: a number with a comma or a point, or a word."""

    def shown(self, value: Any) -> str:
        return (
            _number.shown(value) if isinstance(value, str) and _is_number(value) else Param.shown(self, value)
        )

    def read(self, text: str) -> Any:
        value = text.strip()
        if value and _is_number(value.replace(",", ".")):
            return _number.read(value)
        return value or NOTHING


_number = Num("equals", "")


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("+-").isdigit() and text.isascii()


def params_of_condition(values: Mapping[str, Any], answers: Answers) -> tuple[Param, ...]:
    """What to ask for, by what is chosen so far."""
    if values.get("by") != "answer":
        return (_BY, *_FACT)
    key = str(values.get("answer") or "")
    question = Choice(
        "answer", _("Criterion and question"), choices=answers.choices(key), reshapes=True, wide=True
    )
    one = answers.asked(key)
    if one is not None and (one.type == "boolean" or one.choices):
        return (_BY, question, _choice(one, str(values.get("equals") or "")))
    return (_BY, question, _Is("equals", _("is exactly")), *ENDS)


def _choice(one: engine.Field, kept: str) -> Choice:
    """The answers of a question as choices."""
    if one.type == "boolean":
        pairs: tuple[tuple[object, str], ...] = one.choices or ((True, _t("yes")), (False, _t("no")))
        listed = [("true" if value else "false", _t(words)) for value, words in pairs]
        flag: type[Choice] = Flag
    else:
        listed = [(str(value), words) for value, words in one.choices]
        flag = Choice
    if kept and kept not in dict(listed):
        listed.append((kept, kept))
    label = _("holds") if one.type == "items" else _("is answered")
    return flag("equals", label, choices=[("", "—"), *listed])


def spread_condition(when: Mapping[str, Any]) -> dict[str, Any]:
    """A condition as values of its fields."""
    if "answer" not in when:
        return {"by": "fact", **when}
    key = f"{when['answer']}|{when.get('field', '')}"
    return spread_ends(when) | {"by": "answer", "answer": key, "equals": when.get("is")}


def gather_condition(got: Mapping[str, Any]) -> dict[str, Any]:
    """The condition of the values that were read."""
    if got.get("by") != "answer":
        return {"fact": got.get("fact", "")} | ({"is": got["is"]} if "is" in got else {})
    code, _sign, name = str(got.get("answer", "")).partition("|")
    ends = gather_ends(got)
    return {"answer": code, "field": name} | ends | ({"is": got["equals"]} if "equals" in got else {})


def place_in_condition(key: str, by_answer: bool) -> str:
    """The field that a parameter of a condition stands in."""
    if key == "is":
        return "equals" if by_answer else "is"
    return {"ge": "low", "gt": "low", "le": "high", "lt": "high", "field": "answer"}.get(key, key)
