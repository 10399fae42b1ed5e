"""Services of the editor: nodes move and keep their order, codes follow, what is wrong writes nothing."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agencies.models import Agency, Role
from parindex.audit.models import AuditEntry
from parindex.errors import Invalid, NotPermitted, NotVisible, Refusal, WrongState
from scoring.criteria import services as set_services
from scoring.criteria.editing import codes, services, sets
from scoring.criteria.editing.drafts import StaleDraft
from scoring.criteria.editing.pasting import paste_nodes
from scoring.criteria.editing.tree import WAYS
from scoring.criteria.export import export_criteria_set, export_json
from scoring.criteria.models import CriteriaSet, Criterion, StoredCase
from scoring.criteria.queries import tree_of
from tests.factories import actor
from tests.factories_scoring import home_affairs, make_agency, make_block, make_set

pytestmark = pytest.mark.django_db

YES = {"kind": "boolean", "yes": "1", "no": "0"}


@pytest.fixture
def secretary(db: None) -> Any:
    return actor(Role.SECRETARY)


@pytest.fixture
def draft(db: None) -> CriteriaSet:
    """1 (1.1: two leaves, 1.2: one leaf), 2 (2.1: one leaf)."""
    return make_set([(code, "1", YES) for code in ("1.1.1", "1.1.2", "1.2.1", "2.1.1")], locked=False)


def node(draft: CriteriaSet, code: str) -> Criterion:
    return draft.criteria.get(code=code)


def shape(draft: CriteriaSet) -> list[tuple[int, str]]:
    return list(draft.criteria.order_by("order").values_list("level", "code"))


def assert_depth_first(draft: CriteriaSet) -> None:
    """Orders 1, 2, 3 …; each node stands right in the subtree of its parent, one level deeper."""
    rows = list(draft.criteria.order_by("order"))
    assert [row.order for row in rows] == list(range(1, len(rows) + 1))
    path: list[Criterion] = []
    for row in rows:
        del path[row.level - 1 :]
        assert row.level == len(path) + 1
        assert row.parent_id == (path[-1].pk if path else None)
        assert not path or path[-1].rule is None
        path.append(row)


# moving -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code,where,target,expected",
    [
        ("1.1", "down", None, "1 1.2 1.2.1 1.1 1.1.1 1.1.2 2 2.1 2.1.1"),
        ("1.2", "up", None, "1 1.2 1.2.1 1.1 1.1.1 1.1.2 2 2.1 2.1.1"),
        ("2", "up", None, "2 2.1 2.1.1 1 1.1 1.1.1 1.1.2 1.2 1.2.1"),
        ("1.1.2", "out", None, "1 1.1 1.1.1 1.1.2 1.2 1.2.1 2 2.1 2.1.1"),
        ("1.2", "in", None, "1 1.1 1.1.1 1.1.2 1.2 1.2.1 2 2.1 2.1.1"),
        ("1.2.1", "into", "2.1", "1 1.1 1.1.1 1.1.2 1.2 2 2.1 2.1.1 1.2.1"),
        ("2.1.1", "before", "1.1.1", "1 1.1 2.1.1 1.1.1 1.1.2 1.2 1.2.1 2 2.1"),
        ("1.1", "after", "2", "1 1.2 1.2.1 2 2.1 2.1.1 1.1 1.1.1 1.1.2"),
    ],
)
def test_a_node_moves_with_its_parts(
    draft: CriteriaSet, secretary: Any, code: str, where: str, target: str | None, expected: str
) -> None:
    goal = node(draft, target).pk if target else None
    services.move_node(
        actor=secretary, set_pk=draft.pk, node_pk=node(draft, code).pk, where=where, target=goal
    )
    assert " ".join(one for _level, one in shape(draft)) == expected
    assert_depth_first(draft)
    draft.refresh_from_db()
    assert draft.revision == 1
    entry = AuditEntry.objects.get(action="criterion.moved")
    assert entry.before["code"] == code and entry.after["order"] == node(draft, code).order


@pytest.mark.parametrize(
    "code,where,target",
    [
        ("1.1", "up", None),
        ("1.2", "down", None),
        ("1", "out", None),
        ("1.1", "in", None),
        ("1.1.2", "in", None),  # under a leaf
        ("2", "into", "1.1.1"),
        ("1", "into", "1.1"),  # a ring
        ("1", "before", "1.2.1"),
        ("1", "into", "1"),
        ("1", "sideways", "2"),
        ("1", "after", None),
    ],
)
def test_a_move_that_cannot_be_says_why(
    draft: CriteriaSet, secretary: Any, code: str, where: str, target: str | None
) -> None:
    before = shape(draft)
    goal = node(draft, target).pk if target else None
    with pytest.raises(Invalid) as refusal:
        services.move_node(
            actor=secretary, set_pk=draft.pk, node_pk=node(draft, code).pk, where=where, target=goal
        )
    assert refusal.value.messages and shape(draft) == before
    draft.refresh_from_db()
    assert draft.revision == 0


def test_a_tree_has_six_levels_at_most(draft: CriteriaSet, secretary: Any) -> None:
    above = node(draft, "2").pk
    for _level in range(2, 7):
        above = services.add_node(actor=secretary, set_pk=draft.pk, parent=above).pk
    with pytest.raises(Invalid):
        services.add_node(actor=secretary, set_pk=draft.pk, parent=above)
    with pytest.raises(Invalid):
        services.move_node(
            actor=secretary,
            set_pk=draft.pk,
            node_pk=node(draft, "1.1").pk,
            where="into",
            target=Criterion.objects.get(pk=above).parent_id,
        )


def test_a_bonus_area_stays_an_area(draft: CriteriaSet, secretary: Any) -> None:
    two = node(draft, "2")
    services.change_node(actor=secretary, set_pk=draft.pk, node_pk=two.pk, role="bonus")
    with pytest.raises(Invalid):
        services.move_node(actor=secretary, set_pk=draft.pk, node_pk=two.pk, where="in")
    with pytest.raises(Invalid) as refusal:
        services.change_node(actor=secretary, set_pk=draft.pk, node_pk=node(draft, "1.1").pk, role="penalty")
    assert list(refusal.value.fields) == ["role"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([*WAYS, "add", "delete", "renumber"]), st.integers(0, 40), st.integers(0, 40)
        ),
        max_size=12,
    )
)
def test_any_steps_keep_the_order_and_the_file(steps: list[tuple[str, int, int]]) -> None:
    who = actor(Role.SECRETARY)
    draft = make_set([(code, "1", YES) for code in ("1.1.1", "1.1.2", "1.2.1", "2.1.1", "3.1")], locked=False)
    for act, first, second in steps:
        rows = list(draft.criteria.order_by("order"))
        one, other = (rows[at % len(rows)].pk for at in (first, second)) if rows else (0, 0)
        try:
            if act == "add":
                services.add_node(actor=who, set_pk=draft.pk, parent=one)
            elif act == "delete":
                services.delete_node(actor=who, set_pk=draft.pk, node_pk=one)
            elif act == "renumber":
                services.renumber(actor=who, set_pk=draft.pk)
            else:
                services.move_node(actor=who, set_pk=draft.pk, node_pk=one, where=act, target=other)
        except Invalid:
            pass
        assert_depth_first(draft)
    for row in draft.criteria.filter(
        rule__isnull=True, children=None
    ):  # what was left without a rule becomes a leaf
        Criterion.objects.filter(pk=row.pk).update(rule=YES, method="appraisal", max_points=1)
    Criterion.objects.filter(criteria_set=draft, rule__isnull=False, appraiser=None).update(
        appraiser=home_affairs()
    )
    if not draft.criteria.exists():
        return
    draft.refresh_from_db()
    outcome = set_services.import_criteria_set(actor=who, data=export_json(draft))
    assert outcome.errors == () and outcome.criteria_set is not None
    assert export_criteria_set(outcome.criteria_set) == export_criteria_set(draft)
    fields = ("code", "sort_key", "order", "level", "title", "max_points", "appraiser", "na_request", "rule")
    assert list(outcome.criteria_set.criteria.order_by("order").values_list(*fields)) == list(
        draft.criteria.order_by("order").values_list(*fields)
    )


@pytest.mark.parametrize("size", [10, 100])
def test_a_move_takes_a_fixed_number_of_queries(
    secretary: Any, django_assert_num_queries: Any, size: int
) -> None:
    draft = make_set([(f"1.{n}", "1", YES) for n in range(1, size + 1)], locked=False)
    last = draft.criteria.get(code=f"1.{size}")
    first = draft.criteria.get(code="1.1")
    services.move_node(actor=secretary, set_pk=draft.pk, node_pk=first.pk, where="down")
    with django_assert_num_queries(13):
        services.move_node(actor=secretary, set_pk=draft.pk, node_pk=last.pk, where="before", target=first.pk)


# adding and deleting ----------------------------------------------------------------------------


def test_new_nodes_count_on_from_their_siblings(draft: CriteriaSet, secretary: Any) -> None:
    part = services.add_node(actor=secretary, set_pk=draft.pk, parent=node(draft, "1.1").pk)
    assert (part.code, part.level, part.order, part.title) == ("1.1.3", 3, 5, "New criterion") or part.title
    behind = services.add_node(actor=secretary, set_pk=draft.pk, after=node(draft, "1.1").pk, title=" Mới ")
    assert (behind.code, behind.title, behind.parent) == ("1.3", "Mới", node(draft, "1"))
    area = services.add_node(actor=secretary, set_pk=draft.pk)
    assert (area.code, area.level) == ("3", 1)
    assert_depth_first(draft)


def test_a_node_that_gets_parts_loses_what_only_a_leaf_has(draft: CriteriaSet, secretary: Any) -> None:
    made = services.add_node(actor=secretary, set_pk=draft.pk, parent=node(draft, "2").pk)
    services.change_node(
        actor=secretary,
        set_pk=draft.pk,
        node_pk=made.pk,
        appraiser=make_agency(),
        not_applicable_for=["no_tthc"],
        na_request=False,
    )
    services.add_node(actor=secretary, set_pk=draft.pk, parent=made.pk)
    made.refresh_from_db()
    assert (made.appraiser, made.not_applicable_for, made.na_request) == (None, [], True)


def test_nothing_goes_under_a_leaf(draft: CriteriaSet, secretary: Any) -> None:
    with pytest.raises(Invalid):
        services.add_node(actor=secretary, set_pk=draft.pk, parent=node(draft, "1.1.1").pk)
    with pytest.raises(Invalid):
        paste_nodes(actor=secretary, set_pk=draft.pk, parent=node(draft, "1.1.1").pk, text="a\tb\t1")


def test_deleting_takes_the_parts_and_cases_along(draft: CriteriaSet, secretary: Any) -> None:
    StoredCase.objects.create(criterion=node(draft, "1.1.1"), inputs={"value": True}, points=1)
    assert services.delete_node(actor=secretary, set_pk=draft.pk, node_pk=node(draft, "1.1").pk) == 3
    assert [code for _level, code in shape(draft)] == ["1", "1.2", "1.2.1", "2", "2.1", "2.1.1"]
    assert not StoredCase.objects.exists()
    assert_depth_first(draft)
    entry = AuditEntry.objects.get(action="criterion.deleted")
    assert entry.before["parts"] == ["1.1.1", "1.1.2"] and entry.object_label.startswith("1.1 ")


def test_what_a_rule_names_is_not_deleted(draft: CriteriaSet, secretary: Any) -> None:
    draft.criteria.filter(code="2.1.1").update(rule=YES | {"moves_to": ["1.1.1"]})
    with pytest.raises(Invalid, match="2.1.1"):
        services.delete_node(actor=secretary, set_pk=draft.pk, node_pk=node(draft, "1").pk)
    services.delete_node(actor=secretary, set_pk=draft.pk, node_pk=node(draft, "2").pk)


# codes ------------------------------------------------------------------------------------------

NAMING = {
    "kind": "sum_of",
    "parts": [YES | {"cases": [{"when": {"answer": "1.1.1", "field": "value", "is": True}, "rule": YES}]}],
    "moves_to": ["1.1.2"],
}


def test_codes_change_places_and_rules_follow(draft: CriteriaSet, secretary: Any) -> None:
    draft.criteria.filter(code="2.1.1").update(rule=NAMING)
    one, two = node(draft, "1.1.1"), node(draft, "1.1.2")
    services.change_nodes(
        actor=secretary, set_pk=draft.pk, cells={one.pk: {"code": "1.1.2"}, two.pk: {"code": "1.1.1"}}
    )
    assert (node(draft, "1.1.2"), node(draft, "1.1.1")) == (one, two)
    rule = node(draft, "2.1.1").rule
    assert codes.named_in(rule) == {"1.1.1", "1.1.2"}
    assert rule is not None and rule["moves_to"] == ["1.1.1"]
    assert node(draft, "1.1.2").sort_key == "0001.0001.0002"


def test_numbering_anew(draft: CriteriaSet, secretary: Any) -> None:
    draft.criteria.filter(code="2.1.1").update(rule=NAMING)
    services.move_node(actor=secretary, set_pk=draft.pk, node_pk=node(draft, "1").pk, where="down")
    assert services.renumber(actor=secretary, set_pk=draft.pk) == 9
    assert [code for _level, code in shape(draft)] == "1 1.1 1.1.1 2 2.1 2.1.1 2.1.2 2.2 2.2.1".split()
    assert codes.named_in(node(draft, "1.1.1").rule) == {"2.1.1", "2.1.2"}
    assert services.renumber(actor=secretary, set_pk=draft.pk) == 0
    tree_of(draft)


@pytest.mark.parametrize(
    "parent,siblings,expected",
    [
        ("", [], "1"),
        ("", ["I", "II"], "III"),
        ("2", [], "2.1"),
        ("2", ["2.1", "2.9"], "2.10"),
        ("A", ["A1"], "A2"),
        ("2", ["a"], "2.1"),
    ],
)
def test_the_next_code(parent: str, siblings: list[str], expected: str) -> None:
    assert codes.next_code(parent, siblings, set(siblings)) == expected


# fields -----------------------------------------------------------------------------------------


def test_every_fault_is_told_beside_its_field_and_nothing_is_written(
    draft: CriteriaSet, secretary: Any
) -> None:
    one, two, area = node(draft, "1.1.1"), node(draft, "1.1.2"), node(draft, "1")
    with pytest.raises(Invalid) as refusal:
        services.change_nodes(
            actor=secretary,
            set_pk=draft.pk,
            cells={
                one.pk: {"title": "  ", "max_points": Decimal("0.5")},
                two.pk: {"code": "1.1.1"},
                area.pk: {"max_points": Decimal("1.1234567"), "code": "a b"},
            },
        )
    assert set(refusal.value.fields) == {
        f"title-{one.pk}",
        f"max_points-{one.pk}",
        f"code-{two.pk}",
        f"max_points-{area.pk}",
        f"code-{area.pk}",
    }
    one.refresh_from_db()
    assert one.max_points == 1 and not AuditEntry.objects.exists()


def test_the_details_of_a_leaf(draft: CriteriaSet, secretary: Any) -> None:
    leaf, house = node(draft, "1.1.1"), make_agency("Sở Tư pháp")
    services.change_node(
        actor=secretary,
        set_pk=draft.pk,
        node_pk=leaf.pk,
        cap=Decimal("0.5"),
        method="office",
        rule_text=" Đạt:\r\n1 điểm ",
        appraiser=house,
        not_applicable_for=["no_tthc"],
        na_request=False,
    )
    leaf.refresh_from_db()
    assert (leaf.cap, leaf.method, leaf.rule_text) == (Decimal("0.5"), "office", "Đạt:\n1 điểm")
    assert (leaf.appraiser, leaf.not_applicable_for, leaf.na_request) == (house, ["no_tthc"], False)
    entry = AuditEntry.objects.get()
    assert entry.action == "criterion.changed" and entry.after["appraiser"] == house.pk


@pytest.mark.parametrize(
    "code,field,value",
    [
        ("1.1.1", "not_applicable_for", ["unknown"]),
        ("1.1.1", "method", ""),
        ("1.1.1", "cap", Decimal(-1)),
        ("1.1.1", "evidence", "x" * 20_001),
        ("1.1", "method", "appraisal"),
        ("1.1", "na_request", False),
    ],
)
def test_details_that_do_not_fit(
    draft: CriteriaSet, secretary: Any, code: str, field: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refusal:
        services.change_node(actor=secretary, set_pk=draft.pk, node_pk=node(draft, code).pk, **{field: value})
    assert list(refusal.value.fields) == [field]


def test_a_survey_is_never_self_scored(draft: CriteriaSet, secretary: Any) -> None:
    draft.criteria.filter(code="1.1.1").update(
        rule={"kind": "external_index", "index": "SIPAS", "factor": "1"}, method="external"
    )
    with pytest.raises(Invalid):
        services.change_node(
            actor=secretary, set_pk=draft.pk, node_pk=node(draft, "1.1.1").pk, method="appraisal"
        )


def test_saving_what_stands_already_changes_nothing(draft: CriteriaSet, secretary: Any) -> None:
    leaf = node(draft, "1.1.1")
    assert not services.change_nodes(
        actor=secretary, set_pk=draft.pk, cells={leaf.pk: {"title": leaf.title, "max_points": Decimal("1.0")}}
    )
    draft.refresh_from_db()
    assert draft.revision == 0 and not AuditEntry.objects.exists()


# the set ----------------------------------------------------------------------------------------


def test_an_empty_set_is_the_next_version(secretary: Any) -> None:
    block = make_block()
    first = sets.create_empty_set(actor=secretary, year=2026, block=block, title=" Bộ tiêu chí ")
    second = sets.create_empty_set(
        actor=secretary, year=2026, block=block, title="Sửa", total=Decimal("99.55")
    )
    assert (first.title, first.version, second.version, second.total) == (
        "Bộ tiêu chí",
        1,
        2,
        Decimal("99.55"),
    )
    assert not tree_of(first).leaves
    with pytest.raises(Invalid) as refusal:
        sets.create_empty_set(actor=secretary, year=2026, block=block, title=" ", total=Decimal(-1))
    assert set(refusal.value.fields) == {"title", "total"}


def test_a_change_takes_a_confirmed_difference_back(draft: CriteriaSet, secretary: Any) -> None:
    sets.change_set(actor=secretary, set_pk=draft.pk, total=Decimal(50), decision_number="12/QĐ-UBND")
    set_services.confirm_difference(actor=secretary, criteria_set=draft)
    draft.refresh_from_db()
    assert draft.difference_confirmed_by is not None and draft.revision == 1
    sets.change_set(actor=secretary, set_pk=draft.pk, total=Decimal(51))
    draft.refresh_from_db()
    assert draft.difference_confirmed_by is None and draft.revision == 2
    entry = AuditEntry.objects.filter(action="criteria_set.changed").order_by("seq").last()
    assert entry is not None and entry.before == {"total": "50.000000"} and entry.after == {"total": "51"}


def test_profiles(draft: CriteriaSet, secretary: Any) -> None:
    key = sets.add_profile(actor=secretary, set_pk=draft.pk, meaning="Không có vốn đầu tư công")
    assert key == "khong_co_von_dau_tu_cong"
    with pytest.raises(Invalid):
        sets.add_profile(actor=secretary, set_pk=draft.pk, meaning="KHÔNG có vốn đầu tư công")
    with pytest.raises(Invalid):
        sets.add_profile(actor=secretary, set_pk=draft.pk, meaning="Khác", key="no tthc")
    leaf = node(draft, "1.1.1")
    services.change_node(actor=secretary, set_pk=draft.pk, node_pk=leaf.pk, not_applicable_for=[key])
    with pytest.raises(Invalid, match="1.1.1"):
        sets.remove_profile(actor=secretary, set_pk=draft.pk, key=key)
    assert sets.rename_profiles(actor=secretary, set_pk=draft.pk, meanings={key: "Không đầu tư công"}) == 1
    services.change_node(actor=secretary, set_pk=draft.pk, node_pk=leaf.pk, not_applicable_for=[])
    sets.remove_profile(actor=secretary, set_pk=draft.pk, key=key)
    draft.refresh_from_db()
    assert list(draft.profiles) == ["no_tthc"]


# who, and when not ------------------------------------------------------------------------------


def acts(draft: CriteriaSet) -> list[Any]:
    pk, leaf = draft.pk, draft.criteria.get(code="1.1.1").pk
    return [
        lambda **who: services.add_node(set_pk=pk, **who),
        lambda **who: services.change_node(set_pk=pk, node_pk=leaf, title="x", **who),
        lambda **who: services.change_nodes(set_pk=pk, cells={leaf: {"title": "x"}}, **who),
        lambda **who: services.move_node(set_pk=pk, node_pk=leaf, where="down", **who),
        lambda **who: services.delete_node(set_pk=pk, node_pk=leaf, **who),
        lambda **who: services.renumber(set_pk=pk, **who),
        lambda **who: paste_nodes(set_pk=pk, text="9\tx\t1", **who),
        lambda **who: sets.change_set(set_pk=pk, title="x", **who),
        lambda **who: sets.add_profile(set_pk=pk, meaning="x", **who),
        lambda **who: sets.rename_profiles(set_pk=pk, meanings={"no_tthc": "x"}, **who),
        lambda **who: sets.remove_profile(set_pk=pk, key="no_tthc", **who),
    ]


def test_only_the_secretary_edits(draft: CriteriaSet) -> None:
    before = export_criteria_set(draft)
    for role in (Role.ASSESSOR, Role.ADMINISTRATOR, Role.HEAD):
        for act in acts(draft):
            with pytest.raises(NotPermitted):
                act(actor=actor(role, make_agency()))
    assert export_criteria_set(CriteriaSet.objects.get(pk=draft.pk)) == before


def test_a_stale_page_and_a_locked_set_are_refused(draft: CriteriaSet, secretary: Any) -> None:
    for act in acts(draft):
        with pytest.raises(StaleDraft):
            act(actor=secretary, revision=7)
    CriteriaSet.objects.filter(pk=draft.pk).update(locked_at="2026-01-01T00:00Z")
    for act in acts(draft):
        with pytest.raises(WrongState):
            act(actor=secretary)
    with pytest.raises(NotVisible):
        services.add_node(actor=secretary, set_pk=999_999)


@pytest.mark.needs("postgres")
@pytest.mark.django_db(transaction=True)
def test_of_two_editors_at_once_one_is_told(draft: CriteriaSet, secretary: Any) -> None:
    """Both pages show revision 0; moves and additions at the same moment never tear the order."""
    told: list[str] = []
    start = threading.Barrier(8)
    targets = [draft.criteria.get(code=code).pk for code in ("1.1.2", "1.2", "2", "1.1")]

    def edit(number: int) -> None:
        try:
            start.wait()
            if number % 2:
                services.add_node(actor=secretary, set_pk=draft.pk, revision=0)
            else:
                services.move_node(
                    actor=secretary, set_pk=draft.pk, node_pk=targets[number // 2], where="up", revision=0
                )
            told.append("done")
        except StaleDraft:
            told.append("stale")
        except Refusal as refusal:
            told.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("done") == 1 and len(told) == 8
    draft.refresh_from_db()
    assert draft.revision == 1
    assert_depth_first(draft)
    assert connection.vendor == "postgresql" and Agency.objects.exists()
