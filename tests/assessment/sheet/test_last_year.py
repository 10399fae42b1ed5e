"""Last year's points beside a leaf: by the links between the sets, for the agency or what it was renamed from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agencies.actors import SYSTEM
from agencies.models import Succession
from parindex.clock import db_now
from scoring.assessment.models import Mark, Scoresheet, SheetState
from scoring.assessment.queries.last_year import last_year_of, previous_sheet
from scoring.criteria.linking import set_ties, state_link
from scoring.criteria.models import Comparability
from tests.factories import SuccessionFactory, UserFactory
from tests.factories_scoring import make_agency, make_block, make_set, open_cycle

pytestmark = pytest.mark.django_db
MANUAL = {"kind": "manual"}


def leaf(code, title, maximum="2"):
    return {"code": code, "max": maximum, "rule": MANUAL, "title": title}


OLD = (leaf("1.1.1", "Kế hoạch"), leaf("1.1.2", "Báo cáo", "4"), leaf("1.1.3", "Kiểm tra"))
NEW = (
    leaf("1.1.1", "Kế hoạch"),
    leaf("1.1.2", "Báo cáo", "5"),
    leaf("1.1.4", "Sáng kiến"),
    leaf("1.1.5", "Thanh tra"),
)


class Years:
    """An agency's finalised sheet of 2024 with 1 point for every leaf, and one of 2025."""

    def __init__(self, before=None, now=None):
        self.block = make_block()
        self.now = now or make_agency("Sở mới", block=self.block)
        self.before = before or self.now
        self.old, self.new = (
            make_set(leaves, block=self.block, year=year) for leaves, year in ((OLD, 2024), (NEW, 2025))
        )
        then = open_cycle([self.before], criteria_set=self.old, year=2024, block=self.block)
        for answer in then.sheets[0].answers.select_related("criterion"):
            Mark.objects.create(
                answer=answer, round=1, by=UserFactory(), points=1, applicable_max=answer.criterion.max_points,
                trace={}, reason="Lý do", at=db_now(),
            )  # fmt: skip
        Scoresheet.objects.filter(pk=then.sheets[0].pk).update(state=SheetState.FINALISED)
        self.sheet = open_cycle([self.now], criteria_set=self.new, year=2025, block=self.block).sheets[0]

    def link(self, **ties):
        made = state_link(actor=SYSTEM, newer=self.new, earlier=self.old)
        for code, (codes, comparability) in ties.items():
            set_ties(
                actor=SYSTEM,
                set_link=made,
                node=self.new.criteria.get(code=code.replace("_", ".").strip(".")),
                earlier=[self.old.criteria.get(code=one).pk for one in codes],
                comparability=comparability,
            )

    def told(self):
        nodes = {node.pk: node.code for node in self.new.criteria.filter(rule__isnull=False)}
        found = last_year_of(Scoresheet.objects.get(pk=self.sheet.pk), nodes)
        return {
            nodes[pk]: (one.points, one.percent, one.note) for pk, one in found.by_leaf.items()
        }, found.note


def test_without_links_by_code_and_title_and_the_page_says_so():
    found, note = Years().told()
    assert found == {
        "1.1.1": (Decimal(1), None, ""),
        "1.1.2": (None, Decimal(25), "đổi thang điểm"),
    }
    assert "2024" in note and "chưa được xác nhận" in note


def test_by_the_links():
    years = Years()
    years.link(
        _1_1_2=(["1.1.2"], Comparability.NOT_COMPARABLE),
        _1_1_5=(["1.1.3"], Comparability.SAME),
    )
    found, note = years.told()
    assert note == ""
    assert found == {
        "1.1.1": (Decimal(1), None, ""),
        "1.1.2": (None, None, "không so sánh được"),
        "1.1.4": (None, None, "mới"),
        "1.1.5": (Decimal(1), None, ""),
    }


def test_split_and_merged_leaves_say_so():
    years = Years()
    years.link(_1_1_4=(["1.1.1"], ""), _1_1_5=(["1.1.2", "1.1.3"], ""), _1_1_2=([], ""))
    found, _note = years.told()
    assert found["1.1.1"] == found["1.1.4"] == (None, None, "tách ra")
    assert found["1.1.5"] == (None, None, "gộp lại")


@pytest.mark.parametrize(
    ("kind", "found"), [(Succession.Kind.RENAMED, True), (Succession.Kind.MERGED, False)]
)
def test_through_a_renaming_but_not_through_a_merger(kind, found):
    old, new = make_agency("Sở cũ"), make_agency("Sở mới")
    SuccessionFactory(predecessor=old, successor=new, kind=kind, on=date(2025, 3, 1))
    years = Years(before=old, now=new)
    assert (previous_sheet(years.sheet) is not None) is found
    assert bool(years.told()[0]) is found


def test_the_same_queries_for_one_leaf_and_for_all(django_assert_num_queries):
    years = Years()
    years.link()
    years.told()
    sheet = Scoresheet.objects.select_related("criteria_set", "participation__cycle_block__cycle").get(
        pk=years.sheet.pk
    )
    leaves = list(years.new.criteria.filter(rule__isnull=False).values_list("pk", flat=True))
    for some in (leaves[:1], leaves):
        with django_assert_num_queries(7):
            last_year_of(sheet, some)
