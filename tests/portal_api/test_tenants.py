"""Another practice finds nothing: every route and every table is tried, and those added later are by themselves."""

from __future__ import annotations

import contextlib
import re
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fastapi.routing import APIRoute
from psycopg import errors
from psycopg.sql import SQL, Identifier

from ledger.store import worklist
from ledger.store.database import connect
from portal_api.access import WORKERS, Kind
from portal_api.identity import people
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from ledger.store.database import Database
    from tests.support.portals import Portal, Sample, Visitor

TABLES = """
select relnamespace::regnamespace::text, relname from pg_class
where relnamespace in ('portal'::regnamespace, 'ledger'::regnamespace) and relkind in ('r', 'p')
    and has_table_privilege('trueup_portal', oid, 'select, insert, update, delete')
order by 1, 2
"""
COLUMNS = """
select attname, atttypid = 'uuid'::regtype from pg_attribute
where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""
# Not found; or answers that come before the thing is looked for: of a missing role, of a form that lacks something.
# A redirect or a page is among them only where it is the same for what never was.
NOTHING_LEARNED = {404, 401, 403, 303, 400, 409, 415, 422, 429}


@pytest.fixture(name="owner", scope="module")
def _owner(portal_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(portal_database, autocommit=True)) as connection:
        yield connection


def everything_of(owner: psycopg.Connection, sample: Sample) -> dict[str, str]:
    """Return a fingerprint of every row of a practice by table."""
    found = {}
    for schema, name in owner.execute(TABLES).fetchall():
        columns = [row[0] for row in owner.execute(COLUMNS, (f"{schema}.{name}",))]
        if "practice_id" in columns:
            query = SQL("select md5(string_agg(t::text, '|' order by t::text)) from {} as t where practice_id = %s")
            row = owner.execute(query.format(Identifier(schema, name)), (sample.practice.practice_id,)).fetchone()
            assert row is not None
            found[f"{schema}.{name}"] = str(row[0])
    return found


def routes(app: FastAPI) -> list[tuple[str, str, list[str]]]:
    """Return method, path and the names of the parts of every route that names a thing in its path."""
    found = [
        (method, route.path, re.findall(r"{(\w+)", route.path))
        for route in _flat(app.routes)
        for method in sorted(route.methods)
    ]
    return [each for each in found if each[2]]


def _flat(given: list[Any]) -> Iterator[APIRoute]:
    for route in given:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _flat(route.original_router.routes)


def ids(owner: psycopg.Connection, name: str) -> list[str]:
    """Return ids of Harbor's that a part of a path may mean: of the table it is named after, else of every table."""
    tables = [row[1] for row in owner.execute(TABLES).fetchall() if row[0] == "portal"]
    own = [table for table in tables if table == name.removesuffix("_id")]
    found: list[str] = []
    for table in own or tables:
        columns = dict(owner.execute(COLUMNS, (f"portal.{table}",)).fetchall())
        if columns.get("id"):
            query = SQL("select id::text from portal.{} where practice_id = %s limit 2").format(Identifier(table))
            found += [row[0] for row in owner.execute(query, (HARBOR.practice.practice_id,))]
    return found


def everybody(portal: Portal) -> list[Visitor]:
    """Return Cedar's people: a patient, and one who has every role that staff can have."""
    with portal.at(CEDAR) as here:
        staff_id = people.add_staff(here, "all@cedargrove.example", "All Roles", WORKERS, "prov_cedar_all")
    return [portal.patient(CEDAR), portal.signed_in(CEDAR, Kind.STAFF, staff_id), portal.visitor(CEDAR)]


def test_no_route_shows_or_changes_a_thing_of_another_practice(portal: Portal, owner: psycopg.Connection) -> None:
    portal.patient()  # so that there is a session of Harbor's to ask for
    tried = routes(portal.app)
    assert ("POST", "/account/sessions/{session_id}/end", ["session_id"]) in tried
    assert ("POST", "/staff/people/{staff_id}/disable", ["staff_id"]) in tried
    visitors, before = everybody(portal), everything_of(owner, HARBOR)
    for method, path, parts in tried:
        for theirs in {given for part in parts for given in ids(owner, part)} | {HARBOR.people[2].provider_id or ""}:
            for visitor in visitors:
                _tries(visitor, method, path, theirs)
        portal.clock.move(minutes=1)
    assert everything_of(owner, HARBOR) == before


