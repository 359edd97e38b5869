"""What is delivered, how it ends, and that it happens once whatever breaks in between."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ledger.dispatch import LEASE, LONGEST_WAIT, Dispatcher, wait
from ledger.gateways.stripe_calls import KeyRefused
from ledger.gateways.stripe_gateway import StripeGateway
from ledger.rules.outcome import Advice, Declined, Done, Later, Refused, Unknown
from ledger.rules.requests import (
    CancelUsage,
    ChargeVisit,
    CreditBalance,
    CreditInvoice,
    DebitInvoice,
    Excess,
    MeterVisit,
    Request,
)
from ledger.store import inbox
from ledger.store.database import connect
from tests.support.recorder import HangUp
from tests.support.sending import SENT, Shop, shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database


@pytest.fixture
def opened(module_database: Database) -> Iterator[Shop]:
    with shop(module_database) as made:
        yield made


def outcome_of(opened: Shop, request: Request) -> object:
    assert opened.put(request)
    (delivered,) = opened.deliver()
    assert delivered.business_key == request.business_key
    return delivered.outcome


def test_a_share_is_invoiced_finalised_and_charged(opened: Shop) -> None:
    outcome = outcome_of(opened, opened.a(ChargeVisit))
    assert isinstance(outcome, Done)
    assert outcome.facts == {"status": "paid", "paid_cents": 4200}
    (invoice,) = opened.stripe.of("invoice")
    assert (invoice["auto_advance"], invoice["metadata"].keys()) == (True, {"visit_token", "place_of_service"})
    assert opened.stripe.of("invoiceitem")[0]["description"] == "Practice visit"
    assert opened.stripe.charges == [4200]


def test_a_memo_is_asked_for_by_an_invoice_of_its_own(opened: Shop) -> None:
    request = opened.a(DebitInvoice)
    assert isinstance(outcome_of(opened, request), Done)
    (invoice,) = opened.stripe.of("invoice")
    assert (invoice["status"], invoice["auto_advance"], invoice["total"]) == ("open", True, 4200)
    assert invoice["metadata"] == {"visit_token": str(request.visit_token), "memo_id": str(request.memo_id)}
    assert opened.stripe.charges == []


@pytest.mark.parametrize(("excess", "field"), [(Excess.BALANCE, "credit_amount"), (Excess.REFUND, "refund_amount")])
def test_what_is_paid_goes_where_the_practice_chooses(opened: Shop, excess: Excess, field: str) -> None:
    outcome = outcome_of(opened, opened.a(CreditInvoice, 1200, excess))
    assert isinstance(outcome, Done)
    assert outcome.facts == {"unpaid_cents": 0, "excess_cents": 1200}
    (note,) = opened.stripe.of("credit_note")
    assert note[field] == 1200


def test_what_is_unpaid_is_lowered_first(opened: Shop) -> None:
    opened.stripe.declines[opened.customer] = "insufficient_funds"
    outcome = outcome_of(opened, opened.a(CreditInvoice, 1200))
    assert isinstance(outcome, Done)
    assert outcome.facts == {"unpaid_cents": 1200, "excess_cents": 0}


def test_a_credit_above_its_invoice_is_refused(opened: Shop) -> None:
    assert outcome_of(opened, opened.a(CreditInvoice, 5001)) == Refused(
        "credit_note_too_large", "Stripe refuses it: amount."
    )
    assert opened.stripe.of("credit_note") == []


def test_a_credit_without_an_invoice_goes_to_the_balance(opened: Shop) -> None:
    assert isinstance(outcome_of(opened, opened.a(CreditBalance, 700)), Done)
    assert [made["amount"] for made in opened.stripe.of("customer_balance_transaction")] == [-700]


def test_below_the_smallest_charge_the_balance_carries_it_and_the_outcome_says_so(opened: Shop) -> None:
    outcome = outcome_of(opened, opened.a(ChargeVisit, 49))
    assert isinstance(outcome, Done)
    assert outcome.facts == {"status": "paid", "paid_cents": 0, "carried_cents": 49}
    assert opened.stripe.charges == []


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("insufficient_funds", Advice.RETRY),
        ("expired_card", Advice.NEW_CARD),
        ("authentication_required", Advice.AUTHENTICATE),
        ("stolen_card", Advice.NEVER),
        ("a_code_of_tomorrow", Advice.NEW_CARD),
        ("no_card", Advice.NEW_CARD),
    ],
)
def test_a_decline_is_classified_and_the_invoice_stands(opened: Shop, code: str, advice: Advice) -> None:
    opened.stripe.declines[opened.customer] = code
    outcome = outcome_of(opened, opened.a(ChargeVisit))
    (invoice,) = opened.stripe.of("invoice")
    assert outcome == Declined(invoice["id"], code, advice)
    assert invoice["status"] == "open"
    opened.later(days=2)
    assert opened.deliver() == []  # Stripe goes on trying, not we


@pytest.mark.parametrize("how", ["waits", "invoice_payment_intent_requires_action"])
def test_a_payment_that_waits_for_the_patient_is_not_done_and_needs_no_new_card(opened: Shop, how: str) -> None:
    opened.stripe.declines[opened.customer] = how
    outcome = outcome_of(opened, opened.a(ChargeVisit))
    assert isinstance(outcome, Declined)
    assert outcome.advice is Advice.AUTHENTICATE


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("cancelled", [True, False])
def test_usage_of_another_visit_in_the_same_minute_is_not_taken_for_ours(
    opened: Shop, when: str, cancelled: bool
) -> None:
    """The answer to a second visit's usage is lost, and Stripe has forgotten the identifiers when it is tried again."""
    first, second = (MeterVisit(uuid4(), opened.customer, "visit_category_1", opened.now()) for _ in range(2))
    assert outcome_of(opened, first) == Done(str(first.visit_token))
    hang_up_at(opened, 1, when)
    opened.put(second)
    opened.deliver()
    if cancelled:
        assert isinstance(outcome_of(opened, CancelUsage(first.visit_token, "visit_category_1")), Done)
    opened.later(hours=26)
    (again,) = opened.deliver()
    counted = [event["identifier"] for event in opened.stripe.usage]
    is_unclear = cancelled and when == "after"  # one is counted, and of which visit nobody can say
    assert isinstance(again.outcome, Unknown if is_unclear else Done)
    assert counted.count(str(second.visit_token)) == 1
    assert counted.count(str(first.visit_token)) == (not cancelled)


