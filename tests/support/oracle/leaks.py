"""The leaks of a world (contract 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.support.oracle import balances, billing, remits, tieouts
from tests.support.oracle.payments import captured_cents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.support.oracle.books import VisitBook
    from tests.support.oracle.inputs import Inputs, Rules
    from tests.support.oracle.payments import Payments
    from tests.support.oracle.remits import PostedClaim

TELEHEALTH = frozenset({"02", "10"})


class Leak(NamedTuple):
    """A leak; token is empty where no visit of ours has it, the amount where it cannot be priced."""

    category: str
    visit_token: str
    amount_cents: int | None


def find(
    inputs: Inputs, visits: Mapping[str, VisitBook], payments: Payments, unmatched: Sequence[PostedClaim]
) -> list[Leak]:
    """Every leak, sorted."""
    statuses = payments.charge_statuses()
    found = []
    for token, book in visits.items():
        pairs = [*_patient(book, statuses.get(token, set())), *_payer(book, inputs.rules)]
        found += [Leak(category, token, cents) for category, cents in pairs]
    for (token, _), cents in payments.duplicates_cents(inputs.rules.duplicate_hours).items():
        if token in visits and cents:
            found.append(Leak("duplicate_charge", token, cents))
    found += [Leak("orphan_remit", "", posted.claim.paid_cents) for posted in unmatched]
    found += [Leak("orphan_charge", "", cents) for cents in _orphan_charges(visits, payments)]
    found += [Leak("eft_missing", "", cents) for cents in _missing_efts(inputs)]
    still_open = balances.open_balances(balances.posted_lines(inputs.transactions))
    found += [Leak("recoupment_open", "", cents) for cents in still_open.values()]
    return sorted(found, key=repr)


def _patient(book: VisitBook, charge_statuses: set[str]) -> Iterator[tuple[str, int]]:
    """Return what the patient's side of a visit leaks."""
    target = book.target_cents
    if book.bills and target > 0 and book.billed_cents == 0 and book.memo_cents == 0:
        yield "completed_not_billed", target
    failed_only = "failed" in charge_statuses and "succeeded" not in charge_statuses
    if target > 0 and failed_only and book.collected_cents == 0:
        yield "charge_failed", target
    if not book.bills and book.billed_cents > target:
        yield "billed_not_billable", book.billed_cents - target


def _payer(book: VisitBook, rules: Rules) -> Iterator[tuple[str, int | None]]:
    """Return what the payer's side of a visit leaks."""
    visit, said = book.visit, book.adjudication
    if not book.bills:
        if said.live and said.payer_paid_cents > 0:
            yield "remit_for_unbillable_visit", said.payer_paid_cents
        return
    age = (rules.as_of - billing.end_date(visit, rules)).days
    if visit.payer_id is not None and not said.live and age > rules.claim_overdue_days:
        worth = visit.charge_cents if book.expected_cents is None else book.expected_cents
        yield "claim_never_adjudicated", worth - (visit.patient_estimate_cents or 0)
    if said.denied and said.last_primary is not None:
        refused = sum(adjustment.amount_cents for adjustment in said.last_primary.adjustments)
        yield "denied", refused if book.expected_cents is None else book.expected_cents
        return
    places = {visit.place_of_service, said.pos_paid}
    if places == TELEHEALTH:
        yield "pos_mismatch", book.pos_variance_cents
    if book.expected_paid_cents is not None and said.allowed_cents is not None:
        excess = book.expected_paid_cents - said.allowed_cents
        if excess >= rules.underpaid_cents:
            yield "underpaid", excess


def _orphan_charges(visits: Mapping[str, VisitBook], payments: Payments) -> Iterator[int]:
    """Succeeded charges that no visit of ours has and no subscription asked for."""
    for charge in payments.charges.values():
        cents = captured_cents(charge) - payments.refunded_cents(charge)
        known = payments.token(charge) in visits
        if charge["status"] == "succeeded" and not known and not payments.in_subscription(charge) and cents:
            yield cents


def _missing_efts(inputs: Inputs) -> Iterator[int]:
    """Return posted ACH remits without a deposit of their trace number and amount, once any deposit is known."""
    deposits = {(row.trace_number, row.amount_cents) for row in tieouts.newest_deposits(inputs)}
    if not deposits:
        return
    for sent, verdict in zip(inputs.transactions, remits.verdicts(inputs.transactions), strict=True):
        due = verdict == "posted" and sent.bpr_method == "ACH" and sent.bpr_cents > 0 and sent.paid_on is not None
        if not due or (sent.trn_number, sent.bpr_cents) in deposits:
            continue
        if sent.paid_on is not None and (inputs.rules.as_of - sent.paid_on).days > inputs.rules.eft_overdue_days:
            yield sent.bpr_cents
