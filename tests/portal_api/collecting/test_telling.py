"""Patients are told of bills by mail, once, when they may be; staff spare them; policies have one home."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from ledger.store import customers, holds, practices, visits
from ledger.store.database import connect
from portal_api.access import Role
from portal_api.identity import people
from tests.support import bookings as steps
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from ledger.store.database import Database
    from tests.support.portals import Portal

NUMBERS = count()
NOON = datetime(2026, 11, 17, 17, 0, tzinfo=UTC)


@pytest.fixture(name="owner", scope="module")
def _owner(portal_database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(connect(portal_database, autocommit=True)) as connection:
        yield connection


class Owing:
    """A patient of a practice with an invoice that stands somewhere at Stripe, and a notice of it that waits."""

    def __init__(self, portal: Portal, owner: psycopg.Connection, kind: str, *, has_account: bool = True) -> None:
        self.portal, self.owner = portal, owner
        portal.clock.now = max(portal.clock.now, NOON)
        self.invoice, self.customer = f"in_{uuid4().hex}", f"cus_{uuid4().hex[:14]}"
        self.address = f"owing{next(NUMBERS)}@example.com"
        with portal.at() as here:
            self.token = uuid4()
            if has_account:
                people.add_patient(here, self.address, "Ow", "Ing", patient_token=self.token)
            customers.keep(here.books, self.token, HARBOR.practice.practice_id, self.customer)
        self.stands("paid" if kind == "receipt" else "open")
        key = f"receipt:{self.invoice}" if kind == "receipt" else f"dunning:{self.invoice}:1"
        owner.execute(
            "insert into ledger.notice (business_key, kind, patient_token, practice_id, invoice_id, not_before)"
            " values (%s, %s, %s, %s, %s, %s)",
            (key, kind, self.token, HARBOR.practice.practice_id, self.invoice, portal.clock.now),
        )

    def stands(self, status: str) -> None:
        """Have Stripe's newest word of the invoice be this: uncollectible cards were tried and given up."""
        payload = {
            "customer": self.customer,
            "status": status,
            "attempted": True,
            "attempt_count": 4,
            "created": 1,
            "amount_paid": 0,
        }
        self.owner.execute(
            "insert into ledger.stripe_object (object_id, object_type, version_at, object_sha256, event_id, payload)"
            " values (%s, 'invoice', now(), %s, 'evt_x', %s) on conflict (object_id) do update"
            " set payload = excluded.payload, version_at = now()",
            (self.invoice, uuid4().hex, Jsonb(payload)),
        )

    def mails(self) -> int:
        """Let the portal do its chores; return how many mails went to the patient."""
        return self.portal.mail().count(self.address)

    def states(self) -> list[str]:
        query = "select state from ledger.notice where invoice_id = %s order by created_at, business_key"
        return [row[0] for row in self.owner.execute(query, (self.invoice,))]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [("new_card", "please give us another card"), ("receipt", "your receipt")],
)
def test_a_patient_is_told_once_in_the_practices_name(
    portal: Portal, owner: psycopg.Connection, kind: str, subject: str
) -> None:
    owing = Owing(portal, owner, kind)
    portal.do_chores()
    words = portal.mail()
    assert words.count(owing.address) == 1
    assert f"Harbor Telehealth: {subject}" in words
    assert "/bills" in words
    for never in ("$", owing.invoice, "Ing", str(owing.token), "visit"):
        assert never not in words
    assert owing.states()[0] == "sent"
    assert owing.mails() == 0


def test_what_is_no_longer_so_is_not_said(portal: Portal, owner: psycopg.Connection) -> None:
    owing = Owing(portal, owner, "new_card")
    owing.stands("paid")
    assert owing.mails() == 0
    assert owing.states() == ["withdrawn"]


def test_nobody_is_told_at_night(portal: Portal, owner: psycopg.Connection) -> None:
    owing = Owing(portal, owner, "new_card")
    portal.clock.now = NOON + timedelta(days=20, hours=10)  # ten in the evening in New York
    assert owing.mails() == 0
    portal.clock.now += timedelta(hours=12)
    assert owing.mails() == 1


def test_who_has_no_account_is_told_when_they_have_one(portal: Portal, owner: psycopg.Connection) -> None:
    owing = Owing(portal, owner, "receipt", has_account=False)
    assert owing.mails() == 0
    assert owing.states() == ["waiting"]
    with portal.at() as here:
        people.add_patient(here, owing.address, "Ow", "Ing", patient_token=owing.token)
    portal.clock.move(days=1)
    assert owing.mails() == 1


