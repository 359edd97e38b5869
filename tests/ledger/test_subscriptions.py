"""Subscriptions at the Stripe sandbox over HTTP: one a customer, metered visits on its invoices, drafts held."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from ledger.rules.outcome import Advice, Declined, Done, Refused
from ledger.rules.plan import NoPlan, Plan
from ledger.rules.visit import Actor, State
from ledger.store import reviews, subscriptions, visits
from ledger.store.database import connect
from ledger.store.visits import Deed
from tests.support.subscribed import PLAN, Club, club, metered, review_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database


@pytest.fixture(scope="module")
def opened(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    with club(module_database, tmp_path_factory.mktemp("home")) as made:
        yield made


def test_a_patient_subscribes_once_to_one_flat_price_and_one_metered_price_a_category(opened: Club) -> None:
    member = opened.patient()
    assert subscriptions.subscribe(opened.books, member.patient)
    assert not subscriptions.subscribe(opened.books, member.patient)
    (delivered,) = opened.deliver()
    assert isinstance(delivered.outcome, Done)
    (made,) = opened.subscriptions(member)
    prices = [item["price"] for item in made["items"]["data"]]
    assert {(price["unit_amount"], price["recurring"]["usage_type"]) for price in prices} == {
        (4_900, "licensed"),
        (7_500, "metered"),
        (9_000, "metered"),
    }
    assert (made["status"], made["billing_mode"]["type"], made["metadata"]) == ("active", "flexible", {})
    assert not subscriptions.subscribe(opened.books, member.patient)
    assert opened.deliver() == []


def test_two_who_ask_at_once_make_one_subscription(opened: Club) -> None:
    member = opened.patient()

    def ask(_: int) -> bool:
        with connect(opened.database) as connection:
            return subscriptions.subscribe(connection, member.patient)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(ask, range(4))) == [False, False, False, True]
    opened.deliver()
    assert len(opened.subscriptions(member)) == 1


def test_the_catalogue_is_made_once_for_all_subscribers(opened: Club) -> None:
    opened.member()
    before = catalogue(opened)
    opened.member()
    assert catalogue(opened) == before
    assert before["product"] == {"Practice plan", "Practice visit"}


def catalogue(opened: Club) -> dict[str, Any]:
    objects = opened.sandbox.control.objects()
    meters = sorted(made["event_name"] for made in objects if made["object"] == "billing.meter")
    prices = sorted(made["lookup_key"] for made in objects if made["object"] == "price")
    products = [made["name"] for made in objects if made["object"] == "product"]
    assert len(products) == len(set(products))
    return {"billing.meter": meters, "price": prices, "product": set(products)}


@pytest.mark.parametrize("mode", ["lost_after", "lost_before", "error"])
def test_a_lost_answer_leaves_one_subscription(opened: Club, mode: str) -> None:
    member = opened.patient()
    subscriptions.subscribe(opened.books, member.patient)
    opened.sandbox.control.fault("PostSubscriptions", mode)
    assert [each.outcome.state for each in opened.deliver()] == ["unknown"]
    opened.pass_time(hours=25)  # Stripe has forgotten the key
    assert [each.outcome.state for each in opened.deliver()] == ["done"]
    assert len(opened.subscriptions(member)) == 1


def test_a_subscription_that_somebody_else_made_stands(opened: Club) -> None:
    member = opened.patient()
    price = opened.client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1, "recurring": {"interval": "month"}, "product_data": {"name": "Theirs"}}
    )
    opened.client.v1.subscriptions.create({"customer": member.customer, "items": [{"price": price.id}]})
    subscriptions.subscribe(opened.books, member.patient)
    (delivered,) = opened.deliver()
    assert isinstance(delivered.outcome, Refused)
    assert delivered.outcome.code == "already_subscribed"
    assert len(opened.subscriptions(member)) == 1


def test_a_first_payment_that_is_declined_leaves_nothing_and_another_card_subscribes(opened: Club) -> None:
    member = opened.patient("pm_card_chargeCustomerFail")
    subscriptions.subscribe(opened.books, member.patient)
    (delivered,) = opened.deliver()
    assert isinstance(delivered.outcome, Declined)
    assert delivered.outcome.advice is Advice.NEW_CARD
    assert opened.subscriptions(member) == []
    method = opened.client.v1.payment_methods.attach("pm_card_visa", {"customer": member.customer}).id
    opened.gateway.choose_card(member.customer, method, uuid4())
    assert subscriptions.subscribe(opened.books, member.patient)
    assert [each.outcome.state for each in opened.deliver()] == ["done"]


def test_one_that_ended_at_stripe_can_be_followed_by_another(opened: Club) -> None:
    member = opened.member()
    opened.pass_time(seconds=2)  # of two words of one second the later one is not known
    opened.client.v1.subscriptions.cancel(opened.subscriptions(member)[0]["id"])
    opened.webhooks()
    assert subscriptions.price_of(opened.books, member.customer, 2, opened.now()) is None
    assert subscriptions.subscribe(opened.books, member.patient)
    assert [each.outcome.state for each in opened.deliver()] == ["done"]
    assert subscriptions.price_of(opened.books, member.customer, 2, opened.now()) == 7_500


def test_who_subscribed_keeps_their_price_and_who_comes_later_has_the_new_one(opened: Club) -> None:
    before = opened.member()
    subscriptions.set_plan(opened.books, "p1", Plan(4_900, {2: 8_000, 5: 9_000}))
    after = opened.member()
    prices = [subscriptions.price_of(opened.books, each.customer, 2, opened.now()) for each in (before, after)]
    assert prices == [7_500, 8_000]
    subscriptions.set_plan(opened.books, "p1", PLAN)


def test_without_plan_or_customer_nobody_subscribes(opened: Club) -> None:
    stranger = opened.patient(practice="p2")
    with pytest.raises(NoPlan, match="no plan"):
        subscriptions.subscribe(opened.books, stranger.patient)
    with pytest.raises(KeyError, match="card on file"):
        subscriptions.subscribe(opened.books, uuid4())


def test_a_visit_is_metered_where_the_subscription_has_its_price_and_invoiced_otherwise(opened: Club) -> None:
    member, other = opened.member(), opened.patient()
    ways = [
        (member, "90837", "meter"),  # category 2
        (member, "99214", "meter"),  # category 5
        (member, "97803", "invoice"),  # category 7: not in the plan
        (other, "90837", "invoice"),  # subscribes to nothing
    ]
    for who, code, channel in ways:
        closed = visits.close_out(opened.books, opened.visit(who, code))
        assert closed is not None
        assert closed.channel == channel
    assert [each.outcome.state for each in opened.deliver()] == ["done"] * 4


def test_a_visit_told_of_after_its_period_was_invoiced_is_invoiced_by_itself(opened: Club) -> None:
    member = opened.member()
    opened.end_the_period(member)
    while_a_draft = opened.visit(member, ago=timedelta(hours=1))
    opened.deliver()
    opened.pass_time(hours=2)
    too_late, in_time = opened.visit(member, ago=timedelta(hours=3)), opened.visit(member)
    ways = [visits.close_out(opened.books, visit) for visit in (while_a_draft, too_late, in_time)]
    assert [way and way.channel for way in ways] == ["meter", "invoice", "meter"]
    opened.deliver()
    assert review_of(opened, opened.invoice(member), settled_too=False) is None


def test_a_period_with_three_metered_visits_ends_in_an_invoice_of_three(opened: Club) -> None:
    member = opened.member()
    for code in ("90837", "90834", "99213"):
        opened.visit(member, code)
    opened.deliver()
    opened.end_the_period(member)
    draft = opened.invoice(member)
    assert (draft["status"], metered(draft)) == ("draft", {4_900: 1, 7_500: 2, 9_000: 1})
    assert review_of(opened, draft) is None
    assert opened.deliver() == []
    opened.pass_time(hours=2)
    paid = opened.invoice(member)
    assert (paid["id"], paid["status"], paid["amount_paid"]) == (draft["id"], "paid", 4_900 + 2 * 7_500 + 9_000)
    assert review_of(opened, paid) is None
    priced = opened.books.execute(
        "select sum((arguments ->> 'unit_cents')::bigint) from ledger.outbox"
        " where operation = 'meter_visit' and arguments ->> 'customer' = %s and state = 'done'",
        (member.customer,),
    ).fetchone()
    assert priced == (2 * 7_500 + 9_000,)


def test_an_invoice_that_misses_a_visit_is_held_until_somebody_releases_it(opened: Club) -> None:
    """All of it twice, and every webhook three times and shuffled: nothing is new."""
    opened.sandbox.control.webhooks(copies=3, shuffled=True)
    member = opened.member()
    lost = [opened.visit(member) for _ in range(3)][1]
    opened.deliver()
    lose(opened, lost)
    opened.end_the_period(member)
    draft = opened.invoice(member)
    review = review_of(opened, draft)
    assert review is not None
    assert (review.differs, review.is_held) == (True, False)
    assert [tuple(count) for count in review.counts] == [(2, 2, 3), (5, 0, 0)]
    assert [(each.operation, each.outcome.state) for each in opened.deliver()] == [("hold_invoice", "done")]
    opened.pass_time(days=5)
    held = opened.invoice(member)
    assert (held["status"], held["auto_advance"]) == ("draft", False)
    review = review_of(opened, draft)
    assert review is not None
    assert review.is_held

    with opened.books.transaction():
        assert reviews.release(opened.books, draft["id"], "Bo", "The patient was credited by telephone.")
        assert not reviews.release(opened.books, draft["id"], "Bo", "Once more.")
    assert [(each.operation, each.outcome.state) for each in opened.deliver()] == [("release_invoice", "done")]
    opened.pass_time(hours=2)
    assert opened.invoice(member)["status"] == "paid"
    again(opened)
    assert opened.deliver() == []
    assert opened.invoice(member)["amount_paid"] == 4_900 + 2 * 7_500
    assert review_of(opened, draft, settled_too=False) is None
    opened.sandbox.control.webhooks(copies=1, shuffled=False)


def lose(opened: Club, visit: Any) -> None:
    """Have Stripe not count what it took in, as when a check after its answer fails."""
    opened.client.v1.billing.meter_event_adjustments.create(
        {"event_name": "visit_category_2", "type": "cancel", "cancel": {"identifier": str(visit)}}
    )


def again(opened: Club) -> None:
    """Have every event that ever was delivered once more."""
    for made in opened.sandbox.control.objects():
        if made["object"] == "event":
            opened.sandbox.control.redeliver(made["id"])
    opened.webhooks()


def test_usage_that_comes_while_the_invoice_is_held_is_on_it_when_it_goes_out(opened: Club) -> None:
    """The dispatcher was away when the period ended: nothing is lost, and nobody has to add a line by hand."""
    member = opened.member()
    opened.visit(member)
    opened.end_the_period(member)
    draft = opened.invoice(member)
    assert metered(draft) == {4_900: 1}
    assert sorted(each.operation for each in opened.deliver()) == ["hold_invoice", "meter_visit"]
    reviews.release(opened.books, draft["id"], "Bo", "The usage was late.")
    opened.deliver()
    opened.pass_time(hours=2)
    assert metered(opened.invoice(member)) == {4_900: 1, 7_500: 1}


def test_an_invoice_that_went_out_before_it_could_be_held_is_told(opened: Club) -> None:
    member = opened.member()
    lost = opened.visit(member)
    opened.deliver()
    lose(opened, lost)
    opened.end_the_period(member)
    opened.pass_time(hours=2)  # nobody delivers meanwhile
    (delivered,) = opened.deliver()
    assert delivered.outcome == Done(opened.invoice(member)["id"], {"status": "paid"})
    review = review_of(opened, opened.invoice(member), settled_too=False)
    assert review is not None
    assert (review.differs, review.is_held) == (True, False)
    assert review.status in {"open", "paid"}  # of two words of one second the later one is not known
    assert reviews.release(opened.books, review.invoice_id, "Bo", "Asked for by an invoice of its own.")
    assert [each.outcome for each in opened.deliver()] == [delivered.outcome]
    assert review_of(opened, opened.invoice(member), settled_too=False) is None


def test_a_visit_whose_bill_falls_away_within_a_day_is_taken_off_the_meter(opened: Club) -> None:
    member = opened.member()
    sent, unsent = opened.visit(member), None
    opened.deliver()
    unsent = opened.visit(member)
    for visit in (sent, unsent):
        missed(opened, visit, "1")
        missed(opened, visit, "1")
    delivered = [(each.operation, each.outcome.state) for each in [*opened.deliver(), *opened.deliver()]]
    assert sorted(delivered) == [("cancel_usage", "done"), ("cancel_usage", "done"), ("meter_visit", "done")]
    opened.end_the_period(member)
    draft = opened.invoice(member)
    assert metered(draft) == {4_900: 1}
    assert review_of(opened, draft) is None


def test_a_visit_whose_bill_falls_away_later_stays_on_its_invoice_which_is_held(opened: Club) -> None:
    member = opened.member()
    visit = opened.visit(member)
    opened.deliver()
    sent_long_ago = "update ledger.outbox set changed_at = now() - interval '25 hours' where visit_token = %s"
    opened.books.execute(sent_long_ago, (visit,))
    missed(opened, visit, "late")
    assert opened.deliver() == []
    opened.end_the_period(member)
    draft = opened.invoice(member)
    assert metered(draft) == {4_900: 1, 7_500: 1}
    review = review_of(opened, draft)
    assert review is not None
    assert [tuple(count) for count in review.counts] == [(2, 1, 0), (5, 0, 0)]


def missed(opened: Club, visit: Any, key: str) -> None:
    """Put a visit right that nobody came to."""
    with opened.books.transaction():
        deed = Deed(f"{visit}/{key}", Actor.STAFF, opened.now(), "The patient was not there.")
        visits.advance(opened.books, visit, State.NO_SHOW, deed)


def test_the_portal_of_another_practice_sees_no_subscriber(opened: Club) -> None:
    member = opened.member()
    opened.pass_time(seconds=2)
    opened.client.v1.subscriptions.cancel(opened.subscriptions(opened.member())[0]["id"])
    opened.webhooks()
    seen = []
    for practice in ("p1", "p2"):
        with opened.books.transaction():
            opened.books.execute("set local role trueup_portal")
            opened.books.execute("select set_config('app.practice_id', %s, true)", (practice,))
            seen.append(subscriptions.price_of(opened.books, member.customer, 2, opened.now()))
            seen.append(opened.books.execute("select count(*) > 1, bool_or(is_over) from ledger.subscriber").fetchone())
    assert seen == [7_500, (True, True), None, (False, None)]
