"""What an account holds is there again when the sandbox is served the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

from sandbox.stripe.keeping import NotKept
from sandbox.stripe.serving import served
from tests.support.stripe_sandbox import client_of, receiving

if TYPE_CHECKING:
    from pathlib import Path


def test_a_customer_is_charged_to_the_card_of_the_day_before(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "account"
    with receiving() as receiver:
        with served(kept=file) as sandbox:
            sandbox.control.endpoint(receiver.url, "whsec_1")
            client = client_of(sandbox)
            customer = client.v1.customers.create({})
            method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
            asked = {"amount": 500, "currency": "usd", "customer": customer.id, "payment_method": method.id}
            paid = {**asked, "confirm": True, "off_session": True}
            once = client.v1.payment_intents.create(paid, {"idempotency_key": "once"})
            sandbox.control.drain()
            before, told = sandbox.control.objects(), len(receiver.tries)
        with served(kept=file) as sandbox:
            assert sandbox.control.objects() == before
            sandbox.control.endpoint(receiver.url, "whsec_2")
            client = client_of(sandbox)
            assert client.v1.payment_intents.create(paid, {"idempotency_key": "once"}).id == once.id
            again = client.v1.payment_intents.create(paid)
            assert (again.status, again.id != once.id) == ("succeeded", True)
            assert client.v1.balance.retrieve().pending[0].amount > 500
            sandbox.control.drain()
            events = [one for one in sandbox.control.objects() if one["object"] == "event"]
            assert len(receiver.tries) == len(events) > told, "each once: the endpoint took the place of the one before"


def test_nothing_is_kept_of_an_account_that_nobody_used(tmp_path: Path) -> None:
    file = tmp_path / "account"
    with served(kept=file) as sandbox:
        sandbox.control.endpoint("http://127.0.0.1:9/", "whsec_1")
    assert not file.exists()


def test_a_file_that_is_damaged_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "account"
    file.write_bytes(b"half")
    with pytest.raises(NotKept, match="remove it to begin an empty one"), served(kept=file):
        pass
    assert file.read_bytes() == b"half"


def test_without_a_file_every_account_begins_empty() -> None:
    for _ in range(2):
        with served() as sandbox, pytest.raises(stripe.InvalidRequestError):
            client_of(sandbox).v1.customers.retrieve("cus_of_another_day")
