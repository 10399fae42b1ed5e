"""The record: what an entry says, that entries follow one another, that nobody can change one unnoticed."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction

from agencies.models import Agency, Role
from parindex.audit.append_only import statements, undoing
from parindex.audit.models import AuditEntry, AuditHead
from parindex.audit.queries import history_of
from parindex.audit.services import FIRST_HASH, canonical, chain_hash, plain, record
from parindex.audit.verify import verify
from tests.append_only import append_only_tables
from tests.factories import AgencyFactory, UserFactory

pytestmark = pytest.mark.django_db


def add(count: int = 1, **more) -> list[AuditEntry]:
    return [record(actor=None, action=f"test.{n}", obj=None, after={"n": n}, **more) for n in range(count)]


def tamper(sql: str, *params: object, table: str = "audit_auditentry") -> None:
    """As somebody would who owns the database: triggers off, change, triggers on."""
    with connection.cursor() as cursor:
        for line in undoing(connection.vendor, table):
            cursor.execute(line)
        cursor.execute(sql, params)
        for line in statements(connection.vendor, table):
            cursor.execute(line)


def test_an_entry_says_who_did_what_to_what():
    user, agency = UserFactory(full_name="Quản trị"), AgencyFactory(name="Sở Mẫu")
    entry = record(
        actor=user, action="agency.rename", obj=agency, before={"name": "Cũ"}, after={"name": "Sở Mẫu"}
    )
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name, entry.object_label) == (user, "Quản trị", "Sở Mẫu")
    assert (entry.object_type, entry.object_id) == ("agencies.agency", str(agency.pk))
    assert (entry.before, entry.after) == ({"name": "Cũ"}, {"name": "Sở Mẫu"})
    assert abs((datetime.now(UTC) - entry.at).total_seconds()) < 60


def test_entries_follow_one_another():
    first, second, third = add(3)
    assert (first.seq, second.seq, third.seq) == (1, 2, 3)
    assert (first.prev, second.prev, third.prev) == (FIRST_HASH, first.hash, second.hash)
    assert AuditHead.objects.get().hash == third.hash
    assert verify().broken is None


def test_the_hash_is_what_an_outsider_computes():
    """Known answer: SHA-256 of the canonical JSON, as docs/architecture.md gives it."""
    given = {
        "prev": FIRST_HASH,
        "seq": 1,
        "at": datetime(2026, 7, 1, 2, 3, 4, 5, tzinfo=UTC),
        "actor_id": 7,
        "actor_name": "Thư ký",
        "action": "x.y",
        "object_type": "a.b",
        "object_id": "9",
        "object_label": "Sở Y tế",
        "before": None,
        "after": {"điểm": "1.50"},
    }
    import hashlib

    text = (
        f'["{FIRST_HASH}",1,"2026-07-01T02:03:04.000005+00:00",7,"Thư ký","x.y","a.b","9","Sở Y tế",'
        'null,{"điểm":"1.50"}]'
    )
    assert chain_hash(**given) == hashlib.sha256(text.encode()).hexdigest()
    for name, other in {"seq": 2, "actor_id": 8, "object_label": "Sở y tế", "after": {"điểm": "1.5"}}.items():
        assert chain_hash(**{**given, name: other}) != chain_hash(**given), name


def test_what_an_act_changed_becomes_plain():
    given = {
        "points": Decimal("1.500000"),
        "huge": Decimal("1E+3"),
        "at": datetime(2026, 1, 2, 10, 0, tzinfo=UTC),
        "on": date(2026, 1, 2),
        "id": UUID(int=1),
        "role": Role.HEAD,
        "set": {3, 1},
        "rows": [(1, None), {"a": True}],
        "nul": "a\x00b\ud800",
        5: "number as key",
    }
    assert plain(given) == {
        "points": "1.500000",
        "huge": "1000",
        "at": "2026-01-02T10:00:00+00:00",
        "on": "2026-01-02",
        "id": "00000000-0000-0000-0000-000000000001",
        "role": "head",
        "set": [1, 3],
        "rows": [[1, None], {"a": True}],
        "nul": "a\ufffdb?",
        "5": "number as key",
    }
    entry = record(actor=None, action="x", obj=None, after=given)
    entry.refresh_from_db()
    assert canonical(entry.after) == canonical(plain(given))
    assert verify().broken is None


@pytest.mark.parametrize("value", [0.1, object()])
def test_what_cannot_be_kept_exactly_is_refused(value):
    with pytest.raises(TypeError), transaction.atomic():
        record(actor=None, action="x", obj=None, after={"value": value})


def test_no_act_without_its_entry():
    """An entry that can't be written undoes the act."""
    agency = AgencyFactory()
    with pytest.raises(TypeError), transaction.atomic():
        agency.name = "Đổi"
        agency.save()
        record(actor=None, action="x", obj=agency, after={"value": 0.1})
    agency.refresh_from_db()
    assert agency.name != "Đổi"


def test_no_entry_without_its_act():
    with pytest.raises(RuntimeError), transaction.atomic():
        add(1)
        raise RuntimeError
    assert not AuditEntry.objects.exists()
    add(1)
    assert verify().broken is None


