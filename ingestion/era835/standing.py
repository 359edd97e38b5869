"""Where the loops stand in a transaction: what was counted and added up so far, what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.jit import within

if TYPE_CHECKING:
    from typing import Any

    Standing = Any  # a record of STANDING, which the loops write to

_NUMBERS = (
    *("adjustments", "provider_adjustments", "remarks", "amounts", "quantities", "references", "dates"),
    *("claims", "services", "in_claim", "on_line", "mark"),
    *("payments", "traces", "has_payer", "has_payee", "has_payer_ref", "after_payer"),
    *("bpr_cents", "bpr_read", "paid_on", "paid_on_read"),
    *("paid", "paid_unread", "provider", "provider_unread", "high", "low"),
)
_OF_CLAIM = (
    *("row", "segment", "difference", "unread", "high", "low", "owed", "has_original", "original", "original_end"),
    *(
        "first_day",
        "last_day",
        "has_days",
        "period_end",
        "has_period",
        "has_from",
        "from_day",
        "has_to",
        "to_day",
        "reversal",
    ),
)
_OF_LINE = (*("row", "segment", "difference", "unread", "high", "low", "ref", "ref_end", "day", "has_day"),)

STANDING = np.dtype(
    [
        ("st_index", np.int64),
        *((name, np.int64) for name in _NUMBERS),
        *((f"claim_{name}", np.int64) for name in _OF_CLAIM),
        *((f"line_{name}", np.int64) for name in _OF_LINE),
    ]
)
"""What the loops know of a transaction.

How many rows it has in the tables that number theirs, claims, and service lines of the last claim; whether that and its
last line are open; what separates the parts of composites; what of the header came; BPR02 and BPR16; the sums of CLP04
and PLB in cents; and all amounts without their signs, as `high` * 2**32 + `low`. Of the open claim and the open line:
their row (-1: none is open), charge less adjustments less payment, dates as days since 1970, and spans of texts that
are written when they end.
"""

NOTHING = np.zeros((), STANDING)
NOTHING["claim_row"] = NOTHING["line_row"] = -1

_LIMIT = 1 << 31  # halves of 32 bits: 2**63 cents are more than the books hold


@within
def too_large(high: int, low: int) -> bool:
    """Tell whether amounts without their signs add up to more than a bigint holds."""
    return high + (low >> 32) >= _LIMIT


@within
def weigh(now: Standing, cents: int) -> None:
    """Count an amount into how much the transaction could come to."""
    now.high += abs(cents) >> 32
    now.low += abs(cents) & 0xFFFFFFFF


@within
def weigh_claim(now: Standing, cents: int) -> None:
    """Count an amount into how much the open claim could come to."""
    now.claim_high += abs(cents) >> 32
    now.claim_low += abs(cents) & 0xFFFFFFFF


@within
def weigh_line(now: Standing, cents: int) -> None:
    """Count an amount into how much the open line could come to."""
    now.line_high += abs(cents) >> 32
    now.line_low += abs(cents) & 0xFFFFFFFF
