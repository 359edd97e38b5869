"""When two transactions are one payment: its key, in Python and in SQL, and the payments that stand posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingestion.landing import Connection

PAYMENT = "coalesce(payer_id, trn_payer, payer_name), payee_npi, trn_number, paid_on, bpr_cents"
"""The key as columns of raw.era_transaction; what is empty on both sides is the same."""


def payment_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the key of a transaction: payer, payee, trace number, date and amount in cents."""
    payer = next((row[name] for name in ("payer_id", "trn_payer", "payer_name") if row[name] is not None), None)
    return (payer, row["payee_npi"], row["trn_number"], row["paid_on"], row["bpr_cents"])


def posted_payments(connection: Connection, trace_numbers: Sequence[str | None]) -> set[tuple[Any, ...]]:
    """Return the keys, of those with these trace numbers, that stand posted: released ones do, replaced ones do not."""
    rows = connection.execute(
        f"select distinct {PAYMENT} from raw.era_transaction"
        " join raw.era_standing as standing using (file_sha256, st_index)"
        " where standing.verdict = 'posted' and trn_number = any(%s)",
        (list(trace_numbers),),
    )
    return set(rows)
