"""What the payers said of one visit: a plain sequential fold over its claims (contract 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tests.support.oracle.inputs import Claim
    from tests.support.oracle.remits import PostedClaim

ORDER_OF_STATUS = {"1": 1, "19": 1, "2": 2, "20": 2, "3": 3, "21": 3}
PRIMARY = 1


@dataclass
class Entry:
    """A claim in the fold: the payer order it took and what became of it."""

    posted: PostedClaim
    order: int = PRIMARY
    reversed: bool = False
    superseded: bool = False

    @property
    def claim(self) -> Claim:
        """The claim itself."""
        return self.posted.claim

    @property
    def live(self) -> bool:
        """Whether it still stands."""
        return not (self.claim.is_reversal or self.reversed or self.superseded)


def is_denial(claim: Claim) -> bool:
    """Paid 0, nothing left to the patient, and an adjustment that is neither PR nor CO-45."""
    amounts = [a for a in claim.adjustments if a.amount_cents != 0]
    refused = any(a.group_code != "PR" and (a.group_code, a.reason_code) != ("CO", "45") for a in amounts)
    return not claim.is_reversal and claim.paid_cents == 0 and refused and all(a.group_code != "PR" for a in amounts)


def _order_of_others(entry: Entry, entries: Sequence[Entry]) -> int:
    """Return the smallest order among the visit's other plain claims of that payer, else primary."""
    orders = [
        ORDER_OF_STATUS[other.claim.status_code]
        for other in entries
        if other is not entry
        and other.posted.payer == entry.posted.payer
        and not other.claim.is_reversal
        and other.claim.status_code in ORDER_OF_STATUS
    ]
    return min(orders, default=PRIMARY)


def _reversal_target(reversal: Entry, earlier: Sequence[Entry]) -> Entry | None:
    """Return the claim a reversal undoes: the same CLP07, else the payer's newest live one with opposite amounts."""
    open_claims = [entry for entry in earlier if not entry.claim.is_reversal and not entry.reversed]

    def opposite(entry: Entry) -> bool:
        mine, theirs = reversal.claim, entry.claim
        return (mine.charge_cents, mine.paid_cents) == (-theirs.charge_cents, -theirs.paid_cents)

    number = reversal.claim.payer_claim_number
    same_number = [entry for entry in open_claims if number and entry.claim.payer_claim_number == number]
    if same_number:
        # max keeps the first of equals, so the newest goes first
        return max(reversed(same_number), key=lambda entry: (opposite(entry), entry.live))
    same_payer = [e for e in open_claims if e.live and e.posted.payer == reversal.posted.payer and opposite(e)]
    return same_payer[-1] if same_payer else None


def fold(claims: Sequence[PostedClaim]) -> list[Entry]:
    """Return the claims of one visit, in order, each with its payer order and its fate."""
    entries = [Entry(posted) for posted in claims]
    for position, entry in enumerate(entries):
        earlier = entries[:position]
        if entry.claim.is_reversal:
            target = _reversal_target(entry, earlier)
            if target is not None:
                target.reversed = True
            entry.order = target.order if target is not None else _order_of_others(entry, entries)
            continue
        status = entry.claim.status_code
        entry.order = ORDER_OF_STATUS[status] if status in ORDER_OF_STATUS else _order_of_others(entry, entries)
        for other in earlier:
            same = other.posted.payer == entry.posted.payer and other.order == entry.order
            if same and other.live and is_denial(other.claim):
                other.superseded = True
    return entries


def _sum(entries: Sequence[Entry], group: str | None = None, reason: str | None = None) -> int:
    """Sum of the adjustments of a group and reason; None means any."""
    return sum(
        a.amount_cents
        for entry in entries
        for a in entry.claim.adjustments
        if group in (None, a.group_code) and reason in (None, a.reason_code)
    )


@dataclass(frozen=True)
class Adjudication:
    """The amounts that one visit's claims come to, in cents."""

    live: bool
    payer_paid_cents: int
    patient_responsibility_cents: int | None
    contractual_cents: int
    sequestration_cents: int
    denied_cents: int
    other_adjustment_cents: int
    allowed_cents: int | None
    pos_paid: str | None
    live_primary: tuple[Claim, ...]
    first_decided_on: date | None
    first_decision: str | None

    @property
    def last_primary(self) -> Claim | None:
        """Return the last live primary claim."""
        return self.live_primary[-1] if self.live_primary else None

    @property
    def primary_denials(self) -> tuple[Claim, ...]:
        """Return the live primary claims that are denials."""
        return tuple(claim for claim in self.live_primary if is_denial(claim))

    @property
    def denied(self) -> bool:
        """Whether the last live primary claim is a denial."""
        return self.last_primary is not None and is_denial(self.last_primary)


def _first_decision(first: Entry) -> str:
    """Say how the visit's first claim fared: denied, passed (it paid or left something, and stands), or other."""
    if is_denial(first.claim):
        return "denied"
    gave = first.claim.paid_cents > 0 or _sum([first], "PR") > 0
    return "passed" if gave and first.live else "other"


def adjudicate(claims: Sequence[PostedClaim]) -> Adjudication:
    """Return the amounts of a visit with these claims, in order."""
    entries = fold(claims)
    live_orders = {entry.order for entry in entries if entry.live}
    last = [entry for entry in entries if live_orders and entry.order == max(live_orders)]
    primary = [entry for entry in entries if entry.live and entry.order == PRIMARY]
    denials = [entry for entry in primary if is_denial(entry.claim)]
    paid_for = [entry for entry in primary if not is_denial(entry.claim)]
    contractual, sequestration = _sum(paid_for, "CO", "45"), _sum(paid_for, "CO", "253")
    responsibility = _sum(paid_for, "PR")
    allowed = sum(entry.claim.paid_cents for entry in primary) + responsibility + sequestration
    return Adjudication(
        live=bool(live_orders),
        payer_paid_cents=sum(entry.claim.paid_cents for entry in entries),
        patient_responsibility_cents=_sum(last, "PR") if live_orders else None,
        contractual_cents=contractual,
        sequestration_cents=sequestration,
        denied_cents=_sum(denials),
        other_adjustment_cents=_sum(paid_for) - responsibility - contractual - sequestration,
        allowed_cents=allowed if primary else None,
        pos_paid=(primary[-1].claim.facility_code or None) if primary else None,
        live_primary=tuple(entry.claim for entry in primary),
        first_decided_on=entries[0].posted.transaction.paid_on if entries else None,
        first_decision=_first_decision(entries[0]) if entries else None,
    )
