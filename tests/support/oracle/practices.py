"""The marts of practices, from the visits of the oracle's books one by one."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from tests.support.oracle.months import LAST_DAYS, basis_points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.oracle.books import Row, VisitBook
    from tests.support.oracle.inputs import Rules
    from tests.support.oracle.payments import Payments

Key = TypeVar("Key")
HELD = ("completed", "partially_completed")
OPEN = ("scheduled", "started")
STATES = {"no_show": "no_show_visits", "late_cancelled": "late_cancelled_visits", "cancelled": "cancelled_visits"}
BY_PROVIDER = (
    *("visits", "held_visits", "held_minutes", "due_visits", "no_show_visits", "late_cancelled_visits"),
    *("no_show_bp", "late_cancel_bp"),
)


def months(visits: Mapping[str, VisitBook], payments: Payments) -> dict[tuple[str, str], Row]:
    """By practice and month of service: counts, minutes and cents, and the rates in basis points."""
    return _rates(visits, payments, lambda book: (book.visit.practice_id, book.service_period))


def providers(visits: Mapping[str, VisitBook], payments: Payments) -> dict[tuple[str, str, str], Row]:
    """By practice, provider and month of service, as `months`, without what is of charges."""
    rows = _rates(visits, payments, lambda book: (book.visit.practice_id, book.visit.provider_id, book.service_period))
    return {key: {name: row[name] for name in BY_PROVIDER} for key, row in rows.items()}


def ageing(visits: Mapping[str, VisitBook], rules: Rules) -> dict[tuple[str, str, str], Row]:
    """By practice, who owes and bucket of age: the cents and the visits."""
    cents: Counter[tuple[str, str, str]] = Counter()
    counts: Counter[tuple[str, str, str]] = Counter()
    for book in visits.values():
        days = (rules.as_of - book.ended_on).days
        bucket = next((name for name, last in LAST_DAYS.items() if days <= last), "120+")
        owed = {
            "patients": book.billed_cents + book.memo_cents - book.collected_cents,
            "payers": book.payer_receivable_cents,
            "unbilled": book.unbilled_cents,
        }
        for who, amount in owed.items():
            cents[book.visit.practice_id, who, bucket] += amount
            counts[book.visit.practice_id, who, bucket] += bool(amount)
    keys = [
        (practice, who, bucket)
        for practice in {practice for practice, _, _ in cents}
        for who in ("patients", "payers", "unbilled")
        for bucket in (*LAST_DAYS, "120+")
    ]
    return {key: {"as_of": rules.as_of, "amount_cents": cents[key], "visits": counts[key]} for key in keys}


def _rates(visits: Mapping[str, VisitBook], payments: Payments, key: Callable[[VisitBook], Key]) -> dict[Key, Row]:
    sums: dict[Key, Counter[str]] = {}
    for token, book in visits.items():
        row, state = sums.setdefault(key(book), Counter()), book.visit.state
        row["visits"] += 1
        row["due_visits"] += state not in {*OPEN, "cancelled"}
        row["open_visits"] += state in OPEN
        if state in STATES:
            row[STATES[state]] += 1
        if state in HELD:
            row["held_visits"] += 1
            row["held_minutes"] += int((book.visit.scheduled_end - book.visit.scheduled_start).total_seconds()) // 60
        failed, recovered = payments.failed_cents(token)
        row["failed_visits"] += failed > 0
        row["recovered_visits"] += failed > 0 and failed == recovered
        row["failed_charge_cents"] += failed
        row["recovered_charge_cents"] += recovered
    counted = ("cancelled_visits", "open_visits", "failed_visits", "recovered_visits")
    cents = ("failed_charge_cents", "recovered_charge_cents")
    return {
        each: {name: row[name] for name in (*BY_PROVIDER[:6], *counted, *cents)}
        | {
            "no_show_bp": _share(row["no_show_visits"], row["due_visits"]),
            "late_cancel_bp": _share(row["late_cancelled_visits"], row["due_visits"]),
            "recovery_bp": _share(row["recovered_charge_cents"], row["failed_charge_cents"]),
        }
        for each, row in sums.items()
    }


def _share(part: int, whole: int) -> object:
    return basis_points(Fraction(part, whole)) if whole > 0 else None
