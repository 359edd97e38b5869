"""When two transactions are one payment: its key, in Python and in SQL, and the payments that stand posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingestion.landing import Connection

PAYMENT = "coalesce(payer_id, trn_payer, payer_name), payee_npi, trn_number, paid_on, bpr_cents"
"""The key as columns of raw.era_transaction; what is empty on both sides is the same."""

# Asked for each of the few of a trace number: joined, PostgreSQL would work out how every transaction stands.
STANDS_POSTED = (
    "(select verdict from raw.era_standing as standing"
    " where standing.file_sha256 = loaded.file_sha256 and standing.st_index = loaded.st_index) = 'posted'"
)
"""Whether the transaction `loaded` stands posted."""


def payment_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the key of a transaction: payer, payee, trace number, date and amount in cents."""
    payer = next((row[name] for name in ("payer_id", "trn_payer", "payer_name") if row.get(name) is not None), None)
    return (payer, *(row.get(name) for name in ("payee_npi", "trn_number", "paid_on", "bpr_cents")))


def trace_of(payment: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return what a payer must use once, payer and trace number; null for a key of no money, where payers do not."""
    payer, _, trace_number, _, cents = payment
    return (payer, trace_number) if trace_number is not None and cents else None


def posted_payments(
    connection: Connection, trace_numbers: Sequence[str | None], *, other_than: str
) -> set[tuple[Any, ...]]:
    """Return the keys, of those with these trace numbers in other files than this SHA-256, that stand posted.

    Released ones do, replaced ones do not.
    """
    rows = connection.execute(
        f"select distinct {PAYMENT} from raw.era_transaction as loaded"
        f" where (trn_number = any(%s) or (%s and trn_number is null)) and file_sha256 <> %s and {STANDS_POSTED}",
        (list(trace_numbers), None in trace_numbers, other_than),
    )
    return set(rows)
