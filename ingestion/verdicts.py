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

_FACTS_AT_A_TIME = 50_000
_ANSWER = ("facts", "bills", "on_hold", "target_cents")
# Of each practice the newest row: the newest load, within a file the later row. `facts` is all that the rule is asked,
# as one text: what billing says of equal facts is the same.
_ASK = """
create temporary table verdict_asked on commit drop as
with practice as (
    select distinct on (practice_id) practice_id, policy_key, no_show_fee_cents, late_cancel_fee_cents, partial_visit
    from raw.practice
    order by practice_id, load_id desc, row_number desc
),

asked as (
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
    from {observations} as visit
    left join practice on visit.practice_id = practice.practice_id
    where {which}
)

select
    *,
    row(policy_key, state, insured, charge_cents, patient_estimate_cents, scheduled, delivered)::text as facts
from asked
"""
_MISSING = """
not exists (
    select from raw.visit_verdict as verdict
    where verdict.visit_token = visit.visit_token
        and verdict.state_changed_at = visit.state_changed_at
        and verdict.row_sha256 = visit.row_sha256
        and verdict.policy_key = coalesce(practice.policy_key, %(default)s)
        and verdict.rule_version = %(rule_version)s
)
"""
_ALL = "raw.visit"
_SINCE = "(select * from raw.visit where load_id > %(since)s)"
_SINCE_WITH_PRACTICES = """(
    select * from raw.visit
    where load_id > %(since)s
        or practice_id in (select came.practice_id from raw.practice as came where came.load_id > %(since)s)
)"""
_OF_A_DAY = """
visit.state_changed_at >= %(day)s::date::timestamp at time zone %(timezone)s
and visit.state_changed_at < (%(day)s::date + 1)::timestamp at time zone %(timezone)s
"""
_DISTINCT_FACTS = """
select distinct on (facts)
    facts, policy_key, no_show_fee_cents, late_cancel_fee_cents, partial_visit,
    state, insured, charge_cents, patient_estimate_cents, scheduled, delivered
from verdict_asked
"""
_MAKE_ANSWERS = """
create temporary table billing_answer (facts text, bills boolean, on_hold boolean, target_cents bigint) on commit drop
"""
# In the order of the key, so that its index grows at its end. Two may assess at once: what the other wrote is the same.
_KEEP = """
insert into raw.visit_verdict as known
    (visit_token, state_changed_at, row_sha256, policy_key, rule_version, bills, on_hold, target_cents)
select
    asked.visit_token, asked.state_changed_at, asked.row_sha256, coalesce(asked.policy_key, %(default)s),
    %(rule_version)s, answer.bills, answer.on_hold, answer.target_cents
from verdict_asked as asked
inner join billing_answer as answer on asked.facts = answer.facts
order by asked.visit_token, asked.state_changed_at, asked.row_sha256
on conflict {when_known}
"""
_STAYS = "do nothing"
_IS_PUT_RIGHT = """
(visit_token, state_changed_at, row_sha256, policy_key, rule_version) do update
set bills = excluded.bills, on_hold = excluded.on_hold, target_cents = excluded.target_cents
where (known.bills, known.on_hold, known.target_cents)
    is distinct from (excluded.bills, excluded.on_hold, excluded.target_cents)
"""


def assess(connection: landing.Connection, since: int = 0) -> int:
    """Work out the verdicts that are missing and return how many those were; commit nothing.

    One verdict belongs to an observation, a practice's rules (`default` while it has no row) and a version of the
    billing rule. Verdicts of earlier rules stay where they are. The rule is asked once for equal facts. Only
    observations and practices loaded after load `since` are looked at: the others were before.
    """
    which = _ALL
    if since:
        # Where no practice came the server is not asked for visits of one: it would prepare for all there are.
        came = connection.execute("select 1 from raw.practice where load_id > %s limit 1", (since,)).fetchone()
        which = _SINCE_WITH_PRACTICES if came else _SINCE
    return _written(connection, which, _MISSING, _STAYS, since=since)


def work_out_anew(connection: landing.Connection, day: str, timezone: str) -> int:
    """Work out every verdict of a local day (YYYY-MM-DD) again and put right what is missing or differs.

    Returns how many those were; commits nothing. A verdict under the rules in force that differs was not written by
    them; figures are made from verdicts and never the reverse, so nothing is lost.
    """
    return _written(connection, _ALL, _OF_A_DAY, _IS_PUT_RIGHT, day=day, timezone=timezone)


def _written(connection: landing.Connection, observations: str, which: str, when_known: str, **given: object) -> int:
    """Ask the rule about some observations, keep its answers and return how many rows were written."""
    given |= {"default": DEFAULT_POLICY_KEY, "rule_version": RULE_VERSION}
    connection.execute(_ASK.format(observations=observations, which=which).encode(), given)
    connection.execute(_MAKE_ANSWERS)
    with connection.cursor(name="distinct_facts") as cursor:
        cursor.execute(_DISTINCT_FACTS)
        while rows := cursor.fetchmany(_FACTS_AT_A_TIME):
            landing.copy_rows(connection, "billing_answer", _ANSWER, map(_answer, rows))
    count = connection.execute(_KEEP.format(when_known=when_known).encode(), given).rowcount
    connection.execute("drop table verdict_asked, billing_answer")
    return count


def _answer(row: Sequence[Any]) -> tuple[object, ...]:
    facts, policy_key, no_show, late_cancel, partial_visit, *asked = row
    state, insured, charge, estimate, scheduled, delivered = asked
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
    return (facts, *verdict)
