"""Remittances and leaks of no practice on the staff's worklist: for who works for all practices, and nobody else."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ledger.store import worklist
from ledger.store.database import connect
from ledger.store.worklist import Kind
from portal_api.access import Role
from portal_api.collecting import seen as collected
from tests.dashboards import marts_tables
from tests.support.marts_points import FOR_ALL, for_all, held, leak, unmatched
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database
    from tests.support.portals import Portal, Visitor

BILLING = next(each.email for each in HARBOR.people if Role.BILLING in each.roles)


@pytest.fixture(name="marts")
def _marts(portal_database: Database) -> Iterator[psycopg.Connection]:
    """Yield a connection where the portal's database has marts."""
    with contextlib.closing(connect(portal_database, autocommit=True)) as connection:
        marts_tables.create(connection, {})
        yield connection
        connection.execute("drop schema marts cascade; create schema marts")


def seen(visitor: Visitor, **asked: str) -> list[tuple[str, str]]:
    """Return kind and cause of all that the API lists."""
    found = visitor.get("/api/v1/worklist", params=asked).json()["items"]
    return [(each["kind"], each["cause"]) for each in found]


def test_what_belongs_to_no_practice_is_worked_on_by_who_works_for_all(
    portal: Portal, marts: psycopg.Connection
) -> None:
    remit, conflict, claim = held(marts).cause, held(marts, "conflict").cause, unmatched(marts).cause
    orphan = leak(marts, "orphan_charge", None)
    leak(marts, "orphan_remit", None)  # the claim without a visit, once more
    finance = for_all(portal)
    assert set(seen(finance, kind="held_remit")) == {("held_remit", remit), ("held_remit", conflict)}
    assert seen(finance, kind="unmatched_remit") == [("unmatched_remit", claim)]
    assert seen(finance, kind="leak") == [("leak", orphan)]
    (shown,) = [each for each in finance.get("/api/v1/worklist").json()["items"] if each["cause"] == remit]
    assert (shown["payer_name"], shown["trace_number"], shown["paid_on"], shown["amount_cents"]) == (
        "Northwind Health",
        "TRACE9",
        "2026-11-03",
        10396,
    )
    page = finance.get("/staff/worklist").text
    for words_ in (
        "Remittance held: Northwind Health",
        f"{remit[:12]}#0</span>, trace number TRACE9, paid on Tuesday, November 3, 2026",
        "$103.96",
        "does not balance",
        "came before with another content",
        f'href="/books/remits/{remit.replace("#", "-")}"',
        f'href="/books/remits/{claim[:64]}-0#claim-3"',
        "(no visit has the reference)",
        f'href="/books/leaks/{orphan}"',
    ):
        assert words_ in page, words_
    assert "What is not here" not in page
    taken = finance.submit("/staff/worklist/take", kind="held_remit", cause=remit).headers["location"].split("?")[0]
    assert "$103.96" in finance.get(taken).text
    assert BILLING not in finance.get(taken).text  # works for the practice only
    refused = finance.submit(f"{taken}/assign", assignee=BILLING)
    assert (refused.status_code, "Choose somebody" in refused.text) == (422, True)
    assert finance.submit(f"{taken}/note", note="Asked the insurer").status_code == 303
    assert finance.submit(f"{taken}/resolve", outcome="They send it again").status_code == 303
    assert ("held_remit", remit) not in seen(finance)
    assert ("held_remit", remit) in seen(finance, resolved="true")
    item = worklist.of_cause(marts, Kind.HELD_REMIT, remit)
    assert item is not None
    assert item.practice_id is None
    assert [(each.deed, each.made_by) for each in worklist.entries(marts, item.item_id)] == [
        ("opened", "trueup"),
        ("assigned", FOR_ALL),
        ("noted", FOR_ALL),
        ("resolved", FOR_ALL),
    ]


def test_nobody_else_finds_what_belongs_to_no_practice(portal: Portal, marts: psycopg.Connection) -> None:
    remit, claim, orphan = held(marts).cause, unmatched(marts).cause, leak(marts, "orphan_charge", None)
    kinds = {"held_remit": remit, "unmatched_remit": claim, "leak": orphan}
    finance = for_all(portal)
    rows = [
        finance.submit("/staff/worklist/take", kind=kind, cause=cause).headers["location"].split("?")[0]
        for kind, cause in kinds.items()
    ]
    waits = held(marts).cause
    before = [each for row in rows for each in worklist.entries(marts, int(row.rpartition("/")[2]))]
    own = [portal.staff(role) for role in (Role.FRONT_DESK, Role.BILLING, Role.PRACTICE_ADMIN)]
    for other in (*own, portal.staff(Role.PRACTICE_ADMIN, CEDAR)):
        causes = {cause for _, cause in seen(other)} | {cause for _, cause in seen(other, resolved="true")}
        assert causes.isdisjoint({*kinds.values(), waits})
        page = other.get("/staff/worklist").text
        assert ("What is not here" in page, "held_remit" in page) == (True, False)
        assert other.submit("/staff/worklist/take", kind="held_remit", cause=waits).status_code == 404
        safe = {"X-CSRF-Token": other.csrf, "Accept": "application/json"}
        for kind, cause in kinds.items():
            assert other.submit("/staff/worklist/take", kind=kind, cause=cause).status_code == 404
            asked = {"kind": kind, "cause": cause}
            assert other.post("/api/v1/worklist", json=asked, headers=safe).status_code == 404
        for row in rows:
            api = f"/api/v1{row[6:]}"
            answers = [
                other.get(row),
                other.submit(f"{row}/assign", assignee=FOR_ALL),
                other.submit(f"{row}/note", note="x"),
                other.submit(f"{row}/resolve", outcome="x"),
                other.get(api),
                other.post(f"{api}/assign", json={"assignee": FOR_ALL}, headers=safe),
                other.post(f"{api}/notes", json={"note": "x"}, headers=safe),
                other.post(f"{api}/resolve", json={"outcome": "x"}, headers=safe),
            ]
            assert {answer.status_code for answer in answers} == {404}
    assert portal.staff(Role.AUDITOR).get("/staff/worklist").status_code == 403  # sees all, and works on nothing
    assert before == [each for row in rows for each in worklist.entries(marts, int(row.rpartition("/")[2]))]


def test_what_is_beyond_the_oldest_that_are_listed_can_be_taken_up(
    portal: Portal, marts: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collected, "MOST", 1)
    causes = [unmatched(marts).cause, unmatched(marts).cause]
    finance = for_all(portal)
    (listed,) = [cause for _, cause in seen(finance) if cause in causes]
    (beyond,) = set(causes) - {listed}
    assert finance.submit("/staff/worklist/take", kind="unmatched_remit", cause=beyond).status_code == 303
    leaks = [leak(marts, "orphan_charge", None) for _ in range(2)]
    for each in leaks:
        assert finance.submit("/staff/worklist/take", kind="leak", cause=each).status_code == 303
