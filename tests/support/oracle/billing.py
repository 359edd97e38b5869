"""What a visit bills before any payer speaks, and what its fee schedule promises (contract 3.1, 3.4, 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.oracle.inputs import Practice

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from tests.support.oracle.inputs import Fee, Inputs, Observation, Rules

BILLING_STATES = frozenset({"completed", "partially_completed"})


def current_visits(observations: Iterable[Observation]) -> dict[str, Observation]:
    """Return the newest observation of each token; equal times: the larger SHA-256."""
    newest: dict[str, Observation] = {}
    for seen in observations:
        known = newest.get(seen.visit_token)
        if known is None or (seen.state_changed_at, seen.sha) > (known.state_changed_at, known.sha):
            newest[seen.visit_token] = seen
    return newest


def newest_practices(practices: Iterable[Practice]) -> dict[str, Practice]:
    """Return the last row of each practice."""
    return {row.practice_id: row for row in practices}


def table_target(visit: Observation, practice: Practice | None) -> int | None:
    """Return the patient's target in cents by the table of contract 3.1; None while the visit is disputed."""
    policy = practice or Practice(visit.practice_id)
    fees = {"no_show": policy.no_show_fee_cents, "late_cancelled": policy.late_cancel_fee_cents}
    if visit.state == "disputed":
        return None
    if visit.state not in BILLING_STATES:
        return fees.get(visit.state, 0)
    if visit.payer_id is not None:
        return visit.patient_estimate_cents
    if visit.state == "completed" or policy.partial_visit == "full":
        return visit.charge_cents
    return 0 if policy.partial_visit == "none" else _pro_rata(visit)


def _pro_rata(visit: Observation) -> int:
    """Charge x delivered / scheduled time, at most the charge, half up to a cent."""
    if visit.started_at is None or visit.ended_at is None:
        return 0
    delivered = int((visit.ended_at - visit.started_at).total_seconds())
    scheduled = int((visit.scheduled_end - visit.scheduled_start).total_seconds())
    return min(visit.charge_cents, (2 * visit.charge_cents * delivered + scheduled) // (2 * scheduled))


def service_date(visit: Observation, rules: Rules) -> date:
    """Return the local date of the start, else of the scheduled start."""
    return rules.local_date(visit.started_at or visit.scheduled_start)


def end_date(visit: Observation, rules: Rules) -> date:
    """Return the local date of the end, else of the scheduled end."""
    return rules.local_date(visit.ended_at or visit.scheduled_end)


class FeeSchedule:
    """The fees in force; the newest row of a key wins."""

    def __init__(self, inputs: Inputs) -> None:
        self._rules = inputs.rules
        self._rows: dict[tuple[str, str, str], list[tuple[int, Fee]]] = {}
        keyed: dict[tuple[object, ...], tuple[int, Fee]] = {}
        for age, fee in enumerate(inputs.fees):
            key = (fee.payer_id, fee.service_code, fee.modifiers, fee.place_of_service, fee.effective_from)
            keyed[(*key, fee.effective_to)] = (age, fee)
        for age, fee in keyed.values():
            place = (fee.payer_id, fee.service_code, fee.place_of_service)
            self._rows.setdefault(place, []).append((age, fee))

    def expected_cents(self, visit: Observation, place_of_service: str | None) -> int | None:
        """Fee x units of the visit at a place of service, None when unpriced."""
        if visit.payer_id is None or place_of_service is None:
            return None
        day = service_date(visit, self._rules)
        rows = [
            (len(fee.modifiers), fee.effective_from, age, fee.allowed_cents)
            for age, fee in self._rows.get((visit.payer_id, visit.service_code, place_of_service), [])
            if fee.modifiers <= visit.modifiers
            and fee.effective_from <= day
            and (fee.effective_to is None or day <= fee.effective_to)
        ]
        return max(rows)[3] * visit.units if rows else None
