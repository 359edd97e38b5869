"""Requests to Stripe for tests: one of each kind, and a strategy for any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import strategies as st

from ledger.rules import opaque
from ledger.rules.place_of_service import NAMES
from ledger.rules.requests import (
    CancelUsage,
    ChargeVisit,
    CreditBalance,
    CreditInvoice,
    DebitInvoice,
    Ending,
    EndSubscription,
    Excess,
    HoldInvoice,
    MeterVisit,
    PauseInvoice,
    PayInvoice,
    ReleaseInvoice,
    Request,
    ResumeInvoice,
    Subscribe,
)

VISIT = UUID("0b9d1c52-4a55-4d0e-9f0a-0123456789ab")
MEMO = UUID("6f2b8c1e-4d7a-8f0b-9e35-a1c8d2047b96")
SUBSCRIPTION = UUID("a3d1c8f0-5b7e-4c19-8a42-0f9e8d7c6b5a")
CATALOGUE = UUID("5f0c1d2e-3b4a-5968-8776-95a4b3c2d1e0")
HOLD = UUID("7c1f8a92-53d0-4b6e-8f14-2f5a9c0d6e31")
CUSTOMER = "cus_QXg1o8vcGmoR32"
ENDED_AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
CHARGE = ChargeVisit(VISIT, CUSTOMER, 4200, "pm_1Qabc2DEF3ghi4", "10")
METER = MeterVisit(VISIT, CUSTOMER, "visit_category_1", ENDED_AT, 7500)
EACH: tuple[Request, ...] = (
    CHARGE,
    METER,
    CancelUsage(VISIT, "visit_category_1"),
    CreditInvoice(VISIT, MEMO, "in_1Qabc2DEF3ghi4", 1200, ENDED_AT),
    CreditBalance(VISIT, MEMO, CUSTOMER, 1200),
    DebitInvoice(VISIT, MEMO, CUSTOMER, 1200, ENDED_AT),
    Subscribe(SUBSCRIPTION, CUSTOMER, CATALOGUE, 4900, "2=7500,5=9000"),
    EndSubscription(SUBSCRIPTION, CUSTOMER, "sub_1Qabc2DEF3ghi4", Ending.PERIOD),
    HoldInvoice("in_1Qabc2DEF3ghi4"),
    ReleaseInvoice("in_1Qabc2DEF3ghi4"),
    PayInvoice(VISIT, "in_1Qabc2DEF3ghi4", "pm_1Qabc2DEF3ghi4"),
    PauseInvoice(VISIT, "in_1Qabc2DEF3ghi4", HOLD),
    ResumeInvoice(VISIT, "in_1Qabc2DEF3ghi4", HOLD),
)

_CENTS = st.integers(1, opaque.LARGEST_CENTS)
_FIRST = datetime(2001, 9, 10, tzinfo=UTC)
_TIMES = st.builds(
    lambda seconds, zone: (_FIRST + timedelta(seconds=seconds)).astimezone(zone),
    st.integers(0, 3_000_000_000),
    st.sampled_from([UTC, timezone(timedelta(hours=-5))]),
)
_CUSTOMERS = st.from_regex(opaque.CUSTOMER.pattern, fullmatch=True)
_INVOICES = st.from_regex(opaque.INVOICE.pattern, fullmatch=True)
_CARDS = st.from_regex(opaque.PAYMENT_METHOD.pattern, fullmatch=True)
_EVENTS = st.from_regex(opaque.EVENT_NAME.pattern, fullmatch=True)
REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.builds(
        ChargeVisit,
        st.uuids(),
        _CUSTOMERS,
        _CENTS,
        st.none() | _CARDS,
        st.none() | st.sampled_from(sorted(NAMES)),
    ),
    st.builds(MeterVisit, st.uuids(), _CUSTOMERS, _EVENTS, _TIMES, st.none() | _CENTS),
    st.builds(CancelUsage, st.uuids(), _EVENTS),
    st.builds(
        CreditInvoice,
        st.uuids(),
        st.uuids(),
        _INVOICES,
        _CENTS,
        _TIMES,
        st.sampled_from(Excess),
    ),
    st.builds(CreditBalance, st.uuids(), st.uuids(), _CUSTOMERS, _CENTS),
    st.builds(DebitInvoice, st.uuids(), st.uuids(), _CUSTOMERS, _CENTS, _TIMES),
    st.builds(
        Subscribe,
        st.uuids(),
        _CUSTOMERS,
        st.uuids(),
        _CENTS,
        st.from_regex(opaque.VISIT_PRICES.pattern, fullmatch=True),
    ),
    st.builds(
        EndSubscription,
        st.uuids(),
        _CUSTOMERS,
        st.from_regex(opaque.SUBSCRIPTION.pattern, fullmatch=True),
        st.sampled_from(Ending),
    ),
    st.builds(HoldInvoice, _INVOICES),
    st.builds(ReleaseInvoice, _INVOICES),
    st.builds(PayInvoice, st.uuids(), _INVOICES, _CARDS),
    st.builds(PauseInvoice, st.uuids(), _INVOICES, st.uuids()),
    st.builds(ResumeInvoice, st.uuids(), _INVOICES, st.uuids()),
)
