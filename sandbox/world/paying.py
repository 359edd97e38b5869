"""What patients do: for each visit the Stripe objects of its patient share, and the leaks they make."""

from collections.abc import Callable, Iterable

from sandbox.world import stripe_shapes as shape
from sandbox.world.adjudication import Book
from sandbox.world.till import DAY, Till
from sandbox.world.visits import Visit

HOUR = 3600
UNBILLED = ("unbilled", "draft", "voided_only", "canceled_intent")


def plan(book: Book, visits: list[Visit]) -> None:
    """Give visits their payment story; what has none pays by the habit of its practice."""
    owing = [v for v in visits if v.bills and v.first_target() > 0]
    open_ = [v for v in owing if v.responsibility is None and v.remit in ("", "pending")]
    for story, count in zip(UNBILLED, (20, 3, 2, 3), strict=True):
        _pick(book, open_, story, count)
    settled = [v for v in owing if v.responsibility is not None]
    _pick(book, [*open_, *(v for v in settled if v.target() > 0)], "declined", 20)
    _pick(book, [v for v in settled if v.target() > 0], "declined_invoice", 4)
    _pick(book, settled, "bill_after_remit", 60)
    for story, count in (("duplicate", 7), ("triplicate", 1), ("duplicate_part_refunded", 1), ("second_try", 60),
                         ("uncaptured", 5), ("processing", 4), ("part_refunded", 15), ("dispute_lost", 4),
                         ("dispute_won", 3), ("dispute_open", 2), ("credit_noted", 8), ("credit_note_void", 1),
                         ("void_and_again", 6), ("open_invoice", 20), ("abandoned_intent", 6)):  # fmt: skip
        _pick(book, owing, story, count)
    dead = [v for v in visits if not v.bills and v.state != "disputed" and not v.remit]
    _pick(book, [v for v in dead if _asked(v) > v.first_target()], "billed_not_billable", 14)
    _pick(book, [v for v in dead if v.state == "cancelled"], "prepaid_and_refunded", 18)
    fees = [v for v in dead if v.first_target() > 0]
    _pick(book, fees, "declined", 2)
    _pick(book, fees, "fee_unbilled", 10)


def _pick(book: Book, pool: Iterable[Visit], story: str, count: int) -> None:
    for visit in book.draw.some([v for v in pool if not v.paying], count):
        visit.paying = story
    book.counts[story] = book.counts.get(story, 0) + count


def pay(book: Book, till: Till, visits: list[Visit]) -> None:
    """Make the Stripe objects of every visit."""
    for visit in visits:
        story = STORIES.get(visit.paying, _habit)
        story(book, till, visit)


def _at(visit: Visit) -> int:
    return int(visit.closed_at.timestamp()) + 120


def _who(visit: Visit) -> str:
    return visit.patient.customer_id


def _asked(visit: Visit) -> int:
    return visit.charge_cents if visit.estimate_cents is None else visit.estimate_cents


def _habit(_book: Book, till: Till, visit: Visit) -> None:
    cents, at = visit.first_target(), _at(visit)
    if cents == 0:
        return
    practice, chance = visit.patient.practice.practice_id, till.draw.between(1, 100)
    if (practice == "PRC-LAKE" and chance <= 60) or (practice == "PRC-WEST" and chance <= 30):  # noqa: PLR2004 - percent
        bill = till.invoice(_who(visit), cents, at, visit.token)
        till.settle_invoice(bill, old=practice == "PRC-WEST")
    elif practice == "PRC-WEST" and chance <= 50:  # noqa: PLR2004 - percent
        till.charge(_who(visit), cents, at, visit.token)
    else:
        till.pay(_who(visit), cents, at, visit.token)


def _unbilled(book: Book, till: Till, visit: Visit) -> None:
    cents, at = visit.first_target(), _at(visit)
    if visit.paying in ("draft", "voided_only"):
        till.invoice(_who(visit), cents, at, visit.token, "draft" if visit.paying == "draft" else "void")
    if visit.paying == "canceled_intent":
        _cancel(till, visit, cents, at)
    book.leak("completed_not_billed", visit.token, cents)


def _cancel(till: Till, visit: Visit, cents: int, at: int) -> None:
    left = till.intent(_who(visit), cents, at, visit.token)
    left |= {"status": "canceled", "amount_received": 0, "canceled_at": at + HOUR, "cancellation_reason": "abandoned"}


def _nothing(_book: Book, _till: Till, _visit: Visit) -> None:
    """Bill nothing: the remit decides, or the fee is waived."""


def _declined(book: Book, till: Till, visit: Visit) -> None:
    cents, at, who = visit.first_target(), _at(visit), _who(visit)
    token = None if visit.paying == "declined_invoice" else visit.token
    intent = till.intent(who, cents, at, token)
    for day in range(till.draw.between(1, 3)):
        till.decline(who, cents, at + day * 2 * DAY, token, intent)
    if visit.paying == "declined_invoice":
        till.link(till.invoice(who, cents, at, visit.token, "open"), intent, "open")
    book.leak("charge_failed", visit.token, visit.target())


