"""Places of service: what another one than the ledger's is worth, and what to send again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.oracle.books import Row, VisitBook
    from tests.support.oracle.leaks import Leak

Group = tuple[str, str, str | None, str, str, str, str]
SUMS = ("visits", "unpriced_visits", "expected_at_ledger_cents", "expected_at_paid_cents", "allowed_cents")


def variance(visits: Mapping[str, VisitBook]) -> dict[Group, Row]:
    """By month, practice, payer, service, provider and the two places: visits paid on another than the ledger's."""
    rows: dict[Group, dict[str, int]] = {}
    for book in visits.values():
        visit, said = book.visit, book.adjudication
        if visit.payer_id is None or said.pos_paid in {None, visit.place_of_service}:
            continue
        of = (visit.practice_id, visit.payer_id, visit.service_code, visit.provider_id)
        key = (book.service_period, *of, visit.place_of_service, str(said.pos_paid))
        row = rows.setdefault(key, dict.fromkeys((*SUMS, "pos_variance_cents"), 0))
        row["visits"] += 1
        row["allowed_cents"] += said.allowed_cents or 0
        if book.expected_cents is None or book.expected_paid_cents is None:
            row["unpriced_visits"] += 1
            continue
        row["expected_at_ledger_cents"] += book.expected_cents
        row["expected_at_paid_cents"] += book.expected_paid_cents
        row["pos_variance_cents"] += book.expected_cents - book.expected_paid_cents
    return {key: dict(row) for key, row in rows.items()}


def corrections(visits: Mapping[str, VisitBook], leaks: Sequence[Leak]) -> dict[str, Row]:
    """By visit with the leak pos_mismatch, what a replacement of its claim names and what hangs on it."""
    found = {leak.visit_token: leak.amount_cents for leak in leaks if leak.category == "pos_mismatch"}
    return {token: _correction(visits[token], cents) for token, cents in found.items()}


def _correction(book: VisitBook, at_stake: int | None) -> Row:
    claim = book.adjudication.last_primary
    assert claim is not None
    number = claim.payer_claim_number
    allowed, expected = book.adjudication.allowed_cents, book.expected_cents
    return {
        "period": book.service_period,
        "frequency_code": "7",
        "original_reference": number if number and number.replace(" ", "").replace("-", "") not in {"", "0"} else None,
        "pos_ledger": book.visit.place_of_service,
        "pos_paid": book.adjudication.pos_paid,
        "allowed_cents": allowed,
        "expected_at_ledger_cents": expected,
        "expected_at_paid_cents": book.expected_paid_cents,
        "difference_cents": None if expected is None or allowed is None else expected - allowed,
        "amount_cents": at_stake,
    }
