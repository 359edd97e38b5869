"""Stripe objects in the field names of API 2026-05-27.dahlia, or of the days before 2025-03-31 (`old`). Cents."""

from typing import Any

Json = dict[str, Any]
DECLINED = {"failure_code": "card_declined", "failure_message": "Your card was declined."}
NOBODY = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}


def base(kind: str, object_id: str, created: int, metadata: Json | None = None) -> Json:
    """Return what every object has."""
    return {"id": object_id, "object": kind, "created": created, "livemode": False, "metadata": metadata or {}}


def customer(object_id: str, created: int) -> Json:
    """Return a customer with no direct identifier."""
    named = {"name": None, "email": None, "phone": None, "description": None, "address": None, "shipping": None}
    return base("customer", object_id, created) | named | {"balance": 0, "currency": "usd", "delinquent": False}


def intent(object_id: str, created: int, who: str, cents: int, metadata: Json) -> Json:
    """Return a succeeded payment intent."""
    return base("payment_intent", object_id, created, metadata) | {
        "amount": cents, "amount_capturable": 0, "amount_received": cents, "currency": "usd", "customer": who,
        "status": "succeeded", "canceled_at": None, "cancellation_reason": None, "capture_method": "automatic",
        "confirmation_method": "automatic", "description": None, "last_payment_error": None, "latest_charge": None,
        "payment_method_types": ["card"], "receipt_email": None, "setup_future_usage": None, "transfer_data": None,
    }  # fmt: skip


