"""As much of Stripe as sending needs: invoices, credit notes, balances, meters, and keys forgotten after a day."""

from __future__ import annotations

import copy
import hashlib
import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DAY = timedelta(hours=24)
SMALLEST_CENTS = 50


class Error(Exception):
    """An answer that is an error of Stripe's."""

    def __init__(self, status: int, **fields: str) -> None:
        super().__init__(fields)
        self.status, self.fields = status, fields


@dataclass
class SmallStripe:
    """The state of an account: `charges` are what cards were charged, in order, `declines` a code by customer."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    account: str = field(default_factory=lambda: secrets.token_hex(3))  # no two accounts share an id
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[datetime, str, tuple[int, dict[str, Any]]]] = field(default_factory=dict)
    identifiers: dict[str, datetime] = field(default_factory=dict)
    usage: list[dict[str, str]] = field(default_factory=list)
    charges: list[int] = field(default_factory=list)
    declines: dict[str, str] = field(default_factory=dict)
    failing: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one call, in its turn; the same key gives the same answer for a day, failures included."""
        place = urlsplit(path)
        fields = dict(parse_qsl(place.query) + parse_qsl(body.decode()))
        key = {name.lower(): value for name, value in headers.items()}.get("idempotency-key")
        digest = hashlib.sha256(repr((place.path, sorted(fields.items()))).encode()).hexdigest()
        with self.lock:
            self.keys = {name: kept for name, kept in self.keys.items() if self.now - kept[0] < DAY}
            if key and key in self.keys:
                _, known, kept_answer = self.keys[key]
                return kept_answer if known == digest else _error(400, type="idempotency_error", message="key")
            # A copy: what was answered does not change when the object does.
            answer = copy.deepcopy(self._answered(method, place.path, fields))
            if key:
                self.keys[key] = (self.now, digest, answer)
            return answer

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind, newest first."""
        return [made for made in reversed(self.objects.values()) if made["object"] == kind]

    def _answered(self, method: str, path: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.failing:
            return _error(self.failing.pop(0), message="failed")
        for (wanted, pattern), handler in _ROUTES.items():
            if wanted == method and (found := re.fullmatch(f"/v1/{pattern}", path)):
                try:
                    return 200, handler(self, fields, *found.groups())
                except Error as error:
                    return _error(error.status, **error.fields)
        raise LookupError(f"The small Stripe has no {method} {path}.")

    def _make(self, kind: str, prefix: str, **fields: Any) -> dict[str, Any]:
        made = {
            "id": f"{prefix}_{self.account}{len(self.objects):08d}",
            "object": kind,
            "created": int(self.now.timestamp()),
            "livemode": False,
            **fields,
        }
        self.objects[made["id"]] = made
        return made

    def _customer(self, fields: dict[str, str]) -> dict[str, Any]:
        return self._make("customer", "cus", metadata=_metadata(fields))

    def _setup(self, fields: dict[str, str]) -> dict[str, Any]:
        return self._make("setup_intent", "seti", customer=fields["customer"]) | {"client_secret": "seti_x_secret_y"}

    def _invoice(self, fields: dict[str, str]) -> dict[str, Any]:
        amounts = dict.fromkeys(
            ("total", "amount_due", "amount_paid", "amount_remaining", "credited", "starting_balance"), 0
        )
        how = {
            "status": "draft",
            "attempted": False,
            "attempt_count": 0,
            "auto_advance": fields["auto_advance"] == "true",
            "ending_balance": None,
        }
        return self._make("invoice", "in", customer=fields["customer"], metadata=_metadata(fields), **amounts, **how)

    def _item(self, fields: dict[str, str]) -> dict[str, Any]:
        invoice = self.objects[fields["invoice"]]
        if invoice["status"] != "draft":
            raise Error(400, code="invoice_not_editable", message="finalised")
        for name in ("total", "amount_due", "amount_remaining"):
            invoice[name] += int(fields["amount"])
        return self._make("invoiceitem", "ii", metadata=_metadata(fields), description=fields["description"])

    def _finalize(self, fields: dict[str, str], invoice_id: str) -> dict[str, Any]:
        invoice = self.objects[invoice_id]
        if invoice["status"] != "draft":
            raise Error(400, code="invoice_already_finalized", message="finalised")
        invoice |= {"status": "open", "auto_advance": fields.get("auto_advance") == "true"}
        if invoice["total"] < SMALLEST_CENTS:
            invoice |= {"status": "paid", "amount_due": 0, "amount_remaining": 0, "ending_balance": invoice["total"]}
        return invoice

    def _pay(self, _: dict[str, str], invoice_id: str) -> dict[str, Any]:
        invoice = self.objects[invoice_id]
        if invoice["status"] != "open":
            raise Error(400, code="invoice_not_open", message="paid")
        invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
        if self.declines.get(invoice["customer"]) == "no_card":
            raise Error(400, message="There is no default_payment_method set on this Customer or Invoice.")
        if self.declines.get(invoice["customer"]) == "waits":  # for the patient, and says no more
            return invoice
        if self.declines.get(invoice["customer"]) == "invoice_payment_intent_requires_action":
            raise Error(400, code="invoice_payment_intent_requires_action", message="action")
        if code := self.declines.get(invoice["customer"]):
            raise Error(402, type="card_error", code="card_declined", decline_code=code, message="declined")
        self.charges.append(invoice["amount_remaining"])
        invoice |= {"status": "paid", "amount_paid": invoice["amount_remaining"], "amount_remaining": 0}
        return invoice

    def _read(self, _: dict[str, str], found: str) -> dict[str, Any]:
        return self.objects[found]

    def _invoices(self, fields: dict[str, str]) -> dict[str, Any]:
        since = int(fields["created[gte]"])
        return self._page(
            fields,
            [
                made
                for made in self.of("invoice")
                if made["customer"] == fields["customer"] and made["created"] >= since
            ],
        )

    def _page(self, fields: dict[str, str], found: list[dict[str, Any]]) -> dict[str, Any]:
        after, limit = fields.get("starting_after"), 2  # small, so that every list has pages
        start = [made["id"] for made in found].index(after) + 1 if after else 0
        return {"object": "list", "data": found[start : start + limit], "has_more": len(found) > start + limit}

    def _preview(self, fields: dict[str, str]) -> dict[str, Any]:
        invoice, amount = self.objects[fields["invoice"]], int(fields["amount"])
        if amount > invoice["total"] - invoice["credited"]:
            raise Error(400, code="credit_note_too_large", param="amount", message="above the invoice")
        before = min(amount, invoice["amount_remaining"])
        if amount - before != int(fields.get("credit_amount", 0)) + int(fields.get("refund_amount", 0)):
            raise Error(400, code="credit_note_split", message="the parts are not the whole")
        return {"pre_payment_amount": before, "post_payment_amount": amount - before, "amount": amount}

    def _credit(self, fields: dict[str, str]) -> dict[str, Any]:
        shown, invoice = self._preview(fields), self.objects[fields["invoice"]]
        invoice["credited"] += shown["amount"]
        invoice["amount_remaining"] -= shown["pre_payment_amount"]
        how = {name: int(fields.get(name, 0)) for name in ("credit_amount", "refund_amount")}
        return self._make(
            "credit_note", "cn", status="issued", invoice=invoice["id"], metadata=_metadata(fields), **shown, **how
        )

    def _notes(self, fields: dict[str, str]) -> dict[str, Any]:
        return self._page(fields, [made for made in self.of("credit_note") if made["invoice"] == fields["invoice"]])

    def _balance(self, fields: dict[str, str], customer: str) -> dict[str, Any]:
        return self._make(
            "customer_balance_transaction",
            "cbtxn",
            customer=customer,
            amount=int(fields["amount"]),
            metadata=_metadata(fields),
        )

    def _balances(self, fields: dict[str, str], customer: str) -> dict[str, Any]:
        made = self.of("customer_balance_transaction")
        return self._page(fields, [transaction for transaction in made if transaction["customer"] == customer])

    def _usage(self, fields: dict[str, str]) -> dict[str, Any]:
        identifier = fields["identifier"]
        if identifier in self.identifiers and self.now - self.identifiers[identifier] < DAY:
            raise Error(400, message=f"An event already exists with identifier {identifier}.")
        self.identifiers[identifier] = self.now
        self.usage.append(fields)
        return {"object": "billing.meter_event", "identifier": identifier, "event_name": fields["event_name"]}

    def _cancel(self, fields: dict[str, str]) -> dict[str, Any]:
        self.usage = [event for event in self.usage if event["identifier"] != fields["cancel[identifier]"]]
        return {"object": "billing.meter_event_adjustment", "status": "pending"}

    def _meters(self, _: dict[str, str]) -> dict[str, Any]:
        meter = {"id": "mtr_12345678901234", "event_name": "visit_category_1", "status": "active"}
        return {"object": "list", "data": [meter], "has_more": False}

    def _summaries(self, fields: dict[str, str], _: str) -> dict[str, Any]:
        counted = [
            event
            for event in self.usage
            if event["payload[stripe_customer_id]"] == fields["customer"]
            and int(fields["start_time"]) <= int(event["timestamp"]) < int(fields["end_time"])
        ]
        data = [{"aggregated_value": len(counted)}] if counted else []
        return {"object": "list", "data": data, "has_more": False}


def _metadata(fields: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")}


def _error(status: int, **fields: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"type": "invalid_request_error"} | fields}


_ROUTES = {
    ("post", "customers"): SmallStripe._customer,
    ("post", "setup_intents"): SmallStripe._setup,
    ("post", "customers/([^/]+)"): SmallStripe._read,
    ("post", "invoices"): SmallStripe._invoice,
    ("get", "invoices"): SmallStripe._invoices,
    ("get", "invoices/([^/]+)"): SmallStripe._read,
    ("post", "invoices/([^/]+)/finalize"): SmallStripe._finalize,
    ("post", "invoices/([^/]+)/pay"): SmallStripe._pay,
    ("post", "invoiceitems"): SmallStripe._item,
    ("get", "credit_notes/preview"): SmallStripe._preview,
    ("post", "credit_notes"): SmallStripe._credit,
    ("get", "credit_notes"): SmallStripe._notes,
    ("post", "customers/([^/]+)/balance_transactions"): SmallStripe._balance,
    ("get", "customers/([^/]+)/balance_transactions"): SmallStripe._balances,
    ("post", "billing/meter_events"): SmallStripe._usage,
    ("post", "billing/meter_event_adjustments"): SmallStripe._cancel,
    ("get", "billing/meters"): SmallStripe._meters,
    ("get", "billing/meters/([^/]+)/event_summaries"): SmallStripe._summaries,
}
