"""What a visit bills: one pure function, used wherever a visit enters the books; SQL only reads its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from ledger.rules.money import share_of
from ledger.rules.visit import BILLING_STATES, State

# Stored with every verdict. Any change of what `what_it_bills` returns for any visit gets a new number.
RULE_VERSION = "1"


class PartialVisit(StrEnum):
    """How a practice charges a self-pay visit that was broken off."""

    PRO_RATA = "pro_rata"
    FULL = "full"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PracticeRules:
    """What a practice decides about its own fees, in cents; the defaults hold for a practice that has said nothing."""

    no_show_fee_cents: int = 0
    late_cancel_fee_cents: int = 0
    partial_visit: PartialVisit = PartialVisit.PRO_RATA

    def __post_init__(self) -> None:
        """Refuse a negative fee: a practice does not pay for a no-show."""
        if self.no_show_fee_cents < 0 or self.late_cancel_fee_cents < 0:
            raise ValueError(
                f"A fee cannot be negative: {self.no_show_fee_cents} or {self.late_cancel_fee_cents} cents."
            )

    @property
    def policy_key(self) -> str:
        """The rules in one text: equal rules, equal key."""
        return (
            f"no_show={self.no_show_fee_cents},late_cancel={self.late_cancel_fee_cents},"
            f"partial_visit={self.partial_visit.value}"
        )


DEFAULT_RULES = PracticeRules()
# Names the defaults where a practice has no row of its own: its verdict is worked out anew when one comes.
DEFAULT_POLICY_KEY = "default"


class Verdict(NamedTuple):
    """What the patient is to be billed before any payer adjudicates; `target_cents` is None exactly while on hold."""

    bills: bool
    on_hold: bool
    target_cents: int | None


def what_it_bills(  # noqa: PLR0913 - the facts of a visit that decide its bill, all needed and named at every call
    state: State,
    *,
    insured: bool,
    charge_cents: int,
    patient_estimate_cents: int | None,
    scheduled: timedelta,
    delivered: timedelta | None,
    rules: PracticeRules = DEFAULT_RULES,
) -> Verdict:
    """Decide what a visit bills its patient.

    `charge_cents` is the list price of the whole visit, `patient_estimate_cents` the share estimated at service (None
    only for self-pay). `scheduled` is longer than nothing; `delivered` is None when start or end is not known, and such
    a visit delivered nothing that could be charged by time. A disputed visit is on hold: what is billed already stays.
    Raises ValueError when an insured visit has no estimate, or an amount or a time is negative.
    """
    if state is State.DISPUTED:
        return Verdict(bills=False, on_hold=True, target_cents=None)
    if state in BILLING_STATES and insured:
        target = _estimate(patient_estimate_cents)
    elif state is State.COMPLETED:
        target = charge_cents
    elif state is State.PARTIALLY_COMPLETED:
        target = _partial(charge_cents, scheduled, delivered, rules.partial_visit)
    elif state is State.NO_SHOW:
        target = rules.no_show_fee_cents
    elif state is State.LATE_CANCELLED:
        target = rules.late_cancel_fee_cents
    else:
        target = 0
    return Verdict(bills=state in BILLING_STATES, on_hold=False, target_cents=target)


def _estimate(patient_estimate_cents: int | None) -> int:
    if patient_estimate_cents is None:
        raise ValueError("An insured visit needs the patient share estimated at service (patient_estimate_cents).")
    return patient_estimate_cents


def _partial(charge_cents: int, scheduled: timedelta, delivered: timedelta | None, policy: PartialVisit) -> int:
    if policy is PartialVisit.FULL:
        return charge_cents
    if policy is PartialVisit.NONE or delivered is None:
        return 0
    microsecond = timedelta(microseconds=1)
    return min(charge_cents, share_of(charge_cents, delivered // microsecond, scheduled // microsecond))
