"""Every table of the portal keeps practices apart: by the catalog, so that one added later is looked at too."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ledger.store.database import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database

TABLES = """
select relname, relrowsecurity, relforcerowsecurity,
    exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'practice_id' and attnotnull),
    (select count(*) from pg_policy where polrelid = pg_class.oid and polname = 'own_practice'
        and pg_get_expr(polqual, polrelid) like '%app.practice_id%'
        and pg_get_expr(polwithcheck, polrelid) like '%app.practice_id%' and polcmd = '*'),
    (select array_agg(polname::text) from pg_policy where polrelid = pg_class.oid and polname <> 'own_practice')
from pg_class
where relnamespace = 'portal'::regnamespace and relkind in ('r', 'p') and relname <> 'alembic_version'
order by relname
"""


@pytest.fixture(name="catalog", scope="module")
def _catalog(portal_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(portal_database)) as connection:
        yield connection


def test_every_table_is_guarded(catalog: psycopg.Connection) -> None:
    tables = catalog.execute(TABLES).fetchall()
    assert len(tables) >= 10
    for name, is_on, is_forced, has_practice, policies, others in tables:
        assert (name, is_on, is_forced, has_practice, policies) == (name, True, True, True, 1)
        assert others in (None, ["the_directory"] if name in {"practice_host", "video_room"} else None)


def test_a_reference_between_tables_of_the_portal_names_the_practice_too(catalog: psycopg.Connection) -> None:
    references = catalog.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'f'"
        " and connamespace = 'portal'::regnamespace"
    ).fetchall()
    assert references
    assert [name for name, said in references if "practice_id" not in said.split("REFERENCES")[0]] == []


def test_the_role_owns_nothing_and_cannot_pass_the_guard(catalog: psycopg.Connection) -> None:
    role = catalog.execute(
        "select rolbypassrls, rolsuper, rolcanlogin, (select count(*) from pg_class where relowner = pg_roles.oid)"
        " from pg_roles where rolname = 'trueup_portal'"
    ).fetchone()
    assert role == (False, False, False, 0)


def test_every_table_of_the_ledger_that_the_portal_may_touch_is_guarded(catalog: psycopg.Connection) -> None:
    unguarded = catalog.execute(
        "select relname from pg_class where relnamespace = 'ledger'::regnamespace and relkind in ('r', 'p')"
        " and has_table_privilege('trueup_portal', oid, 'select, insert, update, delete') and not relrowsecurity"
    ).fetchall()
    assert unguarded == []


def test_a_transaction_without_a_practice_sees_nothing(catalog: psycopg.Connection) -> None:
    names = [row[0] for row in catalog.execute(TABLES).fetchall()]
    catalog.execute("set role trueup_portal")
    for name in names:
        assert catalog.execute(f"select count(*) from portal.{name}".encode()).fetchone() == (0,)
    catalog.rollback()
