"""From what the planner decides to rows of the outbox: one for every memo and every unbilled visit, for ever."""

from collections.abc import Iterator
from typing import NamedTuple

import psycopg

from ledger.rules.requests import (
    CancelUsage,
    CreditBalance,
    CreditInvoice,
    DebitInvoice,
    Excess,
    MeterVisit,
    NotSendable,
    Request,
)
from ledger.rules.sending import Action
from ledger.rules.service_category import event_name
from ledger.store import outbox
from orchestration.planning import Planned


class Held(NamedTuple):
    """What is due and cannot be queued, and why, in a sentence."""

    planned: Planned
    why: str


NO_CUSTOMER = "No customer at Stripe is known for its patient: ask for it another way, or load the invoices it had."
NO_CATEGORY = "It was not held here, so that no meter is known for it: invoice it, or send usage where it was held."


def request_of(planned: Planned, excess: Excess) -> Request | Held | None:
    """Return the request for what is planned, why there is none, or None where nothing is due."""
    action = planned.decision.action
    if action is Action.NOTHING:
        return None
    if action is Action.METER_EVENT:
        return _usage(planned)
    if action is Action.METER_CANCEL:
        return _cancelled(planned)
    if action not in {Action.CREDIT_MEMO, Action.DEBIT_MEMO}:
        return Held(planned, planned.decision.why)
    return _memo(planned, excess)


def queue(connection: psycopg.Connection, planned: Iterator[Planned], excess: Excess) -> Iterator[Planned | Held]:
    """Put into the outbox what is due; yield what is new there, and what is held. The caller commits."""
    for each in planned:
        try:
            request = request_of(each, excess)
        except NotSendable as error:  # an id that is loaded and none of Stripe's
            request = Held(each, str(error))
        if isinstance(request, Held):
            yield request
        elif request and outbox.put(connection, request, each.practice_id):
            yield each


def _usage(planned: Planned) -> Request | Held:
    if planned.customer is None:
        return Held(planned, NO_CUSTOMER)
    if planned.service_category is None or planned.ended_at is None:
        return Held(planned, NO_CATEGORY)
    name = event_name(planned.service_category)
    return MeterVisit(planned.visit_token, planned.customer, name, planned.ended_at)


def _cancelled(planned: Planned) -> Request | Held:
    if planned.service_category is None:
        return Held(planned, NO_CATEGORY)
    return CancelUsage(planned.visit_token, event_name(planned.service_category))


def _memo(planned: Planned, excess: Excess) -> Request | Held:
    (memo_id, issued_at), (action, cents, _) = planned.memo(), planned.decision
    if action is Action.CREDIT_MEMO and planned.is_finalised and planned.invoice_id:
        return CreditInvoice(planned.visit_token, memo_id, planned.invoice_id, cents, issued_at, excess)
    if planned.customer is None:
        return Held(planned, NO_CUSTOMER)
    if action is Action.CREDIT_MEMO:
        return CreditBalance(planned.visit_token, memo_id, planned.customer, cents)
    return DebitInvoice(planned.visit_token, memo_id, planned.customer, cents, issued_at)
