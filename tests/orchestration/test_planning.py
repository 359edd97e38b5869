"""Which books a plan can be made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration import planning

if TYPE_CHECKING:
    import psycopg


def test_books_that_an_earlier_version_made_are_planned_from_after_a_reconcile(connection: psycopg.Connection) -> None:
    assert not planning.is_reconciled(connection)
    connection.execute("create schema if not exists marts; create table marts.memos ()")
    connection.execute(
        "create schema if not exists intermediate; create table intermediate.int_usage__lines (visit_token uuid)"
    )
    assert not planning.is_reconciled(connection)
    connection.execute("alter table intermediate.int_usage__lines add column is_void boolean")
    assert planning.is_reconciled(connection)
