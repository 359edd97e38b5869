"""What may be sent to Stripe for a visit: one pure decision, so that it can be shown before anything leaves.

The limits are Stripe's, of API version 2026-05-27.dahlia: a meter event's time lies within the past 35 calendar days;
its identifier is remembered, and the event can be cancelled, for 24 hours; an invoice's money is fixed when it is
finalised, after which only a credit note lowers it; the credit notes of an invoice sum to at most its total. A debit
memo does not exist at Stripe: it becomes an invoice of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ledger.rules.opaque import LARGEST_CENTS

if TYPE_CHECKING:
    from collections.abc import Callable

METER_DAYS = 35
METER_DAYS_LEFT = 7
"""How many days before usage is too old somebody is told that it was not sent: a dispute may hold it for weeks."""
CANCEL_WITHIN = timedelta(hours=24)


class Action(StrEnum):
    """What would leave for a visit."""

    METER_EVENT = "meter_event"
    METER_CANCEL = "meter_cancel"
    CREDIT_MEMO = "credit_memo"
    DEBIT_MEMO = "debit_memo"
    BLOCKED = "blocked"
    NOTHING = "nothing"


class Channel(StrEnum):
    """How the patient's share of a visit is asked for, fixed when the visit is closed out: one of them, never both."""

    UNDECIDED = "undecided"
    INVOICE = "invoice"
    METER = "meter"


class Invoice(StrEnum):
    """How far an invoice of a visit has come; open, paid and uncollectible ones are finalised alike."""

    NONE = "none"
    DRAFT = "draft"
    FINALISED = "finalised"
    VOID = "void"


class Usage(StrEnum):
    """What is known of a visit's meter event: from the send-ledger, or from an invoice line that names the visit.

    `taken_back` also while its cancellation stands in the outbox. `voided`: the invoice that asked for it is void, and
    Stripe puts it on no other.
    """

    NEVER_SENT = "never_sent"
    SENT = "sent"
    TAKEN_BACK = "taken_back"
    VOIDED = "voided"
    UNKNOWN = "unknown"


class Sent(StrEnum):
    """What the outbox has of what is due; `queued` also when it is delivered and Stripe's word on it is not loaded."""

    NO = "no"
    QUEUED = "queued"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Standing:
    """A visit as it stands between its books and Stripe. Amounts are cents.

    `memo_cents` is a memo that is issued and not posted yet (debits above 0, credits below), 0 for none. `level_cents`
    is what the books lack for the visit beside its memos: above 0 where nothing was billed and no memo covers it.
    `days_ago` counts from the day the visit ended, None when it has not ended. `creditable_cents` is the newest
    invoice's total less its credit notes. `usage_age` is how long ago Stripe took the meter event in;
    `period_is_invoiced` says that the invoice of the period of that event is finalised; `usage_counts` that the books
    have it as billed. `owes_nothing`: the visit is to bill its patient nothing. `awaits_charge`: its charge
    stands in the outbox, and the books have nothing of it yet. `awaits_books`: a webhook told of it since the books
    were made. `sent` is what the outbox has of the memo, or of the visit's own demand where it has no memo.
    """

    is_disputed: bool = False
    bills: bool = True
    channel: Channel = Channel.UNDECIDED
    memo_cents: int = 0
    level_cents: int = 0
    days_ago: int | None = 0
    invoice: Invoice = Invoice.NONE
    creditable_cents: int = 0
    usage: Usage = Usage.NEVER_SENT
    usage_cents: int = 0
    usage_age: timedelta = timedelta(0)
    period_is_invoiced: bool = False
    usage_counts: bool = True
    owes_nothing: bool = False
    awaits_charge: bool = False
    awaits_books: bool = False
    sent: Sent = Sent.NO


class Decision(NamedTuple):
    """What would be sent, how much (cents, never below 0) and why, in a sentence. 0 cents only where it is nothing."""

    action: Action
    amount_cents: int
    why: str


class _Row(NamedTuple):
    """A row of the table of decisions: the first whose `when` holds decides; `why` may name {days_ago}."""

    when: Callable[[Standing], bool]
    action: Action
    why: str


