"""Before a set is locked: what its rules name is there, and can be answered, whatever road the draft came by."""

from __future__ import annotations

from typing import Any

import pytest

from agencies.models import Role
from parindex.errors import Invalid
from scoring.criteria import services as set_services
from scoring.criteria.editing import services
from scoring.criteria.models import CriteriaSet
from scoring.criteria.rule_forms.services import clear_rule, set_rule
from tests.criteria.test_dependencies import PLAIN, on
from tests.factories import actor
from tests.factories_scoring import make_set

pytestmark = pytest.mark.django_db
MOVES = {
    "kind": "proportion",
    "numerator": "a",
    "denominator": "b",
    "factor": "2",
    "moves_to": ["1.2"],
}
MANUAL = {"kind": "manual"}


def draft_of(first: dict[str, Any]) -> CriteriaSet:
    return make_set([("1.1", "2", first), ("1.2", "2", PLAIN), ("1.3", "2", PLAIN)], locked=False)


def refused(draft: CriteriaSet) -> str:
    with pytest.raises(Invalid) as fault:
        set_services.lock_set(actor=actor(Role.SECRETARY), criteria_set=draft)
    return str(fault.value)


def changed(draft: CriteriaSet, which: str, **more: Any) -> None:
    node = draft.criteria.get(code=which)
    services.change_node(actor=actor(Role.SECRETARY), set_pk=draft.pk, node_pk=node.pk, **more)


@pytest.mark.parametrize("rule", [on("1.2"), MOVES])
def test_a_leaf_that_a_rule_names_and_that_got_parts(rule: dict[str, Any]) -> None:
    draft, who = draft_of(rule), actor(Role.SECRETARY)
    above = draft.criteria.get(code="1.2")
    clear_rule(actor=who, set_pk=draft.pk, node_pk=above.pk, revision=None)
    part = services.add_node(
        actor=who, set_pk=draft.pk, parent=above.pk, title="Phần", max_points=above.max_points
    )
    set_rule(actor=who, set_pk=draft.pk, node_pk=part.pk, revision=None, rule=PLAIN)
    told = refused(draft)
    assert "1.1" in told and "“1.2”" in told


def test_a_leaf_that_a_condition_looks_at_and_that_no_agency_answers_any_more() -> None:
    draft = draft_of(on("1.2"))
    changed(draft, "1.2", method="office")
    assert "“1.2”" in refused(draft)


def test_a_leaf_that_a_condition_looks_at_and_that_asks_otherwise_now() -> None:
    draft = draft_of(on("1.2"))
    node = draft.criteria.get(code="1.2")
    set_rule(actor=actor(Role.SECRETARY), set_pk=draft.pk, node_pk=node.pk, revision=None, rule=MANUAL)
    assert "value" in refused(draft)


def test_a_set_whose_rules_name_what_is_there_is_locked() -> None:
    draft = draft_of(on("1.2"))
    changed(draft, "1.2", code="1.9")
    assert set_services.lock_set(actor=actor(Role.SECRETARY), criteria_set=draft).locked_at
