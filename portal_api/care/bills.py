"""A patient's ledger: of each visit what was expected, charged, decided by the insurer and put right, and what is open.

What was charged is what Stripe told; what the insurer decided is what the books last made of it. Amounts are cents.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from ledger.rules.requests import PayInvoice
from ledger.rules.visit import State
from ledger.store import customers, holds, outbox, visits
from portal_api import audit, listing
from portal_api.problems import Problem, not_found
from portal_api.store.rows import made

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here

MOST = 100
REASONS = {
    "payer_adjudication": "your insurer decided",
    "payer_reversal": "your insurer changed its decision",
    "visit_state": "what the practice recorded of the visit was put right",
    "duplicate_charge": "you were charged twice",
}
OPEN = frozenset({"open", "uncollectible"})
DID_NOT_TAKE_PLACE = {
    State.NO_SHOW: "You missed this visit",
    State.LATE_CANCELLED: "You cancelled this visit late",
    State.CANCELLED: "This visit was cancelled",
    State.ABANDONED: "This visit did not take place as it should",
}


@dataclass(frozen=True)
class Charge:
    """An invoice on the patient: `card` is which card it was for, like "Visa ending in 4242", empty where unknown."""

    visit_token: UUID
    invoice_id: str
    status: str
    asked_cents: int
    paid_cents: int
    left_cents: int
    made_at: datetime
    brand: str | None
    last4: str | None

    @property
    def card(self) -> str:
        """The card in words."""
        return f"{self.brand.replace('_', ' ').title()} ending in {self.last4}" if self.brand else ""


@dataclass(frozen=True)
class Memo:
    """A correction of what was charged: a credit or a debit, and why."""

    visit_token: UUID
    kind: str
    amount_cents: int
    reason: str
    issued_at: datetime

    @property
    def why(self) -> str:
        """The reason in words."""
        return REASONS.get(self.reason, "the books were put right")


@dataclass(frozen=True)
class Return:
    """Money that went back: to the card (refund), or kept at Stripe for the next bill (balance)."""

    visit_token: UUID
    way: str
    amount_cents: int
    is_on_its_way: bool
    made_at: datetime


@dataclass(frozen=True)
class Decision:
    """What the insurer made of a visit; `share_cents` is None while it decided nothing."""

    visit_token: UUID
    paid_cents: int
    allowed_cents: int | None
    share_cents: int | None
    balance_cents: int


@dataclass(frozen=True)
class Demand:
    """What a visit billed: `due_cents` where nobody was asked, since no card was known; or it is on its way."""

    visit_token: UUID
    due_cents: int
    is_on_its_way: bool


@dataclass(frozen=True)
class Bill:
    """A visit and all that is known of its money.

    `fee_cents` is what was agreed to for a visit that was missed or cancelled late, None for any other.
    `due_cents` was billed and never asked for, since no card was known; `is_on_its_way`: it is asked for soon.
    """

    visit_token: UUID
    what: str
    provider: str
    at: datetime
    state: str
    price_cents: int
    estimate_cents: int | None
    payer_id: str | None
    fee_cents: int | None = None
    charges: tuple[Charge, ...] = ()
    memos: tuple[Memo, ...] = ()
    returns: tuple[Return, ...] = ()
    decision: Decision | None = None
    due_cents: int = 0
    is_on_its_way: bool = False

    @property
    def why_not(self) -> str:
        """Why it did not take place, in words; empty for a visit that did."""
        return DID_NOT_TAKE_PLACE.get(State(self.state), "")

    @property
    def open_cents(self) -> int:
        """What was asked for and is not paid."""
        return sum(each.left_cents for each in self.charges if each.status in OPEN)

    @property
    def paid_cents(self) -> int:
        """What was paid."""
        return sum(each.paid_cents for each in self.charges)

    @property
    def credited_cents(self) -> int:
        """Credit memos less debit memos."""
        return sum(each.amount_cents if each.kind == "credit" else -each.amount_cents for each in self.memos)

    @property
    def returned_cents(self) -> int:
        """What went back, to the card or for the next bill."""
        return sum(each.amount_cents for each in self.returns)

    @property
    def is_decided(self) -> bool:
        """Tell whether the insurer has decided."""
        return self.decision is not None and self.decision.share_cents is not None


class Page(NamedTuple):
    """Bills, the newest visit first, and the word for the next page, None on the last."""

    items: list[Bill]
    next: str | None


# What is cancelled has no bill, unless it was closed out as something else before: that may have been charged.
_VISITS = """
select
    v.visit_token, coalesce(t.name, 'Visit'), coalesce(p.name, ''), v.scheduled_start, v.state, v.charge_cents,
    v.patient_estimate_cents, v.payer_id,
    case when v.state in ('no_show', 'late_cancelled') and c.state = v.state then c.target_cents end
