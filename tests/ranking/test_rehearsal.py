"""A change of the set, rehearsed: every figure here was computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from agencies.models import Agency, Role
from parindex.clock import db_now
from parindex.errors import Invalid
from scoring import engine
from scoring.criteria.models import Comparability, CriteriaSet, Criterion, CriterionLink, SetLink
from scoring.criteria.queries import tree_of
from scoring.ranking.models import NodeRow, RankingRow, RankingRun, RunStage
from scoring.ranking.rehearsal import NewLeaves, Rehearsal, base_runs, rehearse
from tests.factories import person
from tests.factories_scoring import make_agency, make_block, make_set, open_cycle

pytestmark = pytest.mark.django_db

CHOICE = {"kind": "choice", "options": [["Kịp thời", "2"], ["Không kịp thời", "1"], ["Không ban hành", "0"]]}
RATIO = {"kind": "proportion", "numerator": "số đúng hạn", "denominator": "số đã giải quyết"}
OLD = [
    ("1.1", "4", RATIO | {"factor": "4"}),
    ("1.2", "2", CHOICE),
    ("2.1", "2", {"kind": "manual", "step": "0.5"}),
    ("2.2", "2", {"kind": "boolean", "yes": "2", "no": "0"}),
]
NEW = [
    ("1.1", "2", RATIO | {"factor": "2", "target_pct": "80"}),
    ("1.2", "2", CHOICE),
    ("2.1", "4", {"kind": "manual", "step": "0.5"}),
    ("3.1", "2", {"kind": "boolean", "yes": "2", "no": "0"}),
]
#: (inputs, or typed points) by code: 7.4 and 6.6 of 10.
FIRST: dict[str, Any] = {"1.1": ("60", "100"), "1.2": 0, "2.1": "1", "2.2": True}
SECOND: dict[str, Any] = {"1.1": ("90", "100"), "1.2": 1, "2.1": "2", "2.2": False}


def inputs_of(leaf: Any, value: Any) -> dict[str, Any]:
    names = [field.name for field in leaf.rule.fields()]
    if isinstance(value, tuple):
        return dict(zip(names, value, strict=True))
    choices = leaf.rule.fields()[0].choices
    return {names[0]: choices[value][0] if choices and not isinstance(value, bool) else value}


def run_of(
    criteria_set: CriteriaSet, declared: Mapping[Agency, Mapping[str, Any]], **more: Any
) -> RankingRun:
    """A done run with the leaves' figures as they would have been published."""
    year = open_cycle(list(declared), criteria_set=criteria_set, year=criteria_set.year, **more)
    run = RankingRun.objects.create(
        cycle_block=year.cycle_block,
        stage=RunStage.FINAL,
        state=RankingRun.State.DONE,
        settings={"digits": 2},
        requested_at=db_now(),
    )
    tree = tree_of(criteria_set)
    for place, (agency, values) in enumerate(declared.items(), start=1):
        points, maximum = Decimal(0), Decimal(0)
        for leaf in tree.leaves:
            assert leaf.rule is not None
            if values[leaf.code] is None:
                one = engine.not_applicable(leaf.max_points)
            elif isinstance(values[leaf.code], str):
                one = engine.typed_points(leaf.max_points, values[leaf.code])
            else:
                one = engine.score(leaf.rule, leaf.max_points, inputs_of(leaf, values[leaf.code]))
            NodeRow.objects.create(
                run=run, agency=agency, criterion_id=leaf.id, points=one.points,
                maximum=one.applicable_max, trace=one.trace,
            )  # fmt: skip
            points, maximum = points + one.points, maximum + one.applicable_max
        exact = points * 100 / maximum
        RankingRow.objects.create(
            run=run, agency=agency, ranked=True, points=points, maximum=maximum, rank=place,
            index=round(exact, 2), index_exact=round(exact, 12),
        )  # fmt: skip
    return run


@pytest.fixture
def year(db: None) -> tuple[CriteriaSet, RankingRun]:
    block = make_block()
    old = make_set(OLD, block=block, year=2025)
    new = make_set(NEW, block=block, year=2026, locked=False)
    run = run_of(old, {make_agency("Sở Một"): FIRST, make_agency("Sở Hai"): SECOND})
    return new, run


def shifts(result: Rehearsal) -> list[tuple[str, Decimal | None, Decimal | None, int | None]]:
    return [(one.agency.name, one.before.index, one.after.index, one.after.rank) for one in result.shifts]


@pytest.mark.parametrize(
    ("new", "first", "second"),
    [
        # 60 of 80 % of 2 = 1.5; 2; half of 4 = 2: 5.5 of 8, of 10, with 2 more, with 74 % of 2 more
        (NewLeaves.LEFT_OUT, "68.75", "87.5"),
        (NewLeaves.NONE, "55", "70"),
        (NewLeaves.FULL, "75", "90"),
        (NewLeaves.OWN, "69.8", "83.2"),
    ],
)
def test_the_shift_of_every_agency(
    year: tuple[CriteriaSet, RankingRun], new: str, first: str, second: str
) -> None:
    result = rehearse(year[0], year[1], new=new)
    assert shifts(result) == [
        ("Sở Hai", Decimal("66"), Decimal(second), 1),
        ("Sở Một", Decimal("74"), Decimal(first), 2),
    ]
    assert [one.places for one in result.shifts] == [1, -1]
    assert result.mean_before == 70
    assert [leaf.code for leaf in result.gone] == ["2.2"]
    assert not result.stated


