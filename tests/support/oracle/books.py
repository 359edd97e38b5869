"""The books of a world as the contract wants them: visit_revenue, memos and the tables beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.oracle import balances, billing, journal, leaks, months, places, practices, remits, tieouts
from tests.support.oracle.adjudication import Adjudication, adjudicate
from tests.support.oracle.payments import Payments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from tests.support.oracle.inputs import Inputs, Observation

Row = dict[str, object]


@dataclass(frozen=True)
class VisitBook:
    """One visit with everything that decides its row."""

    visit: Observation
    adjudication: Adjudication
    service_period: str
    ended_on: date
    table_cents: int | None
    target_cents: int
    billed_cents: int
    collected_cents: int
    memo_cents: int
    desired_memo_cents: int | None
    expected_cents: int | None
    expected_paid_cents: int | None

    @property
    def bills(self) -> bool:
        """Whether the visit's state bills."""
        return self.visit.state in billing.BILLING_STATES

    @property
    def gross_cents(self) -> int:
        """List price where the visit took place or that is disputed."""
        return self.visit.charge_cents if self.bills or self.table_cents is None else 0

    @property
    def concession_cents(self) -> int:
        """What a self-pay visit costs less than its list price."""
        own_pay = self.bills and self.visit.payer_id is None
        return self.visit.charge_cents - (self.table_cents or 0) if own_pay else 0

    @property
    def fee_cents(self) -> int:
        """Fee of a visit that did not take place."""
        return 0 if self.bills else self.table_cents or 0

    @property
    def payer_receivable_cents(self) -> int:
        """What its payer has neither paid, taken off nor left to the patient."""
        said = self.adjudication
        off = said.contractual_cents + said.sequestration_cents + said.denied_cents + said.other_adjustment_cents
        return self._owed_by(insured=True) - said.payer_paid_cents - off

    @property
    def unbilled_cents(self) -> int:
        """What is the patient's from the start and was not asked for."""
        return self._owed_by(insured=False)

    def _owed_by(self, *, insured: bool) -> int:
        earns = self.bills or self.visit.state == "disputed"
        if insured is not (earns and self.visit.payer_id is not None):
            return 0
        return self.gross_cents - self.concession_cents + self.fee_cents - self.billed_cents - self.memo_cents

    @property
    def pos_variance_cents(self) -> int | None:
        """Expected at the ledger's place of service less expected at the one that was paid."""
        if self.adjudication.pos_paid in (None, self.visit.place_of_service):
            return 0
        if self.expected_cents is None or self.expected_paid_cents is None:
            return None
        return self.expected_cents - self.expected_paid_cents

    def row(self) -> Row:
        """Return the visit's row of visit_revenue."""
        visit, said = self.visit, self.adjudication
        return {
            "visit_token": visit.visit_token,
            "practice_id": visit.practice_id,
            "provider_id": visit.provider_id,
            "state": visit.state,
            "service_period": self.service_period,
            "payer_id": visit.payer_id,
            "service_code": visit.service_code,
            "charge_cents": visit.charge_cents,
            "payer_paid_cents": said.payer_paid_cents,
            "patient_responsibility_cents": said.patient_responsibility_cents,
            "patient_target_cents": self.target_cents,
            "patient_billed_cents": self.billed_cents,
            "patient_collected_cents": self.collected_cents,
            "memo_cents": self.memo_cents,
            "contractual_cents": said.contractual_cents,
            "sequestration_cents": said.sequestration_cents,
            "denied_cents": said.denied_cents,
            "other_adjustment_cents": said.other_adjustment_cents,
            "allowed_cents": said.allowed_cents,
            "pos_ledger": visit.place_of_service,
            "pos_paid": said.pos_paid,
            "expected_allowed_cents": self.expected_cents,
            "pos_variance_cents": self.pos_variance_cents,
            "pos_adjusted_revenue_cents": said.payer_paid_cents + self.target_cents + (self.pos_variance_cents or 0),
            "patient_balance_cents": self.billed_cents + self.memo_cents - self.collected_cents,
            "ended_on": self.ended_on,
            "first_decided_on": said.first_decided_on,
            "first_decision": said.first_decision,
            "gross_revenue_cents": self.gross_cents,
            "price_concession_cents": self.concession_cents,
            "missed_visit_fee_cents": self.fee_cents,
            "payer_receivable_cents": self.payer_receivable_cents,
            "unbilled_cents": self.unbilled_cents,
        }


