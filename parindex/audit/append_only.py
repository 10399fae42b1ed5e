"""Tables that are only ever added to: triggers on both databases refuse to change or delete a row.

A migration names the tables: ``operations = [append_only("audit_auditentry")]``. On SQLite a later migration
that rebuilds such a table drops its triggers with it and must name the table again; a test watches over that.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION parindex_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def statements(vendor: str, table: str) -> list[str]:
    """What makes this table append-only on this kind of database."""
    if vendor == "postgresql":
        return [
            FUNCTION,
            f'CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION parindex_append_only()",
            f'CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION parindex_append_only()",
        ]
    return [
        f'CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for act in ("update", "delete")
    ]


def undoing(vendor: str, table: str) -> list[str]:
    """What makes this table an ordinary one again."""
    if vendor == "postgresql":
        return [
            f'DROP TRIGGER IF EXISTS {table}_{kind} ON "{table}"' for kind in ("append_only", "no_truncate")
        ]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{act}" for act in ("update", "delete")]


def append_only(*tables: str) -> migrations.RunPython:
    """The migration operation that makes these tables append-only."""

    def install(apps: Any, schema_editor: Any) -> None:
        _run(schema_editor, statements, tables)

    def remove(apps: Any, schema_editor: Any) -> None:
        _run(schema_editor, undoing, tables)

    return migrations.RunPython(install, remove)


def _run(schema_editor: Any, wanted: Any, tables: tuple[str, ...]) -> None:
    with schema_editor.connection.cursor() as cursor:
        for table in tables:
            for statement in wanted(schema_editor.connection.vendor, table):
                cursor.execute(statement)
