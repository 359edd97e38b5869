"""What has to tie in a closed month: pairs of sums over kept tables that were computed apart."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from orchestration.pack.sums import Signed, Term, terms
from orchestration.published import Table


class Proof(NamedTuple):
    """Two sums that are equal, and the sentence that says so."""

    says: str
    left: tuple[Signed, ...]
    right: tuple[Signed, ...]

    @property
    def terms(self) -> set[Term]:
        """What both sides add up."""
        return {term for _, term in self.left + self.right}

    def sides(self, totals: Mapping[Term, int]) -> tuple[int, int]:
        """Give both sums."""
        left, right = (sum(sign * totals[term] for sign, term in side) for side in (self.left, self.right))
        return left, right


_TO_NET_REVENUE = (
    "gross_patient_service_revenue contractual sequestration denied other_adjustment price_concession missed_visit_fees"
)


def _each(column: str, key: str, values: str) -> str:
    return " + ".join(f"{column}[{key}={value}]" for value in values.split())


_DAYS_OF_STRIPE = " + ".join(
    f"{movement}[grain=day]"
    for movement in ("charges", "refunds", "disputes", "fees", "payouts", "reserves", "other", "unexplained")
)
_ALWAYS = (
    ("Debits equal credits", "trial_balance: debit", "trial_balance: credit"),
    (
        "Trial balance: opening and debits less credits lead to closing",
        "trial_balance: opening + debit - credit",
        "trial_balance: closing",
    ),
    ("The journal stands in the trial balance, line by line (debits)", "revenue_feed: debit", "trial_balance: debit"),
    (
        "The journal stands in the trial balance, line by line (credits)",
        "revenue_feed: credit",
        "trial_balance: credit",
    ),
    (
        "What is owed for visits: opening and movements lead to closing",
        "ar_rollforward: opening + charges + asked + memos + payments + adjustments + write_offs",
        "ar_rollforward: closing",
    ),
    (
        "What is owed for visits is what the receivables hold in the trial balance",
        "ar_rollforward: closing",
        f"trial_balance: {_each('closing', 'account', 'patient_receivable payer_receivable unbilled_receivable')}",
    ),
    (
        "Waterfall: gross revenue less every reduction is net patient service revenue",
        f"revenue_waterfall: {_each('amount', 'step', _TO_NET_REVENUE)}",
        "revenue_waterfall: amount[step=net_patient_service_revenue]",
    ),
    (
        "Waterfall: net revenue less what was paid is outstanding",
        f"revenue_waterfall: {_each('amount', 'step', 'net_patient_service_revenue payer_paid patient_collected')}",
        "revenue_waterfall: amount[step=outstanding]",
    ),
    (
        "Waterfall: outstanding is what patients and payers owe and what was not asked for",
        "revenue_waterfall: amount[step=outstanding]",
        "revenue_waterfall: amount[kind=part]",
    ),
    (
        "Revenue of every visit is the month's revenue",
        "visit_revenue: pos_adjusted_revenue",
        "month_summary: amount[measure=pos_adjusted_revenue]",
    ),
    (
        "Memos of the register are the month's memos (debit)",
        "memos: amount[kind=debit]",
        "month_summary: amount[measure=memo_debit]",
    ),
    (
        "Memos of the register are the month's memos (credit)",
        "memos: amount[kind=credit]",
        "month_summary: amount[measure=memo_credit]",
    ),
    ("Leaks, row by row, are the month's leaks", "leaks: amount", "month_summary: amount[measure=leak_*]"),
    (
        "Recurring revenue: opening and movements lead to closing",
        "mrr_movements: opening + new + expansion + reactivation - contraction - churn",
        "mrr_movements: closing",
    ),
    (
        "Deferred revenue: opening and movements lead to closing",
        "deferred_revenue: opening + invoiced - credited - recognised",
        "deferred_revenue: closing",
    ),
    (
        "Stripe balance, day by day: opening of the month and movements lead to closing",
        f"stripe_rollforward: opening[grain=month] + {_DAYS_OF_STRIPE}",
        "stripe_rollforward: closing[grain=month]",
    ),
    (
        "Bank transfers: announced less deposited differs by",
        "eft_tieout: expected - deposited",
        "eft_tieout: residual",
    ),
)
# What comes late for a closed month posts elsewhere: in a month that was closed before, these differ by it.
_OF_A_FIRST_CLOSING = tuple(
    (f"{said} of every visit is the month's", f"visit_revenue: {measure}", f"month_summary: amount[measure={measure}]")
    for said, measure in (
        ("What payers paid", "payer_paid"),
        ("What patients were asked for", "patient_billed"),
        ("What patients paid", "patient_collected"),
        ("Contractual adjustments", "contractual"),
        ("Denials", "denied"),
    )
)


def proofs(version: int, tables: dict[str, Table]) -> Iterator[Proof]:
    """Give what has to tie in a closing, of the tables that it kept."""
    for said, left, right in _ALWAYS + (_OF_A_FIRST_CLOSING if version == 1 else ()):
        proof = Proof(said, terms(left), terms(right))
        if all(term.is_in(tables) for term in proof.terms):
            yield proof