def charge(object_id: str, created: int, who: str | None, cents: int, metadata: Json) -> Json:
    """Return a succeeded, captured charge with no intent."""
    return base("charge", object_id, created, metadata) | {
        "amount": cents, "amount_captured": cents, "amount_refunded": 0, "balance_transaction": None, "captured": True,
        "billing_details": NOBODY, "currency": "usd", "customer": who, "description": None, "disputed": False,
        "failure_code": None, "failure_message": None, "paid": True, "payment_intent": None, "receipt_email": None,
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242", "funding": "credit"}},
        "refunded": False, "status": "succeeded", "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def refund(object_id: str, created: int, paid: Json, cents: int, status: str) -> Json:
    """Return a refund of a charge."""
    return base("refund", object_id, created) | {
        "amount": cents, "charge": paid["id"], "payment_intent": paid["payment_intent"], "currency": "usd",
        "status": status, "reason": "requested_by_customer", "balance_transaction": None, "receipt_number": None,
    }  # fmt: skip


def dispute(object_id: str, created: int, paid: Json, status: str) -> Json:
    """Return a dispute of the whole charge."""
    return base("dispute", object_id, created) | {
        "amount": paid["amount"], "charge": paid["id"], "payment_intent": paid["payment_intent"], "currency": "usd",
        "status": status, "reason": "general", "is_charge_refundable": False, "balance_transactions": [],
    }  # fmt: skip


def invoice(object_id: str, created: int, who: str, cents: int, metadata: Json) -> Json:
    """Return a paid one-off invoice of the new shape."""
    return base("invoice", object_id, created, metadata) | {
        "status": "paid", "total": cents, "subtotal": cents, "amount_due": cents, "amount_paid": cents,
        "amount_remaining": 0, "amount_overpaid": 0, "attempt_count": 1, "attempted": True, "auto_advance": False,
        "billing_reason": "manual", "collection_method": "charge_automatically", "currency": "usd", "customer": who,
        "customer_email": None, "customer_name": None, "parent": None, "period_start": created, "period_end": created,
        "post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0, "starting_balance": 0,
        "status_transitions": {"finalized_at": created, "marked_uncollectible_at": None, "paid_at": created + 60,
                               "voided_at": None},
    }  # fmt: skip


def invoice_line(bill: Json, place: int, price: Json, item: Json, days: tuple[int, int]) -> Json:
    """Return a line of a subscription's invoice in the new shape: the whole price for days (first and next moment)."""
    of_item = {
        "subscription": item["subscription"],
        "subscription_item": item["id"],
        "invoice_item": None,
        "proration": False,
    }
    return {
        "id": f"il_{place}{bill['id'].removeprefix('in_')}", "object": "line_item", "amount": price["unit_amount"],
        "currency": "usd", "description": "Membership", "invoice": bill["id"], "livemode": False, "metadata": {},
        "parent": {"type": "subscription_item_details", "subscription_item_details": of_item},
        "period": {"start": days[0], "end": days[1]}, "quantity": 1, "discount_amounts": [],
        "pricing": {"type": "price_details", "price_details": {"price": price["id"], "product": price["product"]}},
    }  # fmt: skip


def old_line(line: Json, price: Json) -> Json:
    """Return the line as it was before 2025-03-31: with its price whole and its links on itself."""
    details = line["parent"]["subscription_item_details"]
    links = {name: details[name] for name in ("subscription", "subscription_item")}
    kept = {name: value for name, value in line.items() if name not in ("parent", "pricing")}
    return kept | links | {"price": price, "proration": False, "type": "subscription"}


def unpaid(bill: Json, status: str) -> Json:
    """Return the invoice as open, draft or void."""
    due = 0 if status == "void" else bill["total"]
    moments = {"finalized_at": None if status == "draft" else bill["created"], "paid_at": None}
    moments |= {"marked_uncollectible_at": None, "voided_at": bill["created"] + 900 if status == "void" else None}
    return bill | {"status": status, "amount_paid": 0, "amount_remaining": due, "status_transitions": moments}


def invoice_payment(object_id: str, bill: Json, intent_id: str, cents: int, status: str) -> Json:
    """Return the link of an invoice and the intent that pays it (since 2025-03-31)."""
    moments = {"canceled_at": None, "paid_at": bill["created"] + 60 if status == "paid" else None}
    return base("invoice_payment", object_id, bill["created"]) | {
        "invoice": bill["id"], "payment": {"type": "payment_intent", "payment_intent": intent_id}, "currency": "usd",
        "amount_requested": cents, "amount_paid": cents if status == "paid" else None, "is_default": True,
        "status": status, "status_transitions": moments,
    }  # fmt: skip


def credit_note(object_id: str, bill: Json, cents: int, status: str = "issued") -> Json:
    """Return a credit note that lowers what remains of an open invoice."""
    return base("credit_note", object_id, bill["created"] + 7200) | {
        "invoice": bill["id"], "customer": bill["customer"], "amount": cents, "total": cents, "subtotal": cents,
        "currency": "usd", "status": status, "type": "pre_payment", "pre_payment_amount": cents, "reason": None,
        "post_payment_amount": 0, "refunds": [], "customer_balance_transaction": None, "memo": None,
    }  # fmt: skip


def balance_transaction(object_id: str, created: int, kind: str, source: str, amounts: tuple[int, int]) -> Json:
    """Return a balance transaction of (amount, fee): net = amount - fee; available two days later."""
    cents, fee = amounts
    row = base("balance_transaction", object_id, created) | {
        "amount": cents, "fee": fee, "net": cents - fee, "currency": "usd", "type": kind, "source": source,
        "available_on": created - created % 86400 + 2 * 86400, "status": "available", "exchange_rate": None,
        "reporting_category": {"adjustment": "dispute"}.get(kind, kind), "description": None, "fee_details": [],
    }  # fmt: skip
    return {key: value for key, value in row.items() if key not in ("livemode", "metadata")}


def payout(object_id: str, created: int, cents: int, *, automatic: bool = True) -> Json:
    """Return a paid payout."""
    return base("payout", object_id, created) | {
        "amount": cents, "arrival_date": created - created % 86400 + 86400, "automatic": automatic, "currency": "usd",
        "balance_transaction": None, "method": "standard", "status": "paid", "type": "bank_account",
        "reconciliation_status": "completed" if automatic else "not_applicable", "description": None,
        "statement_descriptor": None, "source_type": "card", "failure_code": None, "failure_message": None,
    }  # fmt: skip


def event(object_id: str, created: int, kind: str, inner: Json, *, old: bool) -> Json:
    """Return the event that carries an object at a moment."""
    return {
        "id": object_id, "object": "event", "created": created, "type": kind, "livemode": False, "pending_webhooks": 0,
        "api_version": "2024-10-28.acacia" if old else "2026-05-27.dahlia", "data": {"object": inner},
        "request": {"id": None, "idempotency_key": None},
    }  # fmt: skip
