"""The allow-list of Stripe fields: ids, links, amounts, times, switches and codes; names and free text never pass.

The shapes before API version 2025-03-31 (`charge.invoice`, `invoice.subscription`, the subscription's own period) and
since (`invoice_payment`, `invoice.parent`, the item's period) are both covered. Everything else is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ledger.rules.stripe_values import (
    CODE,
    FieldRefused,
    Shape,
    Source,
    catalogue_id,
    code,
    decimal,
    demand,
    dollars,
    identifier,
    memo_id,
    moment,
    projection,
    switch,
    visit_token,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIXED_ID = re.compile(r"[a-z]{2,10}_[A-Za-z0-9_]{6,250}")
_OF_ANY_TYPE: Shape = {"currency": dollars, "metadata": {"visit_token": visit_token, "memo_id": memo_id}}
_COMMON: Shape = {**_OF_ANY_TYPE, "created": moment, "livemode": switch, "deleted": switch, "status": code}
_RECURRING: Shape = {"interval": code, "interval_count": whole, "usage_type": code, "meter": identifier}
_PRICE: Shape = {
    "id": catalogue_id,
    "active": switch,
    "billing_scheme": code,
    "currency": dollars,
    "product": catalogue_id,
    "recurring": _RECURRING,
    "tiers_mode": code,
    "transform_quantity": {"divide_by": whole, "round": code},
    "type": code,
    "unit_amount": whole,
    "unit_amount_decimal": decimal,
}
_PLAN: Shape = {**_RECURRING, "id": catalogue_id, "amount": whole, "currency": dollars, "product": catalogue_id}
_PERIOD: Shape = {"current_period_start": moment, "current_period_end": moment}
# What an invoice asks for and for which days; until API 2025-03-31 with its price and plan, since then with their ids.
_INVOICE_LINE: Shape = {
    "amount": whole,
    "discount_amounts": [{"amount": whole}],
    "id": identifier,
    "metadata": {"visit_token": visit_token},
    "parent": {
        "type": code,
        "invoice_item_details": {"subscription": identifier, "proration": switch},
        "subscription_item_details": {"subscription": identifier, "subscription_item": identifier, "proration": switch},
    },
    "period": {"start": moment, "end": moment},
    "plan": _PLAN,
    "price": _PRICE,
    "pricing": {"type": code, "price_details": {"price": catalogue_id, "product": catalogue_id}},
    "proration": switch,
    "quantity": whole,
    "subscription": identifier,
    "subscription_item": identifier,
    "type": code,
}
# Links and amounts say what is billed, collected and paid out; codes say why a charge failed or a dispute was opened.
SHAPES: Mapping[str, Shape] = {
    "charge": {
        "amount": demand,
        "amount_captured": whole,
        "amount_refunded": whole,
        "balance_transaction": identifier,
        "captured": switch,
        "customer": identifier,
        "disputed": switch,
        "failure_code": code,
        "invoice": identifier,
        "outcome": {"type": code, "network_status": code, "reason": code},
        "paid": switch,
        "payment_intent": identifier,
        "refunded": switch,
    },
    "payment_intent": {
        "amount": demand,
        "amount_capturable": whole,
        "amount_received": whole,
        "canceled_at": moment,
        "cancellation_reason": code,
        "capture_method": code,
        "charges": [identifier],
        "customer": identifier,
        "invoice": identifier,
        "last_payment_error": {"type": code, "code": code, "decline_code": code, "charge": identifier},
        "latest_charge": identifier,
    },
    "refund": {
        "amount": demand,
        "balance_transaction": identifier,
        "charge": identifier,
        "failure_balance_transaction": identifier,
        "failure_reason": code,
        "payment_intent": identifier,
        "reason": code,
    },
    "dispute": {
        "amount": demand,
        "balance_transactions": [identifier],
        "charge": identifier,
        "is_charge_refundable": switch,
        "payment_intent": identifier,
        "reason": code,
    },
    "invoice": {
        "amount_due": whole,
        "amount_paid": whole,
        "amount_remaining": whole,
        "attempt_count": whole,
        "attempted": switch,
        "auto_advance": switch,
        "billing_reason": code,
        "charge": identifier,
        "collection_method": code,
        "customer": identifier,
        "due_date": moment,
        "effective_at": moment,
        "ending_balance": whole,
        "lines": [_INVOICE_LINE],
        "next_payment_attempt": moment,
        "paid": switch,
        "paid_out_of_band": switch,
        "parent": {"type": code, "subscription_details": {"subscription": identifier}},
        "payment_intent": identifier,
        "payments": [identifier],
        "period_end": moment,
        "period_start": moment,
        "post_payment_credit_notes_amount": whole,
        "pre_payment_credit_notes_amount": whole,
        "starting_balance": whole,
        "status_transitions": {
            "finalized_at": moment,
            "marked_uncollectible_at": moment,
            "paid_at": moment,
            "voided_at": moment,
        },
        "subscription": identifier,
        "subtotal": whole,
        "total": whole,
    },
    "invoice_payment": {
        "amount_paid": whole,
        "amount_requested": whole,
        "invoice": identifier,
        "is_default": switch,
        "payment": {"type": code, "payment_intent": identifier, "charge": identifier, "payment_record": identifier},
        "status_transitions": {"canceled_at": moment, "paid_at": moment},
    },
    "credit_note": {
        "amount": whole,
        "customer": identifier,
        "customer_balance_transaction": identifier,
        "effective_at": moment,
        "invoice": identifier,
        "out_of_band_amount": whole,
        "post_payment_amount": whole,
        "pre_payment_amount": whole,
        "reason": code,
        "refund": identifier,
        "refunds": [{"amount_refunded": whole, "refund": identifier}],
        "subtotal": whole,
        "total": whole,
        "type": code,
        "voided_at": moment,
    },
    "customer": {},
    "subscription": {
        **_PERIOD,
        "billing_cycle_anchor": moment,
        "cancel_at": moment,
        "cancel_at_period_end": switch,
        "canceled_at": moment,
        "cancellation_details": {"reason": code},
        "collection_method": code,
        "customer": identifier,
        "ended_at": moment,
        "items": [{**_PERIOD, "id": identifier, "plan": _PLAN, "price": _PRICE, "quantity": whole}],
        "latest_invoice": identifier,
        "pause_collection": {"behavior": code, "resumes_at": moment},
        "plan": _PLAN,
        "quantity": whole,
        "start_date": moment,
        "trial_end": moment,
        "trial_start": moment,
    },
    "balance_transaction": {
        "amount": whole,
        "available_on": moment,
        "fee": whole,
        "net": whole,
        "payout": identifier,
        "reporting_category": code,
        "source": identifier,
        "type": code,
    },
    "payout": {
        "amount": whole,
        "arrival_date": moment,
        "automatic": switch,
        "balance_transaction": identifier,
        "failure_balance_transaction": identifier,
        "failure_code": code,
        "method": code,
        "original_payout": identifier,
        "reconciliation_status": code,
        "reversed_by": identifier,
        "type": code,
    },
    "product": {"active": switch, "default_price": identifier},
    "price": _PRICE,
}
# Kept by the ledger alone, so that a patient can be shown which card is on file: no warehouse has them.
_CARD_SHAPES: Mapping[str, Shape] = {
    "payment_method": {
        "card": {"brand": code, "exp_month": whole, "exp_year": whole, "last4": code},
        "customer": identifier,
        "type": code,
    },
    "setup_intent": {
        "customer": identifier,
        "last_setup_error": {"type": code, "code": code, "decline_code": code},
        "payment_method": identifier,
        "usage": code,
    },
}
OF_THE_LEDGER_ALONE = frozenset(_CARD_SHAPES)
"""Types of objects that no warehouse has."""

# What an unknown type calls otherwise may hold a name or a telephone number.
_LISTED = frozenset(name for shape in (_COMMON, *SHAPES.values()) for name, reader in shape.items() if callable(reader))
# Without these an object would count for nothing in silence. An object that was deleted has none of its fields left.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "charge": ("amount", "created", "status"),
    "payment_intent": ("amount", "status"),
    "refund": ("amount",),
    "dispute": ("amount", "status"),
    "invoice": ("total",),
    "credit_note": ("amount",),
    "balance_transaction": ("net",),
    "payout": ("amount",),
}


def allowed(object_type: str, source: Source) -> dict[str, object]:
    """Return what may be kept of an object. Raises FieldRefused for a field that is not what the API returns."""
    project = _PROJECTIONS.get(object_type)
    if project is None:
        return {**_of_unknown_type(source), **_OF_UNKNOWN_TYPE(source)}
    for name in _REQUIRED.get(object_type, ()):
        if source.get(name) is None and source.get("deleted") is not True:
            raise FieldRefused(name, None, "is missing; give the object whole, as the API returns it")
    return project(source)


def allowed_in_ledger(object_type: str, source: Source) -> dict[str, object]:
    """Return what the ledger may keep of an object: what anybody may, and of a card what its holder is shown."""
    project = _CARD_PROJECTIONS.get(object_type)
    return project(source) if project else allowed(object_type, source)


def _of_unknown_type(source: Source) -> dict[str, object]:
    """Keep switches, and what bears a name that is listed for another type and is a number, an id or a status."""
    return {
        name: value
        for name, value in source.items()
        if (name in _LISTED or name.startswith("amount_")) and _says_nothing(name, value)
    }


def _says_nothing(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return bool((CODE if name == "status" else _PREFIXED_ID).fullmatch(value))
    return isinstance(value, int)


def remains(object_type: str, source: Source) -> dict[str, object]:
    """Return what may be kept of an object that was refused: the same fields, of those that break their contract words.

    It is read again by `allowed_in_ledger` when the contract, which Stripe may have widened, is another.
    """
    shape = SHAPES.get(object_type) or _CARD_SHAPES.get(object_type)
    if shape is None:
        return {**_of_unknown_type(source), **projection(_OF_ANY_TYPE, leniently=True)(source)}
    return projection({**_COMMON, **shape}, leniently=True)(source)


_PROJECTIONS = {object_type: projection({**_COMMON, **shape}) for object_type, shape in SHAPES.items()}
_CARD_PROJECTIONS = {name: projection({**_COMMON, **shape}) for name, shape in _CARD_SHAPES.items()}
_OF_UNKNOWN_TYPE = projection(_OF_ANY_TYPE)
