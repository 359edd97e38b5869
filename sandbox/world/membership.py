"""Memberships and stray charges: subscriptions with invoices by month, and charges that no visit explains."""

from datetime import UTC, date, datetime, timedelta

from sandbox.world import stripe_shapes as shape
from sandbox.world.adjudication import Book
from sandbox.world.stripe_shapes import Json
from sandbox.world.till import DAY, Till
from sandbox.world.visits import Patient

PLANS = (("basic", 2900), ("plus", 4900))


def stamp(day: date, hour: int = 12) -> int:
    """Return the seconds of a moment of a UTC day."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


def catalogue(till: Till, at: int) -> list[Json]:
    """Make one product with two monthly prices; return the prices."""
    product = till.add(shape.base("product", till.draw.stripe_id("prod"), at) | {"name": "Membership", "active": True})
    fixed = {
        "active": True,
        "currency": "usd",
        "product": product["id"],
        "type": "recurring",
        "billing_scheme": "per_unit",
    }
    every = {"interval": "month", "interval_count": 1, "usage_type": "licensed", "meter": None}
    return [
        till.add(
            shape.base("price", till.draw.stripe_id("price"), at)
            | fixed
            | {"nickname": name, "unit_amount": cents, "unit_amount_decimal": str(cents), "recurring": every}
        )
        for name, cents in PLANS
    ]


def subscribe(till: Till, people: list[Patient], prices: list[Json], month_start: date) -> None:
    """Make 40 memberships over three months: some end, some move up a plan, some start in the month."""
    before, after = (month_start - timedelta(days=20)).replace(day=1), (month_start + timedelta(days=32)).replace(day=1)
    for number, person in enumerate(till.draw.some(people, 40)):
        months = [month_start, after] if number % 8 == 0 else [before, month_start, after]
        ends = number % 10 == 3  # noqa: PLR2004 - every tenth ends
        price = prices[number % 2]
        key = till.draw.stripe_id("sub")
        opened = months[0] + timedelta(days=till.draw.between(0, 20))
        member = _subscription(till, key, person, price, stamp(opened))
        if ends:
            ended = stamp(month_start, 18) + 20 * DAY
            member |= {"status": "canceled", "canceled_at": ended, "ended_at": ended}
            months = [month for month in months if month < after]
        if number % 12 == 5:  # noqa: PLR2004 - every twelfth moves to the dearer plan
            till.say("customer.subscription.created", member, member["created"])
            till.objects.remove(member)
            member = member | {"items": _items(till, key, prices[1], member["created"])}
            till.say("customer.subscription.updated", member, stamp(month_start) + 14 * DAY)
        for month in months:
            when, until = stamp(max(month, opened), 13), stamp(next_month(month), 0)
            bill = till.invoice(person.customer_id, price["unit_amount"], when, None)
            bill["billing_reason"] = "subscription_cycle" if month > months[0] else "subscription_create"
            till.settle_invoice(bill, old=number % 3 == 0, subscription=key)
            ask(bill, [(price, member["items"]["data"][0], (when, until))], old=number % 3 == 0)


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return (first + timedelta(days=32)).replace(day=1)


def ask(bill: Json, asked: list[tuple[Json, Json, tuple[int, int]]], *, old: bool = False) -> list[Json]:
    """Give an invoice its lines, of (price, subscription item, days), and return them."""
    lines = [shape.invoice_line(bill, place, *line) for place, line in enumerate(asked, 1)]
    if old:
        lines = [shape.old_line(line, price) for line, (price, _, _) in zip(lines, asked, strict=True)]
    bill["lines"] = {"object": "list", "data": lines, "has_more": False, "url": f"/v1/invoices/{bill['id']}/lines"}
    return lines


def _subscription(till: Till, key: str, person: Patient, price: Json, at: int) -> Json:
    return till.add(
        shape.base("subscription", key, at)
        | {"status": "active", "customer": person.customer_id, "currency": "usd", "start_date": at, "canceled_at": None}
        | {"ended_at": None, "cancel_at": None, "cancel_at_period_end": False, "billing_mode": {"type": "flexible"}}
        | {"billing_cycle_anchor": at, "collection_method": "charge_automatically", "trial_end": None, "discounts": []}
        | {"items": _items(till, key, price, at)}
    )


def _items(till: Till, key: str, price: Json, at: int) -> Json:
    item = shape.base("subscription_item", till.draw.stripe_id("si"), at) | {"subscription": key, "quantity": 1}
    item |= {"price": price, "current_period_start": at, "current_period_end": at + 30 * DAY}
    return {"object": "list", "data": [item], "has_more": False, "url": f"/v1/subscription_items?subscription={key}"}


def strays(book: Book, till: Till, people: list[Patient]) -> None:
    """Charge without a token, with one that no visit has, and by an invoice that names no visit: orphan charges."""
    for number in range(9):
        who, cents = till.draw.pick(people).customer_id, till.draw.between(30, 190) * 100
        at = stamp(book.month_start) + till.draw.between(2, 26) * DAY
        if number == 0:
            paid = till.settle_invoice(till.invoice(who, cents, at, None), old=False)
        else:
            paid = till.pay(who, cents, at, till.draw.token() if number % 2 else None)
        back = cents // 2 if number == 2 else 0  # noqa: PLR2004 - the third is half refunded
        if back:
            till.refund(paid, back, at + DAY)
        book.leak("orphan_charge", paid["id"], cents - back)
