"""Cleaning up after tests that commit: append-only tables refuse to be emptied, so their triggers step aside."""

from __future__ import annotations

from typing import Any

from django.db import connection

from parindex.audit.append_only import statements, undoing
from scoring.criteria import locks


def append_only_tables() -> list[str]:
    """The tables that carry the triggers, as the database says."""
    query = (
        "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE t.tgname LIKE '%%_append_only'"
        if connection.vendor == "postgresql"
        else "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%%_no_delete'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [])
        return sorted(row[0] for row in cursor.fetchall())


def let_flush_pass() -> None:
    """From now on, the `flush` of this process takes the triggers off and puts them back."""
    operations = type(connection.ops)
    plain = operations.execute_sql_flush
    tables = append_only_tables()

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        vendor = self.connection.vendor
        before = [line for table in tables for line in undoing(vendor, table)] + locks.undoing(vendor)
        after = [line for table in tables for line in statements(vendor, table)] + locks.statements(vendor)
        plain(self, [*before, *sql_list, *after])

    operations.execute_sql_flush = execute_sql_flush