def _duplicate(book: Book, till: Till, visit: Visit) -> None:
    cents, at = visit.first_target(), _at(visit)
    till.pay(_who(visit), cents, at, visit.token)
    extra = cents
    again = till.pay(_who(visit), cents, at + till.draw.between(60, 6 * HOUR), visit.token)
    if visit.paying == "triplicate":
        till.pay(_who(visit), cents, at + 7 * HOUR, visit.token)
        extra += cents
    if visit.paying == "duplicate_part_refunded":
        till.refund(again, cents // 3, at + 3 * DAY)
        extra -= cents // 3
    book.leak("duplicate_charge", visit.token, extra)


def _second_try(_book: Book, till: Till, visit: Visit) -> None:
    """Fail, then succeed: the intent is known by its two events only, and the newer wins."""
    cents, at, who = visit.first_target(), _at(visit), _who(visit)
    intent = till.intent(who, cents, at, visit.token)
    till.objects.remove(intent)
    till.decline(who, cents, at + 3, visit.token, intent)
    till.say("payment_intent.payment_failed", intent, at + 5)
    till.charge(who, cents, at + HOUR, visit.token, intent)
    intent |= {"status": "succeeded", "amount_received": cents}
    till.say("payment_intent.succeeded", intent, at + HOUR + 2)


def _uncaptured(_book: Book, till: Till, visit: Visit) -> None:
    paid = till.pay(_who(visit), visit.first_target(), _at(visit), visit.token)
    till.balance.pop()
    paid |= {"balance_transaction": None}
    if visit.paying == "uncaptured":
        paid |= {"captured": False, "amount_captured": 0}
        status, capturable = "requires_capture", paid["amount"]
    else:
        paid |= {"status": "pending", "paid": False, "amount_captured": 0, "captured": False}
        status, capturable = "processing", 0
    till.objects[-2] |= {"status": status, "amount_received": 0, "amount_capturable": capturable}


def _part_refunded(_book: Book, till: Till, visit: Visit) -> None:
    paid = till.pay(_who(visit), visit.first_target(), _at(visit), visit.token)
    till.refund(paid, max(1, paid["amount"] // 4), _at(visit) + 5 * DAY)
    till.refund(paid, 1, _at(visit) + 4 * DAY, till.draw.pick(["failed", "pending"]))


def _disputed(_book: Book, till: Till, visit: Visit) -> None:
    paid = till.pay(_who(visit), visit.first_target(), _at(visit), visit.token)
    status = {"lost": "lost", "won": "won", "open": "needs_response"}[visit.paying.removeprefix("dispute_")]
    till.dispute(paid, _at(visit) + till.draw.between(5, 14) * DAY, status)


def _credit_noted(_book: Book, till: Till, visit: Visit) -> None:
    bill = till.invoice(_who(visit), visit.first_target(), _at(visit), visit.token, "open")
    cents = max(1, bill["total"] // 5)
    status = "issued" if visit.paying == "credit_noted" else "void"
    till.add(shape.credit_note(till.draw.stripe_id("cn"), bill, cents, status))
    if status == "issued":
        bill |= {"amount_remaining": bill["total"] - cents, "pre_payment_credit_notes_amount": cents}


def _void_and_again(_book: Book, till: Till, visit: Visit) -> None:
    cents, at = visit.first_target(), _at(visit)
    till.invoice(_who(visit), cents + 500, at, visit.token, "void")
    till.settle_invoice(till.invoice(_who(visit), cents, at + HOUR, visit.token), old=False)


def _open_invoice(_book: Book, till: Till, visit: Visit) -> None:
    till.invoice(_who(visit), visit.first_target(), _at(visit), visit.token, "open")


def _abandoned_intent(_book: Book, till: Till, visit: Visit) -> None:
    _cancel(till, visit, visit.first_target(), _at(visit))
    till.pay(_who(visit), visit.first_target(), _at(visit) + 2 * HOUR, visit.token)


def _not_billable(book: Book, till: Till, visit: Visit) -> None:
    paid = till.pay(_who(visit), _asked(visit), _at(visit), visit.token)
    if till.draw.hit(20):
        till.refund(paid, paid["amount"], _at(visit) + DAY, "failed")
    book.leak("billed_not_billable", visit.token, paid["amount"] - visit.first_target())


def _prepaid(_book: Book, till: Till, visit: Visit) -> None:
    before = int(visit.booked_at.timestamp()) + 60
    paid = till.pay(_who(visit), _asked(visit) or 2500, before, visit.token)
    till.refund(paid, paid["amount"], _at(visit) + HOUR)


STORIES: dict[str, Callable[[Book, Till, Visit], None]] = {
    **dict.fromkeys(UNBILLED, _unbilled),
    **dict.fromkeys(("bill_after_remit", "fee_unbilled"), _nothing),
    **dict.fromkeys(("declined", "declined_invoice"), _declined),
    **dict.fromkeys(("duplicate", "triplicate", "duplicate_part_refunded"), _duplicate),
    "second_try": _second_try,
    **dict.fromkeys(("uncaptured", "processing"), _uncaptured),
    "part_refunded": _part_refunded,
    **dict.fromkeys(("dispute_lost", "dispute_won", "dispute_open"), _disputed),
    **dict.fromkeys(("credit_noted", "credit_note_void"), _credit_noted),
    "void_and_again": _void_and_again,
    "open_invoice": _open_invoice,
    "abandoned_intent": _abandoned_intent,
    "billed_not_billable": _not_billable,
    "prepaid_and_refunded": _prepaid,
}
