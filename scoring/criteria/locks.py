"""A locked criteria set cannot change: triggers on both databases hold what the services promise.

Rows of a locked set can be neither added, changed nor deleted, and the set itself stays as it was locked.
On SQLite a later migration that rebuilds one of the two tables drops its triggers with it and must install
them again; a test watches over that.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

CRITERION = "scoring_criterion"
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
    CREATE OR REPLACE FUNCTION scoring_locked_set() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
    END
    $$
    """,
    f"CREATE OR REPLACE TRIGGER {CRITERION}_locked BEFORE INSERT OR UPDATE OR DELETE ON {CRITERION} "
    "FOR EACH ROW EXECUTE FUNCTION scoring_locked_criterion()",
    f"CREATE OR REPLACE TRIGGER {SET}_locked BEFORE UPDATE OR DELETE ON {SET} "
    "FOR EACH ROW WHEN (OLD.locked_at IS NOT NULL) EXECUTE FUNCTION scoring_locked_set()",
]


def _is_locked(row: str) -> str:
    return f"(SELECT locked_at FROM {SET} WHERE id = {row}.criteria_set_id) IS NOT NULL"


def _refuse(name: str, act: str, table: str, when: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {act} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )


_SQLITE = [
    _refuse(f"{CRITERION}_locked_insert", "INSERT", CRITERION, _is_locked("NEW")),
    _refuse(f"{CRITERION}_locked_update", "UPDATE", CRITERION, f"{_is_locked('OLD')} OR {_is_locked('NEW')}"),
    _refuse(f"{CRITERION}_locked_delete", "DELETE", CRITERION, _is_locked("OLD")),
    _refuse(f"{SET}_locked_update", "UPDATE", SET, "OLD.locked_at IS NOT NULL"),
    _refuse(f"{SET}_locked_delete", "DELETE", SET, "OLD.locked_at IS NOT NULL"),
]


def statements(vendor: str) -> list[str]:
    """What puts the triggers on."""
    return list(_POSTGRES if vendor == "postgresql" else _SQLITE)


def undoing(vendor: str) -> list[str]:
    """What takes the triggers off."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_locked ON {table}" for table in (CRITERION, SET)]
    return [
        f"DROP TRIGGER IF EXISTS {table}_locked_{act}"
        for table, acts in ((CRITERION, ("insert", "update", "delete")), (SET, ("update", "delete")))
        for act in acts
    ]


def hold_locked_sets() -> migrations.RunPython:
    """The migration operation that installs them."""

    def install(apps: Any, schema_editor: Any) -> None:
        _run(schema_editor, statements)

    def remove(apps: Any, schema_editor: Any) -> None:
        _run(schema_editor, undoing)

    return migrations.RunPython(install, remove)


def _run(schema_editor: Any, wanted: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in wanted(schema_editor.connection.vendor):
            cursor.execute(statement)