def test_usage_is_of_the_time_the_visit_ended(opened: Shop) -> None:
    request = opened.a(MeterVisit)
    assert outcome_of(opened, request) == Done(str(request.visit_token))
    (event,) = opened.stripe.usage
    assert event["timestamp"] == str(int(request.ended_at.timestamp()))
    assert event["identifier"] == str(request.visit_token)


def test_a_limit_that_is_reached_is_waited_for(opened: Shop) -> None:
    opened.stripe.failing = [429]
    assert isinstance(outcome_of(opened, opened.a(CreditBalance)), Later)
    assert opened.deliver() == []
    opened.stripe.keys.clear()  # Stripe keeps no answer of a call it did not begin
    opened.later(minutes=1)
    assert isinstance(opened.deliver()[0].outcome, Done)


def test_a_refused_key_stops_everything_and_loses_nothing(opened: Shop) -> None:
    opened.stripe.failing = [401]
    opened.put(opened.a(CreditBalance))
    with pytest.raises(KeyRefused, match="TRUEUP_STRIPE_KEY"):
        opened.deliver()
    opened.stripe.keys.clear()
    opened.later(minutes=11)
    assert [each.outcome.state for each in opened.deliver()] == ["done"]


def test_when_stripe_is_away_the_rest_waits(opened: Shop) -> None:
    for _ in range(6):
        opened.put(opened.a(CreditBalance))
    away = Dispatcher(opened.database, StripeGateway("sk_test_x", "http://127.0.0.1:1", opened.now), opened.now)
    assert len(list(away.deliver_due())) == 3
    opened.later(hours=1)
    assert len(opened.deliver()) == 6
    assert opened.effects()["balance"] == -6 * 4200


