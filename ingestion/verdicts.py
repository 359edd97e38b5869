"""Asks the billing rule what every observed visit bills, under the rules its practice has now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion import landing
from ledger.rules.billing import (
    DEFAULT_POLICY_KEY,
    DEFAULT_RULES,
    RULE_VERSION,
    PartialVisit,
    PracticeRules,
    what_it_bills,
)
from ledger.rules.visit import State

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS_AT_A_TIME = 50_000
_COLUMNS = (
    "visit_token",
    "state_changed_at",
    "row_sha256",
    "policy_key",
    "rule_version",
    "bills",
    "on_hold",
    "target_cents",
)
# Of each practice the newest row: the newest load, within a file the later row.
_MISSING = """
with practice as (
    select distinct on (practice_id) practice_id, policy_key, no_show_fee_cents, late_cancel_fee_cents, partial_visit
    from raw.practice
    order by practice_id, load_id desc, row_number desc
)

select
    visit.visit_token,
    visit.state_changed_at,
    visit.row_sha256,
    practice.policy_key,
    practice.no_show_fee_cents,
    practice.late_cancel_fee_cents,
    practice.partial_visit,
    visit.state,
    visit.payer_id is not null as insured,
    visit.charge_cents,
    visit.patient_estimate_cents,
    visit.scheduled_end - visit.scheduled_start as scheduled,
    visit.ended_at - visit.started_at as delivered
from raw.visit as visit
left join practice on visit.practice_id = practice.practice_id
where not exists (
    select from raw.visit_verdict as verdict
    where verdict.visit_token = visit.visit_token
        and verdict.state_changed_at = visit.state_changed_at
        and verdict.row_sha256 = visit.row_sha256
        and verdict.policy_key = coalesce(practice.policy_key, %(default)s)
        and verdict.rule_version = %(rule_version)s
)
"""


def assess(connection: landing.Connection) -> int:
    """Work out the verdicts that are missing and return how many those were; commit nothing.

    One verdict belongs to an observation, a practice's rules (`default` while it has no row) and a version of the
    billing rule. Verdicts of earlier rules stay where they are.
    """
    count = 0
    with connection.cursor(name="missing_verdicts") as cursor:
        cursor.execute(_MISSING, {"default": DEFAULT_POLICY_KEY, "rule_version": RULE_VERSION})
        while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
            # Two may assess at once: what the other wrote is the same.
            landing.copy_rows(connection, "raw.visit_verdict", _COLUMNS, map(_verdict_row, rows), ignore_conflicts=True)
            count += len(rows)
    return count


def _verdict_row(row: Sequence[Any]) -> tuple[object, ...]:
    token, changed_at, row_sha256, policy_key, no_show, late_cancel, partial_visit, *facts = row
    state, insured, charge, estimate, scheduled, delivered = facts
    rules = DEFAULT_RULES if policy_key is None else PracticeRules(no_show, late_cancel, PartialVisit(partial_visit))
    verdict = what_it_bills(
        State(state),
        insured=insured,
        charge_cents=charge,
        patient_estimate_cents=estimate,
        scheduled=scheduled,
        delivered=delivered,
        rules=rules,
    )
    return (token, changed_at, row_sha256, policy_key or DEFAULT_POLICY_KEY, RULE_VERSION, *verdict)