def test_another_practice_sends_nothing_of_it(portal: Portal, owner: psycopg.Connection) -> None:
    owing = Owing(portal, owner, "receipt")
    owner.execute(
        "update ledger.notice set practice_id = %s where invoice_id = %s", (CEDAR.practice.practice_id, owing.invoice)
    )
    assert owing.mails() == 0


def booked(portal: Portal) -> UUID:
    """Return a visit of Harbor's that is over and not closed out."""
    portal.clock.now = max(portal.clock.now, NOON)
    with portal.at() as here:
        visit = steps.book(here, steps.patient(here, f"held{next(NUMBERS)}"), 2)
    portal.clock.now = visit.ends_at + timedelta(hours=1)
    assert visit.visit_token is not None
    return visit.visit_token


def test_staff_hold_a_visit_with_a_reason_and_end_it(portal: Portal, owner: psycopg.Connection) -> None:
    visit, desk = booked(portal), portal.staff(Role.FRONT_DESK)
    path = f"/staff/closing/{visit}"
    assert desk.submit(f"{path}/hold", why=" ").status_code == 422
    assert desk.submit(f"{path}/hold/end", why="None").status_code == 409
    for _ in range(2):
        assert desk.submit(f"{path}/hold", why="Lost their work").headers["location"].endswith("said=held")
    assert "Lost their work" in desk.get(path).text
    (hold,) = holds.lasting(owner, visit)
    assert (hold.visit_token, hold.made_by) == (visit, "desk@harbor.example")
    assert desk.submit(f"{path}/hold/end", why="Found work").status_code == 303
    assert holds.lasting(owner, visit) == []
    query = "select action from portal.audit_entry where subject = %s and action like 'visit.h%%' order by ordinal"
    assert [row[0] for row in owner.execute(query, (f"visit/{visit}",))] == [
        "visit.held",
        "visit.held",
        "visit.hold_ended",
    ]


def test_a_program_holds_a_visit_as_staff_do(portal: Portal) -> None:
    visit, desk = booked(portal), portal.staff(Role.FRONT_DESK)
    path, safe = f"/api/v1/agenda/{visit}/hold", {"X-CSRF-Token": desk.csrf, "Accept": "application/json"}
    key = safe | {"Idempotency-Key": uuid4().hex}
    for _ in range(2):
        assert [each["reason"] for each in desk.post(path, json={"why": "Ill"}, headers=key).json()["items"]] == ["Ill"]
    assert len(desk.get(path).json()["items"]) == 1
    assert desk.post(f"{path}/end", json={"why": "Well"}, headers=safe).json() == {"items": []}
    assert desk.post(f"{path}/end", json={"why": "Well"}, headers=safe).status_code == 409
    assert portal.staff(Role.FRONT_DESK, CEDAR).get(path).status_code == 404


def test_a_hold_is_for_the_practices_own_clerks(portal: Portal, owner: psycopg.Connection) -> None:
    visit = booked(portal)
    for stranger, status in (
        (portal.staff(Role.PROVIDER), 403),
        (portal.patient(), 403),
        (portal.staff(Role.PRACTICE_ADMIN, CEDAR), 404),
    ):
        assert stranger.submit(f"/staff/closing/{visit}/hold", why="x").status_code == status
        assert stranger.submit(f"/staff/closing/{visit}/hold/end", why="x").status_code == status
    assert holds.lasting(owner, visit) == []


def test_time_zone_and_window_have_one_home_and_accepted_terms_win(portal: Portal, owner: psycopg.Connection) -> None:
    visit = booked(portal)
    practice_id = HARBOR.practice.practice_id
    known = practices.policy(owner, practice_id)
    assert (known.dunning.timezone, known.late_cancel_hours) == ("America/New_York", 24)
    practices.set_policy(owner, practice_id, replace(known, late_cancel_hours=72), "America/Chicago", "ada")
    with portal.at() as here:
        assert (here.practice.time_zone, here.practice.policies.cancel_hours) == ("America/Chicago", 72)
        accepted = here.db.exec_driver_sql(
            "select cancel_hours from portal.appointment where visit_token = %s", (visit,)
        ).scalar_one()
        assert accepted == 24
        assert visits.get(here.books, visit) is not None
    admin = portal.staff(Role.PRACTICE_ADMIN)
    about = {"name": "Harbor Telehealth", "time_zone": "America/New_York", "email": "care@harbor.example"}
    assert admin.submit("/staff/settings/about", **about).status_code == 303
    now = practices.policy(owner, practice_id)
    assert (now.dunning.timezone, now.late_cancel_hours, now.dunning.days_apart) == ("America/New_York", 72, 3)
