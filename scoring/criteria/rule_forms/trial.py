"""Trying a rule out: the inputs that it asks for, and what they earn, step by step. Nothing is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from parindex.ui.formats import format_decimal
from parindex.ui.forms import PortalForm
from scoring import engine
from scoring.criteria.case_check import Checked, check, in_words, names_of, split
from scoring.criteria.case_lines import write
from scoring.criteria.input_forms import InputsForm
from scoring.criteria.models import StoredCase
from scoring.criteria.rule_forms.conditions import Answers
from scoring.criteria.rule_forms.params import Choice, Num
from scoring.criteria.wording import expression_in_words, rule_data_in_words, trace_in_words

__all__ = ["CaseLine", "Step", "Trial", "case_lines"]

PREFIX = "try"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened on the way to the points, in words."""

    text: str
    points: Decimal | None


class FactsForm(PortalForm):
    """What the leaf is not asked itself: answers to other leaves, the best value of the block."""

    def __init__(
        self,
        rule: engine.Rule,
        answers: Answers,
        *,
        data: Mapping[str, Any] | None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=PREFIX)
        names = names_of(rule)
        self.paths: dict[str, tuple[str, ...]] = {}
        known = facts or {}
        for number, (code, name) in enumerate(names.answers):
            value = known.get("answers", {}).get(code, {}).get(name)
            self._ask(f"answer_{number}", ("answers", code, name), _answer_field(answers, code, name), value)
        for number, name in enumerate(names.best):
            label = _("Best value of the block") + (f" ({name})" if len(names.best) > 1 else "")
            field = Num("best", label, hint=_("Empty: not known yet, the points are provisional.")).field()
            self._ask(f"best_{number}", ("best", name), field, known.get("best", {}).get(name))

    def _ask(self, key: str, path: tuple[str, ...], field: forms.Field, value: Any) -> None:
        self.paths[key] = path
        self.fields[key] = field
        if value is not None:
            self.initial[key] = {True: "true", False: "false"}[value] if isinstance(value, bool) else value

    def facts(self) -> dict[str, Any]:
        """The facts as stored cases hold them; what is empty is not known."""
        found: dict[str, Any] = {}
        for key, path in self.paths.items():
            text = str(self[key].data or "").strip()
            if not text:
                continue
            value: Any = {"true": True, "false": False}.get(text, text)
            place = found
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = (
                value.replace(",", ".") if path[0] == "best" and isinstance(value, str) else value
            )
        return found

    def owner(self, path: str) -> str | None:
        """The field of a fault."""
        return next((key for key, steps in self.paths.items() if ".".join(steps) == path), None)


def _answer_field(answers: Answers, code: str, name: str) -> forms.Field:
    """A field for the answer to another leaf, with its choices where it has any."""
    key = f"{code}|{name}"
    one = answers.asked(key)
    label = dict(answers.choices(key)).get(key, key)
    if one is None or not (one.choices or one.type == "boolean"):
        return Num(name, label).field()
    pairs = one.choices or ((True, "yes"), (False, "no"))
    listed = [
        (str(value).lower() if isinstance(value, bool) else str(value), _(words)) for value, words in pairs
    ]
    return Choice(name, label, choices=[("", "—"), *listed]).field()


class TrialForm(InputsForm):
    """The inputs of a rule, checked together with what other leaves answer."""

    def __init__(self, rule: engine.Rule, answers: Answers, **kwargs: Any) -> None:
        inputs = kwargs.pop("inputs", None)
        own, facts = split(inputs or {})
        super().__init__(rule, inputs=own, prefix=PREFIX, **kwargs)
        self.facts_form = FactsForm(rule, answers, data=kwargs.get("data"), facts=facts)
        self.checked: Checked | None = None

    def clean(self) -> dict[str, Any]:
        """Canonical inputs with the facts; faults go to their fields."""
        self.checked = check(self.rule, self.rule.max_points, self.given)
        for path, text in self.checked.problems:
            owner = self.facts_form.owner(path)
            if owner is not None:
                self.facts_form.add_error(owner, text)
            else:
                self.add_error(self._owner(path), text)
        return self.checked.inputs

    @property
    def given(self) -> dict[str, Any]:
        """The inputs and facts as they were typed."""
        return self.raw | self.facts_form.facts()