@dataclass(frozen=True)
class Books:
    """What a reconcile of these inputs must publish; every list is sorted as its own rows sort."""

    visits: dict[str, VisitBook]
    visit_revenue: dict[str, Row]
    memo_cents: dict[str, int]
    leaks: list[leaks.Leak]
    era_tieout: list[Row]
    eft_tieout: dict[str, Row]
    unmatched_remits: list[Row]
    denials: dict[tuple[str, str | None, str, str], tuple[int, int]]
    payout_tieout: dict[str, Row]
    provider_balances: dict[balances.LineKey, Row]
    month_summary: dict[tuple[str, str], int]
    ar_ageing: dict[tuple[str, str], Row]
    month_ratios: dict[tuple[str, str], Row]
    accounts: dict[tuple[str, str], int]
    lag_triangle: dict[tuple[str, str | None], Row]
    practice_months: dict[tuple[str, str], Row]
    provider_months: dict[tuple[str, str, str], Row]
    practice_ageing: dict[tuple[str, str, str], Row]
    pos_variance: dict[places.Group, Row]
    corrected_claims: dict[str, Row]
    cash_of_visits: dict[tuple[date | None, str], Row]
    practice_summary: dict[tuple[str, str, str], int]


def _target(visit: Observation, said: Adjudication, billed: int, table: int | None) -> int:
    """Return the patient's target: what is billed on hold, the payer's word where there is one, else the table."""
    if table is None:
        return billed
    if visit.state in billing.BILLING_STATES and said.patient_responsibility_cents is not None:
        return said.patient_responsibility_cents
    return table


def _desired(visit: Observation, said: Adjudication, target: int, billed: int) -> int | None:
    """Return what the visit's memos must sum to; None while it is disputed."""
    if visit.state == "disputed":
        return None
    return target - billed if said.live or billed > target else 0


def _provider_balances(
    inputs: Inputs, matched: Mapping[str, Sequence[remits.PostedClaim]]
) -> dict[balances.LineKey, Row]:
    """Return by PLB line the balance after it and the visit it is about."""
    lines = balances.posted_lines(inputs.transactions)
    visits = balances.visits(lines, matched)
    return {
        key: {"open_balance_cents": cents, "visit_token": visits[key]} for key, cents in balances.running(lines).items()
    }


def keep(inputs: Inputs, issued: Mapping[str, int] | None = None) -> Books:
    """Return the books of these inputs.

    `issued` is the signed sum of memos that a visit already had, which only matters while it is disputed.
    """
    rules = inputs.rules
    claims, unmatched = remits.match(
        remits.posted_claims(inputs.transactions), remits.reference_owners(inputs.observations), inputs.matches
    )
    payments, fees = Payments(inputs.stripe), billing.FeeSchedule(inputs)
    billed, collected = payments.billed_cents(), payments.collected_cents()
    known_practices = billing.newest_practices(inputs.practices)
    visits = {}
    for token, visit in billing.current_visits(inputs.observations).items():
        said = adjudicate(claims.get(token, []))
        asked = billed[token]
        table = billing.table_target(visit, known_practices.get(visit.practice_id))
        target = _target(visit, said, asked, table)
        desired = _desired(visit, said, target, asked)
        visits[token] = VisitBook(
            visit=visit,
            adjudication=said,
            service_period=f"{billing.service_date(visit, rules):%Y-%m}",
            ended_on=billing.end_date(visit, rules),
            table_cents=table,
            target_cents=target,
            billed_cents=asked,
            collected_cents=collected[token],
            memo_cents=(issued or {}).get(token, 0) if desired is None else desired,
            desired_memo_cents=desired,
            expected_cents=fees.expected_cents(visit, visit.place_of_service),
            expected_paid_cents=fees.expected_cents(visit, said.pos_paid or visit.place_of_service),
        )
    rows = {token: book.row() for token, book in visits.items()}
    leaking = leaks.find(inputs, visits, payments, unmatched)
    return Books(
        visits=visits,
        visit_revenue=rows,
        memo_cents={token: book.memo_cents for token, book in visits.items() if book.memo_cents},
        leaks=leaking,
        era_tieout=tieouts.era(inputs),
        eft_tieout=tieouts.eft(inputs),
        unmatched_remits=tieouts.unmatched(unmatched),
        denials=tieouts.denials(visits),
        payout_tieout=tieouts.payouts(payments),
        provider_balances=_provider_balances(inputs, claims),
        month_summary=tieouts.months(rows),
        ar_ageing=months.ageing(visits, payments, rules),
        month_ratios=months.ratios(visits),
        accounts=journal.keep(inputs, visits, payments, unmatched),
        lag_triangle=months.triangle(visits, claims, payments, rules),
        practice_months=practices.months(visits, payments),
        provider_months=practices.providers(visits, payments),
        practice_ageing=practices.ageing(visits, rules),
        pos_variance=places.variance(visits),
        corrected_claims=places.corrections(visits, leaking),
        cash_of_visits=months.cash_of_visits(visits, claims, payments, rules),
        practice_summary=months.practices(visits),
    )
