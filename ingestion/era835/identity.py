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
    payer = next((row[name] for name in ("payer_id", "trn_payer", "payer_name") if row[name] is not None), None)
    return (payer, row["payee_npi"], row["trn_number"], row["paid_on"], row["bpr_cents"])


def posted_payments(connection: Connection, trace_numbers: Sequence[str | None]) -> set[tuple[Any, ...]]:
    """Return the keys, of those with these trace numbers, that stand posted: released ones do, replaced ones do not."""
    rows = connection.execute(
        f"select distinct {PAYMENT} from raw.era_transaction as loaded where trn_number = any(%s) and {STANDS_POSTED}",
        (list(trace_numbers),),
    )
    return set(rows)