def _tries(visitor: Visitor, method: str, path: str, theirs: str) -> None:
    """Ask for a thing of Harbor's and for one that never was: the answers are the same, and nothing is found."""
    nobodys = "prov_of_nobody" if theirs.startswith("prov_") else str(uuid.uuid4())
    answers = [
        visitor.request(
            method, re.sub(r"{[^}]+}", given, path), data={"csrf": visitor.csrf} if method != "GET" else None
        )
        for given in (theirs, nobodys)
    ]
    said = [
        (answer.status_code, answer.headers.get("location", "").replace(given, ""), answer.text.replace(given, ""))
        for answer, given in zip(answers, (theirs, nobodys), strict=True)
    ]
    if 429 in {said[0][0], said[1][0]}:
        return
    assert said[0][0] in NOTHING_LEARNED or said[0] == said[1], (method, path, theirs, said[0])
    assert said[0][:2] == said[1][:2], (method, path, theirs, said)


@pytest.fixture(name="as_cedar")
def _as_cedar(portal_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(portal_database)) as connection:
        connection.execute("set role trueup_portal")
        connection.execute("select set_config('app.practice_id', %s, true)", (CEDAR.practice.practice_id,))
        yield connection
        connection.rollback()


def test_no_table_shows_a_row_of_another_practice(owner: psycopg.Connection, as_cedar: psycopg.Connection) -> None:
    tables = owner.execute(TABLES).fetchall()
    assert ("portal", "patient") in tables
    assert ("ledger", "visit") in tables
    worklist.open_(owner, worklist.Kind.HELD_REMIT, f"{'0' * 64}#0", "held")  # of no practice
    for schema, name in tables:
        columns = [row[0] for row in owner.execute(COLUMNS, (f"{schema}.{name}",))]
        if "practice_id" in columns:
            query = SQL("select count(*) from {} where practice_id is distinct from %s").format(
                Identifier(schema, name)
            )
            assert as_cedar.execute(query, (CEDAR.practice.practice_id,)).fetchone() == (0,)


def test_no_row_of_another_practice_can_be_changed_or_made(
    owner: psycopg.Connection, as_cedar: psycopg.Connection
) -> None:
    theirs = HARBOR.practice.practice_id
    for schema, name in owner.execute(TABLES).fetchall():
        columns = [row[0] for row in owner.execute(COLUMNS, (f"{schema}.{name}",))]
        if "practice_id" not in columns:
            continue
        table = Identifier(schema, name)
        for change in (
            SQL("update {} set practice_id = practice_id where practice_id = %s"),
            SQL("delete from {} where practice_id = %s"),
        ):
            with contextlib.suppress(errors.InsufficientPrivilege, errors.RestrictViolation), as_cedar.transaction():
                assert as_cedar.execute(change.format(table), (theirs,)).rowcount == 0, name
        row = owner.execute(
            SQL("select to_jsonb(t) from {} as t where practice_id = %s limit 1").format(table), (theirs,)
        ).fetchone()
        copied = psycopg.types.json.Jsonb(row[0] if row else {"practice_id": theirs})
        names = SQL(", ").join(map(Identifier, columns))
        insert = SQL("insert into {} ({}) overriding system value select {} from jsonb_populate_record(null::{}, %s)")
        with pytest.raises(errors.InsufficientPrivilege), as_cedar.transaction():
            as_cedar.execute(insert.format(table, names, names, table), (copied,))


def test_with_the_practice_left_out_nothing_is_seen_or_made(as_cedar: psycopg.Connection) -> None:
    as_cedar.execute("select set_config('app.practice_id', '', true)")
    assert as_cedar.execute("select count(*) from portal.patient").fetchone() == (0,)
    with pytest.raises(errors.InsufficientPrivilege):
        as_cedar.execute("insert into portal.rate values (%s, 'x', now())", (HARBOR.practice.practice_id,))
