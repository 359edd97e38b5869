"""The end of a subscription at the Stripe sandbox over HTTP: with its period or now; what was used is billed once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ledger.gateways.stripe_calls import Attempt
from ledger.rules.outcome import Refused
from ledger.rules.requests import Ending, MeterVisit
from ledger.store import collecting, subscriptions, visits, worklist
from ledger.store.worklist import Kind
from tests.support.subscribed import Club, Member, club, metered, review_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database


@pytest.fixture(scope="module")
def opened(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    with club(module_database, tmp_path_factory.mktemp("home")) as made:
        yield made


def ended_by_us(opened: Club, member: Member, ending: Ending) -> bool:
    with opened.books.transaction():
        return subscriptions.end(opened.books, member.patient, ending, "Bo", "Moves away.")


def test_a_subscription_ends_with_its_period_and_its_last_invoice_asks_for_what_was_used(opened: Club) -> None:
    member = opened.member()
    assert [ended_by_us(opened, member, Ending.PERIOD) for _ in range(2)] == [True, False]
    assert [(each.operation, each.outcome.state) for each in opened.deliver()] == [("end_subscription", "done")]
    (found,) = opened.subscriptions(member)
    assert (found["status"], found["cancel_at_period_end"]) == ("active", True)
    end = datetime.fromtimestamp(found["cancel_at"], UTC)
    prices = [subscriptions.price_of(opened.books, member.customer, 2, end + timedelta(seconds=at)) for at in (-1, 0)]
    assert prices == [7_500, None]
    until_then = opened.visit(member)
    opened.deliver()
    opened.end_the_period(member)
    last = opened.invoice(member)
    assert metered(last) == {7_500: 1}
    assert review_of(opened, last) is None
    after = opened.visit(member)
    ways = [visits.close_out(opened.books, visit) for visit in (until_then, after)]
    assert [way and way.channel for way in ways] == ["meter", "invoice"]
    opened.pass_time(hours=2)
    last = opened.client.v1.invoices.retrieve(last["id"]).to_dict()
    assert (last["status"], last["amount_paid"]) == ("paid", 7_500)
    assert opened.subscriptions(member) == []
    assert not ended_by_us(opened, member, Ending.NOW)
    assert subscriptions.subscribe(opened.books, member.patient)
    opened.deliver()
    assert len(opened.subscriptions(member)) == 1


@pytest.mark.parametrize("mode", [None, "lost_after", "lost_before", "error"])
def test_a_subscription_ends_now_when_its_usage_is_sent_and_is_billed_once(opened: Club, mode: str | None) -> None:
    """The answer is lost or not; to be asked with the period before, or twice, changes nothing."""
    member = opened.member()
    opened.visit(member)
    opened.pass_time(seconds=2)
    assert ended_by_us(opened, member, Ending.PERIOD)
    opened.deliver()
    opened.visit(member, "99213")
    opened.pass_time(seconds=2)
    asked = [ended_by_us(opened, member, ending) for ending in (Ending.NOW, Ending.NOW, Ending.PERIOD)]
    assert asked == [True, False, False]
    if mode:
        opened.sandbox.control.fault("DeleteSubscriptionsSubscriptionExposedId", mode)
    ways = [(each.operation, each.outcome.state) for each in opened.deliver()]
    assert ways == [("meter_visit", "done"), ("end_subscription", "unknown" if mode else "done")]
    # It may have ended: what is told from now on is invoiced by itself.
    late = visits.close_out(opened.books, opened.visit(member, ago=timedelta(seconds=2)))
    assert late is not None
    assert late.channel == "invoice"
    opened.pass_time(minutes=2)
    opened.deliver()
    assert opened.subscriptions(member) == []
    lasts = [
        made.to_dict()
        for made in opened.client.v1.invoices.list({"customer": member.customer}).data
        if made.billing_reason == "subscription_cycle"
    ]
    assert [metered(last) for last in lasts] == [{7_500: 1, 9_000: 1}]
    assert opened.deliver() == []
    (listed,) = [each for each in subscriptions.subscribers(opened.books) if each.patient_token == member.patient]
    assert (listed.is_over, listed.ending, listed.status) == (True, "done", "canceled")


def test_a_subscription_does_not_end_before_it_is_known_how_its_usage_ended(opened: Club) -> None:
    member = opened.member()
    opened.visit(member)
    opened.pass_time(seconds=2)
    ended_by_us(opened, member, Ending.NOW)
    opened.sandbox.control.fault("PostBillingMeterEvents", "lost_before")
    assert [(each.operation, each.outcome.state) for each in opened.deliver()] == [("meter_visit", "unknown")]
    opened.pass_time(minutes=2)
    ways = [(each.operation, each.outcome.state) for each in opened.deliver()]
    assert ways == [("meter_visit", "done"), ("end_subscription", "done")]
    assert metered(opened.invoice(member)) == {7_500: 1}


def test_usage_of_a_subscription_that_ended_before_it_was_sent_is_not_lost(opened: Club) -> None:
    member = opened.member()
    visit = opened.visit(member)
    opened.pass_time(seconds=2)
    opened.client.v1.subscriptions.cancel(opened.subscriptions(member)[0]["id"])
    opened.webhooks()
    (delivered,) = opened.deliver()
    assert isinstance(delivered.outcome, Refused)
    assert delivered.outcome.code == "no_subscription"
    collecting.sweep(opened.books)
    (item,) = [each for each in worklist.listed(opened.books) if each.visit_token == visit]
    assert (item.kind, item.why) == (Kind.SEND_REFUSED, "no_subscription")


def test_usage_that_was_put_off_is_not_sent_to_a_subscription_that_ended_since(opened: Club) -> None:
    member = opened.member()
    opened.visit(member)
    opened.pass_time(seconds=2)
    opened.sandbox.control.fault("PostBillingMeterEvents", "rate_limit")
    assert [each.outcome.state for each in opened.deliver()] == ["pending"]
    opened.client.v1.subscriptions.cancel(opened.subscriptions(member)[0]["id"])
    opened.webhooks()
    opened.pass_time(minutes=2)
    (delivered,) = opened.deliver()
    assert isinstance(delivered.outcome, Refused)
    assert delivered.outcome.code == "no_subscription"


def test_usage_that_is_too_old_says_what_is_to_be_done(opened: Club) -> None:
    member = opened.member()
    usage = MeterVisit(uuid4(), member.customer, "visit_category_2", opened.now() - timedelta(days=36))
    outcome = opened.gateway.perform(usage, Attempt(uuid4()))
    assert isinstance(outcome, Refused)
    assert outcome.code == "timestamp_too_far_in_past"
    assert "more than 35 days ago" in outcome.why
    assert "invoice it by itself, unless a memo asks for it" in outcome.why


def test_what_is_not_there_is_not_ended(opened: Club) -> None:
    with pytest.raises(KeyError, match="no subscription"):
        ended_by_us(opened, opened.patient(), Ending.PERIOD)
    member = opened.patient()
    subscriptions.subscribe(opened.books, member.patient)
    with pytest.raises(subscriptions.NotAtStripe, match="trueup send"):
        ended_by_us(opened, member, Ending.PERIOD)
    opened.deliver()


def test_an_end_that_stripe_refused_is_not_said_to_be_one(opened: Club) -> None:
    member = opened.member()
    ended_by_us(opened, member, Ending.NOW)
    opened.books.execute(
        "update ledger.outbox set state = 'refused'"
        " where business_key = ("
        "select 'end-now:' || subscription_token from ledger.subscription where patient_token = %s)",
        (member.patient,),
    )
    for ending in Ending:
        with pytest.raises(subscriptions.NotAtStripe, match="refused"):
            ended_by_us(opened, member, ending)
