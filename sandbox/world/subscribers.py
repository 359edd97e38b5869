"""Subscribers with a history: they pay by the year, grow, shrink, leave, come back, pause, try, or pay by use."""

from collections.abc import Callable
from datetime import date, timedelta

from sandbox.world import stripe_shapes as shape
from sandbox.world.adjudication import Book
from sandbox.world.draw import Draw
from sandbox.world.membership import ask, next_month, stamp
from sandbox.world.stripe_shapes import Json
from sandbox.world.till import DAY, Till
from sandbox.world.visits import Visit

SESSIONS = 6
PLANS = {
    "monthly": (3900, "month", 1, "licensed"),
    "family": (6900, "month", 1, "licensed"),
    "quarterly": (9900, "month", 3, "licensed"),
    "annual": (42000, "year", 1, "licensed"),
    "per_session": (1500, "month", 1, "metered"),
}


class _Desk:
    """Makes the subscriptions of one till; `month` is the first day of the sample month."""

    def __init__(self, till: Till, month: date) -> None:
        self.till, self.month = till, month
        self.before = (month - timedelta(days=1)).replace(day=1)
        product = till.add(shape.base("product", till.draw.stripe_id("prod"), self.at(-200)) | {"active": True})
        self.prices = {name: self._price(product, *plan) for name, plan in PLANS.items()}

    def at(self, days: int) -> int:
        """Return noon, so many days after the first of the sample month."""
        return stamp(self.month + timedelta(days=days))

    def _price(self, product: Json, cents: int, interval: str, count: int, usage: str) -> Json:
        recurring = {"interval": interval, "interval_count": count, "usage_type": usage}
        recurring["meter"] = self.till.draw.stripe_id("mtr") if usage == "metered" else None
        return self.till.add(
            shape.base("price", self.till.draw.stripe_id("price"), self.at(-200))
            | {"active": True, "currency": "usd", "product": product["id"], "type": "recurring", "nickname": None}
            | {
                "billing_scheme": "per_unit",
                "unit_amount": cents,
                "unit_amount_decimal": str(cents),
                "recurring": recurring,
            }
        )

    def start(self, who: str, plan: str, days: int, quantity: int | None = 1, **fields: object) -> Json:
        """Return a subscription that started so many days after the first, as its first event has it."""
        key, at = self.till.draw.stripe_id("sub"), self.at(days)
        item = shape.base("subscription_item", self.till.draw.stripe_id("si"), at) | {"subscription": key}
        item |= {"price": self.prices[plan], "current_period_start": at, "current_period_end": at + 30 * DAY}
        item |= {} if quantity is None else {"quantity": quantity}
        subscription = shape.base("subscription", key, at) | {"status": "active", "customer": who, "currency": "usd"}
        subscription |= {
            "start_date": at,
            "trial_start": None,
            "trial_end": None,
            "canceled_at": None,
            "ended_at": None,
        }
        subscription |= {"billing_cycle_anchor": at, "collection_method": "charge_automatically", "cancel_at": None}
        subscription |= {
            "cancel_at_period_end": False,
            "pause_collection": None,
            "items": {"object": "list", "data": [item]},
        }
        subscription |= fields
        self.till.say("customer.subscription.created", subscription, at)
        return subscription

    def change(self, subscription: Json, days: int, **fields: object) -> Json:
        """Return the subscription as it is since so many days after the first."""
        changed = subscription | fields
        self.till.say("customer.subscription.updated", changed, self.at(days))
        return changed

    def move(self, subscription: Json, days: int, plan: str, quantity: int = 1) -> Json:
        """Return the subscription moved to another plan or quantity."""
        item = subscription["items"]["data"][0] | {"price": self.prices[plan], "quantity": quantity}
        return self.change(subscription, days, items={"object": "list", "data": [item]})

    def end(self, subscription: Json, days: int) -> Json:
        """Return the subscription as it ended."""
        at = self.at(days)
        return self.change(subscription, days, status="canceled", canceled_at=at, ended_at=at)

    def bill(self, subscription: Json, plan: str, day: date, until: date) -> tuple[Json, Json]:
        """Return the invoice of a plan for the days from one to before another, and the charge that paid it."""
        when, price, item = stamp(day, 13), self.prices[plan], subscription["items"]["data"][0]
        bill = self.till.invoice(subscription["customer"], price["unit_amount"], when, None)
        bill["billing_reason"] = "subscription_cycle"
        paid = self.till.settle_invoice(bill, old=False, subscription=subscription["id"])
        ask(bill, [(price, item, (when, stamp(until, 13)))])
        return bill, paid


