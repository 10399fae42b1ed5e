"""Two sets side by side: each class of change, from edited copies, and what differs in words."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from scoring.criteria.comparison import Change, compare, counts
from scoring.criteria.links import bridge
from scoring.criteria.models import Criterion
from scoring.criteria.queries import tree_of
from scoring.criteria.scale import same_but_for_scale
from tests.criteria.linked import CHOICE, TIERS, edit, node, tie, two
from tests.factories_scoring import make_agency

pytestmark = pytest.mark.django_db
D = Decimal


def pairs(new, old, **words):
    found = compare(tree_of(new), tree_of(old), bridge(new, old), **words)
    return {(one.node.code if one.node else f"-{one.earlier[0].code}"): one for one in found}


def test_an_untouched_copy_is_the_same():
    new, old = two()
    found = pairs(new, old)
    assert {one.change for one in found.values()} == {Change.SAME}
    assert not any(one.details or one.moved for one in found.values())


def test_new_gone_split_merged():
    new, old = two()
    extra = node(new, "2.1.2")
    extra.pk, extra.public_id, extra.code, extra.order = None, uuid4(), "2.1.3", 99
    extra.save()
    tie(new, old, {"1.1.1": ["1.1.1", "1.1.2"], "1.1.2": [], "2.1.3": ["2.1.1"]})
    Criterion.objects.filter(criteria_set=new, code="1.2.1").delete()
    found = pairs(new, old)
    changes = {code: one.change for code, one in found.items()}
    assert changes["1.1.1"] == Change.MERGED and [n.code for n in found["1.1.1"].earlier] == [
        "1.1.1",
        "1.1.2",
    ]
    assert changes["1.1.2"] == Change.NEW
    assert changes["2.1.1"] == changes["2.1.3"] == Change.SPLIT
    assert changes["-1.2.1"] == Change.GONE
    order = list(found)
    assert order.index("-1.2.1") == order.index("1.2") + 1  # behind what stood before it
    told = dict(counts(list(found.values())))
    assert (told["new"], told["gone"], told["split"], told["merged"]) == (1, 1, 2, 1)


def test_renamed_and_moved():
    new, old = two()
    edit(new, "2.1.1", title="Tỷ lệ hồ sơ đúng hạn")
    edit(new, "2.1.2", title="HỒ SƠ trực tuyến")  # case alone is no new name
    edit(new, "1.2.1", parent=node(new, "2.1"))
    edit(new, "1.1.1", code="1.1.7")
    found = pairs(new, old)
    assert found["2.1.1"].change == Change.RENAMED
    assert (found["2.1.1"].detail("title").before, found["2.1.1"].detail("title").after) == (
        "Hồ sơ đúng hạn",
        "Tỷ lệ hồ sơ đúng hạn",
    )
    assert found["2.1.2"].change == Change.SAME
    assert found["1.2.1"].moved and found["1.1.7"].moved and not found["2.1.1"].moved
    assert found["1.1.7"].detail("code").before == "1.1.1"


def test_the_maximum_alone():
    new, old = two()
    edit(new, "1.2.1", max_points="1.5")
    edit(
        new,
        "1.1.1",
        max_points="3",
        rule={"kind": "choice", "options": [["Kịp thời", "3"], ["Chậm", "1.5"], ["Không", "0"]]},
    )
    edit(new, "1", cap="4")
    found = pairs(new, old)
    assert [found[code].change for code in ("1.2.1", "1.1.1", "1")] == [Change.MAXIMUM] * 3
    assert (found["1.1.1"].detail("maximum").before, found["1.1.1"].detail("maximum").after) == ("2", "3")
    assert "Chậm: 1,5 điểm" in found["1.1.1"].detail("rule").after
    assert found["1"].detail("cap").after == "4"
    assert found["1.1.1"].comparability == "rescaled"


@pytest.mark.parametrize(
    ("maximum", "rule"),
    [
        ("2", {"kind": "choice", "options": [["Kịp thời", "2"], ["Chậm", "1.5"], ["Không", "0"]]}),
        ("3", {"kind": "choice", "options": [["Kịp thời", "3"], ["Chậm", "2.5"], ["Không", "0"]]}),
        ("3", {"kind": "choice", "options": [["Kịp thời", "3"], ["Trễ", "1.5"], ["Không", "0"]]}),
        ("2", {"kind": "manual"}),
    ],
)
def test_another_share_of_the_points_is_another_rule(maximum, rule):
    new, old = two()
    edit(new, "1.1.1", max_points=maximum, rule=rule)
    assert pairs(new, old)["1.1.1"].change == Change.RULE


def test_another_band_or_another_way_in_is_another_rule():
    new, old = two()
    edit(
        new,
        "1.1.2",
        max_points="4",
        rule={**TIERS, "bands": [{"ge": "80", "points": "4"}, {"lt": "80", "points": "1"}]},
    )
    edit(new, "1.2.1", method="office")
    found = pairs(new, old)
    assert found["1.1.2"].change == found["1.2.1"].change == Change.RULE
    assert found["1.2.1"].detail("method").before == "tự chấm và thẩm định"


def test_what_else_differs_is_told_beside_the_class():
    new, old = two()
    office = make_agency("Sở Tài chính")
    edit(
        new,
        "1.1.1",
        appraiser=office,
        guidance="Xem công văn",
        evidence="Kế hoạch",
        rule_text="Lời",
        not_applicable_for=["no_tthc"],
        na_request=False,
    )
    found = pairs(new, old, agencies={office.pk: office.name}, profiles={"no_tthc": "Không có thủ tục"})[
        "1.1.1"
    ]
    assert found.change == Change.SAME
    told = {one.key: (one.before, one.after) for one in found.details}
    assert told["appraiser"][1] == "Sở Tài chính"
    assert told["profiles"] == ("", "Không có thủ tục")
    assert set(told) == {"rule_text", "evidence", "guidance", "appraiser", "profiles", "na_request"}


def test_scale():
    tiers = {"kind": "tiers", "min": "0", "max": "100", "bands": [{"ge": "90", "points": "2"}]}
    twice = {"kind": "tiers", "min": "0", "max": "100", "bands": [{"ge": "90", "points": "4"}]}
    assert same_but_for_scale(twice, D(4), tiers, D(2))
    assert not same_but_for_scale({**twice, "max": "200"}, D(4), tiers, D(2))
    ranged = {"kind": "choice", "options": [["A", {"from": "1", "to": "2"}]]}
    assert same_but_for_scale(
        {"kind": "choice", "options": [["A", {"from": "2", "to": "4"}]]}, D(4), ranged, D(2)
    )
    days = {"kind": "tiers", "from": "ngày nhận", "to": "ngày trả", "bands": []}
    assert same_but_for_scale(days, D(4), days, D(2))
    third = {"kind": "count", "unit": "lần", "each": "0.33", "cap": "1"}
    assert same_but_for_scale({**third, "each": "0.67", "cap": "2"}, D(2), third, D(1))
    assert not same_but_for_scale(third, D(0), third, D(1))
    survey = {"kind": "survey", "factor": "3", "option_weights_pct": {"max": "100"}}
    assert same_but_for_scale({**survey, "factor": "6"}, D(6), survey, D(3))
    assert not same_but_for_scale(CHOICE, D(4), TIERS, D(2))
