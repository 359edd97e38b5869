"""The allow-list of Stripe fields: ids, links, amounts, times, switches and codes; names and free text never pass.

A shape maps a field to how it is read: by a function, by the shape of a nested object, or by a list of one reader for a
list (a plain one or Stripe's `{"data": […]}`). Where Stripe put an object in the place of its id (`expand`), the id is
kept. The shapes before API version 2025-03-31 (`charge.invoice`, `invoice.subscription`, the subscription's own period)
and since (`invoice_payment`, `invoice.parent`, the item's period) are both covered. Everything else is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ingestion.landing import described
from ingestion.values import MOST_CENTS, Refused, shown

Source: TypeAlias = Mapping[str, Any]
Shape: TypeAlias = Mapping[str, "Reader"]
Reader: TypeAlias = "Callable[[Any], object] | Shape | list[Reader]"

LAST_SECOND = 253_402_300_799  # of the year 9999, where Python's times end
_ID = re.compile(r"[A-Za-z0-9_\-.]{1,255}")
_PREFIXED_ID = re.compile(r"[a-z]{2,10}_[A-Za-z0-9_]{6,250}")
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class FieldRefused(Exception):  # noqa: N818 - a field that breaks its contract is refused, which is no fault of ours
    """A field breaks its contract: its path, what may be shown of its value, and the rest of a sentence."""

    def __init__(self, field: str, value: str | None, message: str) -> None:
        super().__init__(message)
        self.field, self.value, self.message = field, value, message


def identifier(value: Any) -> str:
    """Read an id; an expanded object stands for its own."""
    if isinstance(value, dict):
        value = value.get("id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Refused("is no id; give it as the API returns it")
    return value


def catalogue_id(value: Any) -> str | None:
    """Read the id of a plan, price or product, which its owner may have chosen: left out where it is free text."""
    try:
        return identifier(value)
    except Refused:
        return None


def whole(value: Any) -> int:
    """Read a whole number: cents or a count."""
    if type(value) is not int or abs(value) > MOST_CENTS:
        raise Refused("is not a whole number (of cents); give it as the API returns it")
    return value


def moment(value: Any) -> int:
    """Read a time: whole seconds since 1970 in UTC, up to the year 9999."""
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        raise Refused("is no time in whole seconds since 1970; give it as the API returns it")
    return value


def demand(value: Any) -> int:
    """Read what was asked for, taken or given back: whole cents, never below zero."""
    if whole(value) < 0:
        raise Refused(
            "is below zero; Stripe gives such an amount without a sign, so give the object as the API returns it"
        )
    return int(value)


def switch(value: Any) -> bool:
    """Read true or false."""
    if type(value) is not bool:
        raise Refused("is neither true nor false; give it as the API returns it")
    return value


def code(value: Any) -> str:
    """Read a code of Stripe's: a word without blanks."""
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise Refused("is no code of Stripe's; give it as the API returns it")
    return value


def dollars(value: Any) -> str:
    """Read a currency in any case: only US dollars are in these books."""
    if not isinstance(value, str) or value.lower() != "usd":
        raise Refused("is not usd; the books are in US dollars only")
    return "usd"


def decimal(value: Any) -> str:
    """Read a decimal number that Stripe writes as text: a unit amount may have fractions of a cent."""
    if not _DECIMAL.fullmatch(str(value)):
        raise Refused("is no decimal number; give it as the API returns it")
    return str(value)


def visit_token(value: Any) -> str | None:
    """Read a visit token; what is no UUID cannot be one of ours and may be anything, so it is left out."""
    lowered = value.lower() if isinstance(value, str) else ""
    return lowered if _UUID.fullmatch(lowered) else None


def memo_id(value: Any) -> str | None:
    """Read the id of a memo of ours; empty is how metadata is taken away."""
    return None if value == "" else code(value)


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


def _projection(shape: Shape, path: str) -> Callable[[Source], dict[str, object]]:
    """Make one function of a shape: what a shape says is looked at once, and not for every object."""
    fields = [(name, _function(reader, path + name)) for name, reader in shape.items()]

    def project(source: Source) -> dict[str, object]:
        kept: dict[str, object] = {}
        for name, read in fields:
            value = source.get(name)
            if value is not None and (value := read(value)) is not None:
                kept[name] = value
        return kept

    return project


def _function(reader: Reader, path: str) -> Callable[[Any], object]:
    if isinstance(reader, list):
        return _list_function(_function(reader[0], path), path)
    if isinstance(reader, Mapping):
        project = _projection(reader, path + ".")
        return lambda value: (project(value) or None) if isinstance(value, dict) else None

    def read(value: Any) -> object:
        try:
            return reader(value)
        except Refused as fault:
            raise FieldRefused(path, _shown(reader, value), str(fault)) from None

    return read


def _list_function(read: Callable[[Any], object], path: str) -> Callable[[Any], object]:
    def read_all(value: Any) -> object:
        elements = value.get("data") if isinstance(value, dict) else value
        if not isinstance(elements, list):
            raise FieldRefused(path, None, "is no list; give it as the API returns it")
        return [read(element) for element in elements]

    return read_all


def _shown(reader: Reader, value: Any) -> str:
    if reader is dollars and isinstance(value, str) and _CURRENCY.fullmatch(value):
        return value
    return shown(str(value)) if isinstance(value, str | int | float) else described(str(value))


def _of_unknown_type(source: Source) -> dict[str, object]:
    """Keep switches, and what bears a name that is listed for another type and is a number, an id or a status."""
    return {
        name: value
        for name, value in source.items()
        if (name in _LISTED or name.startswith("amount_")) and _says_nothing(name, value)
    }


def _says_nothing(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return bool((_CODE if name == "status" else _PREFIXED_ID).fullmatch(value))
    return isinstance(value, int)


_PROJECTIONS = {object_type: _projection({**_COMMON, **shape}, "") for object_type, shape in SHAPES.items()}
_OF_UNKNOWN_TYPE = _projection(_OF_ANY_TYPE, "")