def test_where_the_shift_comes_from(year: tuple[CriteriaSet, RankingRun]) -> None:
    leaves = {one.node.code: one for one in rehearse(*year).leaves}
    assert leaves["1.1"].basis == {"scored": 2}
    assert (leaves["1.1"].before, leaves["1.1"].after) == (Decimal("75"), Decimal("87.5"))
    assert leaves["2.1"].basis == {"share": 2}
    assert not leaves["1.2"].moves
    assert leaves["3.1"].basis == {"new": 2}


def test_stated_links_merge_and_split(year: tuple[CriteriaSet, RankingRun]) -> None:
    """2.1 and 2.2 merged into 3.1; 1.2 goes on as 1.2 and as 2.1: shares of what was there."""
    new, run = year
    old = run.cycle_block.criteria_set
    link = SetLink.objects.create(newer=new, earlier=old, comparability=Comparability.RESCALED)
    node = {one.code: one for one in Criterion.objects.filter(criteria_set=new)}
    was = {one.code: one for one in Criterion.objects.filter(criteria_set=old)}
    pairs = [("1.1", "1.1"), ("3.1", "2.1"), ("3.1", "2.2"), ("1.2", "1.2"), ("2.1", "1.2")]
    for here, there in pairs:
        CriterionLink.objects.create(set_link=link, criterion=node[here], earlier=was[there])
    result = rehearse(new, run)
    assert result.stated
    assert result.gone == []
    # Sở Một: 1.5 + 2 + 4 + (1 + 2) / 4 of 2 = 9; Sở Hai: 2 + 1 + 2 + (2 + 0) / 4 of 2 = 6
    assert shifts(result) == [
        ("Sở Hai", Decimal("66"), Decimal("60"), 2),
        ("Sở Một", Decimal("74"), Decimal("90"), 1),
    ]


def test_what_did_not_apply_still_does_not(year: tuple[CriteriaSet, RankingRun]) -> None:
    new, run = year
    leaf = NodeRow.objects.get(run=run, agency__name="Sở Một", criterion__code="2.1")
    leaf.points, leaf.maximum = Decimal(0), Decimal(0)
    leaf.save()
    after = {one.agency.name: one.after.index for one in rehearse(new, run).shifts}
    assert after["Sở Một"] == Decimal("87.5")  # 3.5 of 4


def test_an_unfinished_set_says_what_it_lacks(year: tuple[CriteriaSet, RankingRun]) -> None:
    new, run = year
    Criterion.objects.filter(criteria_set=new, rule__isnull=False).update(rule=None, method="")
    with pytest.raises(Invalid):
        rehearse(new, run)


def test_runs_to_choose_from_are_the_newest_of_each_stage_up_to_the_year(
    year: tuple[CriteriaSet, RankingRun],
) -> None:
    new, run = year
    later = make_set(OLD, block=new.block, year=2027)
    run_of(later, {make_agency("Sở Ba"): FIRST})
    again = RankingRun.objects.create(
        cycle_block=run.cycle_block,
        stage=RunStage.ROUND_1,
        state=RankingRun.State.DONE,
        requested_at=db_now(),
    )
    assert base_runs(new) == [run, again]


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_a_fixed_number_of_queries(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    block = make_block()
    old = make_set(OLD, block=block, year=2025)
    new = make_set(NEW, block=block, year=2026, locked=False)
    run_of(old, {make_agency(f"Sở số {number}"): FIRST for number in range(count)})
    client.force_login(person(Role.SECRETARY))
    with django_assert_num_queries(12):
        page = client.get(reverse("ranking:rehearse", args=[new.pk]))
    assert page.content.decode().count("Sở số ") == count


def test_the_page_tells_it_in_words_and_as_csv(client: Client, year: tuple[CriteriaSet, RankingRun]) -> None:
    client.force_login(person(Role.SECRETARY))
    new, run = year
    page = client.get(reverse("ranking:rehearse", args=[new.pk]), {"run": str(run.public_id), "new": "none"})
    text = page.content.decode()
    assert "−19,00" in text  # 55 after 74
    assert "+4,00" in text
    assert "<rect" in text
    table = client.get(reverse("ranking:rehearse_csv", args=[new.pk]), {"new": "none"}).content.decode(
        "utf-8-sig"
    )
    assert "so-mot,Sở Một,1,74,55,-19,1,2,," in table.splitlines()
    assert client.get(reverse("ranking:rehearse", args=[new.pk]), {"run": "x"}).status_code == 404


def test_without_a_run_the_page_says_what_to_do(client: Client) -> None:
    client.force_login(person(Role.SECRETARY))
    page = client.get(reverse("ranking:rehearse", args=[make_set(NEW, locked=False).pk]))
    assert page.status_code == 200
    assert "import_past_year" in page.content.decode()


def test_the_same_set_gives_the_same_figures(year: tuple[CriteriaSet, RankingRun]) -> None:
    """Scored once more by its own set, a year stands where it stood: nothing is lost on the way."""
    run = year[1]
    result = rehearse(run.cycle_block.criteria_set, run)
    assert [one.change for one in result.shifts] == [0, 0]
    assert result.stated
    assert not any(leaf.moves for leaf in result.leaves)
