"""The form of a rule: its kind, its parameters, its lists, and the rules inside it, each a form of its own.

``RuleNode(values)`` is drawn from a tree of texts; ``build()`` gives the rule as JSON, and ``add_problem`` puts
a fault of the engine beside the field that its path (``parts[0].bands[1].ge``) leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parindex.ui.formats import format_decimal
from scoring import engine
from scoring.criteria.rule_forms.cells import Cells, fill_in, restored
from scoring.criteria.rule_forms.conditions import (
    Answers,
    gather_condition,
    params_of_condition,
    place_in_condition,
)
from scoring.criteria.rule_forms.kinds import KIND_CHOICES
from scoring.criteria.rule_forms.params import NOTHING, Choice
from scoring.criteria.rule_forms.rows import Context, RowSpec, rows_of
from scoring.criteria.rule_forms.shapes import COMPOSED, GENERAL, PART, fold, params_of, shape_of
from scoring.criteria.rule_forms.tree import ROOT, Values

__all__ = ["Row", "RuleNode", "message"]

_STEP = re.compile(r"\.?(\w+)(?:\[(\d+)\])?(.*)", re.DOTALL)
_KIND = Choice("kind", gettext_lazy("Kind of rule"), choices=[("", "—"), *KIND_CHOICES], reshapes=True)
#: Messages of the engine that name parameters; a form says what to do.
_SAID_OTHERWISE = {"missing_key", "text_empty", "unknown_kind", "one_of_needed"}


def message(problem: engine.Problem) -> str:
    """A fault of the engine as a sentence for a person at a form."""
    if problem.code in _SAID_OTHERWISE:
        return fill_in()
    if problem.code == "list_empty":
        return add_a_line()
    return problem.text(translate=_, number=format_decimal)


def add_a_line() -> str:
    """The fault of an empty list."""
    return _("Add at least one line and fill it in.")


class Row(Cells):
    """One entry of a list."""

    def __init__(self, spec: RowSpec, values: Values, prefix: str) -> None:
        super().__init__(spec.every, values, prefix)
        self.spec = spec

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self.form[param.key] for param in self.spec.params]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self.form[param.key] for param in self.spec.more]

    @property
    def more_is_open(self) -> bool:
        return any(self.text(param.key).strip() or param.key in self.form.errors for param in self.spec.more)

    def entry(self, context: Context) -> Any:
        """The entry of the rule, as JSON."""
        made = self.spec.gather(self.got(), context)
        return restored(made, self.kept, self) if isinstance(made, dict) else made


class RowList:
    """A list of the rule. Rows without anything in them are no entries."""

    def __init__(self, spec: RowSpec, values: Any, prefix: str) -> None:
        self.spec = spec
        self.prefix = f"{prefix}-{spec.key}"
        entries = [row for row in values if isinstance(row, dict)] if isinstance(values, list) else []
        entries += [{} for _missing in range(spec.start - len(entries))]
        self.rows = [
            Row(spec, entry, f"{self.prefix}-{number}") for number, entry in enumerate(entries[:200])
        ]
        self.filled: list[Row] = []
        self.errors: list[str] = []

    def entries(self, context: Context) -> list[Any]:
        """The entries of the filled rows, as JSON."""
        self.filled = [row for row in self.rows if not row.is_blank or row.kept]
        return [row.entry(context) for row in self.filled]

    def add_problem(self, number: str | None, rest: str, text: str) -> None:
        row = self.filled[int(number)] if number is not None and int(number) < len(self.filled) else None
        if row is None or not row.wrong(self.spec.target(rest), text):
            self.errors.append(text)


class RuleNode(Cells):
    """A rule, or a part or a case inside one, as fields."""

    def __init__(
        self,
        values: Values,
        *,
        maximum: Decimal,
        answers: Answers | None = None,
        prefix: str = ROOT,
        is_part: bool = False,
        depth: int = 0,
    ) -> None:
        self.kind = str(values.get("kind") or "")
        self.shape = shape_of(values)
        self.own = params_of(self.kind, self.shape)
        # the range of tiers is called "max" too: a part of that kind has no maximum of its own
        taken = {param.key for param in self.own}
        self.part = tuple(param for param in PART if param.key not in taken) if is_part else ()
        super().__init__((*((_KIND,) if depth else ()), *self.part, *self.own, *GENERAL), values, prefix)
        self.answers = answers or Answers()
        self.depth = depth
        self.maximum = maximum
        self.errors: list[str] = []
        self.lists = [RowList(spec, values.get(spec.key), prefix) for spec in rows_of(self.kind, self.shape)]
        self.parts = self._parts()
        self.cases = self._cases()

    def _inner(self, values: Values, prefix: str, *, is_part: bool) -> RuleNode:
        maximum = self.maximum
        if is_part and not isinstance(own := _points(values.get("max")), str) and own is not None:
            maximum = own
        return RuleNode(
            values,
            maximum=maximum,
            answers=self.answers,
            prefix=prefix,
            is_part=is_part,
            depth=self.depth + 1,
        )

    def _parts(self) -> list[RuleNode]:
        if self.kind not in COMPOSED:
            return []
        given = _dicts(self.values.get("parts")) or [{}, {}]
        return [
            self._inner(part, f"{self.prefix}-parts-{number}", is_part=True)
            for number, part in enumerate(given[:20])
        ]

    def _cases(self) -> list[CaseNode]:
        return [
            CaseNode(case, f"{self.prefix}-cases-{number}", self)
            for number, case in enumerate(_dicts(self.values.get("cases"))[:20])
        ]

    # Out: the rule

    def build(self) -> dict[str, Any]:
        """The rule as JSON, ready for the engine; faults of single fields are noted beside them."""
        got = self.got()
        own = got.pop("kind", self.kind) if self.depth else self.kind
        unscored = self.maximum == 0
        for param in self.own:
            if unscored and param.required and type(param).__name__ == "Points" and param.key not in got:
                got[param.key] = None
        context = Context(unscored, {**self.shape})
        for one in self.lists:
            entries = one.entries(context)
            if entries or one.spec.start:
                got[one.spec.key] = entries
        if "option_weights_pct" in got:
            got["option_weights_pct"] = self._weights(got["option_weights_pct"])
        if self.kind in COMPOSED:
            got["parts"] = [part.build() for part in self.parts]
        if self.cases:
            got["cases"] = [case.build() for case in self.cases]
        if self.values.get("listed"):
            got["listed"] = "1"
        rule, faults = fold(str(own), got)
        for key, text in faults.items():
            self.wrong(key, text)
        kept = self.kept
        if kept.get("shape") == self.kept_shape() and isinstance(kept.get("values"), Mapping):
            restored(rule, kept["values"], self)
        return rule

    def kept_shape(self) -> str:
        """What decides which fields there are: what is kept beside others belongs to another form."""
        return "|".join([self.kind, self.text("arising"), *map("=".join, sorted(self.shape.items()))])

    def _weights(self, entries: list[Any]) -> dict[str, Any]:
        weights: dict[str, Any] = {}
        for row, (label, weight) in zip(self._list("option_weights_pct").filled, entries, strict=True):
            if not label or weight is NOTHING:
                row.wrong("label" if not label else "weight", fill_in())
            elif label in weights:
                row.wrong("label", _("“%(label)s” stands here twice.") % {"label": label})
            else:
                weights[label] = weight
        return weights

    def _list(self, key: str) -> RowList:
        return next(one for one in self.lists if one.spec.key == key)

    # In: faults

    def add_problem(self, path: str, text: str) -> None:
        """A fault beside the field that its path leads to, or at the top of the rule."""
        found = _STEP.match(path)
        if found is None:
            if not self.all_faults:  # of the rule as a whole: told already where a field below is wrong
                self.errors.append(text)
            return
        key, number, rest = found.groups()
        if key == "parts" and self.kind in COMPOSED:
            self._into(self.parts, number, rest, text)
        elif key == "cases":
            self._into(self.cases, number, rest, text)
        elif key == "option_weights_pct" and self.kind == "survey":
            self._weight_problem(rest.lstrip("."), text)
        elif any(one.spec.key == key for one in self.lists):
            self._list(key).add_problem(number, rest, text)
        elif not self.wrong("arising" if key == "not_arising" else key, text):
            self._elsewhere(key, text)

    def _elsewhere(self, key: str, text: str) -> None:
        """A parameter that stands in the one row of a list (the unit of a deduction), or nowhere."""
        for one in self.lists:
            if len(one.filled) == 1 and one.filled[0].wrong(key, text):
                return
        if text not in self.errors:
            self.errors.append(text)

    def _into(self, inner: Any, number: str | None, rest: str, text: str) -> None:
        if number is None or int(number) >= len(inner):
            self.errors.append(text)
        else:
            inner[int(number)].add_problem(rest.lstrip("."), text)

    def _weight_problem(self, label: str, text: str) -> None:
        rows = self._list("option_weights_pct") if self.lists else None
        filled = rows.filled if rows else []
        for row in filled:
            if row.text("label").strip() == label and row.wrong("weight", text):
                return
        if not label and any(row.faults for row in filled):
            return  # no weight could be read: each row says why
        (rows.errors if rows else self.errors).append(text if label else add_a_line())

    # For the page

    @property
    def main(self) -> list[dict[str, Any]]:
        """The parameters of the kind."""
        return [{"field": self.form[param.key], "param": param} for param in self.own]

    @property
    def head(self) -> list[dict[str, Any]]:
        """What a part says of itself."""
        return [{"field": self.form[param.key], "param": param} for param in self.part]

    @property
    def general(self) -> list[dict[str, Any]]:
        return [{"field": self.form[param.key], "param": param} for param in GENERAL]

    @property
    def general_is_open(self) -> bool:
        return bool(self.cases) or any(
            self.text(param.key).strip() or param.key in self.form.errors for param in GENERAL
        )

    @property
    def kind_field(self) -> forms.BoundField:
        return self.form["kind"]

    @property
    def is_composed(self) -> bool:
        return self.kind in COMPOSED

    @property
    def words(self) -> str:
        """The name of the kind."""
        return str(dict(KIND_CHOICES).get(self.kind, ""))

    @property
    def listed(self) -> bool:
        return bool(self.values.get("listed"))

    def walk(self) -> Iterator[RuleNode]:
        """This node and every rule inside it."""
        yield self
        for inner in (*self.parts, *(case.rule for case in self.cases)):
            yield from inner.walk()

    @property
    def all_faults(self) -> list[tuple[forms.BoundField | None, str]]:
        """Every fault below, with its field where it has one: for the summary."""
        found: list[tuple[forms.BoundField | None, str]] = []
        for node in self.walk():
            found += [(None, text) for text in node.errors]
            found += node.faults
            for one in node.lists:
                found += [(None, f"{one.spec.title}: {text}") for text in one.errors]
                for row in one.rows:
                    found += row.faults
            for case in node.cases:
                found += case.condition.faults
        return found


class CaseNode:
    """A condition, and the rule that holds instead where it is met."""

    def __init__(self, values: Values, prefix: str, parent: RuleNode) -> None:
        when, rule = values.get("when"), values.get("rule")
        texts = when if isinstance(when, dict) else {}
        self.prefix = prefix
        self.condition = Cells(params_of_condition(texts, parent.answers), texts, f"{prefix}-when")
        self.rule = parent._inner(rule if isinstance(rule, dict) else {}, f"{prefix}-rule", is_part=False)

    def build(self) -> dict[str, Any]:
        """The case as JSON."""
        got = self.condition.got() | {"by": self.condition.text("by")}
        when = gather_condition(got)
        for key, value in self.condition.kept.items():
            param = self.condition.params.get(self._field(key))
            if param is None or param.shown(value).strip() == self.condition.text(param.key).strip():
                when[key] = value
        return {"when": when, "rule": self.rule.build()}

    def _field(self, key: str) -> str:
        return place_in_condition(key, self.condition.text("by") == "answer")

    def add_problem(self, path: str, text: str) -> None:
        if path.startswith("rule"):
            self.rule.add_problem(path.removeprefix("rule").lstrip("."), text)
            return
        key = path.removeprefix("when").lstrip(".")
        key = self._field(key)
        if not (self.condition.wrong(key, text) or self.condition.wrong("fact", text)):
            self.condition.wrong("answer", text)


def _dicts(values: Any) -> list[Values]:
    return [entry for entry in values if isinstance(entry, dict)] if isinstance(values, list) else []


def _points(text: Any) -> Any:
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        return Decimal(str(PART[1].read(text)))
    except (ValidationError, ArithmeticError):
        return "unreadable"
