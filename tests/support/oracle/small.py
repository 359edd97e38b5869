"""Small inputs for hand-computed examples: everything not said has a plain value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from tests.support.oracle.inputs import (
    Adjustment,
    Claim,
    Fee,
    Inputs,
    Observation,
    ProviderAdjustment,
    Rules,
    StripeVersion,
    Transaction,
)

TOKEN = "00000000-0000-4000-8000-000000000001"
REFERENCE = "ABCDEFGH12345678Z"
RULES = Rules(as_of=date(2026, 11, 1))
START, END = datetime(2026, 9, 10, 15, 0, tzinfo=UTC), datetime(2026, 9, 10, 15, 30, tzinfo=UTC)
SEEN = Observation(
    visit_token=TOKEN,
    claim_ref=REFERENCE,
    practice_id="north",
    provider_id="dr-1",
    state="completed",
    service_code="99213",
    modifiers=frozenset({"95"}),
    units=1,
    place_of_service="10",
    scheduled_start=START,
    scheduled_end=END,
    started_at=START,
    ended_at=END,
    payer_id="PAYER-A",
    charge_cents=15000,
    patient_estimate_cents=2500,
    state_changed_at=END,
)


def visit(**changes: Any) -> Observation:
    """Return the plain insured visit, with these changes."""
    return replace(SEEN, **changes)


def self_pay(**changes: Any) -> Observation:
    """Return the plain visit of a patient without insurance, with these changes."""
    return visit(**{"payer_id": None, "patient_estimate_cents": None, **changes})


def cas(text: str) -> tuple[Adjustment, ...]:
    """Return adjustments written as "CO-45:5000 PR-1:2000"."""
    parts = [part.replace(":", "-", 1).split("-", 2) for part in text.split()]
    return tuple(Adjustment(group, reason, int(cents)) for group, reason, cents in parts)


def claim(charge: int, paid: int, adjustments: str = "", status: str = "1", **changes: Any) -> Claim:
    """Return a claim of the plain visit in cents, with adjustments at claim level."""
    plain = Claim(REFERENCE, status, charge, paid, 0, "ICN1", "10", cas(adjustments))
    return replace(plain, **changes)


def remit(day: int, *claims: Claim, **changes: Any) -> Transaction:
    """Return a balanced remit paid on a day of October 2026; what would be negative is carried forward."""
    paid = sum(one.paid_cents for one in claims)
    plain = Transaction(
        file_sha256=f"{day:064x}",
        st_index=0,
        payer_name="PLAN ONE",
        payer_id="P0001",
        trn_payer="1111111111",
        payee_npi="1000000004",
        bpr_cents=max(paid, 0),
        bpr_method="ACH",
        paid_on=date(2026, 10, day),
        trn_number=f"T{day}",
        body_sha256=f"body of {day}",
        claims=claims,
        provider_adjustments=(ProviderAdjustment("FB", "NEXT", paid),) if paid < 0 else (),
    )
    return replace(plain, **changes)


def fee(cents: int, place: str = "10", *modifiers: str, **changes: Any) -> Fee:
    """Return a fee of the plain visit at a place of service."""
    plain = Fee("PAYER-A", "99213", frozenset(modifiers), place, date(2026, 1, 1), None, cents)
    return replace(plain, **changes)


def stripe(kind: str, object_id: str, version: int = 0, **fields: Any) -> StripeVersion:
    """Return one version of an object that carries the plain visit's token unless said otherwise."""
    body = {"id": object_id, "object": kind, "created": 0, "metadata": {"visit_token": TOKEN}, **fields}
    return StripeVersion(body, datetime.fromtimestamp(version, tz=UTC))


def charge(object_id: str, cents: int, **fields: Any) -> StripeVersion:
    """Return a succeeded, captured charge without intent or invoice."""
    plain = {"amount": cents, "amount_captured": cents, "captured": True, "status": "succeeded"}
    return stripe("charge", object_id, **{**plain, **fields})


def intent(object_id: str, cents: int, status: str = "succeeded", **fields: Any) -> StripeVersion:
    """Return a payment intent that pays no invoice."""
    received = cents if status == "succeeded" else 0
    return stripe("payment_intent", object_id, amount=cents, amount_received=received, status=status, **fields)


def world(*things: Observation | Transaction | Fee | StripeVersion, **more: Any) -> Inputs:
    """Return the inputs of an example: things in arrival order, and other feeds by name."""
    inputs = Inputs(rules=RULES)
    shelves: dict[type, list[Any]] = {
        Observation: inputs.observations,
        Transaction: inputs.transactions,
        Fee: inputs.fees,
        StripeVersion: inputs.stripe,
    }
    for thing in things:
        shelves[type(thing)].append(thing)
    return replace(inputs, **more)