def subscribe(book: Book, till: Till, people: list[str], visits: list[Visit], seed: int) -> None:
    """Add subscribers of every kind; their own draw leaves the rest of the month as it is."""
    side = Till(Draw(seed, "subscribers"))
    desk = _Desk(side, book.month_start)
    rest = iter(people)
    for name, (story, count) in STORIES.items():
        for _ in range(count):
            story(desk, next(rest))
        book.counts[f"subscribers_{name}"] = count
    _per_session(desk, visits)
    till.objects += side.objects
    till.events += side.events
    till.balance += side.balance


def _by_the_year(desk: _Desk, who: str) -> None:
    held = desk.start(who, "annual", -25)
    desk.bill(held, "annual", desk.before, desk.before.replace(year=desk.before.year + 1))


def _grows(desk: _Desk, who: str) -> None:
    held = desk.start(who, "monthly", -70)
    held = desk.move(held, 12, "monthly", 2)
    desk.move(held, 40, "family", 2)
    desk.bill(held, "monthly", desk.month, next_month(desk.month))


def _shrinks(desk: _Desk, who: str) -> None:
    held = desk.start(who, "family", -70)
    desk.bill(held, "family", desk.before, desk.month)
    desk.bill(desk.move(held, 3, "monthly"), "monthly", desk.month, next_month(desk.month))


def _leaves(desk: _Desk, who: str) -> None:
    held = desk.start(who, "quarterly", -100)
    desk.bill(held, "quarterly", desk.before, next_month(next_month(next_month(desk.before))))
    desk.end(held, 45)


def _comes_back(desk: _Desk, who: str) -> None:
    desk.end(desk.start(who, "monthly", -120), -50)
    desk.bill(desk.start(who, "monthly", 9), "monthly", desk.month + timedelta(days=9), next_month(desk.month))


def _keeps_another(desk: _Desk, who: str) -> None:
    desk.start(who, "family", -90)
    desk.end(desk.start(who, "monthly", -90), 20)


def _pauses(desk: _Desk, who: str) -> None:
    held = desk.start(who, "monthly", -60)
    held = desk.change(held, 15, pause_collection={"behavior": "void", "resumes_at": None})
    desk.change(held, 45, pause_collection=None)


def _tries(desk: _Desk, who: str) -> None:
    held = desk.start(who, "monthly", 5, status="trialing", trial_start=desk.at(5), trial_end=desk.at(35))
    desk.change(held, 35, status="active")


def _is_credited(desk: _Desk, who: str) -> None:
    held = desk.start(who, "family", -40)
    bill, paid = desk.bill(held, "family", desk.month, next_month(desk.month))
    back = desk.till.refund(paid, 1900, bill["created"] + 9 * DAY)
    note = shape.credit_note(desk.till.draw.stripe_id("cn"), bill, 1900) | {"created": back["created"]}
    note |= {"type": "post_payment", "pre_payment_amount": 0, "post_payment_amount": 1900}
    note |= {"refunds": [{"amount_refunded": 1900, "refund": back["id"]}]}
    desk.till.add(note)
    bill |= {"post_payment_credit_notes_amount": 1900}


STORIES: dict[str, tuple[Callable[[_Desk, str], None], int]] = {
    "by_the_year": (_by_the_year, 6),
    "growing": (_grows, 4),
    "shrinking": (_shrinks, 3),
    "leaving": (_leaves, 3),
    "back": (_comes_back, 3),
    "with_another": (_keeps_another, 1),
    "pausing": (_pauses, 2),
    "trying": (_tries, 3),
    "credited": (_is_credited, 1),
}


def _per_session(desk: _Desk, visits: list[Visit]) -> None:
    """Invoice sessions of six subscribers by use: four name their visit, one counts two of it, one names none."""
    price = desk.prices["per_session"]
    if len(visits) != SESSIONS:
        raise ValueError(f"{SESSIONS} visits are needed, not {len(visits)}")
    for number, visit in enumerate(visits):
        held = desk.start(visit.patient.customer_id, "per_session", -30, quantity=None)
        item, until = held["items"]["data"][0], next_month(desk.month)
        quantity = 2 if number >= 4 else 1  # noqa: PLR2004 - the last two count two
        bill = desk.till.invoice(held["customer"], quantity * price["unit_amount"], stamp(until, 13), None)
        desk.till.settle_invoice(bill, old=False, subscription=held["id"])
        (line,) = ask(bill, [(price, item, (stamp(desk.month, 0), stamp(until, 0)))])
        line |= {"quantity": quantity, "amount": bill["total"]}
        line["metadata"] = {"visit_token": visit.token} if number < 5 else {}  # noqa: PLR2004 - the sixth names none
