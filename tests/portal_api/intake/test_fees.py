"""Fees at the sandbox: who misses a visit, or cancels it late, is charged what was agreed to and reads what for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.rules.visit import Actor, State
from ledger.store import visits
from portal_api.access import Role
from portal_api.identity import people
from tests.portal_api.intake.conftest import WEBHOOK_SECRET
from tests.portal_api.intake.test_bills import bill, deliver, held, paid_in_all
from tests.portal_api.intake.test_cards import later, saved, somebody
from tests.support import bookings as steps
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    from ledger.store.database import Database
    from portal_api.scheduling.appointments import Appointment
    from sandbox.stripe.serving import Sandbox
    from tests.support.portals import Portal, Visitor


@pytest.fixture(name="hears", scope="module", autouse=True)
def _hears(portal: Portal, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.control.endpoint(f"{portal.address}/webhooks/stripe/cards", WEBHOOK_SECRET)


def booked(portal: Portal, sandbox: Sandbox) -> tuple[Visitor, Appointment]:
    """Return a patient with a card, and their insured visit in two days."""
    visitor, email = somebody(portal)
    saved(portal, sandbox, visitor)
    with portal.at() as here:
        found = people.patient_of_email(here, email)
        assert found is not None
        people.change_patient(here, found.id, is_established=True)
        return visitor, steps.book(here, found.id, 2, "PAY-7KQ2")


@pytest.mark.parametrize("fee", ["no_show", "late_cancel"])
def test_a_fee_is_charged_once_and_named_on_the_bill(
    portal: Portal, portal_database: Database, stripe_sandbox: Sandbox, fee: str
) -> None:
    visitor, visit = booked(portal, stripe_sandbox)
    before = paid_in_all(stripe_sandbox)
    assert visit.visit_token is not None
    if fee == "no_show":
        cents, state, words = visit.terms.no_show_fee_cents, "no_show", "You missed this visit"
        portal.clock.now = visit.ends_at
        later(portal, stripe_sandbox)
        own = next(each for each in HARBOR.people if each.provider_id == visit.ledger_id)
        provider = portal.staff(Role.PROVIDER, email=own.email)
        for _ in range(2):
            assert provider.submit(f"/staff/closing/{visit.visit_token}", outcome="no_show").status_code == 303
    else:
        cents, state, words = visit.terms.late_cancel_fee_cents, "late_cancelled", "You cancelled this visit late"
        portal.clock.now = visit.starts_at - timedelta(hours=1)
        later(portal, stripe_sandbox)
        path = f"/visits/{visit.id}/cancel"
        visitor = portal.patient(email=_email(portal, visit))
        assert visitor.submit(path).headers["location"] == path  # the fee is said first
        for _ in range(2):
            assert visitor.submit(path, late="yes").status_code == 303
    assert cents
    deliver(portal, portal_database, stripe_sandbox)
    assert paid_in_all(stripe_sandbox) - before == cents
    visitor = portal.patient(email=_email(portal, visit))
    page = bill(visitor, visit.visit_token)
    fee_in_words = f"${cents // 100}.{cents % 100:02}"
    assert f"{words}: the fee that you agreed to is {fee_in_words}." in page
    assert f"Paid: {fee_in_words}. Nothing is open." in page
    assert "insurer" not in page
    assert "Price of the visit" not in page
    assert visitor.get(f"/api/v1/bills/{visit.visit_token}").json()["fee_cents"] == cents
    with portal.at() as here:
        query = "select state, bills, target_cents from ledger.visit_close_out where visit_token = %s"
        verdicts = here.books.execute(query, (visit.visit_token,)).fetchall()
    assert verdicts == [(state, False, cents)]


def test_what_was_charged_and_then_put_right_as_cancelled_keeps_its_bill(
    portal: Portal, portal_database: Database, stripe_sandbox: Sandbox
) -> None:
    visitor, email = somebody(portal)
    saved(portal, stripe_sandbox, visitor)
    token = held(portal, email)
    deliver(portal, portal_database, stripe_sandbox)
    assert "Paid: $40.00" in bill(visitor, token)
    with portal.at() as here:
        deed = visits.Deed(f"undone/{token}", Actor.STAFF, here.now, "We had cancelled it")
        visits.advance(here.books, token, State.CANCELLED, deed)
    page = bill(visitor, token)
    assert "This visit was cancelled." in page
    assert "Paid: $40.00" in page
    assert str(token) in visitor.get("/bills").text


def _email(portal: Portal, visit: Appointment) -> str:
    with portal.at() as here:
        found = people.patient(here, visit.patient_id)
    assert found is not None
    return found.email
