"""What the rule page shows: the form as it was typed, the rule that it makes, and the trial of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parindex.ui.forms import DecimalField, PortalForm
from scoring import engine
from scoring.criteria.case_values import MAX_NOTE
from scoring.criteria.models import StoredCase
from scoring.criteria.rule_forms.nodes import RuleNode, message
from scoring.criteria.rule_forms.proposal import propose
from scoring.criteria.rule_forms.queries import Place
from scoring.criteria.rule_forms.shown import values_of
from scoring.criteria.rule_forms.tree import Values
from scoring.criteria.rule_forms.trial import CaseLine, Trial, case_lines

__all__ = ["CaseForm", "KeepForm", "TypedRule"]


class KeepForm(PortalForm):
    """What is said of a case that is kept from the trial."""

    points = DecimalField(
        label=_("Expected points"),
        required=False,
        decimal_places=6,
        help_text=_("Empty: the points shown above."),
    )
    note = forms.CharField(label=_("What the case shows"), required=False, max_length=MAX_NOTE)


class CaseForm(PortalForm):
    """A stored case, beside its inputs."""

    points = DecimalField(label=_("Expected points"), decimal_places=6)
    applicable_max = DecimalField(
        label=_("Expected maximum"),
        required=False,
        decimal_places=6,
        help_text=_("Empty: the maximum of the criterion."),
    )
    note = forms.CharField(label=_("What the case shows"), required=False, max_length=MAX_NOTE)


class TypedRule:
    """The rule of a node as it is typed now. ``node`` is drawn; it shows faults once ``show_faults`` ran."""

    def __init__(self, place: Place, values: Values) -> None:
        self.place = place
        self.values = values
        self.node = self._node()
        #: The form with its faults: drawn only where they are asked for.
        self.checked = self._node()
        self.data = self.checked.build()
        self.rule = self._parse()

    @classmethod
    def stored(cls, place: Place) -> TypedRule:
        """As it stands in the draft; empty where the node has no rule."""
        rule = place.node.rule
        return cls(place, values_of(rule, place.node.max_points, place.answers) if rule else {})

    @classmethod
    def proposed(cls, place: Place) -> TypedRule | None:
        """As the official wording states it, for a node without a rule; None where the wording is not plain."""
        node = place.node
        rule = None if node.rule else propose(node.rule_text, node.max_points, node.title)
        return None if rule is None else cls(place, values_of(rule, node.max_points, place.answers))

    def _node(self) -> RuleNode:
        return RuleNode(self.values, maximum=self.place.node.max_points, answers=self.place.answers)

    def _parse(self) -> engine.Rule | None:
        if not self.node.kind:
            return None
        try:
            made = engine.parse_rule(self.data, max_points=self.place.node.max_points)
        except engine.RuleErrors as error:
            add_problems(self.checked, error)
            return None
        return None if self.checked.all_faults else made

    def show_faults(self) -> None:
        """Draw the faults beside their fields."""
        self.node = self.checked

    @property
    def faults(self) -> list[tuple[forms.BoundField | None, str]]:
        """Every fault of the rule as it is typed."""
        return self.checked.all_faults

    @property
    def is_stored(self) -> bool:
        """Whether the draft has this very rule."""
        return self.rule is not None and self.rule.data == self.place.node.rule

    def trial(self, data: Mapping[str, Any] | None = None) -> Trial:
        """The rule tried with the inputs in ``data``."""
        return Trial(self.rule, self.place.answers, data=data)

    def case_lines(self, cases: list[StoredCase]) -> list[CaseLine]:
        """The stored cases run by the rule as it is typed."""
        return case_lines(self.rule, self.place.node.max_points, cases)

    def focus(self, prefix: str) -> None:
        """Let the first field of a row take the focus when the form is drawn."""
        for node in self.node.walk():
            for one in node.lists:
                for row in one.rows:
                    if row.prefix == prefix:
                        row.form.fields[one.spec.params[0].key].widget.attrs["autofocus"] = True
                        return
            if node.prefix == prefix and "kind" in node.form.fields:
                node.form.fields["kind"].widget.attrs["autofocus"] = True
                return
            for case in node.cases:
                if case.prefix == prefix:
                    case.condition.form.fields["by"].widget.attrs["autofocus"] = True
                    return


def add_problems(node: RuleNode, error: engine.RuleErrors) -> None:
    """Faults of the engine, each beside its field."""
    for problem in error.problems:
        node.add_problem(problem.path, message(problem))
