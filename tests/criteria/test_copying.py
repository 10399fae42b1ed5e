"""A set copied with all that hangs from it, and linked to where it came from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agencies.actors import SYSTEM
from agencies.models import Agency, Role
from parindex.audit.models import AuditEntry
from parindex.errors import Invalid, NotPermitted, NotVisible, WrongState
from scoring.criteria.copying import copy_set, newest_copy, retired_appraisers, title_for
from scoring.criteria.models import CriteriaSet, Criterion, CriterionLink, SetLink, StoredCase
from scoring.criteria.queries import tree_of
from tests.criteria.linked import LEAVES, edit, node
from tests.factories import actor
from tests.factories_scoring import make_agency, make_block, make_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    """A set with everything that a copy must carry, locked last."""
    draft = make_set(LEAVES, year=2025, locked=False, title="Bộ tiêu chí năm 2025 (QĐ 20251)")
    edit(draft, "1", role="bonus", cap="4")
    edit(draft, "1.1.1", guidance="Hướng dẫn", evidence="Kế hoạch", rule_text="Lời văn", na_request=False)
    edit(draft, "2.1.1", not_applicable_for=["no_tthc"])
    StoredCase.objects.create(
        criterion=node(draft, "1.1.1"), order=1, inputs={"option": 0}, points=2, note="Kịp thời"
    )
    StoredCase.objects.create(
        criterion=node(draft, "2.1.1"), inputs={}, points=1, applicable_max=Decimal("1.5")
    )
    CriteriaSet.objects.filter(pk=draft.pk).update(
        official=True, decision_number="12/QĐ-UBND", locked_at=draft.created_at
    )
    return CriteriaSet.objects.get(pk=draft.pk)


KEPT = [
    field.name
    for field in Criterion._meta.concrete_fields
    if field.name not in ("id", "public_id", "criteria_set", "parent")
]


def test_everything_is_carried_over(source):
    made = copy_set(actor=SYSTEM, source=source, year=2026, block=source.block)
    assert (made.year, made.version, made.locked_at) == (2026, 1, None)
    assert made.title == "Bộ tiêu chí năm 2026 (QĐ 20251)"
    assert not made.official and made.decision_number == "" and made.difference_confirmed_by_id is None
    for name in ("total", "bonus_cap", "penalty_cap", "profiles"):
        assert getattr(made, name) == getattr(source, name)
    new, old = (list(one.criteria.select_related("parent").order_by("order")) for one in (made, source))
    for name in KEPT:
        assert [getattr(one, name) for one in new] == [getattr(one, name) for one in old], name
    codes = [[one.parent and one.parent.code for one in nodes] for nodes in (new, old)]
    assert codes[0] == codes[1]
    assert not {one.public_id for one in new} & {one.public_id for one in old}
    assert [one.rule and one.rule.data for one in tree_of(made).nodes] == [
        one.rule and one.rule.data for one in tree_of(source).nodes
    ]
    cases = StoredCase.objects.filter(criterion__criteria_set=made).order_by("criterion__order")
    assert [(c.criterion.code, c.inputs, c.points, c.applicable_max, c.note) for c in cases] == [
        ("1.1.1", {"option": 0}, Decimal(2), None, "Kịp thời"),
        ("2.1.1", {}, Decimal(1), Decimal("1.5"), ""),
    ]


def test_every_node_is_linked(source):
    made = copy_set(actor=SYSTEM, source=source, year=2026, block=source.block)
    link = SetLink.objects.get()
    assert (link.newer, link.earlier, link.stated) == (made, source, False)
    rows = CriterionLink.objects.filter(set_link=link).values_list(
        "criterion__code", "earlier__code", "stated"
    )
    assert sorted(rows) == sorted((code, code, False) for code in tree_of(source).by_code)


def test_the_same_year_makes_the_next_version_and_another_block_its_first(source):
    again = copy_set(actor=SYSTEM, source=source, year=2025, block=source.block, title=" Sửa đổi ")
    assert (again.version, again.title) == (2, "Sửa đổi")
    assert copy_set(actor=SYSTEM, source=source, year=2025, block=make_block()).version == 1
    entry = AuditEntry.objects.filter(action="criteria_set.copied").order_by("seq").first()
    assert entry.after["version"] == 2 and entry.after["nodes"] == len(tree_of(source).nodes)


def test_refusals(source):
    with pytest.raises(NotPermitted):
        copy_set(actor=actor(Role.ASSESSOR), source=source, year=2026, block=source.block)
    for year in (2024, 1800, 2500):
        with pytest.raises(Invalid) as refused:
            copy_set(actor=SYSTEM, source=source, year=year, block=source.block)
        assert "year" in refused.value.fields
    gone = make_set(LEAVES, locked=False)
    CriteriaSet.objects.filter(pk=gone.pk).delete()
    with pytest.raises(NotVisible):
        copy_set(actor=SYSTEM, source=gone, year=2026, block=source.block)
    assert not SetLink.objects.exists()


def test_a_double_click_makes_one_copy(source):
    seen = newest_copy(source)
    made = copy_set(actor=SYSTEM, source=source, year=2026, block=source.block, last_copy=seen)
    with pytest.raises(WrongState):
        copy_set(actor=SYSTEM, source=source, year=2026, block=source.block, last_copy=seen)
    assert newest_copy(source) == made.pk
    copy_set(actor=SYSTEM, source=source, year=2026, block=source.block, last_copy=made.pk)


def test_retired_appraisers_are_kept_and_listed():
    office = make_agency("Sở cũ")
    old = make_set(LEAVES, year=2025, appraiser=office)
    Agency.objects.filter(pk=office.pk).update(active=False)
    made = copy_set(actor=SYSTEM, source=old, year=2026, block=old.block)
    assert [(one.agency, one.codes) for one in retired_appraisers(made)] == [
        (office, ("1.1.1", "1.1.2", "1.2.1", "2.1.1", "2.1.2"))
    ]


def test_a_title_without_its_year_stays():
    assert title_for(CriteriaSet(year=2025, title="Bộ tiêu chí khối sở"), 2026) == "Bộ tiêu chí khối sở"


def test_copying_takes_as_many_queries_for_a_large_set(django_assert_num_queries):
    def leaves(areas):
        return [
            {"code": f"{a}.1.{n}", "max": "1", "rule": {"kind": "manual"}}
            for a in range(1, areas + 1)
            for n in (1, 2)
        ]

    first = make_set(LEAVES)
    copy_set(actor=SYSTEM, source=first, year=2026, block=first.block)  # begins the record
    for areas in (1, 3):
        source = make_set(leaves(areas), year=2025)
        with django_assert_num_queries(19):
            copy_set(actor=SYSTEM, source=source, year=2026, block=source.block)
