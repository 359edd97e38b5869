"""The states of a visit, and which of them bill."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What a visit is at the moment; every observation in the visit ledger carries one."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    ABANDONED = "abandoned"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    LATE_CANCELLED = "late_cancelled"
    DISPUTED = "disputed"


# A state bills when care was given: its claim can go to a payer, and a payer's word on the patient's share counts.
BILLING_STATES = frozenset({State.COMPLETED, State.PARTIALLY_COMPLETED})
