"""``formula``: variables with labels, and one or several expressions over them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Self

from ..fields import Field
from ..formula import FormulaError, FormulaValueError, Node, evaluate, parse
from ..formula.parser import names_in
from ..formula.syntax import FUNCTIONS, MAX_LENGTH, Number
from ..inputs import Cleaner
from ..numbers import HUNDRED, ZERO, plain, shown
from ..problems import gettext_noop
from ..reading import Reader
from ..rule import Body, Env, Facts, Outcome, Step, nothing_arose, register
from .measures import ZERO_EFFECTS

_NAME = re.compile(r"[^\W\d]\w{0,31}")


@dataclass(frozen=True, slots=True)
class FormulaVariable:
    """A variable: whole or not, a percentage where its unit is ``%``."""

    name: str
    label: str
    unit: str
    whole: bool
    most: Decimal | None

    @property
    def percent(self) -> bool:
        """Whether it lies within 0 and 100."""
        return self.unit == "%"


@dataclass(frozen=True, slots=True)
class Expression:
    """One way to compute the points."""

    label: str
    text: str
    tree: Node
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Computed:
    """The result of the expression that was picked; None where it divides by 0 and the rule says what holds."""

    expression: Expression
    values: dict[str, Decimal]
    result: Decimal | None


@register
@dataclass(frozen=True)
class Formula(Body):
    """The expression that the scorer picks, clamped to [0, maximum]."""

    kind: ClassVar[str] = "formula"
    variables: tuple[FormulaVariable, ...]
    expressions: tuple[Expression, ...]
    zero_effect: str
    ceiling: Decimal

    @classmethod
    def parse(cls, reader: Reader) -> Self:
        variables = _read_variables(reader)
        expressions = _read_expressions(reader, {one.name for one in variables})
        used = set().union(*(one.names for one in expressions)) if expressions else set()
        for number, one in enumerate(variables):
            if expressions and one.name not in used and not reader.problems:
                reader.wrong(f"variables[{number}].name", "variable_unused", name=one.name)
        zero_effect = reader.optional_one_of("division_by_zero", ZERO_EFFECTS)
        return cls(variables, expressions, zero_effect, reader.maximum)

    def fields(self, facts: Facts) -> tuple[Field, ...]:
        several = len(self.expressions) > 1
        fields: list[Field] = []
        if several:
            choices = tuple((number, one.label) for number, one in enumerate(self.expressions))
            fields.append(Field("expression", "choice", gettext_noop("Formula"), choices=choices))
        for one in self.variables:
            type_ = "percent" if one.percent else "integer" if one.whole else "decimal"
            everywhere = all(one.name in expression.names for expression in self.expressions)
            high = HUNDRED if one.percent and one.most is None else one.most
            fields.append(
                Field(f"v_{one.name}", type_, one.label, one.unit, everywhere, minimum=ZERO, maximum=high)
            )
        return tuple(fields)

    def read(self, cleaner: Cleaner, env: Env) -> Computed | None:
        before = len(cleaner.problems)
        picked: int | None = 0
        if len(self.expressions) > 1:
            picked = cleaner.option("expression", len(self.expressions))
        if picked is None:
            return None
        expression = self.expressions[picked]
        values: dict[str, Decimal] = {}
        for one in self.variables:
            if one.name in expression.names:
                value = cleaner.decimal(
                    f"v_{one.name}",
                    whole=one.whole,
                    percent=one.percent,
                    low=ZERO,
                    high=HUNDRED if one.percent and one.most is None else one.most,
                )
                values[one.name] = ZERO if value is None else value
        if len(cleaner.problems) > before:
            return None
        try:
            return Computed(expression, values, evaluate(expression.tree, values))
        except FormulaValueError as error:
            if error.code == "division_by_zero" and self.zero_effect:
                return Computed(expression, values, None)
            several = len(self.expressions) > 1
            cleaner.wrong("expression" if several else f"v_{self.variables[0].name}", error.code)
            return None

    def evaluate(self, values: Computed, env: Env) -> Outcome:
        if values.result is None:
            return nothing_arose(self.zero_effect, self.ceiling, op="denominator_zero")
        expression = values.expression
        steps: list[Step] = [
            {
                "op": "variable_unit" if one.unit else "variable",
                "label": one.label,
                "unit": one.unit,
                "value": plain(values.values[one.name]),
            }
            for one in self.variables
            if one.name in values.values
        ]
        step: Step = {
            "op": "formula",
            "text": expression.text.replace(",", ";"),
            "points": shown(values.result),
        }
        if expression.label:
            steps.append({"op": "formula_picked", "label": expression.label})
        steps.append(step)
        return Outcome(values.result, steps, written(expression, values.values))


def written(expression: Expression, values: dict[str, Decimal]) -> str:
    """The formula with its values written in the places of the variables."""

    def value(match: re.Match[str]) -> str:
        name = match.group()
        return plain(values[name]) if name in values else name

    # a comma only ever separates: the sign for that which no decimal comma can be mistaken for
    return re.sub(r"[^\W\d]\w*", value, expression.text).replace(",", ";")


def _read_variables(reader: Reader) -> tuple[FormulaVariable, ...]:
    variables: list[FormulaVariable] = []
    for inner in reader.objects("variables", limit=20):
        name = inner.text("name", limit=32)
        if name and (not _NAME.fullmatch(name) or name in FUNCTIONS):
            inner.wrong("name", "variable_name", name=name)
        if any(name == other.name for other in variables):
            inner.wrong("name", "duplicate", label=name)
        variables.append(
            FormulaVariable(
                name,
                inner.text("label"),
                inner.text("unit", required=False, limit=60),
                inner.flag("whole"),
                inner.optional_number("max", sign="positive"),
            )
        )
    return tuple(variables)


def _read_expressions(reader: Reader, names: set[str]) -> tuple[Expression, ...]:
    expressions: list[Expression] = []
    given = reader.data.get("expressions")
    several = isinstance(given, list) and len(given) > 1
    for inner in reader.objects("expressions", limit=10):
        label = inner.text("label", required=several)
        if label and any(label.casefold() == other.label.casefold() for other in expressions):
            inner.wrong("label", "duplicate", label=label)
        text = inner.text("text", limit=MAX_LENGTH)
        tree: Node = Number(ZERO)
        if text:
            try:
                tree = parse(text, names)
            except FormulaError as error:
                inner.wrong("text", error.code, **error.params)
        expressions.append(Expression(label, text, tree, frozenset(names_in(tree))))
    return tuple(expressions)
