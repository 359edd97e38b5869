"""The staff's worklist over HTTP: what is seen, taken up, given, noted and resolved, and by whom it is not."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import httpx
import pytest

from ledger.store import marts_worklist, worklist
from ledger.store.database import connect
from ledger.store.worklist import Kind
from portal_api import cookies
from portal_api.access import Role
from portal_api.collecting import words
from tests.dashboards import marts_tables
from tests.support import bookings as steps
from tests.support import marts_points, screens
from tests.support.browsers import chromium
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from playwright.sync_api import Browser, Page

    from ledger.store.database import Database
    from ledger.store.worklist import Item
    from tests.support.portals import Portal, Sample, Visitor

DESK = next(each.email for each in HARBOR.people if Role.FRONT_DESK in each.roles)
BILLING = next(each.email for each in HARBOR.people if Role.BILLING in each.roles)


@pytest.fixture(name="owner", scope="module")
def _owner(portal_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(portal_database, autocommit=True)) as connection:
        yield connection


@pytest.fixture(name="visit", scope="module")
def _visit(portal: Portal) -> UUID:
    """Return a visit of Harbor's that is over and that nobody has closed out."""
    with portal.at() as here:
        booked = steps.book(here, steps.patient(here, "Worklist"), 1)
    portal.clock.now = booked.ends_at + timedelta(hours=1)
    assert booked.visit_token is not None
    return booked.visit_token


