"""A patient's card on file: given to Stripe by the patient's browser, known here by its brand and last four digits.

Stripe is asked between two transactions and never within one. What it answers is taken in by the door of its webhooks,
so that a page and a webhook come to the same, whichever is first.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID, uuid5

import sqlalchemy as sa
import stripe

from ledger.gateways.egress import NotAdmitted
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules import opaque
from ledger.rules.stripe_events import of_reading
from ledger.store import customers, inbox
from portal_api import audit
from portal_api.identity import rates
from portal_api.problems import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from ledger.settings import Settings
    from ledger.store.customers import Card
    from portal_api.dependencies import Edge
    from portal_api.here import Here

SETUPS = rates.Rate("card", 10, timedelta(minutes=10))
"""How often a patient may open a card form: whoever tries stolen cards needs many."""
SANDBOX_KEY = "pk_test_sandbox"
# https://docs.stripe.com/security/guide#content-security-policy
_OF_STRIPE = {
    "script-src": "'self' https://js.stripe.com https://*.js.stripe.com",
    "connect-src": "'self' https://api.stripe.com",
    "frame-src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
}
_TOKEN = sa.text("select patient_token from portal.patient where practice_id = :practice_id and id = :id")
_ATTACHED = sa.text(
    "select object_id from ledger.stripe_object"
    " where object_type = 'payment_method' and payload ->> 'customer' = :customer"
)


class InSteps(Protocol):
    """Work in several transactions (`door.Steps`)."""

    @property
    def edge(self) -> Edge:
        """The books' own way in."""

    def step(self) -> AbstractContextManager[Here]:
        """Give a transaction at the practice."""


@dataclass(frozen=True)
class Service:
    """Where cards go: the gateway, and what a page needs to show Stripe's fields."""

    gateway: StripeGateway
    publishable_key: str
    script: str
    csp: dict[str, str]


def service(settings: Settings) -> Service | None:
    """Return where cards go; None where the installation has no key for it."""
    publishable_key = settings.stripe_publishable_key or (None if settings.is_at_stripe else SANDBOX_KEY)
    if not settings.stripe_key or not publishable_key:
        return None
    own = {"script-src": f"'self' {settings.stripe_url}", "connect-src": f"'self' {settings.stripe_url}"}
    gateway = _gateway(settings.stripe_key, settings.stripe_url)
    return Service(gateway, publishable_key, settings.stripe_js_url, _OF_STRIPE if settings.is_at_stripe else own)


@cache
def _gateway(key: str, url: str) -> StripeGateway:
    return StripeGateway(key, url)


def available(here: Here) -> Service:
    """Return where cards go; raises 503 (no-cards) where the installation takes none."""
    if found := service(here.settings):
        return found
    raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "no-cards", "Cards cannot be saved here yet; please call us.")


def on_file(here: Here) -> Card | None:
    """Return the card on file of the patient who is here."""
    found = customers.of_patient(here.books, _token(here))
    return found.card if found else None


def of_patient(here: Here, patient_id: UUID) -> Card | None:
    """Return the card on file of a patient of the practice."""
    token = here.db.scalar(_TOKEN, {"practice_id": here.practice.practice_id, "id": patient_id})
    found = customers.of_patient(here.books, token) if token else None
    return found.card if found else None


def begin(steps: InSteps, ask: UUID) -> str:
    """Return the client secret by which the patient's browser gives Stripe a card: one for every `ask`.

    The patient becomes a customer at Stripe first, once, of whom Stripe is told nothing. Raises 503 and 502.
    """
    with steps.step() as here:
        desk, token = available(here), _token(here)
        rates.spend(here, SETUPS, str(token))
        known = customers.of_patient(here.books, token)
    if known is None:
        with _asking():
            made = desk.gateway.create_customer(token)
        with steps.step() as here:
            customers.keep(here.books, token, here.practice.practice_id, made)
            known = customers.of_patient(here.books, token)
    if known is None:
        raise LookupError("The customer that was kept is not seen.")
    with _asking():
        return desk.gateway.create_setup_intent(known.stripe_customer_id, uuid5(token, f"setup {ask}"))[1]


def finish(steps: InSteps, setup_intent: str) -> None:
    """Keep the card that a SetupIntent of this patient's saved, and have invoices charged to it; again changes nothing.

    Raises 404 for what is no SetupIntent of theirs, 409 (not-saved) while it saved no card, 502.
    """
    with steps.step() as here:
        desk, token = available(here), _token(here)
        known = customers.of_patient(here.books, token)
    if known is None or not opaque.SETUP_INTENT.admits(setup_intent):
        raise not_found()
    with _asking():
        found = desk.gateway.card_of(setup_intent)
        if found is None:
            raise Problem(HTTPStatus.CONFLICT, "not-saved", "No card was saved. Please try again.")
        customer, method = found
        if customer != known.stripe_customer_id or method["customer"] != customer:
            raise not_found()
        desk.gateway.choose_card(customer, method["id"], uuid5(token, f"choose {setup_intent}"))
    with steps.step() as here:
        audit.record(here, "card.saved", f"patient/{here.me.id}")
        now = here.now
    _tell(steps.edge, f"saved_{setup_intent}", method, now)


def remove(steps: InSteps) -> None:
    """Take every card of the patient's from Stripe, and so from here; with none on file it changes nothing."""
    with steps.step() as here:
        desk, token = available(here), _token(here)
        known = customers.of_patient(here.books, token)
        if known is None:
            return
        values = {"customer": known.stripe_customer_id}
        methods = set(here.db.scalars(_ATTACHED, values)) | ({known.card.payment_method_id} if known.card else set())
        audit.record(here, "card.removed", f"patient/{here.me.id}")
        now = here.now
    for method in sorted(methods):
        with _asking():
            left = desk.gateway.remove_card(method, uuid5(token, f"remove {method}"))
        _tell(steps.edge, f"removed_{method}", left, now)


def _tell(edge: Edge, event_id: str, method: dict[str, Any], now: datetime) -> None:
    told = of_reading(event_id, method, now, is_live=bool(method["livemode"]))
    edge.committed(lambda connection: inbox.receive(connection, inbox.OWN, told))


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """Say for a person what Stripe answers to no good; asked again it goes on where it was, under the same keys."""
    try:
        yield
    except stripe.InvalidRequestError as refused:
        if refused.http_status == HTTPStatus.NOT_FOUND:
            raise not_found() from None
        raise _away() from refused
    except (stripe.StripeError, NotAdmitted) as error:
        raise _away() from error


def _away() -> Problem:
    return Problem(
        HTTPStatus.BAD_GATEWAY,
        "card-service-away",
        "The card service does not answer as it should. Please try again in a few minutes; nothing was charged.",
    )


def _token(here: Here) -> UUID:
    if here.me.patient_token is None:
        raise not_found()
    return here.me.patient_token
