"""The balance is the sum of its transactions, and payouts are sums of them."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.stripe.errors import StripeError as SandboxError
from sandbox.stripe.serving import Sandbox, served
from tests.support.stripe_sandbox import client_of

Refused = Callable[..., stripe.StripeError]
DAY = 24 * 3600
START = 1_800_000_000


def paid(client: stripe.StripeClient, cents: int, card: str = "pm_card_visa") -> str:
    """Return the charge of a new payment."""
    made = client.v1.payment_intents.create(
        {"amount": cents, "currency": "usd", "payment_method": card, "confirm": True, "payment_method_types": ["card"]},
    )
    return str(made.latest_charge)


def booked(client: stripe.StripeClient, **asked: Any) -> list[stripe.BalanceTransaction]:
    """Return balance transactions, newest first."""
    return list(client.v1.balance_transactions.list({"limit": 100, **asked}).auto_paging_iter())


def balance(client: stripe.StripeClient) -> tuple[int, int]:
    """Return what is available and what is pending, in cents."""
    found = client.v1.balance.retrieve()
    return sum(row.amount for row in found.available), sum(row.amount for row in found.pending)


def test_money_is_available_on_the_second_day_and_paid_out_in_one_sum(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.clock(now=START, stopped=True)
    charges = [paid(client, 5_000), paid(client, 1_000)]
    client.v1.refunds.create({"charge": charges[1], "amount": 400})
    fees = 175 + 59
    assert balance(client) == (-400, 6_000 - fees)
    fresh.control.clock(advance=2 * DAY)
    payout = fresh.control.payout()
    assert payout["amount"] == 6_000 - fees - 400
    assert balance(client) == (0, 0)
    fresh.control.clock(advance=DAY)
    (listed,) = client.v1.payouts.list().data
    assert (listed.status, listed.automatic, listed.reconciliation_status) == ("paid", True, "completed")
    rows = booked(client, payout=listed.id)
    assert sorted(row.type for row in rows) == ["charge", "charge", "payout", "refund"]
    assert sum(row.net for row in rows) == 0
    kinds = [event.type for event in client.v1.events.list({"types": ["payout.paid", "payout.created"]}).data]
    assert kinds == ["payout.paid", "payout.created"]


def test_a_payout_by_hand_takes_what_is_there_and_is_never_itemised(fresh: Sandbox, refused: Refused) -> None:
    client = client_of(fresh)
    fresh.control.clock(now=START, stopped=True)
    paid(client, 5_000)
    ask: stripe.params.PayoutCreateParams = {"amount": 1_000, "currency": "usd"}
    assert refused(lambda: client.v1.payouts.create(ask)).code == "balance_insufficient"
    fresh.control.clock(advance=2 * DAY)
    made = client.v1.payouts.create(ask)
    assert made.reconciliation_status == "not_applicable"
    assert booked(client, payout=made.id) == []
    assert client.v1.payouts.cancel(made.id).status == "canceled"
    assert balance(client) == (4_825, 0)


def test_a_payout_that_was_paid_can_still_fail(fresh: Sandbox) -> None:
    client = client_of(fresh)
    fresh.control.clock(now=START, stopped=True)
    paid(client, 5_000)
    fresh.control.clock(advance=2 * DAY)
    payout = fresh.control.payout()["id"]
    fresh.control.clock(advance=DAY)
    assert fresh.control.fail_payout(payout)["status"] == "failed"
    assert balance(client) == (4_825, 0)
    assert fresh.control.payout()["amount"] == 4_825


@pytest.mark.parametrize("won", [False, True])
def test_a_dispute_takes_the_money_and_a_fee_and_gives_the_money_back_when_won(fresh: Sandbox, *, won: bool) -> None:
    client = client_of(fresh)
    charge = paid(client, 5_000, "pm_card_createDispute")
    (dispute,) = client.v1.disputes.list({"charge": charge}).data
    assert (dispute.status, dispute.amount) == ("needs_response", 5_000)
    assert client.v1.charges.retrieve(charge).disputed is True
    fresh.control.close_dispute(dispute.id, won=won)
    kinds = {event.type for event in client.v1.events.list({"limit": 100}).data}
    assert ("charge.dispute.funds_reinstated" in kinds) is won
    assert sum(balance(client)) == 5_000 - 175 - 1_500 - (0 if won else 5_000)


def test_a_disputed_charge_is_not_refunded_too(fresh: Sandbox, refused: Refused) -> None:
    client = client_of(fresh)
    charge = paid(client, 5_000)
    fresh.control.dispute(charge, amount=1_000)
    assert refused(lambda: client.v1.refunds.create({"charge": charge})).code == "charge_disputed"


class Account:
    """What can happen to an account, a step at a time; a step that has nothing to work on does nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control, self.client = sandbox.control, client_of(sandbox)
        self.charges: list[str] = []
        self.disputes: list[str] = []
        self.payouts: list[str] = []

    def charge(self, cents: int) -> None:
        self.charges.append(paid(self.client, cents))

    def refund(self, cents: int) -> None:
        if self.charges:
            self.client.v1.refunds.create({"charge": self.charges[-1], "amount": cents})

    def dispute(self, _: int) -> None:
        if self.charges:
            self.disputes.append(self.control.dispute(self.charges.pop())["id"])

    def close(self, cents: int) -> None:
        if self.disputes:
            self.control.close_dispute(self.disputes.pop(), won=cents % 2 == 0)

    def payout(self, _: int) -> None:
        self.payouts.append(self.control.payout()["id"])

    def fail(self, _: int) -> None:
        if self.payouts:
            self.control.fail_payout(self.payouts.pop())

    def day(self, _: int) -> None:
        self.control.clock(advance=DAY)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["charge", "refund", "dispute", "close", "payout", "fail", "day"]), st.integers(100, 5_000)
    ),
    max_size=25,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whatever_happens_the_balance_is_the_sum_of_its_transactions(steps: list[tuple[str, int]]) -> None:
    with served() as sandbox:
        sandbox.control.clock(now=START, stopped=True)
        account = Account(sandbox)
        for step, cents in steps:
            # A step that the account refuses (too much to refund, nothing to pay out) moves nothing.
            with contextlib.suppress(stripe.InvalidRequestError, SandboxError):
                getattr(account, step)(cents)
        rows = booked(account.client)
        assert sum(balance(account.client)) == sum(row.net for row in rows)
        assert all(row.net == row.amount - row.fee for row in rows)
        for payout in account.client.v1.payouts.list({"limit": 100}).data:
            if payout.status == "paid":
                assert sum(row.net for row in booked(account.client, payout=payout.id)) == 0