def test_waits_double_up_to_four_a_day() -> None:
    assert [wait(attempt) for attempt in (1, 2, 3)] == [
        timedelta(minutes=1),
        timedelta(minutes=2),
        timedelta(minutes=4),
    ]
    assert wait(400) == LONGEST_WAIT


def hang_up_at(opened: Shop, number: int, when: str) -> list[str]:
    """Break the connection at so many calls from now, once; returns the list the path goes to when it happens."""
    target, happened = len(opened.recorder.received) + number, list[str]()

    def hook(at: int, path: str) -> None:
        if at == target and not happened:
            happened.append(path)
            raise HangUp

    setattr(opened.recorder, when, hook)
    return happened


def expected(opened: Shop, kind: type[Request]) -> dict[str, object]:
    """Return the effects of one request of a kind beside those that are there already."""
    effects = opened.effects()
    change = {
        "ChargeVisit": {"charged": 4200, "asked": 4200, "invoices": 1},
        "DebitInvoice": {"asked": 4200, "invoices": 1},
        "CreditInvoice": {"credited": 4200},
        "CreditBalance": {"balance": -4200},
    }
    return effects | {name: effects[name] + cents for name, cents in change.get(kind.__name__, {}).items()}


CALLS = {"ChargeVisit": 5, "DebitInvoice": 4, "CreditInvoice": 3, "CreditBalance": 1, "MeterVisit": 1, "CancelUsage": 1}
BREAKS = [(kind, number) for kind in SENT for number in range(1, CALLS[kind.__name__] + 1)]


@pytest.mark.parametrize("hours", [0.2, 26])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "number"), BREAKS, ids=lambda each: getattr(each, "__name__", each))
def test_a_connection_that_breaks_anywhere_leaves_one_effect(
    opened: Shop, kind: type[Request], number: int, when: str, hours: float
) -> None:
    """Also when Stripe has forgotten the keys and identifiers by the time it is tried again."""
    request = opened.a(kind)
    wanted = expected(opened, kind)
    if kind is MeterVisit:
        wanted["usage"] = [str(request.visit_token)]
    if kind.__name__ == "CancelUsage":
        wanted["usage"] = []
    happened = hang_up_at(opened, number, when)
    assert opened.put(request)
    assert [type(each.outcome) for each in opened.deliver()] == [Unknown]
    assert happened
    opened.later(hours=hours)
    (again,) = opened.deliver()
    if kind.__name__ == "CancelUsage" and hours > 24:
        assert isinstance(again.outcome, Unknown)  # nothing can be read back: a person looks
        return
    assert isinstance(again.outcome, Done)
    assert opened.effects() == wanted
    opened.later(days=800)
    assert opened.deliver() == []
    assert not opened.put(request)
    assert opened.effects() == wanted


@pytest.mark.parametrize(("kind", "number"), BREAKS, ids=lambda each: getattr(each, "__name__", each))
def test_a_failure_that_stripe_keeps_for_a_day_is_got_past_by_another_key(
    opened: Shop, kind: type[Request], number: int
) -> None:
    request = opened.a(kind)
    wanted = expected(opened, kind)
    target = len(opened.recorder.received) + number
    opened.recorder.before = lambda at, _: opened.stripe.failing.append(500) if at == target else None
    opened.put(request)
    assert [each.outcome for each in opened.deliver()] == [Unknown("Stripe failed.", answered=True)]
    opened.later(minutes=2)
    assert [type(each.outcome) for each in opened.deliver()] == [Done]
    wanted["usage"] = [str(request.visit_token)] if kind is MeterVisit else []
    assert opened.effects() == wanted


