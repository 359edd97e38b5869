"""The audit: who, what, when, from where; whatever is changed in it or taken from it is found."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from ledger.store.database import connect
from portal_api import anchors, audit
from portal_api.audit_chain import Verdict, rows, verified
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.database import Database
    from tests.support.portals import Portal

PRACTICE = HARBOR.practice.practice_id


def verdict(portal: Portal, known: dict[int, str] | None = None) -> Verdict:
    with portal.at() as here:
        return verified(here.db, here.keys, PRACTICE, known or {})


def written(portal: Portal, count: int) -> None:
    for number in range(count):
        with portal.at() as here:
            audit.record(here, "test.written", f"test/{number}")


def test_what_people_do_is_recorded_with_who_when_and_from_where_and_without_content(portal: Portal) -> None:
    before = verdict(portal).rows
    visitor = portal.visitor()
    visitor.submit("/sign-in", email=HARBOR.patient.email)
    link, code = portal.link_and_code()
    visitor.submit("/sign-in/code", code="0000 0000")
    visitor.submit("/sign-in/code", code=code)
    visitor.submit("/sign-out")
    with portal.at() as here:
        found = [row.entry for row in rows(here.db, PRACTICE) if row.ordinal > before]
    assert [entry.action for entry in found] == [
        *("sign_in.asked", "sign_in.refused", "session.begun", "session.ended"),
    ]
    assert [entry.actor_kind for entry in found] == ["nobody", "nobody", "nobody", "patient"]
    assert {(entry.at, entry.address) for entry in found} == {(portal.clock.now, "127.0.0.1")}
    text = str(found)
    assert not any(word in text for word in ("Pat", "Moreno", HARBOR.patient.email, code, link))


def test_who_asks_for_what_is_not_theirs_is_recorded_though_nothing_was_done(portal: Portal) -> None:
    before = verdict(portal).rows
    visitor = portal.patient()
    assert visitor.get("/staff/people").status_code == 403
    assert visitor.submit(f"/account/sessions/{uuid4()}/end").status_code == 404
    with portal.at() as here:
        found = [row.entry for row in rows(here.db, PRACTICE) if row.ordinal > before]
    assert [(entry.action, entry.subject, entry.actor_kind) for entry in found] == [
        ("access.refused", "route/GET /staff/people", "patient"),
        ("access.refused", "route/POST /account/sessions/{session_id}/end", "patient"),
    ]


def test_what_is_rolled_back_was_not_done(portal: Portal) -> None:
    before = verdict(portal).rows
    with contextlib.suppress(ZeroDivisionError), portal.at() as here:
        audit.record(here, "test.written", "test/1")
        raise ZeroDivisionError
    assert verdict(portal).rows == before


def test_two_practices_have_two_chains(portal: Portal) -> None:
    with portal.at(CEDAR) as here:
        before = verified(here.db, here.keys, CEDAR.practice.practice_id, {})
        audit.record(here, "test.written", "test/1")
    written(portal, 2)
    with portal.at(CEDAR) as here:
        after = verified(here.db, here.keys, CEDAR.practice.practice_id, {})
        assert (after.is_whole, after.rows) == (True, before.rows + 1)
        assert not verified(here.db, here.keys, PRACTICE, {}).rows


@pytest.mark.parametrize("column", ["at", "actor_kind", "action", "subject", "address", "hmac", "actor_id"])
def test_a_changed_row_is_found(portal: Portal, portal_database: Database, column: str) -> None:
    values = {
        "at": "at + interval '1 microsecond'",
        "actor_kind": "'patient'",
        "hmac": "sha256(hmac)",
        "actor_id": "gen_random_uuid()",
    }
    written(portal, 3)
    place = verdict(portal).rows - 1
    changed = f"update portal.audit_entry set {column} = {values.get(column, column + ' || ' + repr('x'))}"
    _spoil(portal, portal_database, f"{changed} where ordinal = {place}", place)


def test_a_row_that_was_taken_out_is_found(portal: Portal, portal_database: Database) -> None:
    written(portal, 3)
    place = verdict(portal).rows - 1
    _spoil(portal, portal_database, f"delete from portal.audit_entry where ordinal = {place}", place)


def _spoil(portal: Portal, database: Database, change: str, place: int) -> None:
    """Change the chain as an owner can who takes the guard off, look, and put it back."""
    with contextlib.closing(connect(database, autocommit=True)) as owner:
        owner.execute("alter table portal.audit_entry disable trigger user")
        owner.execute("create table portal_spare as select * from portal.audit_entry")
        try:
            assert owner.execute(f"{change} and practice_id = '{PRACTICE}'".encode()).rowcount == 1
            found = verdict(portal)
        finally:
            owner.execute("delete from portal.audit_entry")
            owner.execute("insert into portal.audit_entry select * from portal_spare")
            owner.execute("drop table portal_spare")
            owner.execute("alter table portal.audit_entry enable always trigger audit_entry_is_only_added_to")
    assert (found.is_whole, found.first_broken) == (False, place)
    assert verdict(portal).is_whole


def test_rows_cut_off_at_the_end_are_missed_by_what_was_noted_before(portal: Portal, tmp_path: Path) -> None:
    written(portal, 2)
    now, path = verdict(portal), tmp_path / "anchors.jsonl"
    anchors.note(path, PRACTICE, now, portal.clock.now)
    assert verdict(portal, anchors.read(path, PRACTICE)).is_whole
    assert anchors.read(path, CEDAR.practice.practice_id) == {}
    longer = verdict(portal, {now.rows + 2: "ab"})
    assert (longer.is_whole, longer.sentence[:15]) == (False, "broken: 2 rows ")
    assert verdict(portal, {now.rows: "00" * 32}).first_broken == now.rows


@pytest.mark.parametrize("change", ["update portal.audit_entry set subject = 'x'", "delete from portal.audit_entry"])
def test_neither_the_portal_nor_the_owner_changes_a_row(portal_database: Database, change: str) -> None:
    with contextlib.closing(connect(portal_database)) as connection:
        with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
            connection.execute(change.encode())
        connection.execute("set role trueup_portal")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change.encode())
