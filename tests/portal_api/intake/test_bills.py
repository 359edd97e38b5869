"""What a patient owes and pays: charged by the outbox at the sandbox, told by its webhooks, corrected by a memo."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from ledger.dispatch import Dispatcher
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.requests import ChargeVisit, CreditInvoice, Excess
from ledger.rules.visit import Actor, State
from ledger.store import customers, holds, outbox, visits
from ledger.store.database import connect
from portal_api.access import Role
from portal_api.identity import people
from tests.dashboards import marts_tables
from tests.portal_api.intake.conftest import WEBHOOK_SECRET
from tests.portal_api.intake.test_cards import later, of_type, saved, somebody
from tests.support.portals import CEDAR, program

if TYPE_CHECKING:
    from ledger.store.database import Database
    from sandbox.stripe.serving import Sandbox
    from tests.support.portals import Portal, Visitor


@pytest.fixture(name="hears", scope="module", autouse=True)
def _hears(portal: Portal, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.control.endpoint(f"{portal.address}/webhooks/stripe/cards", WEBHOOK_SECRET)


def held(portal: Portal, email: str, **more: Any) -> UUID:
    """Hold a visit of yesterday, priced at $165 and estimated at $40."""
    token, deed = uuid4(), visits.Deed
    with portal.at() as here:
        found = people.patient_of_email(here, email)
        assert found is not None
        starts = here.now - timedelta(days=1)
        visit = visits.Visit(
            visit_token=token,
            patient_token=found.patient_token,
            practice_id=here.practice.practice_id,
            provider_id="prov_harbor_reed",
            service_code="90834",
            place_of_service="10",
            scheduled_start=starts,
            scheduled_end=starts + timedelta(minutes=45),
            charge_cents=16_500,
            state_changed_at=starts,
            **{"payer_id": "PAY-7KQ2", "patient_estimate_cents": 4_000, **more},
        )
        visits.book(here.books, visit, deed(f"b/{token}", Actor.STAFF, starts - timedelta(days=2)))
        for state, at in ((State.STARTED, starts), (State.COMPLETED, visit.scheduled_end)):
            visits.advance(here.books, token, state, deed(f"{state}/{token}", Actor.PROVIDER, at))
    return token


def charge(portal: Portal, database: Database, token: UUID) -> None:
    """Queue the estimate's charge, unless closing the visit out did already."""
    with portal.at() as here:
        visit = visits.get(here.books, token)
        assert visit is not None
        found = customers.of_patient(here.books, visit.patient_token)
        assert found is not None
        card = found.card.payment_method_id if found.card else None
        outbox.put(
            here.books, ChargeVisit(token, found.stripe_customer_id, 4_000, card), visit.practice_id, portal.clock.now
        )
    assert database


def deliver(portal: Portal, database: Database, sandbox: Sandbox) -> None:
    """Deliver what is due, and hear what Stripe says of it."""
    gateway = StripeGateway("sk_test_portal", sandbox.url, portal.clock)
    far = portal.clock.now + timedelta(days=365)  # the rows' own clock is the database's
    list(Dispatcher(database, gateway, lambda: far).deliver_all(workers=1))
    assert sandbox.control.drain()["waiting"] == 0


def paid_in_all(sandbox: Sandbox) -> int:
    return sum(each["amount"] for each in of_type(sandbox, "charge") if each["paid"])


def bill(visitor: Visitor, token: UUID) -> str:
    return " ".join(visitor.get(f"/bills/{token}").text.split())


def test_a_charge_the_insurer_s_word_and_a_credit_in_plain_words(
    portal: Portal, portal_database: Database, stripe_sandbox: Sandbox
) -> None:
    visitor, email = somebody(portal)
    assert "You have no bills" in visitor.get("/bills").text
    saved(portal, stripe_sandbox, visitor)
    token = held(portal, email)
    charge(portal, portal_database, token)
    assert "has not decided yet. We estimate your share at $40.00." in bill(visitor, token)
    deliver(portal, portal_database, stripe_sandbox)
    page = bill(visitor, token)
    assert "Charge, Visa ending in 4242: paid" in page
    assert "Paid: $40.00. Nothing is open." in page
    with contextlib.closing(connect(portal_database, autocommit=True)) as owner:
        # As dbt makes them: a database that has none shows what is known, as above.
        row = {
            "visit_token": token,
            "payer_paid_cents": 11_000,
            "allowed_cents": 13_500,
            "patient_responsibility_cents": 2_500,
            "patient_balance_cents": 0,
        }
        marts_tables.create(owner, {"visit_revenue": [row]})
        owner.execute(
            "insert into ledger.memos (memo_id, visit_token, ordinal, kind, amount_cents, reason, caused_by,"
            " origin_period, period, as_of) values (ledger.memo_id(%(v)s, 1), %(v)s, 1, 'credit', 1500,"
            " 'payer_adjudication', 'test', '2026-11', '2026-11', '2026-11-16')",
            {"v": token},
        )
    page = bill(visitor, token)
    sentence = "Your insurer paid $110.00. Your share is $25.00; we had estimated $40.00; we credited $15.00."
    assert sentence in page
    assert "Credit: your insurer decided" in page
    assert sentence in " ".join(visitor.get("/bills").text.split())
    for other in (somebody(portal)[0], portal.patient(CEDAR)):
        assert other.get(f"/bills/{token}").status_code == 404
        assert other.submit(f"/bills/{token}/pay").status_code == 404
        assert str(token) not in other.get("/bills").text
    with portal.at(CEDAR) as here:  # nor do the functions say anything of another practice's visit
        for name in ("memos_of", "decided_of", "invoices_of", "returns_of"):
            assert here.db.exec_driver_sql(f"select * from ledger.{name}(array['{token}'::uuid])").all() == []