@pytest.fixture(name="marts")
def _marts(owner: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Yield a connection where the portal's database has marts."""
    marts_tables.create(owner, {})
    yield owner
    owner.execute("drop schema marts cascade; create schema marts")


def failed(owner: psycopg.Connection, visit: UUID | None = None, sample: Sample = HARBOR, why: str = "never") -> Item:
    """Put a failed payment on the worklist, as the dispatcher does."""
    invoice = f"in_{uuid4().hex[:16]}"
    values = {"visit_token": visit, "object_id": invoice, "practice_id": sample.practice.practice_id}
    assert worklist.open_(owner, Kind.PAYMENT_FAILED, invoice, why, **values)
    item = worklist.of_cause(owner, Kind.PAYMENT_FAILED, invoice)
    assert item is not None
    return item


def leak(owner: psycopg.Connection, category: str, of: Sample | None = HARBOR, visit: UUID | None = None) -> str:
    """Have a leak among the marts, of a practice or of none; returns its id."""
    return marts_points.leak(owner, category, of.practice.practice_id if of else None, visit)


def seen(visitor: Visitor, **asked: str) -> list[tuple[str, str]]:
    """Return kind and cause of all that the API lists."""
    found = visitor.get("/api/v1/worklist", params=asked).json()["items"]
    return [(each["kind"], each["cause"]) for each in found]


def test_a_failed_payment_is_given_noted_and_resolved_and_all_of_it_stays(
    portal: Portal, owner: psycopg.Connection, visit: UUID
) -> None:
    item, desk = failed(owner, visit), portal.staff(Role.FRONT_DESK)
    shown = desk.get("/staff/worklist").text
    assert "Payment failed: worklist" in shown.replace("Worklist Somebody", "worklist Somebody")
    assert words.happened(item.kind, "never").split(";")[0] in shown
    assert words.to_do(item.kind, "never") in shown
    assert f'href="/staff/closing/{visit}"' in shown
    assert desk.get(f"/staff/closing/{visit}").status_code == 200
    path = f"/staff/worklist/{item.item_id}"
    assert desk.submit(f"{path}/assign", assignee=BILLING).headers["location"] == f"{path}?said=saved"
    assert desk.submit(f"{path}/note", note="Left word;\r\ncalls back").status_code == 303
    billing = portal.staff(Role.BILLING)
    assert item.cause in {cause for _, cause in seen(billing, assignee=BILLING)}
    assert item.cause not in {cause for _, cause in seen(billing, assignee=DESK)}
    assert billing.submit(f"{path}/resolve", outcome="Pays by bank transfer").status_code == 303
    assert item.cause not in {cause for _, cause in seen(billing)}
    assert item.cause in {cause for _, cause in seen(billing, resolved="true")}
    told = [(each.deed, each.said, each.made_by) for each in worklist.entries(owner, item.item_id)]
    assert told == [
        ("opened", "never", "trueup"),
        ("assigned", f"to {BILLING}", DESK),
        ("noted", "Left word; calls back", DESK),
        ("resolved", "Pays by bank transfer", BILLING),
    ]
    for said in ("Left word; calls back", "Pays by bank transfer", "Sam Okafor", "Lena Fischer"):
        assert said in billing.get(path).text
    late = billing.submit(f"{path}/resolve", outcome="Once more")
    assert (late.status_code, "resolved already" in late.text) == (409, True)
    assert len(worklist.entries(owner, item.item_id)) == 4


def test_every_write_is_in_the_audit_and_no_words_of_it(portal: Portal, owner: psycopg.Connection) -> None:
    item, desk = failed(owner), portal.staff(Role.FRONT_DESK)
    path = f"/staff/worklist/{item.item_id}"
    desk.submit(f"{path}/assign", assignee=DESK)
    desk.submit(f"{path}/note", note="Something secret")
    desk.submit(f"{path}/resolve", outcome="Something secret")
    rows = owner.execute(
        "select action from portal.audit_entry where subject = %s order by ordinal", (f"worklist/{item.item_id}",)
    ).fetchall()
    assert [row[0] for row in rows] == ["worklist.assigned", "worklist.noted", "worklist.resolved"]


@pytest.mark.parametrize(
    ("deed", "given", "sentence"),
    [
        ("assign", {"assignee": "nobody@example.com"}, "Choose somebody"),
        ("assign", {"assignee": "dana.reed@harbor.example"}, "Choose somebody"),
        ("assign", {"assignee": "desk@cedargrove.example"}, "Choose somebody"),
        ("note", {"note": "  "}, "in a few words"),
        ("resolve", {"outcome": "x" * 501}, "in a few words"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    portal: Portal, owner: psycopg.Connection, deed: str, given: dict[str, str], sentence: str
) -> None:
    item = failed(owner)
    answer = portal.staff(Role.FINANCE).submit(f"/staff/worklist/{item.item_id}/{deed}", **given)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert len(worklist.entries(owner, item.item_id)) == 1


def test_a_visit_that_nobody_closed_out_is_seen_taken_up_once_and_resolves_by_itself(
    portal: Portal, owner: psycopg.Connection, visit: UUID
) -> None:
    desk = portal.staff(Role.FRONT_DESK)
    assert (Kind.MISSING_CLOSE_OUT, str(visit)) in seen(desk, kind="missing_close_out", assignee="nobody")
    assert words.to_do("missing_close_out", "scheduled") in desk.get("/staff/worklist").text
    taken = [desk.submit("/staff/worklist/take", kind="missing_close_out", cause=str(visit)) for _ in range(2)]
    assert taken[0].headers["location"] == taken[1].headers["location"]
    item = worklist.of_cause(owner, Kind.MISSING_CLOSE_OUT, str(visit))
    assert item is not None
    assert (item.state, item.assignee) == ("assigned", DESK)
    assert seen(desk).count((Kind.MISSING_CLOSE_OUT, str(visit))) == 1
    portal.do_chores()
    assert worklist.get(owner, item.item_id).state == "assigned"
    answer = desk.submit(f"/staff/closing/{visit}", outcome="completed", place="10")
    assert answer.status_code == 303
    portal.do_chores()
    assert worklist.get(owner, item.item_id).state == "resolved"
    assert (Kind.MISSING_CLOSE_OUT, str(visit)) not in seen(desk)


def test_leaks_of_the_practice_are_seen_where_there_are_marts(
    portal: Portal, marts: psycopg.Connection, visit: UUID
) -> None:
    place, denied = leak(marts, "pos_mismatch", visit=visit), leak(marts, "denied", visit=uuid4())
    leak(marts, "charge_failed")
    theirs, nobodys = leak(marts, "pos_mismatch", CEDAR), leak(marts, "orphan_charge", of=None)
    finance = portal.staff(Role.FINANCE, email=BILLING)
    assert [cause for _, cause in seen(finance, kind="pos_mismatch")] == [place]
    assert [cause for _, cause in seen(finance, kind="leak")] == [denied]
    shown = finance.get("/staff/worklist", params={"kind": "leak"}).text
    assert "The insurer denied the claim." in shown
    assert "$12.50" in shown
    assert "/staff/closing/" not in shown  # a visit that is not the portal's has no page
    taken = finance.submit("/staff/worklist/take", kind="leak", cause=denied).headers["location"]
    for kind, cause in (("pos_mismatch", theirs), ("leak", nobodys)):
        assert finance.submit("/staff/worklist/take", kind=kind, cause=cause).status_code == 404
    portal.do_chores()
    assert 'class="tag">assigned' in finance.get(taken).text
    assert f'href="/books/leaks/{denied}"' in finance.get(taken).text
    assert "/books/" not in portal.staff(Role.FRONT_DESK).get(taken).text.partition("<main")[2]
    marts.execute("delete from marts.leaks where leak_id = %s", (denied,))
    marts_worklist.follow(marts)
    assert 'class="tag">resolved' in finance.get(taken).text
    assert "/books/leaks/" not in finance.get(taken).text
    assert "dismissed" not in finance.get(taken).text


def test_a_row_that_was_dismissed_in_the_books_has_its_page(portal: Portal, owner: psycopg.Connection) -> None:
    item = failed(owner)
    worklist.dismiss(owner, item.item_id, "Paid in cash", "ada")
    assert (
        "<strong>Dismissed</strong>: Paid in cash"
        in portal.staff(Role.BILLING).get(f"/staff/worklist/{item.item_id}").text
    )


def test_without_marts_what_was_taken_up_stays(portal: Portal, marts: psycopg.Connection) -> None:
    name, finance = leak(marts, "underpaid"), portal.staff(Role.FINANCE)
    taken = finance.submit("/staff/worklist/take", kind="leak", cause=name).headers["location"]
    marts.execute("alter table marts.leaks rename to away")
    try:
        portal.do_chores()
        assert 'class="tag">assigned' in finance.get(taken).text
        assert ("leak", name) in seen(finance)
    finally:
        marts.execute("alter table marts.away rename to leaks")


def test_an_invoice_held_for_its_counts_is_seen(portal: Portal, owner: psycopg.Connection) -> None:
    for sample in (HARBOR, CEDAR):
        owner.execute(
            "insert into ledger.invoice_review (invoice_id, practice_id, found) values (%s, %s, '[]')",
            (f"in_held{sample.practice.practice_id[5:]}", sample.practice.practice_id),
        )
    billing = portal.staff(Role.BILLING)
    assert seen(billing, kind="held_invoice") == [("held_invoice", "in_heldharbor")]
    taken = billing.submit("/staff/worklist/take", kind="held_invoice", cause="in_heldharbor").headers["location"]
    assert "It is held as a draft" in billing.get(taken).text


def test_a_program_does_what_the_pages_do_and_once(portal: Portal, owner: psycopg.Connection) -> None:
    item, desk = failed(owner), portal.staff(Role.FRONT_DESK)
    path, key = f"/api/v1/worklist/{item.item_id}", {"X-CSRF-Token": desk.csrf, "Idempotency-Key": uuid4().hex}
    for _ in range(2):
        assert desk.post(f"{path}/notes", json={"note": "Tried"}, headers=key).json()["said"] == "Tried"
    safe = {"X-CSRF-Token": desk.csrf}
    assert desk.post(f"{path}/assign", json={"assignee": DESK}, headers=safe).json()["state"] == "assigned"
    assert desk.post(f"{path}/resolve", json={"outcome": "Paid"}, headers=safe).json()["state"] == "resolved"
    again = desk.post(f"{path}/resolve", json={"outcome": "Paid"}, headers=safe | {"Accept": "application/json"})
    assert (again.status_code, again.json()["type"].rpartition("/")[2].rpartition(":")[2]) == (409, "resolved")
    told = desk.get(path).json()["entries"]
    assert [each["deed"] for each in told] == ["opened", "noted", "assigned", "resolved"]
    first = desk.get("/api/v1/worklist", params={"limit": 1, "resolved": "true"}).json()
    assert (len(first["items"]), first["next"]) == (1, 1)
    nothing = {"kind": "leak", "cause": "nothing"}
    assert desk.post("/api/v1/worklist", json=nothing, headers=safe).status_code == 404


def test_it_is_for_the_practices_own_clerks(portal: Portal, owner: psycopg.Connection) -> None:
    item, theirs = failed(owner), failed(owner, sample=CEDAR)
    path = f"/staff/worklist/{item.item_id}"
    for stranger in (portal.patient(), portal.staff(Role.PROVIDER)):
        assert stranger.get("/staff/worklist").status_code == 403
        assert stranger.submit(f"{path}/note", note="x").status_code == 403
        assert stranger.get("/api/v1/worklist").status_code == 403
    for other in (portal.staff(Role.PRACTICE_ADMIN, CEDAR), portal.staff(Role.FRONT_DESK, CEDAR)):
        assert item.cause not in {cause for _, cause in seen(other)}
        assert theirs.cause in {cause for _, cause in seen(other)}
        for answer in (other.get(path), other.get(f"/api/v1{path[6:]}"), other.submit(f"{path}/note", note="x")):
            assert answer.status_code == 404
    assert portal.visitor().get("/staff/worklist").status_code == 303
    assert portal.staff(Role.PRACTICE_ADMIN).get(f"/staff/worklist/{1 << 63}").status_code == 404
    assert len(worklist.entries(owner, item.item_id)) == 1


def test_every_kind_has_words_for_a_person() -> None:
    assert set(words.TITLES) == set(Kind)
    for kind in Kind:
        assert words.happened(kind, "some_code")
        assert "_" not in words.happened(kind, "some_code") + words.to_do(kind, "some_code").replace("era_tieout", "")
    assert words.happened("new_kind", "a_cause") == "(a cause)"


@contextlib.contextmanager
def opened(portal: Portal, browser: Browser, visitor: Visitor) -> Iterator[Page]:
    """Yield a page of a real browser in which somebody is signed in."""
    address = f"http://{HARBOR.hosts[0]}:{httpx.URL(portal.address).port}"
    context = browser.new_context(base_url=address)
    names = (cookies.SESSION, cookies.BROWSER)
    context.add_cookies([{"name": each, "value": str(visitor.cookies.get(each)), "url": address} for each in names])
    yield context.new_page()
    context.close()


def test_the_pages_in_a_browser(portal: Portal, marts: psycopg.Connection, visit: UUID) -> None:
    item, desk, finance = failed(marts), portal.staff(Role.FRONT_DESK), marts_points.for_all(portal)
    leak(marts, "pos_mismatch")
    marts_points.held(marts)
    claim = marts_points.unmatched(marts).cause
    taken = finance.submit("/staff/worklist/take", kind="unmatched_remit", cause=claim).headers["location"]
    with chromium() as browser:
        with opened(portal, browser, finance) as page:
            for width in (1280, 375):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto("/staff/worklist")
                screens.check(page, f"worklist-{width}")
                page.goto(taken)
                screens.check(page, f"worklist-remit-{width}")
        with opened(portal, browser, desk) as page:
            for width in (1280, 375):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"/staff/worklist/{item.item_id}")
                screens.check(page, f"worklist-row-{width}")
                page.goto(f"/staff/closing/{visit}")
                assert page.get_by_role("button", name="Hold this visit").is_visible()
                screens.check(page, f"visit-hold-{width}")
            page.goto(f"/staff/worklist/{item.item_id}")
            page.get_by_label("What was tried or found out").fill("Called, no answer")
            page.get_by_role("button", name="Write it down").click()
            assert page.get_by_role("status").inner_text() == "Saved."