def test_a_dispatcher_that_stalls_past_its_lease_does_nothing_twice(opened: Shop) -> None:
    """It wakes when another has delivered its row."""
    stalled, free = threading.Event(), threading.Event()

    def stall(at: int, _: str) -> None:
        if not stalled.is_set() and at > 1:
            stalled.set()
            assert free.wait(60)

    opened.recorder.before = stall
    opened.put(opened.a(ChargeVisit))
    with ThreadPoolExecutor(1) as pool:
        sleeper = pool.submit(opened.deliver)
        assert stalled.wait(60)
        opened.later(seconds=LEASE.total_seconds() + 1)
        assert [type(each.outcome) for each in opened.deliver()] == [Done]
        free.set()
        assert [each.attempt for each in sleeper.result()] == [1]
    assert opened.states() == ["done"]
    assert opened.stripe.charges == [4200]
    assert opened.effects()["invoices"] == 1


def test_two_dispatchers_of_four_workers_deliver_everything_once(opened: Shop) -> None:
    for cents in range(101, 125):
        opened.put(opened.a(ChargeVisit, cents))
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(lambda _: list(opened.dispatcher().deliver_all(4)), range(2))
        delivered = [each for done in both for each in done]
    assert len(delivered) == 24
    assert sorted(opened.stripe.charges) == list(range(101, 125))


def test_workers_stop_when_who_asked_leaves(opened: Shop) -> None:
    for _ in range(12):
        opened.put(opened.a(CreditBalance))
    ending = opened.dispatcher().deliver_all(2)
    next(ending)
    ending.close()
    done = opened.states().count("done")
    assert done < 12
    assert len(list(opened.dispatcher().deliver_all())) == 12 - done
    assert opened.effects()["balance"] == -12 * 4200


def test_a_row_somebody_changed_in_place_of_us_is_not_sent(opened: Shop) -> None:
    request = opened.a(CreditBalance)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CreditBalance, "document", lambda _: {"note": "Maria Garcia"})
        opened.put(request)
    calls = len(opened.recorder.received)
    (delivered,) = opened.deliver()
    assert isinstance(delivered.outcome, Refused)
    assert "Maria" not in str(delivered.outcome)
    assert opened.recorder.received[calls:] == []


def test_a_draft_of_another_amount_is_never_finalised(opened: Shop) -> None:
    request = opened.a(ChargeVisit)
    hang_up_at(opened, 3, "before")
    opened.put(request)
    opened.deliver()
    opened.stripe.of("invoice")[0]["total"] = 9
    opened.later(hours=26)
    (delivered,) = opened.deliver()
    assert isinstance(delivered.outcome, Unknown)
    assert opened.effects()["invoices"] == 0
    assert dataclasses.asdict(delivered.outcome)["why"].startswith("The draft")


def test_a_credit_of_a_balance_is_told_by_the_answer_to_its_call(database: Database) -> None:
    """No webhook tells of one. The first answer is lost: what is read back says the same, once, and posts the memo."""
    with shop(database) as opened, contextlib.closing(connect(database, autocommit=True)) as books:
        request = CreditBalance(uuid4(), uuid4(), opened.customer, 700)
        assert opened.put(request)
        lost = hang_up_at(opened, 1, "after")
        opened.deliver()
        assert lost
        assert books.execute("select from ledger.inbox").fetchall() == []
        opened.later(minutes=2)
        opened.deliver()
        (made,) = opened.stripe.of("customer_balance_transaction")
        transaction = {
            "id": made["id"],
            "amount": -700,
            "created": made["created"],
            "currency": "usd",
            "customer": opened.customer,
            "livemode": False,
            "metadata": {"visit_token": str(request.visit_token), "memo_id": str(request.memo_id)},
        }
        (kept,) = books.execute("select endpoint, object_type, is_landed, payload from ledger.inbox").fetchall()
        assert kept == (inbox.OWN, "customer_balance_transaction", False, transaction)