@pytest.mark.parametrize(
    ("excess", "sentence"),
    [(Excess.REFUND, "Refund to your card"), (Excess.BALANCE, "Kept for your next bill")],
)
def test_money_that_went_back_is_said_once_it_did(
    portal: Portal, portal_database: Database, stripe_sandbox: Sandbox, excess: Excess, sentence: str
) -> None:
    visitor, email = somebody(portal)
    saved(portal, stripe_sandbox, visitor)
    token = held(portal, email)
    charge(portal, portal_database, token)
    deliver(portal, portal_database, stripe_sandbox)
    assert "went back" not in bill(visitor, token)
    (invoice,) = (
        each["id"] for each in of_type(stripe_sandbox, "invoice") if each["metadata"].get("visit_token") == str(token)
    )
    with portal.at() as here:
        back = CreditInvoice(token, uuid4(), invoice, 1_500, here.now, excess)
        outbox.put(here.books, back, here.practice.practice_id)
    deliver(portal, portal_database, stripe_sandbox)
    page = bill(visitor, token)
    assert sentence in page
    assert "$15.00 went back to you." in page
    shown = visitor.get(f"/api/v1/bills/{token}").json()
    assert (shown["paid_cents"], shown["returned_cents"]) == (4_000, 1_500)
    assert [each["way"] for each in shown["returns"]] == [excess.value]


def test_an_open_balance_is_paid_once_however_often_it_is_clicked(
    portal: Portal, portal_database: Database, stripe_sandbox: Sandbox
) -> None:
    visitor, email = somebody(portal)
    saved(portal, stripe_sandbox, visitor, "pm_card_chargeCustomerFail")
    token = held(portal, email)
    charge(portal, portal_database, token)
    deliver(portal, portal_database, stripe_sandbox)
    assert "$40.00 to pay." in bill(visitor, token)
    later(portal, stripe_sandbox)
    before = paid_in_all(stripe_sandbox)
    saved(portal, stripe_sandbox, visitor)
    assert [visitor.submit(f"/bills/{token}/pay").status_code for _ in range(3)] == [303] * 3
    deliver(portal, portal_database, stripe_sandbox)
    assert paid_in_all(stripe_sandbox) - before == 4_000
    assert "Paid: $40.00. Nothing is open." in bill(visitor, token)
    again = visitor.submit(f"/bills/{token}/pay")
    assert (again.status_code, "nothing left to pay" in again.text) == (409, True)
    deliver(portal, portal_database, stripe_sandbox)
    assert paid_in_all(stripe_sandbox) - before == 4_000


def test_who_had_no_card_saves_one_and_pays_once(
    portal: Portal, portal_database: Database, stripe_sandbox: Sandbox
) -> None:
    visitor, email = somebody(portal)
    token = held(portal, email)
    admin = portal.staff(Role.PRACTICE_ADMIN)
    assert "no card is on file" in admin.get(f"/staff/closing/{token}").text
    page = bill(visitor, token)
    assert "$40.00 to pay.</strong> We had no card of yours, so nothing was charged yet." in page
    assert "Save a card to pay" in page
    refused = visitor.submit(f"/bills/{token}/pay")
    assert (refused.status_code, "no card on file" in refused.text) == (409, True)
    before = paid_in_all(stripe_sandbox)
    saved(portal, stripe_sandbox, visitor)
    deliver(portal, portal_database, stripe_sandbox)
    assert paid_in_all(stripe_sandbox) == before  # to save a card charges nothing
    assert "Pay $40.00 with Visa 4242" in bill(visitor, token)
    assert [visitor.submit(f"/bills/{token}/pay").status_code for _ in range(3)] == [303] * 3
    assert "Your card is charged within minutes." in bill(visitor, token)
    deliver(portal, portal_database, stripe_sandbox)
    assert paid_in_all(stripe_sandbox) - before == 4_000
    assert "Paid: $40.00. Nothing is open." in bill(visitor, token)
    assert program(visitor)("POST", f"/bills/{token}/pay").status_code == 409


def test_what_was_corrected_or_is_spared_is_nothing_to_pay(portal: Portal) -> None:
    visitor, email = somebody(portal)
    corrected, spared = held(portal, email), held(portal, email)
    with portal.at() as here:
        deed = visits.Deed(f"undone/{corrected}", Actor.STAFF, here.now, "It broke off at once")
        visits.advance(here.books, corrected, State.ABANDONED, deed)
        holds.make(here.books, holds.Whom(visit_token=spared), here.practice.practice_id, "They lost their work", "x")
    for token in (corrected, spared):
        assert "to pay" not in bill(visitor, token)
        assert visitor.submit(f"/bills/{token}/pay").status_code == 409


def test_a_card_that_was_declined_for_a_bill_is_not_tried_again(
    portal: Portal, portal_database: Database, stripe_sandbox: Sandbox
) -> None:
    visitor, email = somebody(portal)
    token = held(portal, email)
    assert visitor.submit(f"/bills/{token}/pay").status_code == 409  # nothing was asked for
    saved(portal, stripe_sandbox, visitor, "pm_card_chargeCustomerFail")
    charge(portal, portal_database, token)
    deliver(portal, portal_database, stripe_sandbox)
    assert visitor.submit(f"/bills/{token}/pay").status_code == 303
    deliver(portal, portal_database, stripe_sandbox)
    again = visitor.submit(f"/bills/{token}/pay")
    assert (again.status_code, "save another card" in again.text) == (409, True)
    visitor.submit("/card/remove")
    without = visitor.submit(f"/bills/{token}/pay")
    assert (without.status_code, "no card on file" in without.text) == (409, True)
