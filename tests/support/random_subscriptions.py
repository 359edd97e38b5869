"""Random histories of subscriptions and their invoices, as Stripe objects and events that a seed decides."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

Body = dict[str, Any]
DAY = 86400
START = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())
STATUSES = ("active",) * 8 + (
    "past_due",
    "past_due",
    "trialing",
    "unpaid",
    "incomplete",
    "incomplete_expired",
    "paused",
)
BEHAVIORS = ("void", "keep_as_draft", "mark_uncollectible")


def accounts(seed: int) -> tuple[list[Body], list[Body]]:
    """Return the versions of some subscriptions, each with `at`, the time of its event or None, and some invoices."""
    rng = Random(seed)  # noqa: S311 - the seed must decide
    versions = [one for number in range(rng.randint(3, 12)) for one in _history(rng, number)]
    bills = [one for number in range(rng.randint(1, 5)) for one in _invoice(rng, number)]
    return versions, bills


def _moment(rng: Random) -> int:
    """Return a time: whole hours that are the ends of months in more than one time zone."""
    return START + rng.randint(0, 270) * DAY + rng.choice((0, 4, 5, 13)) * 3600


def _price(rng: Random) -> Body:
    interval, count = rng.choice(("month", "month", "year", "week", "day")), rng.choice((1, 1, 2, 3, 7))
    usage = rng.choice(("licensed",) * 5 + ("metered",))
    cents, eighths = rng.randint(0, 20_000), rng.randint(0, 32_000)
    units = ((cents, str(cents)), (cents, None), (None, f"{eighths // 8}.{eighths % 8 * 125:03d}"), (None, None))
    unit, exact = rng.choices(units, (4, 2, 4, 1))[0]
    recurring = {"interval": interval, "interval_count": count, "usage_type": usage}
    key = f"price_{interval}_{count}"
    return {"id": key, "unit_amount": unit, "unit_amount_decimal": exact, "recurring": recurring}


def _items(rng: Random) -> Body:
    count = rng.choice((1, 1, 1, 2))
    return {"data": [{"id": "si_1", "price": _price(rng), "quantity": rng.randint(0, 4)} for _ in range(count)]}


def _history(rng: Random, number: int) -> list[Body]:
    """Return the versions of one subscription, by events and at last perhaps as a plain object."""
    started, trial = _moment(rng), _moment(rng) if rng.random() < 0.2 else None
    times: list[int | None] = sorted({_moment(rng) for _ in range(rng.randint(0, 4))})
    fixed = {"id": f"sub_{number}", "object": "subscription", "customer": f"cus_{rng.randint(1, 4)}"}
    items, found = _items(rng), []
    for at in [*times, None] if not times or rng.random() < 0.5 else times:
        items = rng.choice((items, _items(rng)))
        paused = rng.random() < 0.15
        pause = {"behavior": rng.choice(BEHAVIORS), "resumes_at": rng.choice((None, _moment(rng)))} if paused else None
        body = {**fixed, "start_date": started, "status": rng.choice(STATUSES), "trial_end": trial, "items": items}
        found.append({"at": at, "body": body | {"pause_collection": pause, "canceled_at": None, "ended_at": None}})
    if rng.random() < 0.4:
        ended = _moment(rng)
        found[-1]["body"] |= {"status": "canceled", "canceled_at": ended, "ended_at": rng.choice((ended, None))}
    return found


def _line(rng: Random, place: int) -> Body:
    start = _moment(rng)
    end = start + rng.choice((0, 30 * DAY, 31 * DAY, 365 * DAY, rng.randint(1, 400 * DAY)))
    if rng.random() < 0.3:
        end = int(datetime(2026, rng.randint(3, 12), 1, tzinfo=UTC).timestamp())
        start = min(start, end)
    line = {"id": f"il_{place}", "amount": rng.randint(-5_000, 20_000), "price": _price(rng), "quantity": 1}
    return line | {"period": {"start": start, "end": end}}


def _invoice(rng: Random, number: int) -> list[Body]:
    """Return an invoice of a subscription with its lines, and its credit notes."""
    lines = [_line(rng, place) for place in range(rng.randint(1, 3))]
    total = sum(line["amount"] for line in lines)
    bill = {"id": f"in_{number}", "object": "invoice", "status": "paid", "subscription": "sub_0", "customer": "cus_1"}
    bill |= {"created": _moment(rng), "total": total, "lines": {"data": lines}}
    notes = [
        {"id": f"cn_{number}_{place}", "object": "credit_note", "invoice": bill["id"], "created": _moment(rng)}
        | {"amount": cents, "total": cents, "status": rng.choice(("issued", "issued", "void"))}
        for place, cents in enumerate(rng.choices(range(1, 3_000), k=rng.randint(0, 2)))
    ]
    return [bill, *notes]
