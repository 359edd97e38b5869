"""From what is planned to what is queued: which request, who is asked, and what is held with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from ledger.rules.requests import CancelUsage, CreditBalance, CreditInvoice, DebitInvoice, Excess, MeterVisit
from ledger.rules.sending import Action, Decision
from orchestration.planning import Planned
from orchestration.sending import NO_CATEGORY, NO_CUSTOMER, Held, queue, request_of

if TYPE_CHECKING:
    import psycopg

VISIT, MEMO = UUID(int=1, version=4), UUID(int=2, version=4)
AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
CREDIT = Planned(
    visit_token=VISIT,
    practice_id="p1",
    service_on=date(2026, 9, 1),
    memo_id=MEMO,
    invoice_id="in_1Qabc2DEF3ghi4",
    customer="cus_QXg1o8vcGmoR32",
    service_category=3,
    ended_at=AT,
    issued_at=AT,
    is_finalised=True,
    decision=Decision(Action.CREDIT_MEMO, 500, "Why."),
)
DEBIT = replace(CREDIT, decision=Decision(Action.DEBIT_MEMO, 500, "Why."))
USAGE = replace(CREDIT, memo_id=None, decision=Decision(Action.METER_EVENT, 500, "Why."))
ERROR = replace(USAGE, decision=Decision(Action.METER_CANCEL, 500, "Why."))
BLOCKED = replace(CREDIT, decision=Decision(Action.BLOCKED, 500, "Why."))
LEVEL = replace(CREDIT, decision=Decision(Action.NOTHING, 0, "Why."))


def test_what_is_planned_becomes_its_request() -> None:
    assert request_of(CREDIT, Excess.REFUND) == CreditInvoice(VISIT, MEMO, "in_1Qabc2DEF3ghi4", 500, AT, Excess.REFUND)
    drafted = replace(CREDIT, is_finalised=False)
    assert request_of(drafted, Excess.BALANCE) == CreditBalance(VISIT, MEMO, "cus_QXg1o8vcGmoR32", 500)
    assert request_of(DEBIT, Excess.BALANCE) == DebitInvoice(VISIT, MEMO, "cus_QXg1o8vcGmoR32", 500, AT)
    assert request_of(USAGE, Excess.BALANCE) == MeterVisit(VISIT, "cus_QXg1o8vcGmoR32", "visit_category_3", AT)
    assert request_of(ERROR, Excess.BALANCE) == CancelUsage(VISIT, "visit_category_3")
    assert request_of(LEVEL, Excess.BALANCE) is None


@pytest.mark.parametrize(
    ("planned", "why"),
    [
        (BLOCKED, "Why."),
        (replace(DEBIT, customer=None), NO_CUSTOMER),
        (replace(CREDIT, customer=None, is_finalised=False), NO_CUSTOMER),
        (replace(USAGE, customer=None), NO_CUSTOMER),
        (replace(USAGE, service_category=None), NO_CATEGORY),
        (replace(ERROR, service_category=None), NO_CATEGORY),
    ],
)
def test_what_cannot_be_queued_is_held_with_its_reason(planned: Planned, why: str) -> None:
    assert request_of(planned, Excess.BALANCE) == Held(planned, why)


def test_one_odd_id_holds_its_own_memo_and_no_other(connection: psycopg.Connection) -> None:
    odd = replace(DEBIT, memo_id=UUID(int=3, version=4), customer="Maria Garcia")
    (held, queued) = queue(connection, iter([odd, DEBIT]), Excess.BALANCE)
    assert isinstance(held, Held)
    assert "customer is not" in held.why
    assert "Maria" not in held.why
    assert queued == DEBIT
    assert list(queue(connection, iter([DEBIT]), Excess.BALANCE)) == []
