"""Year-over-year figures obey the links between the sets: same, rescaled, not comparable, split, merged, new."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agencies.actors import SYSTEM
from scoring.criteria.linking import set_ties, set_whole, state_link
from scoring.criteria.models import Comparability, CriteriaSet
from scoring.publication.charts import agency_years
from scoring.publication.editions import current_editions, find
from scoring.publication.links import public_links
from scoring.publication.public_agency import agency_page
from scoring.publication.public_queries import block_page
from tests.factories_scoring import make_agency, make_block
from tests.publication.years import LEAVES, publish, scored

pytestmark = pytest.mark.django_db
SAME, RESCALED, NOT = Comparability.values
SETTINGS = {"digits": 2, "depth": "leaf"}


class Years:
    """Two published years of two agencies: A has (30, 40) of (60, 40), then (45, 20)."""

    def __init__(self, leaves=LEAVES):
        self.block = make_block("Sở, ban, ngành", slug="so-ban-nganh")
        self.a, self.b = (make_agency(name, block=self.block) for name in ("Sở A", "Sở B"))
        for year, got, own in ((2024, ("30", "40"), LEAVES), (2025, ("45", "20"), leaves)):
            points = {self.a: got, self.b: ("60", "8")}
            made = scored(points, block=self.block, year=year, settings=SETTINGS, leaves=own)
            publish(made, number=f"{year}/QĐ-UBND")
        self.old, self.new = (CriteriaSet.objects.get(year=year) for year in (2024, 2025))

    def link(self, whole="", note="", **ties):
        made = state_link(actor=SYSTEM, newer=self.new, earlier=self.old)
        set_whole(actor=SYSTEM, set_link=made, comparability=whole, note=note)
        for code, (codes, comparability) in ties.items():
            set_ties(
                actor=SYSTEM,
                set_link=made,
                node=self.new.criteria.get(code=code.strip("_").replace("_", ".")),
                earlier=[self.old.criteria.get(code=one).pk for one in codes],
                comparability=comparability,
            )
        return self

    def pages(self):
        editions = current_editions()
        edition = find(editions, 2025, self.block.slug)
        block = block_page(edition, editions, public_links(edition))
        return block, agency_page(edition, "so-a", editions, public_links)


def since(page):
    return {area.code: (area.since.points, area.since.index, area.since.note) for area in page.areas}


def test_without_links_the_page_says_once_that_nobody_confirmed_it(client):
    years = Years()
    block, agency = years.pages()
    assert {line.name: (line.places, line.change) for line in block.lines} == {
        "Sở A": (-1, Decimal("-5")),
        "Sở B": (1, Decimal("0")),
    }
    assert not any(line.note for line in block.lines)
    assert since(agency) == {
        "1": (Decimal(15), Decimal(25), ""),
        "2": (Decimal(-20), Decimal(-50), ""),
    }
    for url in ("/rankings/2025/so-ban-nganh/", "/rankings/2025/so-ban-nganh/so-a/"):
        assert client.get(url).content.decode().count("theo mã và tên, chưa được xác nhận") == 1
    assert "chưa được xác nhận" not in client.get("/rankings/2024/so-ban-nganh/").content.decode()


def test_linked_sets_need_no_remark(client):
    years = Years().link()
    block, _agency = years.pages()
    assert block.against.notes == [] and block.last_year == 2024
    assert "chưa được xác nhận" not in client.get("/rankings/2025/so-ban-nganh/").content.decode()


def test_rescaled_totals_keep_the_index_and_say_so(client):
    block, agency = Years().link(whole=RESCALED).pages()
    assert {line.change for line in block.lines} == {Decimal("-5"), Decimal("0")}
    assert "Thang điểm thay đổi" in client.get("/rankings/2025/so-ban-nganh/").content.decode()
    assert agency.years[0].note == "đổi thang điểm" and agency.years[0].compared


def test_totals_that_do_not_compare_show_no_difference_and_the_reason(client):
    block, agency = Years().link(whole=NOT, note="Bộ tiêu chí mới theo QĐ 99.").pages()
    assert all((line.places, line.change) == (None, None) for line in block.lines)
    assert block.last_year is None and agency.last_year is None
    page = client.get("/rankings/2025/so-ban-nganh/").content.decode()
    assert page.count("Bộ tiêu chí mới theo QĐ 99.") == 1 and "So với 2024" not in page
    assert 'class="movement"' not in page
    assert agency.years[0].note == "Bộ tiêu chí mới theo QĐ 99." and not agency.years[0].compared
    chart = agency_years(agency.slug, agency.line.name, agency.years, rehearsal=False)
    assert [entry["segment"] for entry in chart.data] == [0, 1]  # no line between the two years


def test_the_line_of_comparable_years_is_one():
    _block, agency = Years().link().pages()
    chart = agency_years(agency.slug, agency.line.name, agency.years, rehearsal=False)
    assert [entry["segment"] for entry in chart.data] == [0, 0]


def test_areas_and_criteria_obey_their_own_links(client):
    _block, agency = Years().link(_1=(["1"], RESCALED), _2=(["2"], NOT)).pages()
    assert since(agency) == {
        "1": (None, Decimal(25), "đổi thang điểm"),
        "2": (None, None, "không so sánh được"),
    }
    by_code = {one.code: one.since for one in agency.details}
    assert by_code["1.1.1"].points == 15 and by_code["2"].note == "không so sánh được"
    page = client.get("/rankings/2025/so-ban-nganh/so-a/").content.decode()
    assert "đổi thang điểm" in page and "không so sánh được" in page


def test_split_merged_and_new_areas_say_so():
    leaves = (*LEAVES[:1], {**LEAVES[1], "code": "3.1.1", "title": "Khác"})
    _block, agency = Years(leaves).link(_1=(["1", "2"], "")).pages()
    assert since(agency) == {"1": (None, None, "gộp lại"), "3": (None, None, "mới")}


def test_a_split_area_says_so():
    _block, agency = Years().link(_2=(["1"], "")).pages()
    assert since(agency) == {"1": (None, None, "tách ra"), "2": (None, None, "tách ra")}


def test_another_maximum_is_rescaled_without_anybody_saying_so():
    leaves = ({**LEAVES[0], "max": "70"}, {**LEAVES[1], "max": "40"})
    block, agency = Years(leaves).link().pages()
    assert block.against.comparability == RESCALED
    assert since(agency)["1"][0] is None and since(agency)["1"][2] == "đổi thang điểm"
    assert since(agency)["2"] == (Decimal(-20), Decimal(-50), "")


def test_figures_are_never_deeper_than_the_year_before_was_published():
    from scoring.publication.models import Publication

    years = Years().link()
    Publication.objects.filter(cycle__year=2024).update(depth="area")
    _block, agency = years.pages()
    by_code = {one.code: one.since.points for one in agency.details}
    assert by_code["1"] == 15 and by_code["1.1.1"] is None
