"""What may be sent for a visit: the table of decisions, and what holds of every visit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.rules.sending import (
    CANCEL_WITHIN,
    METER_DAYS,
    Action,
    Channel,
    Invoice,
    Sent,
    Standing,
    Usage,
    what_to_send,
)

DAY = timedelta(days=1)
LONG_AGO = {"usage": Usage.SENT, "usage_cents": 500, "usage_age": DAY}
WRONG = {"owes_nothing": True, "usage_counts": False}
JUST_NOW = LONG_AGO | {"usage_age": DAY - timedelta(microseconds=1)}


@pytest.mark.parametrize(
    ("visit", "action", "cents", "why"),
    [
        (Standing(), Action.NOTHING, 0, "Nothing is due"),
        (Standing(level_cents=-500), Action.NOTHING, 0, "Nothing is due"),
        # Never billed: usage while Stripe takes it.
        (Standing(level_cents=500), Action.METER_EVENT, 500, "35 days"),
        (Standing(level_cents=500, days_ago=35), Action.METER_EVENT, 500, "35 days"),
        (Standing(level_cents=500, days_ago=36), Action.BLOCKED, 500, "36 days ago"),
        (Standing(level_cents=500, days_ago=None), Action.NOTHING, 0, "not over yet"),
        (Standing(level_cents=500, channel=Channel.METER), Action.METER_EVENT, 500, "35 days"),
        (Standing(level_cents=500, channel=Channel.INVOICE), Action.BLOCKED, 500, "second way"),
        (Standing(level_cents=500, channel=Channel.INVOICE, invoice=Invoice.VOID), Action.BLOCKED, 500, "second way"),
        (Standing(level_cents=500, channel=Channel.INVOICE, invoice=Invoice.DRAFT), Action.NOTHING, 0, "is a draft"),
        (Standing(level_cents=500, bills=False), Action.BLOCKED, 500, "missed visit"),
        (Standing(level_cents=500, period_is_invoiced=True), Action.BLOCKED, 500, "finalised"),
        (Standing(level_cents=500, usage=Usage.SENT), Action.NOTHING, 0, "sent already"),
        (Standing(level_cents=500, usage=Usage.UNKNOWN), Action.BLOCKED, 500, "24 hours"),
        (Standing(level_cents=500, is_disputed=True), Action.BLOCKED, 500, "disputed"),
        (Standing(level_cents=500, sent=Sent.QUEUED), Action.NOTHING, 0, "in the outbox"),
        (Standing(memo_cents=500, sent=Sent.QUEUED, is_disputed=True), Action.NOTHING, 0, "in the outbox"),
        (Standing(memo_cents=-500, sent=Sent.QUEUED), Action.NOTHING, 0, "in the outbox"),
        (Standing(memo_cents=500, sent=Sent.REFUSED), Action.BLOCKED, 500, "refused"),
        (Standing(memo_cents=99_999_999), Action.DEBIT_MEMO, 99_999_999, "an invoice of its own"),
        (Standing(memo_cents=100_000_000), Action.BLOCKED, 100_000_000, "999,999.99"),
        (Standing(memo_cents=-100_000_000), Action.BLOCKED, 100_000_000, "999,999.99"),
        (Standing(level_cents=500, awaits_books=True), Action.BLOCKED, 500, "reconcile first"),
        (Standing(memo_cents=-500, awaits_books=True, invoice=Invoice.VOID), Action.BLOCKED, 500, "reconcile first"),
        (Standing(memo_cents=500, awaits_books=True, sent=Sent.QUEUED), Action.NOTHING, 0, "in the outbox"),
        # Owed too little: a memo of ours.
        (Standing(memo_cents=500, days_ago=400), Action.DEBIT_MEMO, 500, "an invoice of its own"),
        (Standing(memo_cents=500, invoice=Invoice.FINALISED), Action.DEBIT_MEMO, 500, "an invoice of its own"),
        (Standing(memo_cents=500, level_cents=700), Action.DEBIT_MEMO, 500, "an invoice of its own"),
        (Standing(memo_cents=500, is_disputed=True), Action.BLOCKED, 500, "disputed"),
        (Standing(memo_cents=500, usage=Usage.UNKNOWN), Action.BLOCKED, 500, "unknown"),
        (Standing(memo_cents=500, usage=Usage.SENT, usage_counts=False), Action.BLOCKED, 500, "bill it twice"),
        (Standing(memo_cents=500, usage=Usage.SENT), Action.DEBIT_MEMO, 500, "an invoice of its own"),
        (Standing(memo_cents=500, awaits_charge=True), Action.BLOCKED, 500, "ask twice"),
        (Standing(memo_cents=500, awaits_charge=True, sent=Sent.QUEUED), Action.NOTHING, 0, "in the outbox"),
        # Billed too much.
        (Standing(memo_cents=-500, awaits_charge=True), Action.BLOCKED, 500, "ask twice"),
        (Standing(memo_cents=-500), Action.CREDIT_MEMO, 500, "the customer's balance"),
        (Standing(memo_cents=-500, invoice=Invoice.VOID), Action.CREDIT_MEMO, 500, "the customer's balance"),
        (Standing(memo_cents=-500, invoice=Invoice.DRAFT), Action.BLOCKED, 500, "is a draft"),
        (
            Standing(memo_cents=-500, invoice=Invoice.FINALISED, creditable_cents=500),
            Action.CREDIT_MEMO,
            500,
            "a credit note lowers it",
        ),
        (Standing(memo_cents=-500, invoice=Invoice.FINALISED, creditable_cents=499), Action.BLOCKED, 500, "at most"),
        (Standing(memo_cents=-500, **JUST_NOW), Action.BLOCKED, 500, "follows the invoice"),
        (Standing(memo_cents=-400, **JUST_NOW), Action.BLOCKED, 400, "in part"),
        # Usage of a visit that bills nothing any more, which the books do not count.
        (Standing(**JUST_NOW, **WRONG), Action.METER_CANCEL, 500, "less than 24 hours"),
        (Standing(**LONG_AGO, **WRONG), Action.BLOCKED, 500, "is held as a draft"),
        (Standing(**JUST_NOW, **WRONG, period_is_invoiced=True), Action.BLOCKED, 500, "a credit note lowers that"),
        (Standing(**JUST_NOW, **WRONG, is_disputed=True), Action.BLOCKED, 500, "disputed"),
        (Standing(**(LONG_AGO | WRONG | {"usage": Usage.TAKEN_BACK})), Action.NOTHING, 0, "Nothing is due"),
        (Standing(level_cents=500, usage=Usage.TAKEN_BACK), Action.BLOCKED, 500, "second time"),
        (Standing(level_cents=500, usage=Usage.VOIDED), Action.BLOCKED, 500, "is void"),
        (Standing(memo_cents=500, usage=Usage.VOIDED), Action.DEBIT_MEMO, 500, "an invoice of its own"),
        (
            Standing(
                memo_cents=-500, **LONG_AGO, period_is_invoiced=True, invoice=Invoice.FINALISED, creditable_cents=900
            ),
            Action.CREDIT_MEMO,
            500,
            "a credit note lowers it",
        ),
    ],
)
def test_the_table_of_decisions(visit: Standing, action: Action, cents: int, why: str) -> None:
    decision = what_to_send(visit)
    assert decision[:2] == (action, cents)
    assert why in decision.why


CENTS = st.integers(-10_000, 10_000)
STANDINGS = st.builds(
    Standing,
    is_disputed=st.booleans(),
    bills=st.booleans(),
    channel=st.sampled_from(Channel),
    memo_cents=CENTS | st.just(0),
    level_cents=CENTS | st.just(0),
    days_ago=st.none() | st.integers(0, 80),
    invoice=st.sampled_from(Invoice),
    creditable_cents=st.integers(0, 10_000),
    usage=st.sampled_from(Usage),
    usage_cents=st.integers(0, 10_000),
    usage_age=st.timedeltas(timedelta(0), 3 * DAY),
    period_is_invoiced=st.booleans(),
    usage_counts=st.booleans(),
    owes_nothing=st.booleans(),
    awaits_charge=st.booleans(),
    awaits_books=st.booleans(),
    sent=st.sampled_from(Sent),
)


@given(STANDINGS)
@example(Standing(level_cents=1, days_ago=METER_DAYS))
def test_what_holds_of_every_visit(visit: Standing) -> None:
    action, cents, why = what_to_send(visit)
    assert why.endswith(".")
    assert (cents == 0) == (action is Action.NOTHING)
    assert cents in {0, abs(visit.memo_cents), visit.level_cents, visit.usage_cents}
    if action not in {Action.NOTHING, Action.BLOCKED}:
        assert not visit.is_disputed
        assert visit.usage is not Usage.UNKNOWN
        assert visit.sent is Sent.NO or action is Action.METER_CANCEL
    if action is Action.METER_EVENT:
        assert not visit.memo_cents
        assert visit.usage is Usage.NEVER_SENT
        assert visit.channel is not Channel.INVOICE
        assert visit.days_ago is not None
        assert visit.days_ago <= METER_DAYS
        assert not visit.period_is_invoiced
    if action is Action.METER_CANCEL:
        assert visit.usage_age < CANCEL_WITHIN
        assert visit.owes_nothing
        assert not visit.memo_cents
        assert not visit.period_is_invoiced
    if action is Action.CREDIT_MEMO:
        assert visit.memo_cents < 0
        assert visit.invoice is not Invoice.DRAFT
        assert visit.invoice is not Invoice.FINALISED or cents <= visit.creditable_cents
    if visit.awaits_books:
        assert action in {Action.NOTHING, Action.BLOCKED}
    if visit.awaits_charge:
        assert action not in {Action.CREDIT_MEMO, Action.DEBIT_MEMO}
    if action is Action.DEBIT_MEMO:
        assert visit.memo_cents > 0
        assert visit.usage_counts or visit.usage is not Usage.SENT


@given(STANDINGS, st.integers(1, 80))
def test_what_is_too_late_for_usage_stays_too_late(visit: Standing, later: int) -> None:
    earlier = what_to_send(visit).action
    waited = Standing(**{name: getattr(visit, name) for name in visit.__slots__} | {"days_ago": later})
    if visit.days_ago is not None and later >= visit.days_ago and earlier is not Action.METER_EVENT:
        assert what_to_send(waited).action is not Action.METER_EVENT