_DISPUTED = _Row(
    lambda visit: visit.is_disputed, Action.BLOCKED, "The visit is disputed: nothing is sent while that lasts."
)
_BEHIND = _Row(
    lambda visit: visit.awaits_books,
    Action.BLOCKED,
    "Stripe told of it since the last reconcile, and what is due may be another sum by now: reconcile first.",
)
_ANY_DEMAND = (
    _Row(
        lambda visit: visit.sent is Sent.QUEUED,
        Action.NOTHING,
        "It stands in the outbox: it is delivered once, and Stripe's word on it follows.",
    ),
    _DISPUTED,
    _Row(
        lambda visit: visit.sent is Sent.REFUSED,
        Action.BLOCKED,
        "Stripe refused it, and would again: look at why, and settle it with the patient another way.",
    ),
    _Row(
        lambda visit: max(abs(visit.memo_cents), visit.level_cents) > LARGEST_CENTS,
        Action.BLOCKED,
        "Stripe takes 999,999.99 at most in one amount: settle it another way.",
    ),
    _Row(
        lambda visit: visit.usage is Usage.UNKNOWN,
        Action.BLOCKED,
        "How an earlier call ended is unknown, and Stripe knows its identifier for 24 hours only: read the meter's "
        "summary or the invoice first, or it is billed twice.",
    ),
    _BEHIND,
    _Row(
        lambda visit: visit.memo_cents != 0 and visit.awaits_charge,
        Action.BLOCKED,
        "Its charge stands in the outbox and the books have nothing of it yet: a memo beside it would ask twice.",
    ),
    _Row(
        lambda visit: visit.memo_cents > 0 and visit.usage is Usage.SENT and not visit.usage_counts,
        Action.BLOCKED,
        "Its usage is sent, and the books do not count that as billed: a debit memo would bill it twice.",
    ),
    _Row(
        lambda visit: visit.memo_cents > 0,
        Action.DEBIT_MEMO,
        "The memo is issued and not posted: an invoice of its own asks for it.",
    ),
)
_TOO_MUCH_BILLED = (
    *_ANY_DEMAND,
    _Row(
        lambda visit: visit.usage is Usage.SENT and not visit.period_is_invoiced,
        Action.BLOCKED,
        "Its usage is on no invoice yet, and of usage nothing can be given back in part: a credit note follows the "
        "invoice.",
    ),
    _Row(
        lambda visit: visit.invoice is Invoice.DRAFT,
        Action.BLOCKED,
        "Its invoice is a draft: a credit note waits until that is finalised.",
    ),
    _Row(
        lambda visit: visit.invoice is Invoice.FINALISED and visit.memo_cents < -visit.creditable_cents,
        Action.BLOCKED,
        "Credit notes give back at most what an invoice asks for, and its invoices ask for less than this.",
    ),
    _Row(
        lambda visit: visit.invoice is Invoice.FINALISED,
        Action.CREDIT_MEMO,
        "The memo is issued and not posted, the invoice finalised: a credit note lowers it.",
    ),
    _Row(
        lambda _: True,
        Action.CREDIT_MEMO,
        "The memo is issued and not posted, and no invoice stands: the customer's balance takes the credit.",
    ),
)
_NEVER_BILLED = (
    *_ANY_DEMAND,
    _Row(
        lambda visit: visit.usage is Usage.SENT,
        Action.NOTHING,
        "Its usage is sent already.",
    ),
    _Row(
        lambda visit: visit.usage is Usage.TAKEN_BACK,
        Action.BLOCKED,
        "Its usage was taken back, and Stripe is never sent it a second time: invoice it by itself.",
    ),
    _Row(
        lambda visit: visit.usage is Usage.VOIDED,
        Action.BLOCKED,
        "The invoice that asked for its usage is void, and Stripe puts it on no other: invoice it by itself, or say on "
        "the worklist why it is given up.",
    ),
    _Row(
        lambda visit: visit.invoice is Invoice.DRAFT,
        Action.NOTHING,
        "Its invoice is a draft: it is billed when that is finalised.",
    ),
    _Row(
        lambda visit: visit.channel is Channel.INVOICE,
        Action.BLOCKED,
        "It went by invoice or charge and nothing of that stands, and usage would be a second way to bill it: invoice "
        "or charge it anew.",
    ),
    _Row(lambda visit: visit.days_ago is None, Action.NOTHING, "It is not over yet."),
    _Row(
        lambda visit: not visit.bills,
        Action.BLOCKED,
        "A fee for a missed visit is no usage: invoice or charge it.",
    ),
    _Row(
        lambda visit: (visit.days_ago or 0) > METER_DAYS,
        Action.BLOCKED,
        f"It ended {{days_ago}} days ago and Stripe takes usage of the past {METER_DAYS} days only: invoice it, or "
        "wait for the debit memo that follows a payer's decision.",
    ),
    _Row(
        lambda visit: visit.period_is_invoiced,
        Action.BLOCKED,
        "The invoice of its period is finalised and usage reaches it no more: invoice it by itself.",
    ),
    _Row(
        lambda _: True,
        Action.METER_EVENT,
        f"Nothing was billed, and it ended within the {METER_DAYS} days Stripe takes usage of.",
    ),
)


_SENT_IN_ERROR = (
    _DISPUTED,
    _BEHIND,
    _Row(
        lambda visit: visit.usage_age < CANCEL_WITHIN and not visit.period_is_invoiced,
        Action.METER_CANCEL,
        "It bills nothing any more, and its usage was sent less than 24 hours ago: that is cancelled.",
    ),
    _Row(
        lambda visit: not visit.period_is_invoiced,
        Action.BLOCKED,
        "It bills nothing any more, and Stripe cancels usage within 24 hours only: the invoice of its period asks for "
        "it, is held as a draft where we see it (`trueup subscriptions held`), and is lowered by a credit note.",
    ),
    _Row(
        lambda _: True,
        Action.BLOCKED,
        "It bills nothing any more, and the invoice that asks for its usage is finalised: a credit note lowers that.",
    ),
)


def what_to_send(visit: Standing) -> Decision:
    """Decide what would be sent for a visit: for its pending memo where it has one, else for what was never billed.

    Usage that stands for a visit that bills nothing, and that the books do not count, is neither.
    """
    owed = abs(visit.memo_cents) or max(visit.level_cents, 0)
    table: tuple[_Row, ...] = _TOO_MUCH_BILLED if visit.memo_cents < 0 else _NEVER_BILLED
    if visit.usage is Usage.SENT and visit.owes_nothing and not (visit.usage_counts or visit.memo_cents):
        owed, table = visit.usage_cents, _SENT_IN_ERROR
    if not owed:
        return Decision(Action.NOTHING, 0, "Nothing is due: what was billed, with its memos, is what is asked for.")
    row = next(row for row in table if row.when(visit))
    cents = 0 if row.action is Action.NOTHING else owed
    return Decision(row.action, cents, row.why.format(days_ago=visit.days_ago))
