"""Import, confirm, lock, export: whole or nothing, and a locked set holds on every road."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.errors import Invalid, NotPermitted, WrongState
from scoring import engine
from scoring.criteria import services
from scoring.criteria.export import export_criteria_set, export_json
from scoring.criteria.models import CriteriaSet, Criterion
from scoring.criteria.queries import differences, sets_overview, tree_of
from tests.criteria.files import ALL_FILES, CA_MAU, SAMPLES, encoded, leaf, small, with_value
from tests.factories import actor
from tests.factories_scoring import home_affairs, make_agency, make_block, make_set, open_cycle

pytestmark = pytest.mark.django_db


@pytest.fixture
def province() -> None:
    """The blocks and appraisers that the samples name."""
    home_affairs()
    make_block("Sở, ban, ngành")
    make_block("Xã", slug="xa")
    for name in ("Sở Tư pháp", "Sở Tài chính", "Sở Khoa học và Công nghệ", "Văn phòng UBND tỉnh"):
        make_agency(name)


def secretary() -> Any:
    return actor(Role.SECRETARY)


def rows(criteria_set: CriteriaSet) -> list[tuple[Any, ...]]:
    fields = (
        "code", "sort_key", "order", "level", "title", "max_points", "method", "rule", "rule_text", "guidance",
        "evidence", "appraiser__slug", "not_applicable_for", "na_request", "parent__code",
    )  # fmt: skip
    return list(criteria_set.criteria.order_by("order").values_list(*fields))


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_what_is_imported_and_exported_imports_to_the_same(province: None, path: Any) -> None:
    first = services.import_criteria_set(actor=secretary(), data=path.read_bytes())
    assert first.errors == () and first.criteria_set is not None
    data = export_json(first.criteria_set)
    second = services.import_criteria_set(actor=None, data=data)
    assert second.criteria_set is not None
    assert rows(first.criteria_set) == rows(second.criteria_set)
    one, two = first.criteria_set, second.criteria_set
    for name in (
        "title",
        "year",
        "official",
        "decision_number",
        "decision_date",
        "total",
        "bonus_cap",
        "profiles",
    ):
        assert getattr(one, name) == getattr(two, name)
    assert (one.version, two.version) == (1, 2)
    assert export_criteria_set(one) == export_criteria_set(two)


def test_the_departments_set_as_stored(province: None) -> None:
    outcome = services.import_criteria_set(
        actor=secretary(), data=(SAMPLES / "departments.json").read_bytes()
    )
    stored = outcome.criteria_set
    assert stored is not None and stored.source_sha256 == outcome.sha256 and stored.locked_at is None
    tree = tree_of(stored)
    assert (len(tree.nodes), len(tree.leaves), len(tree.areas)) == (100, 56, 8)
    assert sum(area.max_points for area in tree.areas) == 100
    node = tree.by_code["3.4.1"]
    assert (
        node.not_applicable_for == ("no_tthc",) and not node.applies_to(["no_tthc"]) and node.applies_to([])
    )
    assert tree.area_of(node.id).code == "3" and [one.code for one in tree.above(node.id)] == ["3", "3.4"]
    assert [one.code for one in tree.leaves_under(tree.by_code["1.1"].id)] == ["1.1.1", "1.1.2", "1.1.3"]
    assert Criterion.objects.get(criteria_set=stored, code="2.1.1").appraiser.slug == "so-tu-phap"  # type: ignore[union-attr]
    entry = AuditEntry.objects.first()
    assert entry is not None and entry.action == "criteria_set.imported" and entry.after["leaves"] == 56


def test_ca_mau_scores_with_its_open_and_closed_ends(province: None) -> None:
    stored = services.import_criteria_set(actor=None, data=CA_MAU.read_bytes()).criteria_set
    assert stored is not None
    node = tree_of(stored).by_code["1.1.4"]
    assert node.rule is not None

    def points(value: str) -> Decimal:
        return engine.score(node.rule, node.max_points, {"value": value}).points  # type: ignore[arg-type]

    assert [points(value) for value in ("90.01", "90", "70", "69.99")] == [2, 1, 1, 0]


def test_block_and_appraiser_are_found_by_slug_or_folded_name(province: None) -> None:
    document = small(
        leaf(appraiser="SỞ NỘI VỤ"), leaf("1.1.2", appraiser="sở tư  pháp"), block="sở ban ngành"
    )
    outcome = services.import_criteria_set(actor=None, data=encoded(document))
    assert outcome.criteria_set is not None and outcome.criteria_set.block.slug == "so-ban-nganh"
    assert [one.appraiser.slug for one in outcome.criteria_set.criteria.filter(level=3)] == [
        "so-noi-vu",
        "so-tu-phap",
    ]  # type: ignore[union-attr]


def test_a_leaf_without_appraiser_goes_to_home_affairs(province: None) -> None:
    node = leaf()
    del node["appraiser"]
    outcome = services.import_criteria_set(actor=None, data=encoded(small(node)))
    assert outcome.criteria_set is not None
    assert outcome.criteria_set.criteria.get(level=3).appraiser == home_affairs()


def test_year_and_block_of_the_import_override_the_file(province: None) -> None:
    data = encoded(small(block="no such block"))
    outcome = services.import_criteria_set(actor=None, data=data, year=2030, block="Xã")
    assert outcome.criteria_set is not None
    assert (outcome.criteria_set.year, outcome.criteria_set.block.slug) == (2030, "xa")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (small(block="no such block"), "block"),
        (with_value(small(), ["block"], ...), "block"),
        (with_value(small(), ["year"], ...), "year"),
        (small(leaf(appraiser="so-nao-do")), "areas[0].children[0].children[0].appraiser"),
    ],
)
def test_what_the_database_does_not_know_is_an_error_with_its_place(
    province: None, document: dict[str, Any], place: str
) -> None:
    outcome = services.import_criteria_set(actor=None, data=encoded(document))
    assert [error.place for error in outcome.errors] == [place]
    assert not CriteriaSet.objects.exists()


def test_faults_of_the_file_and_of_the_database_are_told_together(province: None) -> None:
    document = small(leaf(appraiser="so-nao-do"), leaf("1.1.2"), block="no such block")
    document = with_value(document, ["areas", 0, "children", 0, "children", 1, "rule", "yes"], "9")
    outcome = services.import_criteria_set(actor=None, data=encoded(document))
    assert {error.place for error in outcome.errors} == {
        "areas[0].children[0].children[1].rule.yes",
        "areas[0].children[0].children[0].appraiser",
        "block",
    }


def test_two_agencies_of_one_name_are_told_apart_by_slug(province: None) -> None:
    make_agency("Sở Tư Pháp", slug="so-tu-phap-cu")
    data = encoded(small(leaf(appraiser="Sở Tư pháp")))
    (error,) = services.import_criteria_set(actor=None, data=data).errors
    assert "slug" in error.message
    assert services.import_criteria_set(
        actor=None, data=encoded(small(leaf(appraiser="so-tu-phap")))
    ).criteria_set


def test_a_wrong_file_or_a_rehearsal_stores_nothing(province: None) -> None:
    broken = with_value(small(), ["areas", 0, "children", 0, "children", 1, "rule", "yes"], "9")
    assert services.import_criteria_set(actor=None, data=encoded(broken)).errors
    outcome = services.import_criteria_set(actor=None, data=encoded(small()), dry_run=True)
    assert outcome.is_good and outcome.version == 1 and outcome.criteria_set is None
    assert (
        not CriteriaSet.objects.exists()
        and not Criterion.objects.exists()
        and not AuditEntry.objects.exists()
    )


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SECRETARY])
def test_only_the_secretary_manages_sets(role: Role) -> None:
    other = actor(role)
    draft = make_set(locked=False)
    for act in (
        lambda: services.import_criteria_set(actor=other, data=encoded(small())),
        lambda: services.lock_set(actor=other, criteria_set=draft),
        lambda: services.confirm_difference(actor=other, criteria_set=draft),
        lambda: services.delete_draft(actor=other, criteria_set=draft),
    ):
        with pytest.raises(NotPermitted):
            act()


# Locking


def test_a_difference_is_confirmed_by_name_before_locking(province: None) -> None:
    areas = [leaf(str(number), "11.05") for number in range(1, 9)] + [leaf("9", "11.15")]
    data = encoded(small() | {"areas": areas, "total": "100"})
    draft = services.import_criteria_set(actor=secretary(), data=data).criteria_set
    assert draft is not None
    (difference,) = differences(draft)
    assert (difference.node, difference.points, difference.parts) == (None, 100, Decimal("99.55"))
    with pytest.raises(Invalid):
        services.lock_set(actor=secretary(), criteria_set=draft)
    someone = secretary()
    services.confirm_difference(actor=someone, criteria_set=draft)
    locked = services.lock_set(actor=someone, criteria_set=draft)
    assert locked.locked_by == someone.user and locked.difference_confirmed_by == someone.user


def test_nothing_to_confirm_where_points_add_up() -> None:
    with pytest.raises(WrongState):
        services.confirm_difference(actor=secretary(), criteria_set=make_set(locked=False))


def test_locking_names_home_affairs_and_refuses_without_it() -> None:
    draft = make_set(locked=False, appraiser=make_agency("Sở Tư pháp"))
    draft.criteria.filter(code="1.1.1").update(appraiser=None)
    with pytest.raises(Invalid, match="1.1.1"):
        services.lock_set(actor=None, criteria_set=draft)
    home = home_affairs()
    services.lock_set(actor=None, criteria_set=draft)
    assert draft.criteria.get(code="1.1.1").appraiser == home


def test_a_set_without_leaves_is_not_locked() -> None:
    draft = make_set(leaves=[], locked=False)
    with pytest.raises(Invalid):
        services.lock_set(actor=None, criteria_set=draft)


def test_services_refuse_to_touch_a_locked_set() -> None:
    locked = make_set()
    for act in (services.lock_set, services.confirm_difference, services.delete_draft):
        with pytest.raises(WrongState):
            act(actor=secretary(), criteria_set=locked)  # type: ignore[operator]


STATEMENTS = (
    "UPDATE scoring_criterion SET title = 'x' WHERE criteria_set_id = %(locked)s",
    "UPDATE scoring_criterion SET max_points = 9 WHERE criteria_set_id = %(locked)s",
    "UPDATE scoring_criterion SET criteria_set_id = %(draft)s WHERE criteria_set_id = %(locked)s",
    "UPDATE scoring_criterion SET criteria_set_id = %(locked)s, code = 'neu' WHERE id = %(row)s",
    "DELETE FROM scoring_criterion WHERE criteria_set_id = %(locked)s AND rule IS NOT NULL",
    "UPDATE scoring_criteriaset SET total = 5 WHERE id = %(locked)s",
    "UPDATE scoring_criteriaset SET locked_at = NULL WHERE id = %(locked)s",
    "DELETE FROM scoring_criteriaset WHERE id = %(locked)s",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_to_change_a_locked_set(statement: str) -> None:
    locked, draft = make_set(), make_set(locked=False)
    row = draft.criteria.get(code="1.1.1")
    values = {"locked": locked.pk, "draft": draft.pk, "row": row.pk}
    before = rows(locked)
    with pytest.raises(Error, match="locked"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    assert rows(locked) == before and CriteriaSet.objects.get(pk=locked.pk).locked_at


def test_the_database_refuses_a_new_row_in_a_locked_set() -> None:
    locked = make_set()
    with pytest.raises(Error, match="locked"), transaction.atomic():
        Criterion.objects.create(
            criteria_set=locked, code="neu", sort_key="neu", order=99, level=1, title="x", max_points=1
        )
    draft = make_set(locked=False)
    draft.criteria.update(title="a draft may change")
    draft.delete()


def test_the_triggers_are_there_after_all_migrations() -> None:
    """A migration that rebuilds a table on SQLite drops them: it must install them again."""
    from scoring.criteria.locks import statements

    wanted = sum(" TRIGGER " in statement and "FUNCTION scoring_locked" not in statement.split(" ON ")[0]
                 for statement in statements(connection.vendor))  # fmt: skip
    query = (
        "SELECT COUNT(*) FROM pg_trigger WHERE tgname LIKE 'scoring_%_locked'"
        if connection.vendor == "postgresql"
        else "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'scoring_%_locked_%'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchone()[0] == wanted


def test_a_draft_in_use_is_not_deleted() -> None:
    draft = make_set(locked=False)
    open_cycle(agencies=0, criteria_set=draft, block=draft.block)
    with pytest.raises(WrongState):
        services.delete_draft(actor=secretary(), criteria_set=draft)
    other = make_set(locked=False)
    services.delete_draft(actor=secretary(), criteria_set=other)
    assert not CriteriaSet.objects.filter(pk=other.pk).exists()
    entry = AuditEntry.objects.first()
    assert entry is not None and entry.action == "criteria_set.deleted" and entry.object_id == str(other.pk)


# Reading


def test_a_locked_tree_is_read_once(django_assert_num_queries: Any) -> None:
    locked, draft = make_set(), make_set(locked=False)
    with django_assert_num_queries(1):
        first = tree_of(locked)
    with django_assert_num_queries(0):
        assert (
            tree_of(CriteriaSet(pk=locked.pk, public_id=locked.public_id, locked_at=locked.locked_at))
            is first
        )
    for _again in range(2):
        with django_assert_num_queries(1):
            tree_of(draft)


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_one_query(django_assert_num_queries: Any, number: int) -> None:
    for _one in range(number):
        make_set()
    with django_assert_num_queries(1):
        listed = list(sets_overview())
    assert [one.leaves_count for one in listed] == [10] * number  # type: ignore[attr-defined]
    assert [one.areas_count for one in listed] == [3] * number  # type: ignore[attr-defined]


# The command


def test_the_command_imports_and_locks(province: None, capsys: Any) -> None:
    call_command("import_criteria_set", str(SAMPLES / "communes.json"), "--year", "2024", "--lock")
    stored = CriteriaSet.objects.get()
    assert stored.locked_at and stored.year == 2024
    assert "34" in capsys.readouterr().out


def test_the_command_lists_every_error_and_stores_nothing(province: None, tmp_path: Any) -> None:
    path = tmp_path / "set.json"
    broken = with_value(small(), ["areas", 0, "children", 0, "children", 0, "rule", "yes"], "9")
    path.write_bytes(encoded(with_value(broken, ["year"], "x")))
    with pytest.raises(CommandError) as failed:
        call_command("import_criteria_set", str(path))
    assert "year: " in str(failed.value) and "areas[0].children[0].children[0].rule.yes (1.1.1): " in str(
        failed.value
    )
    assert failed.value.returncode == 1 and not CriteriaSet.objects.exists()


def test_the_command_keeps_nothing_when_locking_is_refused(province: None, tmp_path: Any) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(encoded(small(total="5")))
    with pytest.raises(CommandError):
        call_command("import_criteria_set", str(path), "--lock")
    assert not CriteriaSet.objects.exists()
    call_command("import_criteria_set", str(path), "--dry-run")
    assert not CriteriaSet.objects.exists()
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_criteria_set", str(tmp_path / "absent.json"))


def test_numbers_in_the_stored_rules_are_texts(province: None) -> None:
    stored = services.import_criteria_set(
        actor=None, data=(SAMPLES / "communes.json").read_bytes()
    ).criteria_set
    assert stored is not None
    text = json.dumps(list(stored.criteria.filter(rule__isnull=False).values_list("rule", flat=True)))
    assert not any(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in _values(json.loads(text))
    )


def _values(value: Any) -> Any:
    if isinstance(value, dict):
        for entry in value.values():
            yield from _values(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _values(entry)
    else:
        yield value
