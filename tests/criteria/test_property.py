"""Sets drawn at random: what is stored, exported, imported and exported again is the same, and scores the same."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.models import Block
from scoring import engine
from scoring.criteria import fileformat, services
from scoring.criteria.carriers import read
from scoring.criteria.export import export_criteria_set, export_json, export_xlsx
from scoring.criteria.models import CriteriaSet
from scoring.criteria.queries import SetTree, differences, tree_of
from scoring.criteria.stored_cases import cases_of, failed_cases
from scoring.criteria.xlsx_write import write_workbook
from tests.criteria.drawing import drawn_inputs, drawn_set
from tests.criteria.files import encoded
from tests.criteria.test_xlsx import same
from tests.factories_scoring import home_affairs, make_block


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_a_drawn_set_is_the_same_through_a_workbook(seed: int) -> None:
    document = drawn_set(random.Random(seed))
    direct = fileformat.read(encoded(document))
    assert direct.errors == ()
    through = read(write_workbook(document))
    assert through.errors == () and same(through.file) == same(direct.file)
    assert [one.message for one in through.warnings] == [one.message for one in direct.warnings]


def scores(tree: SetTree, seed: int) -> list[Any]:
    """Inputs drawn for every leaf, scored; the points and the maximum of every node and of the whole."""
    chance, by_code, found = random.Random(seed), {}, []
    for leaf in tree.leaves:
        assert leaf.rule is not None
        try:
            result = engine.score(leaf.rule, leaf.max_points, drawn_inputs(chance, leaf.rule))
        except engine.InputErrors as error:
            result = engine.unanswered(leaf.max_points)
            found.append([str(problem) for problem in error.problems])
        by_code[leaf.id] = (result.points, result.applicable_max)
        found.append((leaf.code, result.trace))
    rolled = engine.rollup(tree.tree, by_code)
    found.append([(node.code, rolled.nodes[node.id]) for node in tree.nodes])
    return [*found, rolled.points, rolled.maximum]


@pytest.mark.django_db
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_drawn_set_is_stored_exported_and_imported_the_same_and_scores_the_same(
    seed: int, dice: int
) -> None:
    if not Block.objects.filter(slug="so-ban-nganh").exists():
        home_affairs()
        make_block("Sở, ban, ngành")
    data = encoded(drawn_set(random.Random(seed)))
    first = services.import_criteria_set(actor=None, data=data)
    assert first.errors == () and first.criteria_set is not None
    exported = export_criteria_set(first.criteria_set)
    for carrier in (export_json, export_xlsx):
        again = services.import_criteria_set(actor=None, data=carrier(first.criteria_set))
        assert again.errors == () and again.criteria_set is not None
        assert export_criteria_set(again.criteria_set) == exported
        assert scores(tree_of(again.criteria_set), dice) == scores(tree_of(first.criteria_set), dice)
        tree = tree_of(again.criteria_set)
        assert failed_cases(tree, cases_of(again.criteria_set)) == []
    warned = [one for one in first.warnings if not one.place.endswith(".cap")]
    assert len(warned) == len(differences(first.criteria_set))
    CriteriaSet.objects.all().delete()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_what_adds_up_is_what_full_marks_roll_up_to(seed: int) -> None:
    """A node adds up exactly where full marks of all its leaves make its maximum."""
    reading = fileformat.read(encoded(drawn_set(random.Random(seed))))
    assert reading.file is not None
    nodes = reading.file.nodes
    tree = engine.Tree.build(
        engine.Node(one.position, one.parent, one.max_points, one.rule is not None, one.cap, one.role)
        for one in nodes
    )
    rolled = engine.rollup(
        tree, {one.position: (one.max_points, one.max_points) for one in reading.file.leaves}
    )
    if not [one for one in reading.warnings if not one.place.endswith(".cap")]:
        assert rolled.maximum == reading.file.total
        for node in nodes:
            held = node.max_points if node.cap is None else min(node.max_points, node.cap)
            assert rolled.nodes[node.position] == (held, held)
