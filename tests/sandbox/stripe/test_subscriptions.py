"""Subscriptions: a flat price ahead, metered visits behind, one invoice a period, on a test clock."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from sandbox.stripe.resources.periods import after
from sandbox.stripe.serving import Sandbox
from tests.support.stripe_sandbox import client_of

Refused = Callable[..., stripe.StripeError]
HOUR, DAY = 3600, 24 * 3600
START = int(datetime(2027, 1, 31, 9, tzinfo=UTC).timestamp())


class Subscribed:
    """A subscription on a test clock: 20.00 a month flat, 75.00 a visit."""

    def __init__(self, sandbox: Sandbox, card: str = "pm_card_visa") -> None:
        self.control, self.client = sandbox.control, client_of(sandbox)
        self.clock = self.client.v1.test_helpers.test_clocks.create({"frozen_time": START}).id
        self.customer = self.client.v1.customers.create({"test_clock": self.clock}).id
        self.card = self.client.v1.payment_methods.attach(card, {"customer": self.customer}).id
        self.client.v1.customers.update(self.customer, {"invoice_settings": {"default_payment_method": self.card}})
        meter = self.client.v1.billing.meters.create(
            {"display_name": "Visits", "event_name": "visit", "default_aggregation": {"formula": "sum"}},
        )
        flat = self._price(2_000, {"interval": "month"})
        metered = self._price(7_500, {"interval": "month", "usage_type": "metered", "meter": meter.id})
        self.subscription = self.client.v1.subscriptions.create(
            {
                "customer": self.customer,
                "items": [{"price": flat}, {"price": metered}],
                "billing_mode": {"type": "flexible"},
            },
        )

    def _price(self, cents: int, recurring: stripe.params.PriceCreateParamsRecurring) -> str:
        asked: stripe.params.PriceCreateParams = {"currency": "usd", "unit_amount": cents, "recurring": recurring}
        return self.client.v1.prices.create(asked | {"product_data": {"name": "Practice"}}).id

    def visit(self, identifier: str, at: int, value: str = "1") -> None:
        """Report one visit."""
        payload = {"stripe_customer_id": self.customer, "value": value}
        self.client.v1.billing.meter_events.create(
            {"event_name": "visit", "identifier": identifier, "timestamp": at, "payload": payload},
        )

    def advance(self, to: int) -> None:
        """Move the clock."""
        moved = self.client.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": to})
        assert moved.status == "advancing"
        assert self.client.v1.test_helpers.test_clocks.retrieve(self.clock).status == "ready"

    def invoices(self) -> list[stripe.Invoice]:
        """Return the invoices, newest first."""
        return self.client.v1.invoices.list({"subscription": self.subscription.id}).data

    def end(self, periods: int = 1) -> int:
        """Return the end of a period."""
        return after(START, {"interval": "month", "interval_count": 1}, periods)


@pytest.fixture
def subscribed(fresh: Sandbox) -> Subscribed:
    """Return a subscription on a test clock."""
    return Subscribed(fresh)


def test_the_first_invoice_is_of_the_flat_price_and_paid_at_once(subscribed: Subscribed) -> None:
    assert subscribed.subscription.status == "active"
    (first,) = subscribed.invoices()
    assert (first.billing_reason, first.status, first.total) == ("subscription_create", "paid", 2_000)
    metered, flat = subscribed.client.v1.subscription_items.list({"subscription": subscribed.subscription.id}).data
    assert (flat.current_period_start, flat.current_period_end) == (START, subscribed.end())
    assert (flat.quantity, "quantity" in metered.to_dict()) == (1, False)


def test_a_cycle_bills_what_was_used_and_the_flat_price_ahead(subscribed: Subscribed) -> None:
    for number in range(3):
        subscribed.visit(str(number), START + 60)
    subscribed.advance(subscribed.end())
    draft = subscribed.invoices()[0]
    assert (draft.billing_reason, draft.status, draft.total) == ("subscription_cycle", "draft", 2_000 + 3 * 7_500)
    assert (draft.period_start, draft.period_end) == (START, subscribed.end())
    lines = {(line.quantity, line.amount): line.period for line in draft.lines.data}
    assert lines[1, 2_000].start == subscribed.end()
    assert (lines[3, 22_500].start, lines[3, 22_500].end) == (START, subscribed.end())
    subscribed.advance(subscribed.end() + 2 * HOUR)
    paid = subscribed.invoices()[0]
    assert (paid.status, paid.amount_paid) == ("paid", 24_500)


def test_what_is_reported_late_counts_until_the_invoice_is_final_and_never_after(subscribed: Subscribed) -> None:
    subscribed.advance(subscribed.end())
    subscribed.visit("in the hour", START + DAY)
    assert subscribed.invoices()[0].total == 2_000
    assert subscribed.client.v1.invoices.retrieve(str(subscribed.invoices()[0].id)).total == 9_500
    subscribed.advance(subscribed.end() + HOUR)
    subscribed.visit("too late", START + DAY)
    assert subscribed.client.v1.invoices.retrieve(str(subscribed.invoices()[0].id)).total == 9_500


def test_a_draft_that_is_held_is_not_finalised(subscribed: Subscribed) -> None:
    subscribed.advance(subscribed.end())
    held = str(subscribed.invoices()[0].id)
    subscribed.client.v1.invoices.update(held, {"auto_advance": False})
    subscribed.advance(subscribed.end() + 5 * DAY)
    assert subscribed.client.v1.invoices.retrieve(held).status == "draft"


def test_usage_below_zero_is_billed_as_none(subscribed: Subscribed) -> None:
    subscribed.visit("a", START + 60, "-2")
    subscribed.advance(subscribed.end())
    assert subscribed.invoices()[0].total == 2_000


def test_periods_are_counted_from_the_anchor(subscribed: Subscribed) -> None:
    assert datetime.fromtimestamp(subscribed.end(), UTC).date().isoformat() == "2027-02-28"
    subscribed.advance(subscribed.end(2))
    ends = [datetime.fromtimestamp(found.period_end, UTC).date().isoformat() for found in subscribed.invoices()[:2]]
    assert ends == ["2027-03-31", "2027-02-28"]


def test_a_cycle_that_is_not_paid_is_past_due_until_it_is(fresh: Sandbox) -> None:
    subscribed = Subscribed(fresh)
    fresh.control.card(subscribed.card, ["insufficient_funds"])
    subscribed.advance(subscribed.end() + HOUR)
    read = subscribed.client.v1.subscriptions.retrieve
    assert read(subscribed.subscription.id).status == "past_due"
    subscribed.advance(subscribed.end() + HOUR + DAY)
    assert read(subscribed.subscription.id).status == "active"
    assert subscribed.invoices()[0].attempt_count == 2


def test_a_first_invoice_that_is_declined_leaves_the_subscription_incomplete_for_a_day(fresh: Sandbox) -> None:
    subscribed = Subscribed(fresh, "pm_card_chargeCustomerFail")
    assert subscribed.subscription.status == "incomplete"
    subscribed.advance(START + DAY)
    found = subscribed.client.v1.subscriptions.retrieve(subscribed.subscription.id)
    assert found.status == "incomplete_expired"
    assert subscribed.invoices()[0].status == "void"


def test_leaving_at_the_end_of_the_period_bills_the_last_visits_and_nothing_ahead(subscribed: Subscribed) -> None:
    subscribed.client.v1.subscriptions.update(subscribed.subscription.id, {"cancel_at_period_end": True})
    subscribed.visit("a", START + 60)
    subscribed.advance(subscribed.end() + HOUR)
    assert subscribed.client.v1.subscriptions.retrieve(subscribed.subscription.id).status == "canceled"
    last = subscribed.invoices()[0]
    assert (last.status, last.total) == ("paid", 7_500)
    subscribed.advance(subscribed.end(2) + DAY)
    assert len(subscribed.invoices()) == 2


def test_ending_at_once_bills_the_usage_only_when_asked(subscribed: Subscribed) -> None:
    subscribed.visit("a", START)
    subscribed.advance(START + DAY)
    subscribed.client.v1.subscriptions.cancel(subscribed.subscription.id, {"invoice_now": True})
    assert [found.total for found in subscribed.invoices()] == [7_500, 2_000]
    assert subscribed.client.v1.subscriptions.list({"customer": subscribed.customer}).data == []


def test_a_change_that_would_be_prorated_is_refused_loudly(subscribed: Subscribed, refused: Refused) -> None:
    flat = subscribed.subscription["items"]["data"][0]
    change: stripe.params.SubscriptionUpdateParams = {"items": [{"id": flat["id"], "quantity": 2}]}
    update = subscribed.client.v1.subscriptions.update
    assert refused(lambda: update(subscribed.subscription.id, change)).http_status == 501
    update(subscribed.subscription.id, change | {"proration_behavior": "none"})
    subscribed.advance(subscribed.end())
    assert subscribed.invoices()[0].total == 4_000


def test_the_next_invoice_can_be_looked_at_and_nothing_is_kept(subscribed: Subscribed) -> None:
    subscribed.visit("a", START)
    subscribed.client.v1.invoice_items.create({"customer": subscribed.customer, "amount": 300, "currency": "usd"})
    before = len(subscribed.control.objects())
    seen = subscribed.client.v1.invoices.create_preview({"subscription": subscribed.subscription.id})
    assert (seen.total, seen.period_start, seen.period_end) == (9_800, START, subscribed.end())
    assert max(line.period.end for line in seen.lines.data) == subscribed.end(2)
    assert len(subscribed.control.objects()) == before
    subscribed.advance(subscribed.end())
    assert subscribed.invoices()[0].total == seen.total


def test_items_come_and_go_without_proration(subscribed: Subscribed, refused: Refused) -> None:
    price = subscribed._price(500, {"interval": "month"})
    items = subscribed.client.v1.subscription_items
    ask: stripe.params.SubscriptionItemCreateParams = {"subscription": subscribed.subscription.id, "price": price}
    assert refused(lambda: items.create(ask)).http_status == 501
    made = items.create(ask | {"proration_behavior": "none"})
    items.update(made.id, {"quantity": 3, "proration_behavior": "none"})
    read = subscribed.client.v1.invoices.create_preview
    assert read({"subscription": subscribed.subscription.id}).total == 2_000 + 1_500
    items.delete(made.id, {"proration_behavior": "none"})
    assert read({"subscription": subscribed.subscription.id}).total == 2_000


def test_a_clock_goes_forward_only_and_not_too_far(subscribed: Subscribed, refused: Refused) -> None:
    move = subscribed.client.v1.test_helpers.test_clocks.advance
    for to in (START, START - 1, subscribed.end(2) + 1):
        assert refused(lambda to=to: move(subscribed.clock, {"frozen_time": to})).http_status == 400


@given(st.integers(0, 2**31), st.sampled_from(["day", "week", "month", "year"]), st.integers(1, 3))
def test_periods_follow_each_other_without_gaps_and_keep_their_day(anchor: int, interval: str, count: int) -> None:
    recurring = {"interval": interval, "interval_count": count}
    times = [after(anchor, recurring, number) for number in range(14)]
    assert times[0] == anchor
    assert times == sorted(set(times))
    days = {datetime.fromtimestamp(at, UTC).day for at in times}
    if interval in {"month", "year"}:
        assert max(days) == datetime.fromtimestamp(anchor, UTC).day
