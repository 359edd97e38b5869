"""A request is taken whole or refused loudly; nothing is left out of account in silence."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.serving import Sandbox

Refused = Callable[..., stripe.StripeError]


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"nme": "x"}, "nme", "parameter_unknown"),
        ({"invoice_settings": {"default": "x"}}, "invoice_settings[default]", "parameter_unknown"),
        ({"balance": "12.5"}, "balance", "parameter_invalid_integer"),
        ({"shipping": {"name": "x"}}, "shipping[address]", "parameter_missing"),
    ],
)
def test_a_parameter_stripe_does_not_know_is_refused_at_any_depth(
    client: stripe.StripeClient, refused: Refused, params: Any, param: str, code: str
) -> None:
    error = refused(lambda: client.v1.customers.create(params))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.param, error.code) == (400, param, code)


def test_an_operation_that_is_not_here_is_named(client: stripe.StripeClient, refused: Refused) -> None:
    error = refused(lambda: client.v1.accounts.create({}))
    assert error.http_status == 501
    assert "PostAccounts" in str(error)


def test_a_parameter_that_would_have_no_effect_is_named(client: stripe.StripeClient, refused: Refused) -> None:
    error = refused(lambda: client.v1.customers.create({"tax": {"ip_address": "192.0.2.1"}}))
    assert error.http_status == 501
    assert "PostCustomers: the parameter tax" in str(error)


def test_an_address_stripe_does_not_have_is_not_found(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/v1/nothing", headers={"Authorization": "Bearer sk_test_x"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")


@pytest.mark.parametrize("key", ["sk_live_x", "pk_test_x", "none"])
def test_only_test_keys_are_taken(sandbox: Sandbox, key: str) -> None:
    answer = httpx.get(f"{sandbox.url}/v1/customers", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 401


def test_another_api_version_is_refused(sandbox: Sandbox) -> None:
    headers = {"Authorization": "Bearer sk_test_x", "Stripe-Version": "2024-04-10"}
    assert httpx.get(f"{sandbox.url}/v1/customers", headers=headers).status_code == 400


def test_an_id_that_names_nothing_is_an_error_of_its_own(either: stripe.StripeClient, refused: Refused) -> None:
    error = refused(lambda: either.v1.customers.retrieve("cus_none"))
    assert (error.http_status, error.code) == (404, "resource_missing")


def test_it_keeps_every_request_as_it_came(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    client.v1.customers.create({"metadata": {"visit_token": "seen-by-the-test"}})
    assert any("seen-by-the-test" in found["body"] for found in sandbox.control.requests())
