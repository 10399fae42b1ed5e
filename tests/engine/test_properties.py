"""What holds for every set of agencies, points and settings."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from scoring.engine import Node, RankingSettings, Tree, index_of, printed, rank, rollup

from .helpers import D

points = st.integers(0, 10_000_000).map(lambda n: Decimal(n).scaleb(-6))
values = st.one_of(st.none(), st.integers(0, 40).map(lambda n: Decimal(n) / 4))


@st.composite
def scored_trees(draw: st.DrawFn) -> tuple[list[Node[int]], dict[int, tuple[Decimal, Decimal]]]:
    """A forest of up to 40 nodes, each leaf with points within its maximum."""
    size = draw(st.integers(1, 40))
    parents: list[int | None] = [None]
    for n in range(1, size):
        parents.append(draw(st.one_of(st.none(), st.integers(0, n - 1))))
    inner = {parent for parent in parents if parent is not None}
    nodes, results = [], {}
    for n, parent in enumerate(parents):
        nodes.append(Node(n, parent, D(0), n not in inner))
        if n not in inner:
            maximum = draw(points)
            earned = draw(points)
            results[n] = (min(earned, maximum), maximum)
    return nodes, results


@given(scored_trees(), st.randoms(use_true_random=False))
def test_the_order_of_nodes_changes_nothing(
    made: tuple[list[Node[int]], dict[int, tuple[Decimal, Decimal]]], shuffler: random.Random
) -> None:
    nodes, results = made
    once = rollup(Tree.build(nodes), results)
    shuffled = list(nodes)
    shuffler.shuffle(shuffled)
    again = rollup(Tree.build(shuffled), dict(reversed(results.items())))
    assert once.nodes == again.nodes
    assert (once.points, once.maximum) == (again.points, again.maximum)


@given(scored_trees())
def test_every_node_is_the_sum_of_its_parts(
    made: tuple[list[Node[int]], dict[int, tuple[Decimal, Decimal]]],
) -> None:
    nodes, results = made
    tree = Tree.build(nodes)
    got = rollup(tree, results)
    for node in nodes:
        if not node.is_leaf:
            below = [got.nodes[key] for key in tree.children(node.key)]
            assert got.nodes[node.key] == (sum(p for p, _ in below), sum(m for _, m in below))
    assert got.points == sum(earned for earned, _ in results.values())
    assert got.maximum == sum(maximum for _, maximum in results.values())


@given(scored_trees())
def test_all_full_is_100(made: tuple[list[Node[int]], dict[int, tuple[Decimal, Decimal]]]) -> None:
    nodes, results = made
    got = rollup(Tree.build(nodes), {key: (maximum, maximum) for key, (_, maximum) in results.items()})
    assert index_of(got.points, got.maximum) == (100 if got.maximum else None)


@given(scored_trees(), st.data())
def test_a_full_item_made_not_applicable_keeps_100(
    made: tuple[list[Node[int]], dict[int, tuple[Decimal, Decimal]]], data: st.DataObject
) -> None:
    nodes, results = made
    full = {key: (maximum, maximum) for key, (_, maximum) in results.items()}
    full[data.draw(st.sampled_from(sorted(full)))] = (D(0), D(0))
    got = rollup(Tree.build(nodes), full)
    assert index_of(got.points, got.maximum) in (None, 100)


@given(st.dictionaries(st.integers(), values, max_size=30), st.sampled_from(["competition", "dense"]))
def test_ranks_are_monotone(block: dict[int, Decimal | None], ties: str) -> None:
    places = rank(block, ties=ties)
    assert places.keys() == block.keys()
    have = [(value, places[key]) for key, value in block.items() if value is not None]
    assert all(places[key] is None for key, value in block.items() if value is None)
    for value, place in have:
        above = [other for other, _ in have if other > value]
        assert place == 1 + (len(set(above)) if ties == "dense" else len(above))
    assert rank(dict(reversed(block.items())), ties=ties) == places


@given(
    st.lists(st.tuples(points, points), min_size=2, max_size=20),
    st.integers(0, 4),
    st.sampled_from(["half_up", "down"]),
)
def test_equal_print_is_equal_rank(pairs: list[tuple[Decimal, Decimal]], digits: int, mode: str) -> None:
    settings = RankingSettings.parse({"digits": digits, "rounding": mode})
    exact = {n: index_of(min(pair), max(pair)) for n, pair in enumerate(pairs)}
    places = rank({n: settings.ranked(index) for n, index in exact.items()})
    for n, index in exact.items():
        for m, other in exact.items():
            if index is not None and other is not None:
                equal = printed(index, digits, mode) == printed(other, digits, mode)
                assert equal == (places[n] == places[m])
                if index >= other:
                    assert places[n] <= places[m]  # type: ignore[operator]
