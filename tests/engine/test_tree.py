"""Roll-up over a tree of any depth."""

from decimal import Decimal

import pytest

from scoring.engine import Node, Tree, TreeError, index_of, rollup

from .helpers import D


def tree(*rows: tuple[str, str | None, bool], **caps: str) -> Tree[str]:
    return Tree.build(
        Node(key, parent, D(0), leaf, D(caps[key]) if key in caps else None) for key, parent, leaf in rows
    )


DEEP = (
    ("b", None, False),
    ("a1x", "a1", True),
    ("a", None, False),
    ("a1", "a", False),
    ("a2", "a", True),
    ("b1", "b", True),
    ("c", None, True),
)


def test_sums_at_every_level_in_any_order_of_nodes() -> None:
    whole = tree(*DEEP)
    assert whole.leaves == ("a1x", "a2", "b1", "c")
    assert whole.children("a") == ("a1", "a2")
    assert whole.children(None) == ("b", "a", "c")
    assert whole.parent["a1x"] == "a1"
    got = rollup(
        whole,
        {"a1x": (D("0.1"), D(1)), "a2": (D("0.2"), D(2)), "b1": (D(0), D(0)), "c": (D("0.333333"), D(4))},
    )
    assert got.nodes["a1"] == (D("0.1"), D(1))
    assert got.nodes["a"] == (D("0.3"), D(3))
    assert got.nodes["b"] == (0, 0)
    assert index_of(*got.nodes["b"]) is None
    assert (got.points, got.maximum) == (D("0.633333"), D(7))


def test_eight_full_areas_of_equal_weight_are_exactly_100() -> None:
    areas = [Node(n, None, D("12.5"), True) for n in range(8)]
    got = rollup(Tree.build(areas), {n: (D("12.5"), D("12.5")) for n in range(8)})
    assert (got.points, got.maximum) == (100, 100)
    assert index_of(got.points, got.maximum) == 100
    eighths = rollup(Tree.build(areas), {n: (D("0.125"), D("0.125")) for n in range(8)})
    assert (eighths.points, eighths.maximum) == (1, 1)


def test_an_area_that_does_not_apply_leaves_the_denominator() -> None:
    # Thanh Hóa 2023 (S24): 68.32 of 84 points is 81.33 %
    got = rollup(tree(("a", None, True), ("b", None, True)), {"a": (D("68.32"), D(84)), "b": (D(0), D(0))})
    assert str(index_of(got.points, got.maximum)).startswith("81.3333")


def test_bonus_and_penalty_are_capped_and_count_in_no_maximum() -> None:
    one = tree(("a", None, True))
    result = {"a": (D(90), D(100))}
    got = rollup(one, result, bonus=D(7), penalty=D(2), bonus_cap=D(5), penalty_cap=D(5))
    assert (got.points, got.maximum) == (93, 100)
    got = rollup(one, result, bonus=D(1), penalty=D(9), bonus_cap=D(5), penalty_cap=D(5))
    assert got.points == 86
    # without a cap in the set there is no bonus
    assert rollup(one, result, bonus=D(3), penalty=D(3)).points == 90
    assert rollup(one, result, bonus=D(-3), penalty=D(-3), bonus_cap=D(5), penalty_cap=D(5)).points == 90


def test_a_parent_may_be_worth_less_than_its_children() -> None:
    # six items of 10, tối đa 10
    rows = [("p", None, False), *[(f"i{n}", "p", True) for n in range(6)]]
    got = rollup(tree(*rows, p="10"), {f"i{n}": (D(4), D(10)) for n in range(6)})
    assert got.nodes["p"] == (10, 10)
    got = rollup(tree(*rows, p="10"), {f"i{n}": (D(1), D(1) if n else D(0)) for n in range(6)})
    assert got.nodes["p"] == (6, 5)


def test_bonus_and_penalty_areas_within_the_tree() -> None:
    nodes = [
        Node("a", None, D(100), True),
        Node("plus", None, D(5), False, D(5), "bonus"),
        Node("plus1", "plus", D(9), True),
        Node("minus", None, D(5), True, D(5), "penalty"),
    ]
    got = rollup(Tree.build(nodes), {"a": (D(80), D(100)), "plus1": (D(9), D(9)), "minus": (D(2), D(9))})
    assert (got.points, got.maximum) == (83, 100)


def test_a_leaf_without_a_result_is_an_error_never_0() -> None:
    with pytest.raises(KeyError):
        rollup(tree(*DEEP), {"c": (D(1), D(1))})


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", None, True), ("a", None, True)], "repeated"),
        ([("a", "z", True)], "orphan"),
        ([("a", None, True), ("b", "a", True)], "leaf with children"),
        ([("a", "b", False), ("b", "a", False)], "ring"),
        ([("a", "a", False)], "ring"),
    ],
)
def test_what_is_no_tree(rows: list[tuple[str, str | None, bool]], said: str) -> None:
    with pytest.raises(TreeError, match=said):
        tree(*rows)


def test_sums_are_exact_over_many_leaves() -> None:
    step = Decimal("0.000001")
    many = Tree.build(Node(n, None, step, True) for n in range(10_000))
    got = rollup(many, {n: (step, D("1e9")) for n in range(10_000)})
    assert got.points == D("0.01")
    assert got.maximum == D("1e13")