from ledger.visit as v
left join portal.appointment as a on a.visit_token = v.visit_token
left join portal.visit_type as t on t.id = a.visit_type_id
left join portal.provider as p on p.ledger_id = v.provider_id
left join ledger.visit_close_out as c on c.visit_token = v.visit_token
where v.practice_id = :practice_id and v.patient_token = :patient_token and v.state <> 'scheduled'
    and (v.state <> 'cancelled' or c.state <> 'cancelled')
    and (cast(:visit_token as uuid) is null or v.visit_token = :visit_token)
    and (cast(:after_at as timestamptz) is null or (v.scheduled_start, v.visit_token) < (:after_at, :after_token))
order by v.scheduled_start desc, v.visit_token desc
limit :most
"""
# Where a webhook is late, the answer to our own call says that an invoice is paid.
_CHARGES = """
select
    i.visit_token, i.invoice_id, case when tried.is_paid then 'paid' else i.status end, i.asked_cents,
    greatest(i.paid_cents, tried.paid_cents), case when tried.is_paid then 0 else i.left_cents end, i.made_at,
    m.payload -> 'card' ->> 'brand', m.payload -> 'card' ->> 'last4'
from ledger.invoices_of(:visits) as i
left join lateral (
    select
        o.arguments ->> 'payment_method' as id,
        o.state = 'done' and coalesce(o.outcome -> 'facts' ->> 'status' = 'paid', false) as is_paid,
        (o.outcome -> 'facts' ->> 'paid_cents')::bigint as paid_cents
    from ledger.outbox as o
    where o.visit_token = i.visit_token and o.operation in ('charge_visit', 'debit_invoice', 'pay_invoice')
        and o.outcome ->> 'object_id' = i.invoice_id
    order by 2 desc, o.changed_at desc limit 1
) as tried on true
left join ledger.stripe_object as m on m.object_id = tried.id and m.object_type = 'payment_method'
where i.status in ('open', 'paid', 'uncollectible')
order by i.made_at, i.invoice_id
"""
_DEMANDS = """
select
    c.visit_token, case when count(o.visit_token) = 0 then c.target_cents else 0 end,
    coalesce(bool_or(o.state in ('pending', 'unknown')), false)
