"""What is read of an event: the head, allow-listed fields of its object, and a sentence for what cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.stripe_events import EventRefused, ThinEvent, object_sha256, read
from ledger.rules.stripe_fields import allowed, allowed_in_ledger
from tests.support.random_stripe import of_nobody

VISIT = "00000000-0000-4000-8000-000000000001"
CHARGE: dict[str, Any] = {
    "id": "ch_1",
    "object": "charge",
    "amount": 2500,
    "billing_details": {"name": "Ada Lovelace", "email": "ada@example.com"},
    "created": 1_790_000_000,
    "currency": "usd",
    "metadata": {"visit_token": VISIT, "note": "knee"},
    "status": "succeeded",
}


def event(carried: object = CHARGE, **head: Any) -> bytes:
    """Write an event that carries an object."""
    whole = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-05-27.dahlia",
        "created": 1_790_000_100,
        "livemode": False,
        "type": "charge.succeeded",
        "data": {"object": carried},
    }
    return json.dumps(whole | head).encode()


def test_an_event_is_read_into_its_head_and_what_may_be_kept_of_its_object() -> None:
    found = read(event(account="acct_1"))
    assert (found.event_id, found.event_type, found.api_version) == ("evt_1", "charge.succeeded", "2026-05-27.dahlia")
    assert (found.account, found.is_live, found.refusal) == ("acct_1", False, None)
    assert found.created_at == datetime.fromtimestamp(1_790_000_100, UTC)
    assert (found.object_type, found.object_id) == ("charge", "ch_1")
    assert found.object_sha256 == object_sha256(CHARGE)
    assert found.payload == allowed("charge", CHARGE)
    assert "Ada" not in repr(found)
    assert "knee" not in repr(found)


def test_a_thin_event_is_refused_by_name() -> None:
    with pytest.raises(ThinEvent, match="snapshot"):
        read(json.dumps({"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.x"}).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"object": "charge"}',
        b'{"a": NaN}',
        b"[" * 100_000,
        event(None),
        event({}),
        event({"object": "Ada Lovelace"}),
        event(id=7),
        event(id="evt 1"),
        event(type=None),
        event(livemode="no"),
        event(created=-1),
        event(created=10**18),
        event(created=True),
    ],
)
def test_what_is_no_event_is_refused_in_a_sentence_without_its_values(body: bytes) -> None:
    with pytest.raises(EventRefused) as refusal:
        read(body)
    assert str(refusal.value).endswith(".")
    assert "Ada" not in str(refusal.value)


def test_an_object_without_an_id_is_nobody_s_version() -> None:
    assert read(event({"object": "balance", "available": []}, type="balance.available")).object_id is None


def test_an_object_that_breaks_its_contract_leaves_a_sentence_and_its_words() -> None:
    found = read(event({**CHARGE, "currency": "eur", "failure_code": "Ada Lovelace", "refunds": 7}))
    assert found.refusal == "charge.currency is not usd; the books are in US dollars only."
    assert found.payload["currency"] == "eur"
    assert found.payload["amount"] == 2500
    assert "Ada" not in repr(found)


def test_of_a_card_is_kept_what_its_holder_is_shown_and_it_stays_in_the_ledger() -> None:
    method = {
        "id": "pm_1",
        "object": "payment_method",
        "billing_details": {"name": "Ada"},
        "card": {"brand": "visa", "exp_month": 4, "exp_year": 2030, "fingerprint": "Xt5EWLLDS7FJjR1c", "last4": "4242"},
        "customer": "cus_1",
        "type": "card",
    }
    kept = read(event(method, type="payment_method.attached")).payload
    assert kept["card"] == {"brand": "visa", "exp_month": 4, "exp_year": 2030, "last4": "4242"}
    assert "card" not in allowed("payment_method", method)


@given(st.integers(0, 10_000))
def test_what_was_kept_is_kept_again_as_it_is(seed: int) -> None:
    for line in of_nobody(Random(seed), 5):  # noqa: S311 - a made-up world
        source = line.body
        once = allowed_in_ledger(source["object"], source)
        assert allowed_in_ledger(source["object"], once) == once
