"""What may leave for a processor: a table, call by call, field by field; all else is refused before a socket opens.

This one is Stripe's, and of Twilio's (twilio_egress.py) the same is asked.

Fields are named as they stand on the wire (`metadata[visit_token]`) and their values are of a kind (rules/opaque.py):
ids, amounts, times, fixed words. Names, addresses, birth dates, record numbers, codes and notes are of no kind.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ledger.rules import opaque
from ledger.rules.opaque import Kind, one_of, words_of
from ledger.rules.plan import MOST_PRICES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_log = logging.getLogger(__name__)


class NotAdmitted(Exception):  # noqa: N818 - named for what happened
    """Something was to leave that the table does not list; the text names call and field and never a value."""


class Text(StrEnum):
    """The sentences that may stand on an invoice; the two of a catalogue are names of products."""

    VISIT = "Practice visit"
    CORRECTION = "Correction of a practice visit"
    PLAN = "Practice plan"


@dataclass(frozen=True)
class Call:
    """One call: its method, its path (fixed words, or the kind of an id) and the fields it may carry."""

    name: str
    method: str
    path: tuple[str | Kind, ...]
    fields: Mapping[str, Kind]
    version: str = "v1"

    def leads_to(self, method: str, version: str, parts: tuple[str, ...]) -> bool:
        """Tell whether this is the call of a method and the parts of a path."""
        return (
            method == self.method
            and version == self.version
            and len(parts) == len(self.path)
            and all(
                part == wanted if isinstance(wanted, str) else wanted.admits(part)
                for part, wanted in zip(parts, self.path, strict=True)
            )
        )


_YES_OR_NO = one_of("true", "false")
_DOLLARS = one_of("usd")
_VISIT = {"metadata[visit_token]": opaque.TOKEN}
_MEMO = {**_VISIT, "metadata[memo_id]": opaque.TOKEN}
_METADATA = {**_MEMO, "metadata[place_of_service]": opaque.PLACE_OF_SERVICE}
_PAGE = {"limit": opaque.COUNT, "starting_after": opaque.OBJECT}
_WINDOW = {**_PAGE, "created[gte]": opaque.TIME, "created[lt]": opaque.TIME}
# What is listed by time of creation; invoices and credit notes stand below, since they are listed in other ways too.
_LISTED: Mapping[str, Mapping[str, Kind]] = {
    "charges": {},
    "payment_intents": {},
    "refunds": {},
    "disputes": {},
    "invoice_payments": {},
    "customers": {},
    "subscriptions": {"status": one_of("all"), "customer": opaque.CUSTOMER},
    "balance_transactions": {"payout": opaque.PAYOUT},
    "payouts": {},
    "products": {},
    "prices": {
        "active": _YES_OR_NO,
        **{f"lookup_keys[{place}]": opaque.LOOKUP_KEY for place in range(MOST_PRICES + 1)},
    },
}
_CREDIT_NOTE = {
    **_MEMO,
    "invoice": opaque.INVOICE,
    "amount": opaque.CENTS,
    "credit_amount": opaque.CENTS,
    "refund_amount": opaque.CENTS,
    "effective_at": opaque.TIME,
    "email_type": one_of("none"),
}
_CALLS = (
    Call("create_customer", "post", ("customers",), {}),
    Call(
        "create_setup_intent",
        "post",
        ("setup_intents",),
        {"customer": opaque.CUSTOMER, "usage": one_of("off_session"), "payment_method_types[0]": one_of("card")},
    ),
    Call(
        "choose_card",
        "post",
        ("customers", opaque.CUSTOMER),
        {"invoice_settings[default_payment_method]": opaque.PAYMENT_METHOD},
    ),
    Call("read_card", "get", ("payment_methods", opaque.PAYMENT_METHOD), {}),
    Call("remove_card", "post", ("payment_methods", opaque.PAYMENT_METHOD, "detach"), {}),
    Call("read_setup_intent", "get", ("setup_intents", opaque.SETUP_INTENT), {}),
    Call(
        "create_invoice",
        "post",
        ("invoices",),
        {
            **_METADATA,
            "customer": opaque.CUSTOMER,
            "currency": _DOLLARS,
            "collection_method": one_of("charge_automatically"),
            "auto_advance": _YES_OR_NO,
            "pending_invoice_items_behavior": one_of("exclude"),
            "default_payment_method": opaque.PAYMENT_METHOD,
            "effective_at": opaque.TIME,
        },
    ),
    Call(
        "create_invoice_item",
        "post",
        ("invoiceitems",),
        {
            **_METADATA,
            "customer": opaque.CUSTOMER,
            "invoice": opaque.INVOICE,
            "currency": _DOLLARS,
            "amount": opaque.CENTS,
            "description": words_of(Text),
        },
    ),
    Call("finalize_invoice", "post", ("invoices", opaque.INVOICE, "finalize"), {"auto_advance": _YES_OR_NO}),
    Call("pay_invoice", "post", ("invoices", opaque.INVOICE, "pay"), {"off_session": _YES_OR_NO}),
    # Of an invoice only how it is collected may change: its money and its texts have no field here.
    Call(
        "collect_invoice",
        "post",
        ("invoices", opaque.INVOICE),
        {"default_payment_method": opaque.PAYMENT_METHOD, "auto_advance": _YES_OR_NO},
    ),
    Call("read_invoice", "get", ("invoices", opaque.INVOICE), {}),
    Call(
        "list_invoices",
        "get",
        ("invoices",),
        {**_WINDOW, "customer": opaque.CUSTOMER},
    ),
    Call(
        "preview_credit_note",
        "get",
        ("credit_notes", "preview"),
        {name: kind for name, kind in _CREDIT_NOTE.items() if not name.startswith("metadata")},
    ),
    Call("create_credit_note", "post", ("credit_notes",), _CREDIT_NOTE),
    Call("list_credit_notes", "get", ("credit_notes",), {**_WINDOW, "invoice": opaque.INVOICE}),
    Call("read_credit_note", "get", ("credit_notes", opaque.OBJECT), {}),
    Call(
        "credit_customer",
        "post",
        ("customers", opaque.CUSTOMER, "balance_transactions"),
        {**_MEMO, "amount": opaque.CREDIT_CENTS, "currency": _DOLLARS},
    ),
    Call("list_customer_credits", "get", ("customers", opaque.CUSTOMER, "balance_transactions"), _PAGE),
    Call(
        "send_usage",
        "post",
        ("billing", "meter_events"),
        {
            "event_name": opaque.EVENT_NAME,
            "identifier": opaque.TOKEN,
            "timestamp": opaque.TIME,
            "payload[stripe_customer_id]": opaque.CUSTOMER,
            "payload[value]": one_of("1"),
        },
    ),
    Call(
        "cancel_usage",
        "post",
        ("billing", "meter_event_adjustments"),
        {"event_name": opaque.EVENT_NAME, "type": one_of("cancel"), "cancel[identifier]": opaque.TOKEN},
    ),
    Call("create_product", "post", ("products",), {"id": opaque.PRODUCT, "name": one_of(Text.PLAN, Text.VISIT)}),
    Call(
        "create_price",
        "post",
        ("prices",),
        {
            "currency": _DOLLARS,
            "unit_amount": opaque.CENTS,
            "lookup_key": opaque.LOOKUP_KEY,
            "product": opaque.PRODUCT,
            "recurring[interval]": one_of("month"),
            "recurring[usage_type]": one_of("metered"),
            "recurring[meter]": opaque.METER,
        },
    ),
    Call(
        "create_meter",
        "post",
        ("billing", "meters"),
        {
            "display_name": opaque.EVENT_NAME,
            "event_name": opaque.EVENT_NAME,
            "default_aggregation[formula]": one_of("sum"),
            "customer_mapping[type]": one_of("by_id"),
            "customer_mapping[event_payload_key]": one_of("stripe_customer_id"),
            "value_settings[event_payload_key]": one_of("value"),
        },
    ),
    Call(
        "create_subscription",
        "post",
        ("subscriptions",),
        {
            "customer": opaque.CUSTOMER,
            "billing_mode[type]": one_of("flexible"),
            "collection_method": one_of("charge_automatically"),
            "payment_behavior": one_of("error_if_incomplete"),
            **{f"items[{place}][price]": opaque.PRICE for place in range(MOST_PRICES + 1)},
        },
    ),
    Call(
        "end_subscription_with_its_period",
        "post",
        ("subscriptions", opaque.SUBSCRIPTION),
        {"cancel_at_period_end": one_of("true"), "proration_behavior": one_of("none")},
    ),
    Call(
        "end_subscription",
        "delete",
        ("subscriptions", opaque.SUBSCRIPTION),
        {"invoice_now": one_of("true"), "prorate": one_of("false")},
    ),
    Call("list_meters", "get", ("billing", "meters"), {"limit": opaque.COUNT, "status": one_of("active")}),
    Call(
        "read_usage",
        "get",
        ("billing", "meters", opaque.METER, "event_summaries"),
        {"customer": opaque.CUSTOMER, "start_time": opaque.TIME, "end_time": opaque.TIME},
    ),
    Call("list_events", "get", ("events",), {**_WINDOW, "delivery_success": one_of("false")}),
    *(Call(f"list_{path}", "get", (path,), {**_WINDOW, **more}) for path, more in _LISTED.items()),
    *(Call(f"read_{path}", "get", (path, opaque.OBJECT), {}) for path in _LISTED),
)
_HEADERS = frozenset({"authorization", "content-type", "stripe-version"})
# Fields of Stripe's that a log line may name; a field of any other name may be somebody's name.
_FAMILIAR = frozenset(
    {name for call in _CALLS for name in call.fields}
    | {"name", "email", "phone", "description", "receipt_email", "footer", "memo", "statement_descriptor", "shipping"}
)


def admit(method: str, path: str, fields: Iterable[tuple[str, str]], calls: Sequence[Call] = _CALLS) -> str:
    """Return the name of the call; refuse, with a line in the log, what the table does not list.

    `path` begins with /v1/, `fields` are name and text as on the wire, of query and body. Raises NotAdmitted.
    """
    version, *parts = path.removeprefix("/").split("/")
    call = next((call for call in calls if call.leads_to(method.lower(), version, tuple(parts))), None)
    if call is None:
        raise _refused("a call the table does not list", "its path")
    seen: set[str] = set()
    for name, text in fields:
        kind = call.fields.get(name)
        if kind is None or not kind.admits(text) or name in seen:
            raise _refused(call.name, name if name in _FAMILIAR | call.fields.keys() else "a field of an unknown name")
        seen.add(name)
    return call.name


def headers(given: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that may leave: who asks, the version, an idempotency key of ours; others are dropped.

    Raises NotAdmitted when the idempotency key is none of ours.
    """
    kept = {name: text for name, text in given.items() if name.lower() in _HEADERS}
    key = next((text for name, text in given.items() if name.lower() == "idempotency-key"), None)
    if key is not None:
        if not opaque.KEY.admits(key):
            raise _refused("any call", "the idempotency key")
        kept["Idempotency-Key"] = key
    return kept | {"User-Agent": "trueup"}


def on_the_wire(fields: Mapping[str, object], within: str = "") -> list[tuple[str, str]]:
    """Write fields as a form has them: {"metadata": {"memo_id": x}} becomes metadata[memo_id]=x; None is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in fields.items():
        full = f"{within}[{name}]" if within else str(name)
        if isinstance(value, dict):
            pairs += on_the_wire(value, full)
        elif isinstance(value, list | tuple):
            pairs += on_the_wire({str(place): item for place, item in enumerate(value)}, full)
        elif value is not None:
            pairs.append((full, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs


def _refused(call: str, field: str) -> NotAdmitted:
    _log.warning("refused to send: %s, %s", call, field)
    return NotAdmitted(f"{call}: {field} may not leave as it was given; nothing was sent.")