from ledger.visit_close_out as c
inner join ledger.visit as v on v.visit_token = c.visit_token and v.state = c.state
left join ledger.outbox as o on o.visit_token = c.visit_token and o.operation in ('charge_visit', 'meter_visit')
where c.visit_token = any(:visits) and c.channel = 'invoice' and c.target_cents > 0
group by c.visit_token, c.target_cents
"""
_MEMOS = "select * from ledger.memos_of(:visits)"
_RETURNS = "select * from ledger.returns_of(:visits)"
_DECIDED = (
    "select visit_token, payer_paid_cents, allowed_cents, patient_responsibility_cents, patient_balance_cents"
    " from ledger.decided_of(:visits)"
)


def of_patient(here: Here, after: tuple[datetime, UUID] | None = None) -> Page:
    """Return a page of the bills of the patient who is here, the newest visit first."""
    found = _bills(here, None, after)
    last = found[MOST - 1] if len(found) > MOST else None
    return Page(found[:MOST], listing.cursor(last.at, last.visit_token) if last else None)


def of_visit(here: Here, visit_token: UUID) -> Bill | None:
    """Return the bill of a visit of the patient who is here."""
    return next(iter(_bills(here, visit_token)), None)


def pay(here: Here, visit_token: UUID) -> None:
    """Have what is open of a visit tried with the card on file: each invoice once with a card, however often asked.

    It leaves by the outbox. Raises 404, and 409: nothing-open, no-card, card-tried where this card was declined.
    """
    bill = of_visit(here, visit_token)
    if bill is None:
        raise not_found()
    customer = customers.of_patient(here.books, here.me.patient_token) if here.me.patient_token else None
    open_ = [each for each in bill.charges if each.status in OPEN and each.left_cents]
    if bill.is_on_its_way:
        return
    if not open_ and not bill.due_cents:
        raise Problem(HTTPStatus.CONFLICT, "nothing-open", "There is nothing left to pay for this visit.")
    if customer is None or customer.card is None:
        raise Problem(HTTPStatus.CONFLICT, "no-card", "You have no card on file: save one first, then pay.")
    if bill.due_cents:
        visits.demand(here.books, visit_token)
    for each in open_:
        request = PayInvoice(visit_token, each.invoice_id, customer.card.payment_method_id)
        outbox.put(here.books, request, here.practice.practice_id)
        if outbox.state_of(here.books, request.business_key) in {"declined", "refused"}:
            raise Problem(
                HTTPStatus.CONFLICT, "card-tried", "This card was declined for this bill. Please save another card."
            )
    audit.record(here, "bill.paid", f"visit/{visit_token}")


def _bills(here: Here, visit_token: UUID | None, after: tuple[datetime, UUID] | None = None) -> list[Bill]:
    mine = {"practice_id": here.practice.practice_id, "patient_token": here.me.patient_token}
    at, token = after or (None, None)
    which = {"visit_token": visit_token, "after_at": at, "after_token": token, "most": MOST + 1}
    found = made(Bill, here.db.execute(sa.text(_VISITS), {**mine, **which}))
    asked = {"visits": [each.visit_token for each in found]}
    charges = _by_visit(_read(here, Charge, _CHARGES, asked))
    memos = _by_visit(_read(here, Memo, _MEMOS, asked))
    returns = _by_visit(_read(here, Return, _RETURNS, asked))
    decided = {each.visit_token: each for each in _read(here, Decision, _DECIDED, asked)}
    demands = {each.visit_token: each for each in _read(here, Demand, _DEMANDS, asked)}
    whole = [
        replace(
            each,
            charges=tuple(charges[each.visit_token]),
            memos=tuple(memos[each.visit_token]),
            returns=tuple(returns[each.visit_token]),
            decision=decided.get(each.visit_token),
        )
        for each in found
    ]
    return [_with_demand(here, each, demands.get(each.visit_token)) for each in whole]


def _with_demand(here: Here, bill: Bill, demand: Demand | None) -> Bill:
    """Return the bill with what nobody asked for yet: what came since, a charge or the insurer's word, says all."""
    if demand is None or bill.charges or bill.memos or bill.is_decided:
        return bill
    is_spared = bool(demand.due_cents and holds.lasting(here.books, bill.visit_token))
    return replace(bill, due_cents=0 if is_spared else demand.due_cents, is_on_its_way=demand.is_on_its_way)


def _read(here: Here, kind: Any, query: str, values: dict[str, Any]) -> Sequence[Any]:
    text = sa.text(query).bindparams(sa.bindparam("visits", type_=sa.ARRAY(sa.UUID)))
    return made(kind, here.db.execute(text, values))


def _by_visit(found: Iterable[Any]) -> defaultdict[UUID, list[Any]]:
    grouped: defaultdict[UUID, list[Any]] = defaultdict(list)
    for each in found:
        grouped[each.visit_token].append(each)
    return grouped
