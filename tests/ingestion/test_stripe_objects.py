"""Stripe objects on their way in."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import stripe_objects
from ingestion.landing import Connection, FeedUnreadable, Receipt
from ledger.rules.stripe_events import object_sha256
from ledger.rules.stripe_fields import SHAPES
from tests.support.feed_files import write_json_lines

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "00000000-0000-4000-8000-00000000000a"
Body = dict[str, Any]
CHARGE: Body = {
    "id": "ch_000000000001",
    "object": "charge",
    "amount": 2500,
    "amount_captured": 2500,
    "amount_refunded": 0,
    "captured": True,
    "created": 1788271200,
    "currency": "usd",
    "livemode": False,
    "metadata": {"visit_token": TOKEN},
    "paid": True,
    "payment_intent": "pi_000000000001",
    "status": "succeeded",
}


def event(body: Body, created: int, number: int = 1) -> Body:
    kind = f"{body['object']}.updated"
    return {"id": f"evt_{number:08d}", "object": "event", "created": created, "type": kind, "data": {"object": body}}


def load(raw: Connection, tmp_path: Path, *objects: Body) -> Receipt:
    return stripe_objects.load(raw, write_json_lines(tmp_path / "stripe.jsonl", objects))


def load_text(raw: Connection, tmp_path: Path, data: bytes) -> Receipt:
    (tmp_path / "stripe.jsonl").write_bytes(data)
    return stripe_objects.load(raw, tmp_path / "stripe.jsonl")


def payload(raw: Connection) -> Body:
    row = raw.execute("select payload from raw.stripe_object").fetchone()
    assert row
    found: Body = row[0]
    return found


def count(raw: Connection, table: str) -> int:
    row = raw.execute(f"select count(*) from {table}".encode()).fetchone()
    assert row
    return int(row[0])


def test_a_plain_object_is_of_the_time_of_its_load_and_so_is_the_whole_file(raw: Connection, tmp_path: Path) -> None:
    receipt = load(raw, tmp_path, CHARGE, {**CHARGE, "id": "ch_000000000002"})
    assert (receipt.kind, receipt.rows, receipt.quarantined) == ("stripe", 2, ())
    times = raw.execute("select distinct version_at = now(), event_id is null from raw.stripe_object").fetchall()
    assert times == [(True, True)]
    expected = {name: value for name, value in CHARGE.items() if name not in {"id", "object"}}
    assert raw.execute("select payload from raw.stripe_object limit 1").fetchone() == (expected,)


def test_an_event_is_unwrapped_into_its_object_at_its_own_time(raw: Connection, tmp_path: Path) -> None:
    load(raw, tmp_path, event(CHARGE, 1788271205))
    query = "select object_id, object_type, extract(epoch from version_at)::bigint, event_id from raw.stripe_object"
    assert raw.execute(query).fetchone() == ("ch_000000000001", "charge", 1788271205, "evt_00000001")


def test_the_same_file_again_changes_nothing_and_a_known_event_in_another_file_neither(
    raw: Connection, tmp_path: Path
) -> None:
    load(raw, tmp_path, event(CHARGE, 1788271205))
    assert load(raw, tmp_path, event(CHARGE, 1788271205)).already_loaded
    receipt = load(raw, tmp_path, event(CHARGE, 1788271205), event(CHARGE, 1788271206))
    assert receipt.rows == 1
    assert "1 were known already" in receipt.notes[0]


def test_the_hash_is_of_the_whole_object_whatever_the_order_of_its_keys() -> None:
    turned = dict(reversed(CHARGE.items()))
    assert object_sha256(turned) == object_sha256(CHARGE)
    assert object_sha256({**CHARGE, "description": "x"}) != object_sha256(CHARGE)


SECRETS = {
    "email": "zzyzx@qwfp.example",
    "name": "Zzyzx Qwfp",
    "phone": "+1 555 0100",
    "line1": "77 Vrbn Street",
    "last4": "zz42",  # four digits could stand in a hash by chance
}


def _with_secrets(body: Body) -> Body:
    person = {**SECRETS, "address": {"line1": SECRETS["line1"], "postal_code": "99999"}}
    return {
        **body,
        "billing_details": person,
        "receipt_email": SECRETS["email"],
        "receipt_number": SECRETS["phone"],
        "receipt_url": "https://pay.example/" + SECRETS["email"],
        "customer_email": SECRETS["email"],
        "customer_name": SECRETS["name"],
        "customer_address": person,
        "description": SECRETS["name"],
        "statement_descriptor": SECRETS["name"],
        "shipping": person,
        "evidence": {"customer_name": SECRETS["name"]},
        "outcome": {"type": "authorized", "seller_message": SECRETS["name"]},
        "payment_method_details": {"card": {"last4": SECRETS["last4"], "exp_year": 2030}},
        "last_payment_error": {"code": "card_declined", "message": SECRETS["name"], "payment_method": person},
        "metadata": {"visit_token": SECRETS["name"], "patient": SECRETS["name"], "memo_id": ""},
        "lines": {"data": [{"id": "il_000000000001", "description": SECRETS["name"]}]},
        "plan": {"id": SECRETS["name"], "amount": 900, "nickname": SECRETS["name"]},
        **SECRETS,
    }


@pytest.mark.parametrize("kind", [*sorted(SHAPES), "checkout.session"])
def test_no_name_address_or_free_text_leaves_a_trace_in_raw(raw: Connection, tmp_path: Path, kind: str) -> None:
    body = {**CHARGE, "object": kind, "total": 1, "net": 1}
    receipt = load(raw, tmp_path, _with_secrets(body), _with_secrets({**body, "id": SECRETS["email"]}))
    assert receipt.rows == 1
    assert any("visit_token" in note for note in receipt.notes)
    tables = raw.execute("select tablename from pg_tables where schemaname = 'raw'").fetchall()
    everything = str([raw.execute(f"select * from raw.{name}".encode()).fetchall() for (name,) in tables])
    shown = everything + str(receipt)
    assert "ch_000000000001" in everything
    assert not [secret for secret in SECRETS.values() if secret in shown]


def test_the_links_of_both_shapes_are_kept_and_expanded_objects_become_their_ids(
    raw: Connection, tmp_path: Path
) -> None:
    load(
        raw,
        tmp_path,
        {**CHARGE, "invoice": {"id": "in_1", "object": "invoice", "customer_email": "x@y.example"}},
        {
            "id": "in_1",
            "object": "invoice",
            "total": 5,
            "status": "paid",
            "subscription": "sub_1",
            "payment_intent": "pi_1",
        },
        {
            "id": "in_2",
            "object": "invoice",
            "total": 5,
            "status": "paid",
            "parent": {"type": "subscription_details", "subscription_details": {"subscription": {"id": "sub_1"}}},
            "status_transitions": {"finalized_at": 1788271200, "paid_at": None},
            "payments": {"object": "list", "data": [{"id": "inpay_1", "object": "invoice_payment"}]},
        },
        {
            "id": "inpay_1",
            "object": "invoice_payment",
            "invoice": "in_2",
            "amount_paid": 5,
            "payment": {"type": "payment_intent", "payment_intent": {"id": "pi_2", "object": "payment_intent"}},
        },
        {
            "id": "pi_2",
            "object": "payment_intent",
            "amount": 5,
            "status": "canceled",
            "charges": {"data": [{"id": "ch_9"}]},
            "latest_charge": {"id": "ch_9", "billing_details": {}},
        },
        {"id": "txn_1", "object": "balance_transaction", "net": 4, "source": {"id": "ch_9"}, "payout": "po_1"},
    )
    payloads = raw.execute("select object_id, payload from raw.stripe_object").fetchall()
    kept: dict[str, Body] = {name: body for name, body in payloads}  # noqa: C416 - gives the rows their type
    assert kept["ch_000000000001"]["invoice"] == "in_1"
    assert kept["in_1"] == {"total": 5, "status": "paid", "subscription": "sub_1", "payment_intent": "pi_1"}
    assert kept["in_2"] == {
        "total": 5,
        "status": "paid",
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
        "status_transitions": {"finalized_at": 1788271200},
        "payments": ["inpay_1"],
    }
    assert kept["inpay_1"]["payment"] == {"type": "payment_intent", "payment_intent": "pi_2"}
    assert (kept["pi_2"]["latest_charge"], kept["pi_2"]["charges"]) == ("ch_9", ["ch_9"])
    assert (kept["txn_1"]["source"], kept["txn_1"]["payout"]) == ("ch_9", "po_1")


def test_what_a_subscription_costs_is_kept(raw: Connection, tmp_path: Path) -> None:
    price = {"id": "price_1", "unit_amount": 9900, "recurring": {"interval": "month", "interval_count": 1}}
    item = {"id": "si_1", "object": "subscription_item", "quantity": 2, "price": {**price, "nickname": "Zzyzx"}}
    load(
        raw,
        tmp_path,
        {"id": "sub_1", "object": "subscription", "status": "active", "customer": "cus_1", "items": {"data": [item]}},
    )
    assert payload(raw) == {
        "status": "active",
        "customer": "cus_1",
        "items": [{"id": "si_1", "quantity": 2, "price": price}],
    }


def test_what_an_invoice_asks_for_is_kept_by_line_in_both_shapes_and_never_in_words(
    raw: Connection, tmp_path: Path
) -> None:
    days = {"start": 1788271200, "end": 1790863200}
    price = {"id": "price_1", "unit_amount": 900, "recurring": {"interval": "month", "usage_type": "metered"}}
    of_item = {"subscription": "sub_1", "subscription_item": "si_1", "proration": False}
    since = {
        "id": "il_1",
        "amount": 4500,
        "description": SECRETS["name"],
        "metadata": {"visit_token": TOKEN.upper(), "patient": SECRETS["name"]},
        "parent": {"type": "subscription_item_details", "subscription_item_details": {**of_item, "invoice_item": None}},
        "period": days,
        "pricing": {"type": "price_details", "price_details": {"price": "price_1", "product": SECRETS["name"]}},
        "quantity": 5,
    }
    before = {
        "id": "il_2",
        "amount": -300,
        "description": SECRETS["name"],
        "discount_amounts": [{"amount": 20, "discount": "di_1"}],
        "period": days,
        "price": {**price, "nickname": SECRETS["name"]},
        "proration": True,
        "quantity": 1,
        "subscription": "sub_1",
        "subscription_item": "si_1",
        "type": "subscription",
    }
    load(raw, tmp_path, {"id": "in_1", "object": "invoice", "total": 4180, "lines": {"data": [since, before]}})
    assert payload(raw)["lines"] == [
        {
            "id": "il_1",
            "amount": 4500,
            "metadata": {"visit_token": TOKEN},
            "parent": {"type": "subscription_item_details", "subscription_item_details": of_item},
            "period": days,
            "pricing": {"type": "price_details", "price_details": {"price": "price_1"}},
            "quantity": 5,
        },
        {name: value for name, value in before.items() if name not in {"description", "price", "discount_amounts"}}
        | {"price": price, "discount_amounts": [{"amount": 20}]},
    ]


def test_tokens_are_kept_in_lower_case_and_memo_ids_as_they_are(raw: Connection, tmp_path: Path) -> None:
    load(raw, tmp_path, {**CHARGE, "metadata": {"visit_token": TOKEN.upper(), "memo_id": "memo-7", "other": "x"}})
    assert payload(raw)["metadata"] == {"visit_token": TOKEN, "memo_id": "memo-7"}


def test_unknown_types_are_kept_without_text_counted_and_named(raw: Connection, tmp_path: Path) -> None:
    session = {
        "id": "cs_test_0001",
        "object": "checkout.session",
        "amount_total": 10,
        "client_reference_id": "Zzyzx",
        "created": "2026-09-01T00:00:00Z",
        "currency": "usd",
        "payment_intent": "pi_000000000001",
        "status": "complete",
        "size": 1e999,
    }
    receipt = load_text(raw, tmp_path, json.dumps(session).replace("Infinity", "1e999").encode())
    assert receipt.rows == 1
    assert any("checkout.session (1)" in note for note in receipt.notes)
    assert payload(raw) == {
        "id": "cs_test_0001",
        "amount_total": 10,
        "currency": "usd",
        "payment_intent": "pi_000000000001",
        "status": "complete",
    }


@pytest.mark.parametrize(
    ("change", "rule", "value"),
    [
        ({"currency": "eur"}, "stripe.currency", "eur"),
        ({"currency": "CAD"}, "stripe.currency", "CAD"),
        ({"currency": "Zzyzx"}, "stripe.currency", "5 characters (letters)"),
        ({"amount": "2500"}, "stripe.amount", "2500"),
        ({"amount": 25.5}, "stripe.amount", "25.5"),
        ({"amount": True}, "stripe.amount", "4 characters (letters)"),
        ({"amount": None}, "stripe.amount", None),
        ({"amount": 10**15}, "stripe.amount", "16 characters (digits)"),
        ({"created": "today"}, "stripe.created", "5 characters (letters)"),
        ({"created": 253402300800}, "stripe.created", "12 characters (digits)"),
        ({"created": -1}, "stripe.created", "-1"),
        ({"captured": "yes"}, "stripe.captured", "3 characters (letters)"),
        ({"status": "it failed"}, "stripe.status", "9 characters (letters, blanks)"),
        ({"payment_intent": 7}, "stripe.payment_intent", "7"),
        ({"metadata": {"memo_id": "two words"}}, "stripe.metadata.memo_id", "9 characters (letters, blanks)"),
        ({"id": None}, "stripe.id", None),
        ({"id": ""}, "stripe.id", None),
        ({"object": None}, "stripe.object", None),
        ({"object": 4}, "stripe.object", None),
    ],
)
def test_an_object_that_breaks_its_contract_is_quarantined_and_the_rest_is_kept(
    raw: Connection, tmp_path: Path, change: Body, rule: str, value: str | None
) -> None:
    receipt = load(raw, tmp_path, {**CHARGE, "id": "ch_2"}, {**CHARGE, **change}, {**CHARGE, "id": "ch_3"})
    (piece,) = receipt.quarantined
    assert (receipt.rows, piece.position, piece.rule, piece.value) == (2, "line 2", rule, value)
    assert piece.message.startswith("Line 2: ")
    assert count(raw, "raw.quarantine") == 1


def test_a_deleted_object_needs_no_amounts(raw: Connection, tmp_path: Path) -> None:
    receipt = load(raw, tmp_path, {"id": "in_1", "object": "invoice", "deleted": True})
    assert (receipt.rows, receipt.quarantined) == (1, ())


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"{", "stripe.json"),
        (b"[1]", "stripe.json"),
        (b'"text"', "stripe.json"),
        (b'{"id": NaN}', "stripe.json"),
        (b'{"id": "\xff"}', "stripe.json"),
        (b"[" * 100_000, "stripe.json"),
        (b'{"object": "event", "id": "evt_1", "created": 5}', "stripe.data.object"),
        (b'{"object": "event", "id": "evt_1", "created": "5", "data": {"object": {}}}', "stripe.created"),
        (b'{"object": "event", "id": "evt_1", "created": 5e30, "data": {"object": {}}}', "stripe.created"),
        (b'{"object": "list", "data": []}', "stripe.id"),
    ],
)
def test_a_line_that_is_no_object_is_quarantined_by_its_place(
    raw: Connection, tmp_path: Path, line: bytes, rule: str
) -> None:
    good = json.dumps(CHARGE).encode()
    receipt = load_text(raw, tmp_path, b"\xef\xbb\xbf" + good + b"\r\n\r\n" + line + b"\n" + good)
    assert receipt.rows == 1
    assert [(piece.position, piece.rule) for piece in receipt.quarantined] == [("line 3", rule)]


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"\x00\xff", b"[{}]", b"\n\n"])
def test_a_file_without_one_json_object_is_refused_whole(raw: Connection, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FeedUnreadable, match=r"^stripe\.jsonl .*\.$"):
        load_text(raw, tmp_path, data)
    assert count(raw, "raw.file") == count(raw, "raw.quarantine") == 0


VERSIONS = [
    event({**CHARGE, "id": f"ch_00000000000{charge}", "amount_refunded": refunded}, created, refunded)
    for charge in (1, 2)
    for created in (1788271200, 1788271201)
    for refunded in (0, 100, 200)
]
NEWEST = """
select array_agg(object_sha256 order by object_id) from (
    select distinct on (object_id) object_id, object_sha256
    from raw.stripe_object
    order by object_id, version_at desc, object_sha256 desc
) as newest
"""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), cut=st.integers(1, len(VERSIONS) - 1))
def test_any_order_and_any_batches_of_events_give_the_same_newest_versions(
    raw: Connection, tmp_path: Path, seed: int, cut: int
) -> None:
    raw.rollback()
    shuffled = random.Random(seed).sample(VERSIONS, len(VERSIONS))  # noqa: S311 - an order, not a secret
    load(raw, tmp_path, *shuffled[:cut])
    load(raw, tmp_path, *shuffled[cut:], shuffled[0])
    last = [body["data"]["object"] for body in VERSIONS if body["created"] == 1788271201]
    hashes: dict[int, list[str]] = {1: [], 2: []}
    for body in last:
        hashes[int(body["id"][-1])].append(object_sha256(body))
    assert raw.execute(NEWEST).fetchone() == ([max(hashes[1]), max(hashes[2])],)
    assert count(raw, "raw.stripe_object") == len(VERSIONS)


@pytest.mark.parametrize("object_type", ["charge", "payment_intent", "refund", "dispute"])
def test_an_amount_below_zero_is_set_aside_at_the_door(raw: Connection, tmp_path: Path, object_type: str) -> None:
    receipt = load(raw, tmp_path, {**CHARGE, "object": object_type, "amount": -100}, {**CHARGE, "id": "ch_good"})
    assert (receipt.rows, len(receipt.quarantined)) == (1, 1)
    assert receipt.quarantined[0].value == "-100"
