"""Movement since last year, through renamings, mergers and splits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agencies.lineage import Lineage
from agencies.models import Succession
from scoring.publication.editions import current_editions, find
from scoring.publication.links import public_links
from scoring.publication.public_agency import agency_page
from scoring.publication.public_queries import block_page, distribution
from tests.factories import SuccessionFactory
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import publish, scored

pytestmark = pytest.mark.django_db
KIND = Succession.Kind


@pytest.fixture
def block():
    return make_block("Sở, ban, ngành", slug="so-ban-nganh")


def year(block, number, got, **fields):
    points = {agency: (value, "0") for agency, value in got.items()}
    publish(scored(points, block=block, year=number, **fields), number=f"{number}/QĐ-UBND")


def lines(block, number=2025):
    editions = current_editions()
    edition = find(editions, number, block.slug)
    page = block_page(edition, editions, public_links(edition))
    return {line.name: (line.places, line.change, line.note) for line in page.lines}


def test_the_same_agency_moves(block):
    a, b, c = (make_agency(name, block=block) for name in ("A", "B", "C"))
    year(block, 2024, {a: "50", b: "40", c: "30"})
    year(block, 2025, {a: "40", b: "45", c: "30"})
    assert lines(block) == {
        "B": (1, Decimal("5"), ""),
        "A": (-1, Decimal("-10"), ""),
        "C": (0, Decimal("0"), ""),
    }


def test_without_a_published_year_before_there_is_no_movement(block):
    a = make_agency("A", block=block)
    scored({a: ("50", "0")}, block=block, year=2024)  # not published
    year(block, 2025, {a: "40"})
    year(block, 2022, {a: "40"})  # two years are not one
    assert lines(block) == {"A": (None, None, "")}
    editions = current_editions()
    edition = find(editions, 2025, block.slug)
    assert block_page(edition, editions, public_links(edition)).last_year is None


def test_a_renamed_agency_is_compared_with_itself(block):
    old, new, other = (make_agency(name, block=block) for name in ("Sở cũ", "Sở mới", "Khác"))
    SuccessionFactory(predecessor=old, successor=new, kind=KIND.RENAMED, on=date(2025, 3, 1))
    year(block, 2024, {old: "30", other: "40"})
    year(block, 2025, {new: "50", other: "40"})
    assert lines(block)["Sở mới"] == (1, Decimal("20"), "đổi tên 3/2025 từ Sở cũ")


def test_renamed_twice(block):
    first, second, third = (make_agency(name, block=block) for name in ("Một", "Hai", "Ba"))
    SuccessionFactory(predecessor=first, successor=second, kind=KIND.RENAMED, on=date(2025, 2, 1))
    SuccessionFactory(predecessor=second, successor=third, kind=KIND.RENAMED, on=date(2025, 8, 1))
    year(block, 2024, {first: "30"})
    year(block, 2025, {third: "50"})
    assert lines(block)["Ba"][:2] == (0, Decimal("20"))


def test_merged_into_a_new_one_or_into_one_that_stays(block):
    one, two, both, stays, taken = (
        make_agency(n, block=block) for n in ("Một", "Hai", "Gộp", "Ở lại", "Vào")
    )
    for before, after in ((one, both), (two, both), (taken, stays)):
        SuccessionFactory(predecessor=before, successor=after, kind=KIND.MERGED, on=date(2025, 3, 1))
    year(block, 2024, {one: "30", two: "40", stays: "50", taken: "20"})
    year(block, 2025, {both: "50", stays: "45"})
    assert lines(block) == {
        "Gộp": (None, None, "sáp nhập 3/2025"),
        "Ở lại": (None, None, "sáp nhập 3/2025"),
    }


def test_a_merger_long_ago_does_not_stop_the_comparison(block):
    stays, taken = (make_agency(name, block=block) for name in ("Ở lại", "Vào"))
    SuccessionFactory(predecessor=taken, successor=stays, kind=KIND.MERGED, on=date(2023, 3, 1))
    year(block, 2024, {stays: "50"})
    year(block, 2025, {stays: "45"})
    assert lines(block)["Ở lại"][:2] == (0, Decimal("-5"))


def test_a_merger_late_in_the_year_counts_when_that_year_scored_both(block):
    stays, taken = (make_agency(name, block=block) for name in ("Ở lại", "Vào"))
    SuccessionFactory(predecessor=taken, successor=stays, kind=KIND.MERGED, on=date(2024, 12, 20))
    year(block, 2024, {stays: "50", taken: "40"})
    year(block, 2025, {stays: "45"})
    assert lines(block)["Ở lại"] == (None, None, "sáp nhập 12/2024")


def test_split(block):
    whole, part = (make_agency(name, block=block) for name in ("Còn lại", "Tách ra"))
    SuccessionFactory(predecessor=whole, successor=part, kind=KIND.SPLIT, on=date(2025, 6, 1))
    year(block, 2023, {whole: "50"})
    year(block, 2024, {whole: "50"})
    year(block, 2025, {whole: "45", part: "40"})
    year(block, 2026, {whole: "46", part: "40"})
    assert lines(block) == {
        "Còn lại": (None, None, "chia tách 6/2025"),
        "Tách ra": (None, None, "chia tách 6/2025"),
    }
    assert lines(block, 2024)["Còn lại"][0] == 0
    assert lines(block, 2026) == {"Còn lại": (0, Decimal("1"), ""), "Tách ra": (0, Decimal("0"), "")}


def test_new_in_the_block_or_unranked_is_not_compared(block):
    old, new, outside = (make_agency(name, block=block) for name in ("Cũ", "Mới", "Ngoài"))
    year(block, 2024, {old: "50", outside: "40"})
    year(block, 2025, {old: "45", new: "40", outside: "30"}, unranked=[outside])
    found = lines(block)
    assert found["Mới"] == (None, None, "chưa xếp hạng năm 2024")
    assert found["Ngoài"] == (None, None, "")


def test_a_correction_of_last_year_changes_the_movement(block):
    from tests.publication.years import change

    a, b = (make_agency(name, block=block) for name in ("A", "B"))
    before = scored({a: ("50", "0"), b: ("40", "0")}, block=block, year=2024)
    publish(before, number="2024/QĐ-UBND")
    year(block, 2025, {a: "50", b: "40"})
    assert lines(block)["A"] == (0, Decimal("0"), "")
    change(before, b, "1.1.1", "60")
    publish(before, number="30/QĐ-UBND", notice="Đính chính năm 2024")
    assert lines(block)["A"][0] == 1


def test_the_years_of_a_renamed_agency_stand_on_one_page(block):
    old, new, other = (make_agency(name, block=block) for name in ("Sở cũ", "Sở mới", "Khác"))
    SuccessionFactory(predecessor=old, successor=new, kind=KIND.RENAMED, on=date(2025, 3, 1))
    year(block, 2023, {old: "35", other: "40"})
    year(block, 2024, {old: "30", other: "40"})
    year(block, 2025, {new: "50", other: "40"})
    editions = current_editions()
    page = agency_page(find(editions, 2025, block.slug), "so-moi", editions, public_links)
    told = [(line.year, line.name, line.rank, line.of, line.places, line.now) for line in page.years]
    assert told == [
        (2025, "Sở mới", 1, 2, 1, True),
        (2024, "Sở cũ", 2, 2, 0, False),
        (2023, "Sở cũ", 2, 2, None, False),
    ]
    assert page.years[1].url == "/rankings/2024/so-ban-nganh/so-cu/"
    back = agency_page(find(editions, 2024, block.slug), "so-cu", editions, public_links)
    assert [line.year for line in back.years] == [2025, 2024, 2023]


def test_a_circle_of_renamings_ends(block):
    a, b = (make_agency(name, block=block) for name in ("A", "B"))
    SuccessionFactory(predecessor=a, successor=b, kind=KIND.RENAMED, on=date(2025, 1, 1))
    SuccessionFactory(predecessor=b, successor=a, kind=KIND.RENAMED, on=date(2025, 2, 1))
    lineage = Lineage.read()
    assert lineage.earlier(a.pk, there={}, since=2024, until=2025).agency is None
    assert lineage.names_before(a.pk) and lineage.names_after(a.pk)


@pytest.mark.parametrize(
    ("values", "steps"),
    [
        (["90"], [("90", "91", 1)]),
        (["100"], [("99", "100", 1)]),
        (["99.5", "100"], [("99", "100", 2)]),
        (
            ["10", "100"],
            [("0", "20", 1), ("20", "40", 0), ("40", "60", 0), ("60", "80", 0), ("80", "100", 1)],
        ),
        ([], []),
    ],
)
def test_steps_hold_every_value_once(values, steps):
    made = distribution([Decimal(value) for value in values])
    assert sum(step.count for step in made) == len(values)
    assert len(made) <= 8
    if steps[:1] != [("99", "100", 1)] or values != ["100"]:
        assert made[-1].high <= 101 if made else True
    for value in values:
        assert any(step.low <= Decimal(value) <= step.high for step in made)
