"""The accounts of the books: what each visit's hold, and by month what belongs to no visit. Debits are positive."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.oracle import balances, remits, tieouts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.oracle.books import VisitBook
    from tests.support.oracle.inputs import Inputs, Rules
    from tests.support.oracle.payments import Payments

Accounts = Counter[tuple[str, str]]
STRIPE_ACCOUNTS = {
    **dict.fromkeys(("charge", "payment", "refund", "payment_refund", "refund_failure"), "stripe_pending"),
    **dict.fromkeys(("payout", "payout_failure"), "payouts_in_transit"),
    "stripe_fee": "processor_fees",
}
PROVIDER_ACCOUNTS = {
    "FB": "forward_balances",
    "WO": "forward_balances",
    "L6": "other_payer_revenue",
    "72": "refunds_payable",
}
LATEST_DEPOSIT = timedelta(days=5)


def keep(
    inputs: Inputs, visits: Mapping[str, VisitBook], payments: Payments, unmatched: Sequence[remits.PostedClaim]
) -> Accounts:
    """Return the balance of every account that is not level, by visit token, or by month where there is no visit."""
    accounts: Accounts = Counter()
    written_off = payments.written_off_cents()
    for token, book in visits.items():
        accounts.update({(token, account): cents for account, cents in _of_visit(book, written_off[token]).items()})
    _receive(accounts, visits, payments, inputs.rules)
    _subscribe(accounts, visits, payments, inputs.rules)
    _settle_stripe(accounts, payments, inputs.rules)
    _announce(accounts, inputs, unmatched)
    _deposit(accounts, inputs, payments)
    return Counter({key: cents for key, cents in accounts.items() if cents})


def _of_visit(book: VisitBook, written_off: int) -> dict[str, int]:
    """Return what follows from the visit's own figures; its cash comes from the objects."""
    said = book.adjudication
    return {
        "gross_patient_service_revenue": -book.gross_cents,
        "implicit_price_concession": book.concession_cents,
        "missed_visit_fees": -book.fee_cents,
        "contractual_adjustment": said.contractual_cents,
        "sequestration": said.sequestration_cents,
        "denial": said.denied_cents,
        "other_adjustment": said.other_adjustment_cents,
        "remittance_clearing": said.payer_paid_cents,
        "payer_receivable": book.payer_receivable_cents,
        "unbilled_receivable": book.unbilled_cents,
        "bad_debt": written_off,
        "patient_receivable": book.billed_cents + book.memo_cents - book.collected_cents - written_off,
    }


def _receive(accounts: Accounts, visits: Mapping[str, VisitBook], payments: Payments, rules: Rules) -> None:
    """Add what the objects of Stripe took; without a visit of ours it waits for one, or pays a subscription."""
    for body, cents in payments.cash():
        token = payments.token(body)
        owner = token if token in visits else _month(body["created"], rules)
        accounts[owner or "", "disputes" if body["object"] == "dispute" else "stripe_pending"] += cents
        if token not in visits:
            waits = "subscription_receivable" if payments.pays_subscription(body) else "unapplied_cash"
            accounts[owner or "", waits] -= cents


def _subscribe(accounts: Accounts, visits: Mapping[str, VisitBook], payments: Payments, rules: Rules) -> None:
    """Add what subscriptions ask for. No invoice of a random world has lines or a period, so none of it is earned."""
    for body, cents in payments.subscription_demands(visits):
        month = _month(body["created"], rules)
        accounts[month, "subscription_receivable"] += cents
        accounts[month, "deferred_subscription_revenue"] -= cents


def _settle_stripe(accounts: Accounts, payments: Payments, rules: Rules) -> None:
    for entry in payments.kind("balance_transaction"):
        month = _month(entry["created"], rules)
        fee, net = entry.get("fee") or 0, entry["net"]
        amount = entry.get("amount", net + fee)
        accounts[month, "stripe_clearing"] += net
        accounts[month, "processor_fees"] += fee
        accounts[month, _stripe_account(entry)] -= amount
        accounts[month, "stripe_unclassified"] += amount - fee - net


def _stripe_account(entry: Mapping[str, Any]) -> str:
    if entry["type"] == "adjustment":
        about_dispute = entry.get("reporting_category") in {"dispute", "dispute_reversal"}
        return "disputes" if about_dispute else "stripe_unclassified"
    return STRIPE_ACCOUNTS.get(entry["type"], "stripe_unclassified")


def _announce(accounts: Accounts, inputs: Inputs, unmatched: Sequence[remits.PostedClaim]) -> None:
    """Add what posted remits announce, take beside claims, and pay on claims of nobody."""
    for sent, verdict in zip(inputs.transactions, remits.verdicts(inputs.transactions), strict=True):
        if verdict == "posted":
            month = f"{sent.paid_on:%Y-%m}"
            accounts[month, "eft_clearing"] += sent.bpr_cents
            accounts[month, "remittance_clearing"] -= sent.claims_cents
    for line in balances.posted_lines(inputs.transactions):
        account = PROVIDER_ACCOUNTS[line.pair.reason_code]
        accounts[f"{line.transaction.paid_on:%Y-%m}", account] += line.pair.amount_cents
    for posted in unmatched:
        month = f"{posted.transaction.paid_on:%Y-%m}"
        accounts[month, "remittance_clearing"] += posted.claim.paid_cents
        accounts[month, "unapplied_cash"] -= posted.claim.paid_cents


def _deposit(accounts: Accounts, inputs: Inputs, payments: Payments) -> None:
    """Add what the bank got: the transfer of a posted remit, a payout (the oldest of its amount), or nobody's."""
    posted = remits.verdicts(inputs.transactions)
    traces = {
        sent.trn_number for sent, verdict in zip(inputs.transactions, posted, strict=True) if verdict == "posted"
    } - {None}
    payouts = [
        (_arrival(payout["arrival_date"]), payout["id"], payout["amount"])
        for payout in payments.kind("payout")
        if payout.get("arrival_date") and payout["status"] not in {"failed", "canceled"}
    ]
    for row in sorted(tieouts.newest_deposits(inputs), key=lambda row: (row.deposited_on, row.deposit_id)):
        account = "unidentified_deposits"
        if row.trace_number in traces:
            account = "eft_clearing"
        elif row.trace_number is None:
            fitting = [
                payout
                for payout in payouts
                if payout[2] == row.amount_cents and payout[0] <= row.deposited_on <= payout[0] + LATEST_DEPOSIT
            ]
            if fitting:
                payouts.remove(min(fitting))
                account = "payouts_in_transit"
        month = f"{row.deposited_on:%Y-%m}"
        accounts[month, "bank"] += row.amount_cents
        accounts[month, account] -= row.amount_cents


def _month(created: int, rules: Rules) -> str:
    return f"{rules.local_date(datetime.fromtimestamp(created, tz=UTC)):%Y-%m}"


def _arrival(midnight: int) -> date:
    return datetime.fromtimestamp(midnight, tz=UTC).date()
