"""A locked criteria set cannot change: triggers on both databases hold what the services promise.

Rows of a locked set can be neither added, changed nor deleted, and the set itself stays as it was locked.
A migration that rebuilds one of the tables begins with ``release_locked_sets`` and ends with
``hold_locked_sets``: SQLite drops the triggers with the table; a test watches over that.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

CRITERION = "scoring_criterion"
CASE = "scoring_storedcase"
SET = "scoring_criteriaset"
MESSAGE = "a locked criteria set cannot change"

# FOR SHARE waits for a lock that is being put on, so that no row slips in beside it.
_POSTGRES = [
    f"""
    CREATE OR REPLACE FUNCTION scoring_locked_criterion() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE moment timestamptz;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            SELECT locked_at INTO moment FROM {SET} WHERE id = OLD.criteria_set_id FOR SHARE;
            IF moment IS NOT NULL THEN
                RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            SELECT locked_at INTO moment FROM {SET} WHERE id = NEW.criteria_set_id FOR SHARE;
            IF moment IS NOT NULL THEN
                RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END IF;
        RETURN OLD;
    END
    $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION scoring_locked_case() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE moment timestamptz;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            SELECT s.locked_at INTO moment FROM {SET} s JOIN {CRITERION} c ON c.criteria_set_id = s.id
                WHERE c.id = OLD.criterion_id FOR SHARE OF s;
            IF moment IS NOT NULL THEN
                RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            SELECT s.locked_at INTO moment FROM {SET} s JOIN {CRITERION} c ON c.criteria_set_id = s.id
                WHERE c.id = NEW.criterion_id FOR SHARE OF s;
            IF moment IS NOT NULL THEN
                RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END IF;
        RETURN OLD;
    END
    $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION scoring_locked_set() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    END
    $$
    """,
    f"CREATE OR REPLACE TRIGGER {CRITERION}_locked BEFORE INSERT OR UPDATE OR DELETE ON {CRITERION} "
    "FOR EACH ROW EXECUTE FUNCTION scoring_locked_criterion()",
    f"CREATE OR REPLACE TRIGGER {CASE}_locked BEFORE INSERT OR UPDATE OR DELETE ON {CASE} "
    "FOR EACH ROW EXECUTE FUNCTION scoring_locked_case()",
    f"CREATE OR REPLACE TRIGGER {SET}_locked BEFORE UPDATE OR DELETE ON {SET} "
    "FOR EACH ROW WHEN (OLD.locked_at IS NOT NULL) EXECUTE FUNCTION scoring_locked_set()",
]


def _is_locked(row: str) -> str:
    return f"(SELECT locked_at FROM {SET} WHERE id = {row}.criteria_set_id) IS NOT NULL"


def _is_locked_case(row: str) -> str:
    return (
        f"(SELECT s.locked_at FROM {SET} s JOIN {CRITERION} c ON c.criteria_set_id = s.id "
        f"WHERE c.id = {row}.criterion_id) IS NOT NULL"
    )


def _refuse(name: str, act: str, table: str, when: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {act} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )


_SQLITE = [
    _refuse(f"{CRITERION}_locked_insert", "INSERT", CRITERION, _is_locked("NEW")),
    _refuse(f"{CRITERION}_locked_update", "UPDATE", CRITERION, f"{_is_locked('OLD')} OR {_is_locked('NEW')}"),
    _refuse(f"{CRITERION}_locked_delete", "DELETE", CRITERION, _is_locked("OLD")),
    _refuse(f"{CASE}_locked_insert", "INSERT", CASE, _is_locked_case("NEW")),
    _refuse(f"{CASE}_locked_update", "UPDATE", CASE, f"{_is_locked_case('OLD')} OR {_is_locked_case('NEW')}"),
    _refuse(f"{CASE}_locked_delete", "DELETE", CASE, _is_locked_case("OLD")),
    _refuse(f"{SET}_locked_update", "UPDATE", SET, "OLD.locked_at IS NOT NULL"),
    _refuse(f"{SET}_locked_delete", "DELETE", SET, "OLD.locked_at IS NOT NULL"),
]


def statements(vendor: str) -> list[str]:
    """What puts the triggers on."""
    return list(_POSTGRES if vendor == "postgresql" else _SQLITE)


def undoing(vendor: str) -> list[str]:
    """What takes the triggers off."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_locked ON {table}" for table in (CRITERION, CASE, SET)]
    return [
        f"DROP TRIGGER IF EXISTS {table}_locked_{act}"
        for table, acts in (
            (CRITERION, ("insert", "update", "delete")),
            (CASE, ("insert", "update", "delete")),
            (SET, ("update", "delete")),
        )
        for act in acts
    ]


def hold_locked_sets() -> migrations.RunPython:
    """The migration operation that installs them."""
    return migrations.RunPython(_install, _remove)


def release_locked_sets() -> migrations.RunPython:
    """Its opposite: a migration that rebuilds one of the tables begins with it and ends with the former."""
    return migrations.RunPython(_remove, _install)


def _install(apps: Any, schema_editor: Any) -> None:
    _run(schema_editor, statements)


def _remove(apps: Any, schema_editor: Any) -> None:
    _run(schema_editor, undoing)


def _run(schema_editor: Any, wanted: Any) -> None:
    """Run the statements whose table is there already: the stored cases came later than the sets."""
    connection = schema_editor.connection
    has_cases = CASE in connection.introspection.table_names()
    with connection.cursor() as cursor:
        for statement in wanted(connection.vendor):
            if has_cases or f" ON {CASE} " not in f"{statement} ":
                cursor.execute(statement)
