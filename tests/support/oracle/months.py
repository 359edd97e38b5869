"""The marts of the month, from the visits of the oracle's books one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tests.support.oracle import tieouts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from tests.support.oracle.books import Row, VisitBook
    from tests.support.oracle.inputs import Rules
    from tests.support.oracle.payments import Payments
    from tests.support.oracle.remits import PostedClaim

WATERFALL = {
    "gross_revenue": "gross_revenue_cents",
    "price_concession": "price_concession_cents",
    "missed_visit_fees": "missed_visit_fee_cents",
    "payer_receivable": "payer_receivable_cents",
    "unbilled": "unbilled_cents",
}
"""The measures of practice_summary that month_summary has not from visits, by their columns."""
LAST_DAYS = {"0-30": 30, "31-60": 60, "61-90": 90, "91-120": 120}


def ageing(visits: Mapping[str, VisitBook], payments: Payments, rules: Rules) -> dict[tuple[str, str], Row]:
    """By who owes and bucket of age: the cents and the visits; all buckets of whoever owes anything for any visit."""
    cents: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    uncollectible = payments.written_off_cents()
    written_off: Counter[tuple[str, str]] = Counter()
    for token, book in visits.items():
        days = (rules.as_of - book.ended_on).days
        bucket = next((name for name, last in LAST_DAYS.items() if days <= last), "120+")
        owed = {
            "patient": book.billed_cents + book.memo_cents - book.collected_cents,
            "unbilled": book.unbilled_cents,
            book.visit.payer_id or "no_payer": book.payer_receivable_cents,
        }
        written_off["patient", bucket] += uncollectible[token]
        for who, amount in owed.items():
            if amount or (who == "patient" and uncollectible[token]):
                cents[who, bucket] += amount
                counts[who, bucket] += 1
    keys = [(who, bucket) for who in {who for who, _ in counts} for bucket in (*LAST_DAYS, "120+")]
    return {
        key: {
            "as_of": rules.as_of,
            "amount_cents": cents[key],
            "written_off_cents": written_off[key],
            "visits": counts[key],
        }
        for key in keys
    }


def triangle(
    visits: Mapping[str, VisitBook], claims: Mapping[str, Sequence[PostedClaim]], payments: Payments, rules: Rules
) -> dict[tuple[str, str | None], Row]:
    """By month of service and of payment: payers' and patients' cash in cents, and how many pieces it came in."""
    rows: dict[tuple[str, str | None], Counter[str]] = {}

    def add(token: str, paid_on: date | None, column: str, cents: int) -> None:
        if token in visits:
            month = f"{paid_on:%Y-%m}" if paid_on else None
            row = rows.setdefault((visits[token].service_period, month), Counter())
            row[column] += cents
            row["remit_claims" if column == "payer_paid_cents" else "patient_payments"] += 1

    for token, posted in claims.items():
        for one in posted:
            add(token, one.transaction.paid_on, "payer_paid_cents", one.claim.paid_cents)
    for body, cents in payments.cash():
        day = rules.local_date(datetime.fromtimestamp(body["created"], tz=UTC))
        add(payments.token(body) or "", day, "patient_collected_cents", cents)
    columns = ("payer_paid_cents", "remit_claims", "patient_collected_cents", "patient_payments")
    return {key: {column: row[column] for column in columns} for key, row in rows.items()}


def cash_of_visits(
    visits: Mapping[str, VisitBook], claims: Mapping[str, Sequence[PostedClaim]], payments: Payments, rules: Rules
) -> dict[tuple[date | None, str], Row]:
    """By day of payment and source, payers or patients: the cash of visits in cents, and how many pieces it came in."""
    cents: Counter[tuple[date | None, str]] = Counter()
    pieces: Counter[tuple[date | None, str]] = Counter()
    for token, posted in claims.items():
        for one in posted if token in visits else ():
            cents[one.transaction.paid_on, "payers"] += one.claim.paid_cents
            pieces[one.transaction.paid_on, "payers"] += 1
    for body, amount in payments.cash():
        if payments.token(body) in visits:
            day = rules.local_date(datetime.fromtimestamp(body["created"], tz=UTC))
            cents[day, "patients"] += amount
            pieces[day, "patients"] += 1
    return {key: {"amount_cents": cents[key], "pieces": pieces[key]} for key in pieces}


def practices(visits: Mapping[str, VisitBook]) -> dict[tuple[str, str, str], int]:
    """By month of service, practice and measure the cents of its visits; what comes to nothing is left out."""
    cents: Counter[tuple[str, str, str]] = Counter()
    for book in visits.values():
        row = book.row()
        for measure, column in (tieouts.MEASURES | WATERFALL).items():
            value = row[column]
            cents[book.service_period, book.visit.practice_id, measure] += value if isinstance(value, int) else 0
    return {key: value for key, value in cents.items() if value}


def ratios(visits: Mapping[str, VisitBook]) -> dict[tuple[str, str], Row]:
    """By month of service and measure: both sides and the ratio in basis points, half up to four places."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for book in visits.values():
        for measure, sides in _sides(book).items():
            numerator, denominator = sums.get((book.service_period, measure), (0, 0))
            sums[book.service_period, measure] = numerator + sides[0], denominator + sides[1]
    return {key: _ratio(key[1], *sides) for key, sides in sums.items()}


def _sides(book: VisitBook) -> dict[str, tuple[int, int]]:
    said, insured = book.adjudication, book.visit.payer_id is not None
    off = said.contractual_cents + said.sequestration_cents + said.denied_cents + said.other_adjustment_cents
    earned = book.gross_cents + book.fee_cents
    cash = said.payer_paid_cents + book.collected_cents
    decided = int(said.first_decision is not None)
    return {
        "net_collection_rate": (cash, earned - said.contractual_cents),
        "cash_to_net_revenue": (cash, earned - book.concession_cents - off),
        "denial_rate": (said.denied_cents, book.gross_cents if insured else 0),
        "denial_rate_visits": (int(said.denied_cents != 0), int(insured and book.gross_cents > 0)),
        "initial_denial_rate": (int(said.first_decision == "denied"), decided),
        "first_pass_yield": (int(said.first_decision == "passed"), decided),
    }


def _ratio(measure: str, numerator: int, denominator: int) -> Row:
    unit = "count" if measure in {"denial_rate_visits", "initial_denial_rate", "first_pass_yield"} else "cents"
    return {
        f"numerator_{unit}": numerator,
        f"denominator_{unit}": denominator,
        "ratio": basis_points(Fraction(numerator, denominator)) if denominator > 0 else None,
    }


def basis_points(share: Fraction) -> Decimal:
    """Return a share in basis points, half up to four places."""
    scaled = abs(share) * 10**8
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if share > 0 else -whole).scaleb(-4)
