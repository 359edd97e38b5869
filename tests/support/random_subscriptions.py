"""Random histories of subscriptions and their invoices, as Hypothesis strategies of Stripe objects and events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Body = dict[str, Any]
DAY = 86400
START = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())
# Whole days and hours hit the ends of months in more than one time zone.
MOMENTS = st.builds(
    lambda day, hour: START + day * DAY + hour * 3600, st.integers(0, 270), st.sampled_from((0, 4, 5, 13))
)
LATER = st.one_of(st.none(), MOMENTS)


def _price(interval: str, count: int, usage: str, unit: tuple[int | None, str | None]) -> Body:
    recurring = {"interval": interval, "interval_count": count, "usage_type": usage}
    return {
        "id": f"price_{interval}_{count}",
        "unit_amount": unit[0],
        "unit_amount_decimal": unit[1],
        "recurring": recurring,
    }


UNITS = st.one_of(
    st.builds(lambda cents: (cents, str(cents)), st.integers(0, 20_000)),
    st.builds(lambda cents: (None, f"{cents // 8}.{cents % 8 * 125:03d}"), st.integers(0, 4_000)),
    st.just((None, None)),
)
PRICES = st.builds(
    _price,
    st.sampled_from(("month", "month", "year", "week", "day")),
    st.sampled_from((1, 1, 2, 3, 7)),
    st.sampled_from(("licensed", "licensed", "licensed", "metered")),
    UNITS,
)
ITEMS = st.lists(
    st.builds(lambda price, count: {"id": "si_1", "price": price, "quantity": count}, PRICES, st.integers(0, 5)),
    min_size=1,
    max_size=2,
)
PAUSES = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    st.builds(
        lambda behavior, resumes: {"behavior": behavior, "resumes_at": resumes},
        st.sampled_from(("void", "keep_as_draft", "mark_uncollectible")),
        LATER,
    ),
)
STATUSES = ("active",) * 6 + (
    "past_due",
    "trialing",
    "unpaid",
    "incomplete",
    "incomplete_expired",
    "canceled",
    "paused",
)


@st.composite
def histories(draw: Callable[[st.SearchStrategy[Any]], Any], number: int) -> list[Body]:
    """Return the versions of one subscription: bodies, each with `at`, the time of its event or None."""
    started = draw(MOMENTS)
    trial_end = draw(st.one_of(st.none(), st.none(), MOMENTS))
    times = sorted(draw(st.lists(MOMENTS, min_size=0, max_size=4, unique=True)))
    customer = draw(st.sampled_from(("cus_1", "cus_2", "cus_3")))
    found = []
    for at in [*times, None]:
        status = draw(st.sampled_from(STATUSES))
        ended = draw(MOMENTS) if status == "canceled" else None
        body = {"id": f"sub_{number}", "object": "subscription", "customer": customer, "start_date": started}
        body |= {"status": status, "trial_end": trial_end, "items": {"data": draw(ITEMS)}}
        body |= {"pause_collection": draw(PAUSES), "canceled_at": ended, "ended_at": ended}
        if draw(st.integers(0, 3)) or (at is None and not found):
            found.append({"at": at, "body": body})
    return found


@st.composite
def _lines(draw: Callable[[st.SearchStrategy[Any]], Any], number: int) -> Body:
    start = draw(MOMENTS)
    end = start + draw(
        st.one_of(st.just(0), st.integers(1, 400 * DAY), st.sampled_from((30 * DAY, 31 * DAY, 365 * DAY)))
    )
    price = draw(PRICES)
    line = {"id": f"il_{number}", "amount": draw(st.integers(-5_000, 20_000)), "price": price}
    return line | {"period": {"start": start, "end": end}, "quantity": 1}


@st.composite
def invoices(draw: Callable[[st.SearchStrategy[Any]], Any], number: int) -> list[Body]:
    """Return an invoice of a subscription with its lines, and its credit notes."""
    lines = [draw(_lines(place)) for place in range(draw(st.integers(1, 3)))]
    total = sum(line["amount"] for line in lines)
    bill = {"id": f"in_{number}", "object": "invoice", "status": "paid", "subscription": "sub_0", "customer": "cus_1"}
    bill |= {"created": draw(MOMENTS), "total": total, "lines": {"data": lines}}
    notes = [
        {"id": f"cn_{number}_{place}", "object": "credit_note", "invoice": bill["id"], "created": draw(MOMENTS)}
        | {"amount": cents, "total": cents, "status": draw(st.sampled_from(("issued", "issued", "void")))}
        for place, cents in enumerate(draw(st.lists(st.integers(1, 3_000), max_size=2)))
    ]
    return [bill, *notes]


@st.composite
def accounts(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[list[Body], list[Body]]:
    """Return the versions of some subscriptions, and some invoices with their credit notes."""
    versions = [one for number in range(draw(st.integers(1, 5))) for one in draw(histories(number))]
    bills = [one for number in range(draw(st.integers(0, 3))) for one in draw(invoices(number))]
    return versions, bills
