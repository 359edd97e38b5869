"""A card on file: given to Stripe by a browser, known here by four digits, whoever tells of it first."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from ledger.store import customers
from ledger.store.database import connect
from portal_api.identity import people
from tests.portal_api.intake.conftest import WEBHOOK_SECRET

if TYPE_CHECKING:
    from ledger.store.customers import Card
    from ledger.store.database import Database
    from sandbox.stripe.serving import Sandbox
    from tests.support.portals import Portal, Visitor


def somebody(portal: Portal) -> tuple[Visitor, str]:
    """Return a new patient, signed in, with their address."""
    email = f"{uuid4().hex[:12]}@example.com"
    with portal.at() as here:
        people.add_patient(here, email, "Some", "Body")
    return portal.patient(email=email), email


def secret_of(visitor: Visitor, ask: str = "") -> str:
    """Ask for a client secret as the form does."""
    answer = visitor.submit("/card/setup", ask=ask or str(uuid4()))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["client_secret"])


def at_stripe(sandbox: Sandbox, secret: str, card: str) -> str:
    """Do what the browser does with a client secret and a card; return the SetupIntent."""
    setup = secret.partition("_secret_")[0]
    httpx.post(
        f"{sandbox.url}/v1/setup_intents/{setup}/confirm",
        data={"payment_method": card, "client_secret": secret},
        headers={"Authorization": "Bearer pk_test_x"},
    )
    return setup


def saved(portal: Portal, sandbox: Sandbox, visitor: Visitor, card: str = "pm_card_visa") -> str:
    """Save a card, and move on by a minute; return the SetupIntent."""
    setup = at_stripe(sandbox, secret_of(visitor), card)
    answer = visitor.submit("/card/saved", setup_intent=setup)
    assert answer.status_code == 303, answer.text
    later(portal, sandbox)
    return setup


def later(portal: Portal, sandbox: Sandbox) -> None:
    portal.clock.move(minutes=1)
    sandbox.control.clock(now=int(portal.clock.now.timestamp()), stopped=True)


def card_of(database: Database, portal: Portal, email: str) -> Card | None:
    with portal.at() as here, contextlib.closing(connect(database)) as connection:
        found = people.patient_of_email(here, email)
        assert found is not None
        token = here.db.exec_driver_sql(f"select patient_token from portal.patient where id = '{found.id}'").scalar()
        known = customers.of_patient(connection, token)
        return known.card if known else None


def of_type(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [one for one in sandbox.control.objects() if one["object"] == kind]


def test_a_card_is_saved_and_shown_by_its_last_four_digits(portal: Portal, stripe_sandbox: Sandbox) -> None:
    visitor, email = somebody(portal)
    assert "no card on file" in visitor.get("/card").text
    saved(portal, stripe_sandbox, visitor)
    assert "Visa ending in 4242" in visitor.get("/card").text
    customer = of_type(stripe_sandbox, "customer")[-1]
    assert (customer["name"], customer["email"], customer["metadata"]) == (None, None, {})
    assert email not in str(stripe_sandbox.control.requests())
    assert customer["invoice_settings"]["default_payment_method"].startswith("pm_")


def test_a_form_sent_twice_makes_one_customer_and_one_setup_intent(portal: Portal, stripe_sandbox: Sandbox) -> None:
    visitor, _ = somebody(portal)
    before = [len(of_type(stripe_sandbox, kind)) for kind in ("customer", "setup_intent")]
    ask = str(uuid4())
    assert secret_of(visitor, ask) == secret_of(visitor, ask)
    after = [len(of_type(stripe_sandbox, kind)) for kind in ("customer", "setup_intent")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1]


def test_a_card_is_replaced_and_removed(portal: Portal, stripe_sandbox: Sandbox) -> None:
    visitor, _ = somebody(portal)
    saved(portal, stripe_sandbox, visitor)
    saved(portal, stripe_sandbox, visitor, "pm_card_mastercard")
    assert "Mastercard ending in 4444" in visitor.get("/card").text
    assert visitor.submit("/card/remove").status_code == 303
    assert "no card on file" in visitor.get("/card").text  # neither the new one nor the one before
    later(portal, stripe_sandbox)
    assert visitor.submit("/card/remove").status_code == 303
    assert visitor.submit("/card/saved", setup_intent=saved(portal, stripe_sandbox, visitor)).status_code == 303
    assert "Visa ending in 4242" in visitor.get("/card").text


def test_a_setup_intent_of_somebody_else_or_of_nobody_is_not_there(portal: Portal, stripe_sandbox: Sandbox) -> None:
    mine, _ = somebody(portal)
    other, email = somebody(portal)
    theirs = saved(portal, stripe_sandbox, mine)
    secret_of(other)
    for setup in (theirs, "seti_123456789", "nonsense", "../charges"):
        assert other.submit("/card/saved", setup_intent=setup).status_code == 404
    assert "no card on file" in other.get("/card").text
    assert email


def test_a_declined_card_is_none(portal: Portal, stripe_sandbox: Sandbox) -> None:
    visitor, _ = somebody(portal)
    setup = at_stripe(stripe_sandbox, secret_of(visitor), "pm_card_visa_chargeDeclined")
    answer = visitor.submit("/card/saved", setup_intent=setup)
    assert (answer.status_code, "No card was saved" in answer.text) == (409, True)
    assert "no card on file" in visitor.get("/card").text


@pytest.mark.parametrize("order", ["webhook first", "page first", "webhook alone"])
def test_webhook_and_page_come_to_the_same_card(
    portal: Portal, stripe_sandbox: Sandbox, portal_database: Database, order: str
) -> None:
    visitor, email = somebody(portal)
    setup = at_stripe(stripe_sandbox, secret_of(visitor), "pm_card_amex")
    if not of_type(stripe_sandbox, "webhook_endpoint"):
        stripe_sandbox.control.endpoint(f"{portal.address}/webhooks/stripe/cards", WEBHOOK_SECRET)
    events = [each for each in of_type(stripe_sandbox, "event") if each["type"] == "payment_method.attached"]

    def hear() -> None:
        stripe_sandbox.control.redeliver(events[-1]["id"], 2)
        assert stripe_sandbox.control.drain()["waiting"] == 0

    if order != "page first":
        hear()
    if order != "webhook alone":
        assert visitor.submit("/card/saved", setup_intent=setup).status_code == 303
    hear()
    card = card_of(portal_database, portal, email)
    assert card is not None
    assert (card.brand, card.last4) == ("amex", "0005")


def test_a_late_webhook_of_a_removed_card_brings_it_not_back(portal: Portal, stripe_sandbox: Sandbox) -> None:
    visitor, _ = somebody(portal)
    saved(portal, stripe_sandbox, visitor)
    attached = [each for each in of_type(stripe_sandbox, "event") if each["type"] == "payment_method.attached"][-1]
    visitor.submit("/card/remove")
    stripe_sandbox.control.redeliver(attached["id"])
    stripe_sandbox.control.drain()
    assert "no card on file" in visitor.get("/card").text


def test_with_stripe_away_nothing_is_half_done(portal: Portal, stripe_sandbox: Sandbox) -> None:
    visitor, _ = somebody(portal)
    stripe_sandbox.control.fault("PostCustomers", "lost_after")
    ask = str(uuid4())
    answer = visitor.submit("/card/setup", ask=ask)
    assert answer.status_code == 502
    before = len(of_type(stripe_sandbox, "customer"))  # it was made, and its answer lost
    assert secret_of(visitor, ask)
    assert len(of_type(stripe_sandbox, "customer")) == before


def test_no_transaction_is_open_while_stripe_is_asked(
    portal: Portal, stripe_sandbox: Sandbox, portal_database: Database
) -> None:
    visitor, _ = somebody(portal)
    seen: list[int] = []
    service = stripe_sandbox.service
    answer = service.answer

    def counted(received: Any) -> Any:
        with contextlib.closing(connect(portal_database)) as connection:
            row = connection.execute(
                "select count(*) from pg_stat_activity where application_name = 'trueup-portal'"
                " and datname = current_database() and state like 'idle in transaction%'"
            ).fetchone()
            seen.append(row[0] if row else -1)
        return answer(received)

    object.__setattr__(service, "answer", counted)
    try:
        saved(portal, stripe_sandbox, visitor)
    finally:
        object.__setattr__(service, "answer", answer)
    assert len(seen) >= 5
    assert set(seen) == {0}


def test_a_patient_opens_a_card_form_only_so_often(portal: Portal) -> None:
    visitor, _ = somebody(portal)
    answers = [visitor.submit("/card/setup", ask=str(uuid4())).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_the_form_names_no_field_for_a_card(portal: Portal) -> None:
    html = portal.patient().get("/card/new").text
    names = re.findall(r'name="(\w+)"', html)
    assert set(names) == {"viewport", "csrf", "ask", "next", "setup_intent"}
