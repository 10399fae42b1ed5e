"""What leaves do to each other before a roll-up."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scoring.engine import Node, Score, Tree, index_of, render, rollup, settle
from scoring.engine.trace import SENTENCES

from .helpers import D

NODES = [
    Node("a", None, D(10), False),
    Node("a1", "a", D(2), True),
    Node("a2", "a", D(3), True),
    Node("a3", "a", D(5), False),
    Node("a31", "a3", D(5), True),
    Node("b", None, D(4), True),
    Node("c", None, D(6), True),
]
TREE = Tree.build(NODES)


def given_scores(**changes: Score) -> dict[str, Score]:
    scores = {leaf: Score(TREE.maximum[leaf] / 2, TREE.maximum[leaf], {}) for leaf in TREE.leaves}
    return scores | changes


def nothing(effect: str) -> Score:
    return Score(D(0), D(0), {}, not_arising=effect)


def told(steps: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {key: [render(SENTENCES[step["op"]], step) for step in some] for key, some in steps.items()}


def test_without_side_effects_nothing_changes() -> None:
    scores = given_scores(b=nothing("reduce"))
    got = settle(TREE, scores)
    assert got.results == {key: (one.points, one.applicable_max) for key, one in scores.items()}
    assert got.steps == {}


def test_a_veto_zeroes_the_whole_parent() -> None:
    got = settle(TREE, given_scores(a1=Score(D(0), D(2), {}, zeroes="parent")))
    assert [got.results[key] for key in ("a1", "a2", "a31", "b")] == [(0, 2), (0, 3), (0, 5), (2, 4)]
    assert told(got.steps) == {
        "a2": ["Another item sets the whole parent criterion to 0 points."],
        "a31": ["Another item sets the whole parent criterion to 0 points."],
    }
    leaf_only = settle(TREE, given_scores(a1=Score(D(0), D(2), {}, zeroes="leaf")))
    assert leaf_only.results["a2"] == (D("1.5"), 3)


def test_a_veto_at_the_top_has_no_parent_to_zero() -> None:
    got = settle(TREE, given_scores(b=Score(D(0), D(4), {}, zeroes="parent")))
    assert got.results["c"] == (3, 6)


def test_the_remaining_leaves_are_rescaled_to_the_maximum_of_the_parent() -> None:
    got = settle(TREE, given_scores(a1=nothing("rescale")))
    # 8 points remain for a maximum of 10: × 1.25
    assert got.results["a2"] == (D("1.875"), D("3.75"))
    assert got.results["a31"] == (D("3.125"), D("6.25"))
    assert rollup(TREE, got.results).nodes["a"] == (5, 10)
    top = settle(TREE, given_scores(b=nothing("rescale")))
    assert top.results["c"] == (5, 10)
    # with nothing left the maximum simply shrinks
    gone = settle(TREE, given_scores(**{key: nothing("rescale") for key in ("a1", "a2", "a31")}))
    assert rollup(TREE, gone.results).nodes["a"] == (0, 0)


def test_points_move_in_equal_parts_to_the_leaves_that_the_rule_names() -> None:
    # "điểm số được chia đều cho 02 chỉ tiêu"
    got = settle(TREE, given_scores(a1=nothing("move")), moves={"a1": ("b", "c")})
    assert (got.results["b"], got.results["c"]) == ((D("2.5"), 5), (D("3.5"), 7))
    one = settle(TREE, given_scores(a1=nothing("move"), b=nothing("reduce")), moves={"a1": ("b", "c")})
    assert one.results["c"] == (4, 8)
    none = settle(TREE, given_scores(a1=nothing("move")))
    assert rollup(TREE, none.results).maximum == 18
    assert told(got.steps)["b"] == [
        "The maximum grows from 4 to 5 points, taken over from a criterion where nothing arose."
    ]


maxima = st.lists(st.integers(1, 40).map(lambda n: Decimal(n) / 4), min_size=2, max_size=7)


@given(maxima, st.data())
def test_rescaling_keeps_the_maximum_exactly_and_full_marks_full(
    some: list[Decimal], data: st.DataObject
) -> None:
    nodes = [Node(-1, None, sum(some, D(0)), False), *(Node(n, -1, m, True) for n, m in enumerate(some))]
    tree = Tree.build(nodes)
    gone = data.draw(st.sampled_from(range(len(some))))
    scores = {n: Score(m, m, {}) for n, m in enumerate(some)}
    scores[gone] = Score(D(0), D(0), {}, not_arising="rescale")
    got = rollup(tree, settle(tree, scores).results)
    assert got.maximum == sum(some)
    assert index_of(got.points, got.maximum) == 100
    moved = scores | {gone: Score(D(0), D(0), {}, not_arising="move")}
    targets = tuple(n for n in range(len(some)) if n != gone)
    got = rollup(tree, settle(tree, moved, moves={gone: targets}).results)
    assert got.points == got.maximum == sum(some)
