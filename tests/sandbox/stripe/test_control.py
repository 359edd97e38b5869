"""The control surface over HTTP, as the demo and other processes use it."""

from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.serving import Sandbox
from tests.support.stripe_sandbox import client_of

START = 1_800_000_000


def control(sandbox: Sandbox, name: str, **given: Any) -> Any:
    """Return what a control answers."""
    answer = httpx.post(f"{sandbox.url}/_sandbox/{name}", json=given, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_time_faults_cards_and_webhooks_are_set_from_another_process(fresh: Sandbox) -> None:
    client = client_of(fresh)
    assert control(fresh, "clock", now=START, stopped=True) == {"now": START}
    assert control(fresh, "clock", advance=60) == {"now": START + 60}
    assert client.v1.customers.create({}).created == START + 60
    control(fresh, "fault", operation="GetBalance", mode="error")
    with pytest.raises(stripe.APIError):
        client.v1.balance.retrieve()
    assert client.v1.balance.retrieve().object == "balance"
    assert control(fresh, "webhooks", copies=3)["copies"] == 3
    assert control(fresh, "drain", timeout=1)["waiting"] == 0


def test_what_the_account_holds_and_was_asked_can_be_read_whole(fresh: Sandbox) -> None:
    client = client_of(fresh)
    customer = client.v1.customers.create({"metadata": {"a": "b"}})
    objects = control(fresh, "objects")
    assert [found["object"] for found in objects] == ["customer", "event"]
    assert objects[1]["data"]["object"]["id"] == customer.id
    (asked,) = control(fresh, "requests")
    assert (asked["method"], asked["path"], asked["body"]) == ("POST", "/v1/customers", "metadata[a]=b")


@pytest.mark.parametrize(
    ("name", "given"),
    [("nothing", {}), ("run", {"name": "clock", "given": {}}), ("clock", {"when": 1}), ("webhooks", {"manner": 1})],
)
def test_what_is_no_control_is_refused(sandbox: Sandbox, name: str, given: dict[str, Any]) -> None:
    assert httpx.post(f"{sandbox.url}/_sandbox/{name}", json=given).status_code == 400


def test_a_fault_of_an_unknown_mode_is_refused(sandbox: Sandbox) -> None:
    answer = httpx.post(f"{sandbox.url}/_sandbox/fault", json={"operation": "*", "mode": "sometimes"})
    assert answer.status_code == 400
    assert "lost_after" in answer.text


def test_it_is_served_on_loopback_only(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
