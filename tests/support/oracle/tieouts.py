"""The tie-outs of a world: remits, bank, payouts, and the tables of what was refused or reached nobody (4.2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.support.oracle import remits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.oracle.books import Row, VisitBook
    from tests.support.oracle.inputs import Deposit, Inputs
    from tests.support.oracle.payments import Payments
    from tests.support.oracle.remits import PostedClaim


def newest_deposits(inputs: Inputs) -> list[Deposit]:
    """Return the last row of each deposit."""
    return list({row.deposit_id: row for row in inputs.deposits}.values())


def era(inputs: Inputs) -> list[Row]:
    """One row a remit transaction, in arrival order."""
    return [
        {
            "file_sha256": sent.file_sha256,
            "st_index": sent.st_index,
            "trn_number": sent.trn_number,
            "bpr_cents": sent.bpr_cents,
            "claims_cents": sent.claims_cents,
            "provider_adjustments_cents": sent.provider_adjustments_cents,
            "residual_cents": sent.residual_cents,
            "verdict": verdict,
        }
        for sent, verdict in zip(inputs.transactions, remits.verdicts(inputs.transactions), strict=True)
    ]


def eft(inputs: Inputs) -> dict[str, Row]:
    """By trace number: what posted remits promise and what the bank got; an absent side counts 0."""
    expected: Counter[str] = Counter()
    for sent, verdict in zip(inputs.transactions, remits.verdicts(inputs.transactions), strict=True):
        if verdict == "posted" and sent.bpr_cents > 0 and sent.bpr_method != "NON" and sent.trn_number:
            expected[sent.trn_number] += sent.bpr_cents
    deposited: Counter[str] = Counter()
    for row in newest_deposits(inputs):
        if row.trace_number:
            deposited[row.trace_number] += row.amount_cents
    return {
        trace: {
            "expected_cents": expected[trace],
            "deposited_cents": deposited[trace],
            "residual_cents": expected[trace] - deposited[trace],
            "status": _bank_status(trace, expected, deposited),
        }
        for trace in {*expected, *deposited}
    }


def _bank_status(trace: str, expected: Counter[str], deposited: Counter[str]) -> str:
    if trace not in deposited:
        return "missing"
    if trace not in expected:
        return "unexpected"
    return "matched" if expected[trace] == deposited[trace] else "mismatch"


def unmatched(claims: Sequence[PostedClaim]) -> list[Row]:
    """One row a posted claim that reaches no visit."""
    return [
        {
            "file_sha256": posted.transaction.file_sha256,
            "st_index": posted.transaction.st_index,
            "claim_index": posted.claim_index,
            "claim_ref": posted.claim.claim_ref,
            "paid_cents": posted.claim.paid_cents,
        }
        for posted in claims
    ]


def denials(visits: Mapping[str, VisitBook]) -> dict[tuple[str, str | None, str, str], tuple[int, int]]:
    """By service period, the visit's payer, group and reason: how many live primary denials, and their cents."""
    claims: Counter[tuple[str, str | None, str, str]] = Counter()
    cents: Counter[tuple[str, str | None, str, str]] = Counter()
    for book in visits.values():
        for claim in book.adjudication.primary_denials:
            keys: dict[tuple[str, str | None, str, str], int] = defaultdict(int)
            for row in claim.adjustments:
                keys[book.service_period, book.visit.payer_id, row.group_code, row.reason_code] += row.amount_cents
            claims.update(keys.keys())
            cents.update(keys)
    return {key: (claims[key], cents[key]) for key in claims}


MEASURES = {
    "gross_charges": "charge_cents",
    **{
        name: f"{name}_cents"
        for name in (
            *("contractual", "sequestration", "denied", "other_adjustment", "allowed", "payer_paid"),
            *("patient_responsibility", "patient_target", "patient_billed", "patient_collected"),
            *("pos_variance", "pos_adjusted_revenue", "patient_balance"),
        )
    },
}


def months(visit_revenue: Mapping[str, Row]) -> dict[tuple[str, str], int]:
    """Return by service period and measure the cents of visit_revenue; what comes to nothing is left out."""
    cents: Counter[tuple[str, str]] = Counter()
    for row in visit_revenue.values():
        for measure, column in MEASURES.items():
            value = row[column]
            cents[str(row["service_period"]), measure] += value if isinstance(value, int) else 0
    return {key: value for key, value in cents.items() if value}


def payouts(payments: Payments) -> dict[str, Row]:
    """By payout: its amount, and the net of the balance transactions it lists but its own."""
    rows: dict[str, Row] = {}
    for payout in payments.kind("payout"):
        net = sum(
            entry["net"]
            for entry in payments.kind("balance_transaction")
            if entry.get("payout") == payout["id"] and entry["type"] != "payout"
        )
        residual = payout["amount"] - net if payout.get("automatic") else None
        rows[payout["id"]] = {
            "amount_cents": payout["amount"],
            "transactions_cents": net,
            "residual_cents": residual,
        }
    return rows