class Trial:
    """A rule as it is typed now, tried with the inputs as they are typed now.

    ``rule`` None: it is not complete yet. ``data`` None: nothing was typed to try.
    """

    def __init__(
        self,
        rule: engine.Rule | None,
        answers: Answers,
        *,
        data: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        self.rule = rule
        self.form: TrialForm | None = None
        if rule is None:
            return
        form = TrialForm(rule, answers, data=data, inputs=inputs)
        if data is not None and not form.given:
            form = TrialForm(rule, answers)  # nothing typed yet: nothing to complain about
        self.form = form
        if form.is_bound:
            form.is_valid()

    @property
    def score(self) -> engine.Score | None:
        """What the inputs earn; None where there are none or some are wrong."""
        return self.form.checked.score if self.form is not None and self.form.checked else None

    @property
    def inputs(self) -> dict[str, Any]:
        """The canonical inputs, with facts."""
        return self.form.checked.inputs if self.form is not None and self.form.checked else {}

    @property
    def problems(self) -> list[tuple[forms.BoundField | None, str]]:
        """What is wrong with the inputs, each with its field."""
        if self.form is None or not self.form.is_bound or self.score is not None:
            return []
        found: list[tuple[forms.BoundField | None, str]] = []
        for form in (self.form, self.form.facts_form):
            for name, texts in form.errors.items():
                field = form[name] if name in form.fields else None
                found += [(field, str(text)) for text in texts]
        return found

    @property
    def words(self) -> str:
        """The rule in words."""
        return rule_data_in_words(self.rule.data, self.rule.max_points) if self.rule else ""

    @property
    def expression(self) -> str:
        return expression_in_words(self.score.trace) if self.score else ""

    @property
    def sentence(self) -> str:
        return trace_in_words(self.score.trace) if self.score else ""

    @property
    def steps(self) -> list[Step]:
        """How the points came about, one line a step."""
        if self.score is None:
            return []
        found = []
        for template, params in engine.trace_sentence(self.score.trace, decimal_mark=","):
            points = params.get("points", params.get("to"))
            text = engine.render(template, params, translate=_, number=format_decimal)
            found.append(Step(text, points if isinstance(points, Decimal) else None))
        return found

    @cached_property
    def signature(self) -> str:
        """The same as long as the same inputs are asked for."""
        if self.form is None:
            return ""
        asked = [(one.name, one.type, one.label, one.choices, one.group) for one in self.form.asked]
        more = [(key, str(field.label)) for key, field in self.form.facts_form.fields.items()]
        return hashlib.sha256(repr((asked, more)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A stored case to read: inputs in words, what is expected, what the rule gives now."""

    case: StoredCase
    inputs: str
    expected: str
    got: str
    holds: bool


def case_lines(rule: engine.Rule | None, max_points: Decimal, cases: list[StoredCase]) -> list[CaseLine]:
    """Every case, run by ``rule``."""
    found = []
    for case in cases:
        maximum = max_points if case.applicable_max is None else case.applicable_max
        expected = in_words(case.points, maximum, max_points)
        got, holds = _run(rule, max_points, case, maximum)
        found.append(CaseLine(case, _inputs_in_words(rule, case), expected, got, holds))
    return found


def _run(
    rule: engine.Rule | None, max_points: Decimal, case: StoredCase, maximum: Decimal
) -> tuple[str, bool]:
    if rule is None:
        return _("The rule is not complete."), False
    checked = check(rule, max_points, case.inputs)
    if checked.score is None:
        return " ".join(text for _path, text in checked.problems), False
    score = checked.score
    holds = (score.points, score.applicable_max) == (case.points, maximum)
    return in_words(score.points, score.applicable_max, max_points), holds


def _inputs_in_words(rule: engine.Rule | None, case: StoredCase) -> str:
    """The inputs as the line of a table has them, without the points."""
    line = write(rule, {"inputs": case.inputs, "points": engine.plain(case.points)})
    return line.partition(" → ")[0] if " → " in line else line
