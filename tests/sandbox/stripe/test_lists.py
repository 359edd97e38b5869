"""Lists: newest first, by cursor, by time of creation, expanded."""

import pytest
import stripe

from sandbox.stripe.serving import Sandbox
from tests.support.stripe_sandbox import client_of

START = 1_700_000_000


@pytest.fixture
def customers(fresh: Sandbox) -> tuple[stripe.StripeClient, list[str]]:
    """Return a client and seven customers, newest first, two of each second."""
    client, made = client_of(fresh), []
    for number in range(7):
        fresh.control.clock(now=START + number // 2, stopped=True)
        made.append(client.v1.customers.create({"metadata": {"number": str(number)}}).id)
    return client, made[::-1]


def test_pages_join_to_the_whole_list_whichever_way(customers: tuple[stripe.StripeClient, list[str]]) -> None:
    client, newest = customers
    assert [found.id for found in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == newest
    back = client.v1.customers.list({"limit": 2, "ending_before": newest[-1]})
    assert [found.id for found in back.data] == newest[4:6]
    assert [found.id for found in back.auto_paging_iter()] == newest[:-1][::-1]


def test_a_page_says_whether_more_is_behind_it(customers: tuple[stripe.StripeClient, list[str]]) -> None:
    client, newest = customers
    assert client.v1.customers.list({"limit": 7}).has_more is False
    assert client.v1.customers.list({"limit": 6}).has_more is True
    assert client.v1.customers.list({"starting_after": newest[-1]}).data == []


@pytest.mark.parametrize(
    ("created", "numbers"),
    [
        ({"gte": START + 1, "lt": START + 3}, "5432"),
        ({"gt": START + 2}, "6"),
        ({"lte": START}, "10"),
        (START + 1, "32"),
    ],
)
def test_a_window_of_creation_takes_its_bounds_literally(
    customers: tuple[stripe.StripeClient, list[str]], created: dict[str, int], numbers: str
) -> None:
    found = customers[0].v1.customers.list({"created": created})  # type: ignore[typeddict-item]  # one case is a number
    assert "".join((row.metadata or {})["number"] for row in found.data) == numbers


@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_outside_its_bounds_is_refused(client: stripe.StripeClient, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="limit"):
        client.v1.customers.list({"limit": limit})


def test_a_cursor_of_another_list_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.list({"starting_after": "cus_none"})


def test_rows_of_a_list_expand(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    client.v1.setup_intents.create({"customer": customer.id})
    (found,) = client.v1.setup_intents.list({"customer": customer.id, "expand": ["data.customer"]}).data
    assert isinstance(found.customer, stripe.Customer)


def test_what_is_no_object_does_not_expand(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.customers.create({"expand": ["nothing"]})