@pytest.mark.parametrize(
    "act",
    [
        lambda: AuditEntry.objects.update(action="other"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.get().delete(),
        lambda: connection.cursor().execute("DELETE FROM audit_auditentry"),
    ],
)
def test_the_database_refuses_to_change_an_entry(act):
    add(1)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        act()
    assert AuditEntry.objects.get().action == "test.0"


@pytest.mark.needs("postgres")
def test_the_database_refuses_to_empty_the_record():
    add(1)
    connection.check_constraints()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        connection.cursor().execute("TRUNCATE audit_auditentry")


def test_the_append_only_tables_carry_their_triggers():
    """SQLite loses triggers when a migration rebuilds a table: such a migration must name the table again."""
    assert set(append_only_tables()) >= {"audit_auditentry", "scoring_mark", "scoring_transition"}


def test_queries_of_one_entry(django_assert_num_queries):
    add(1)
    with django_assert_num_queries(4):  # lock the head, ask the clock, add, move the head
        add(1)


# tampering --------------------------------------------------------------------------------------


def found() -> tuple[int, str] | None:
    broken = verify().broken
    return broken and (broken.seq, broken.fault)


@pytest.mark.parametrize(
    "column,value",
    [
        ("action", "x"),
        ("actor_name", "x"),
        ("object_label", "x"),
        ("after", '{"n": 9}'),
        ("at", "2020-01-01 00:00:00+00:00"),
    ],
)
def test_a_changed_entry_is_named(column, value):
    add(4)
    tamper(f"UPDATE audit_auditentry SET {column} = %s WHERE seq = 3", value)
    assert found() == (3, "changed")
    with pytest.raises(CommandError, match="Broken at entry 3") as failure:
        call_command("verify_audit")
    assert failure.value.returncode == 1


def test_an_entry_taken_out_is_named():
    add(4)
    tamper("DELETE FROM audit_auditentry WHERE seq = 2")
    assert found() == (2, "missing")


def test_entries_cut_off_at_the_end_are_named():
    add(4)
    tamper("DELETE FROM audit_auditentry WHERE seq >= 3")
    assert found() == (3, "cut")


def test_the_whole_record_taken_away_is_named():
    add(2)
    tamper("DELETE FROM audit_auditentry")
    assert found() == (1, "cut")


def test_an_entry_put_in_behind_the_head_is_named():
    add(2)
    last = AuditEntry.objects.get(seq=2)
    last.pk, last.seq, last.prev, last.hash = None, 3, last.hash, "f" * 64
    last.save(force_insert=True)
    assert found() == (3, "stray")


def test_an_entry_hashed_anew_breaks_the_next_one():
    add(4)
    entry = AuditEntry.objects.get(seq=2)
    entry.action = "other"
    from parindex.audit.services import entry_hash

    tamper("UPDATE audit_auditentry SET action = %s, hash = %s WHERE seq = 2", "other", entry_hash(entry))
    assert found() == (3, "unlinked")


def test_a_chain_written_anew_is_known_by_a_head_that_was_noted_down():
    entries = add(3)
    noted = (2, entries[1].hash)
    assert verify(noted).broken is None
    tamper("DELETE FROM audit_auditentry")
    AuditHead.objects.update(seq=0, hash=FIRST_HASH)
    add(3)
    assert verify().broken is None
    assert verify(noted).broken.fault == "unexpected"
    assert verify((9, "0" * 64)).broken.fault == "cut"


def test_a_lost_head_row_does_not_start_a_second_chain():
    add(2)
    AuditHead.objects.all().delete()
    assert found() == (1, "stray")
    add(1)
    assert verify().broken is None


def test_the_command_prints_the_head_and_takes_it_back(capsys):
    add(2)
    call_command("verify_audit")
    printed = capsys.readouterr().out.strip()
    assert printed.startswith("The chain holds: 2 entries, head 2:")
    call_command("verify_audit", expect=printed.rpartition(" ")[2])
    with pytest.raises(CommandError) as failure:
        call_command("verify_audit", expect="nonsense")
    assert failure.value.returncode == 2


# history ----------------------------------------------------------------------------------------


def test_history_is_of_this_object_alone(django_assert_num_queries):
    here, there, user = AgencyFactory(), AgencyFactory(), UserFactory()
    for obj in (here, there, here, user):
        record(actor=user, action="x", obj=obj)
    with django_assert_num_queries(1):
        assert [entry.seq for entry in history_of(here)] == [3, 1]
    assert [entry.seq for entry in history_of(here, user)] == [4, 3, 1]


# races ------------------------------------------------------------------------------------------


@pytest.mark.needs("postgres")
@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain():
    """Eight people at once, also on the very first entry: no fork, no gap, no act lost."""
    agency = AgencyFactory()
    start, failures = threading.Barrier(8), []

    def work() -> None:
        try:
            start.wait()
            for _ in range(25):
                with transaction.atomic():
                    Agency.objects.filter(pk=agency.pk).exists()
                    record(actor=None, action="race", obj=agency)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert AuditEntry.objects.count() == 200
    verdict = verify()
    assert (verdict.entries, verdict.broken) == (200, None)


@pytest.mark.django_db(transaction=True)
def test_cleaning_up_leaves_the_triggers_in_place():
    add(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.all().delete()
