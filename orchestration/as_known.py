"""Figures as they were known at the end of a day: from when entries were recorded and memos issued."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from psycopg import sql

from orchestration import published

if TYPE_CHECKING:
    import psycopg

_LINES = """
    lines as (
        select journal.*, line.account::text as account, line.cents
        from ledger.journal
        cross join lateral unnest(accounts, amounts) as line (account, cents)
        where recorded_at < {moment}
    )
"""
_REVENUE_FEED = "select * from marts.revenue_feed where recorded_at < {moment}"
_TRIAL_BALANCE = (
    "with"
    + _LINES
    + """,
    movement as (
        select
            period, account,
            coalesce(sum(cents) filter (where cents > 0), 0)::bigint as debit_cents,
            coalesce(-sum(cents) filter (where cents < 0), 0)::bigint as credit_cents
        from lines
        group by period, account
    ),
    held as (
        select
            months.period, accounts.account,
            coalesce(debit_cents, 0) as debit_cents,
            coalesce(credit_cents, 0) as credit_cents,
            sum(coalesce(debit_cents, 0) - coalesce(credit_cents, 0))
                over (partition by accounts.account order by months.period)::bigint as closing_cents
        from (select account, min(period) as first_period from movement group by account) as accounts
        join (select distinct period from movement) as months on months.period >= accounts.first_period
        left join movement on movement.period = months.period and movement.account = accounts.account
    )
    select
        period, held.account, kind, normal_side,
        closing_cents - debit_cents + credit_cents as opening_cents, debit_cents, credit_cents, closing_cents
    from held
    join codes.account as chart on chart.account = held.account
"""
)
_ROLL_FORWARDS = (
    "with"
    + _LINES
    + """,
    movement as (
        select
            period, account, source_kind,
            sum(cents)::bigint as movement_cents, sum(case when reverses is null then 1 else -1 end) as entries
        from lines
        group by period, account, source_kind
    ),
    held as (
        select
            months.period, starts.account, starts.source_kind,
            coalesce(movement_cents, 0) as movement_cents, coalesce(entries, 0) as entries,
            sum(coalesce(movement_cents, 0))
                over (partition by starts.account, starts.source_kind order by months.period)::bigint as closing_cents
        from (select account, source_kind, min(period) as first_period from movement group by 1, 2) as starts
        join (select distinct period from movement) as months on months.period >= starts.first_period
        left join movement
            on movement.period = months.period
            and movement.account = starts.account
            and movement.source_kind = starts.source_kind
    )
    select
        period, account, source_kind, closing_cents - movement_cents as opening_cents, movement_cents, closing_cents,
        entries
    from held
"""
)
_MEMOS = """
    with known as (
        select distinct on (visit_token) visit_token, practice_id
        from raw.visit
        where recorded_at < {moment}
        order by visit_token, state_changed_at desc, row_sha256 desc
    ),
    posted as (
        select distinct payload -> 'metadata' ->> 'memo_id' as memo_id
        from raw.stripe_object
        where recorded_at < {moment}
    )
    select
        memos.*, practice_id, case when posted.memo_id is null then 'pending' else 'posted' end as posting_status
    from ledger.memos
    left join known using (visit_token)
    left join posted on posted.memo_id = memos.memo_id::text
    where issued_at < {moment}
"""
_CLOSING = """
    event as (
        select distinct on (period) period, event, (ordinal + 1) / 2 as version, made_at, made_by
        from ledger.period_event
        where made_at < {moment}
        order by period, ordinal desc
    ),
    closed as (select * from event where event = 'close')
"""
_CLOSED_MONTHS = "with" + _CLOSING + "select period, version, made_at as closed_at, made_by as closed_by from closed"
# Of a month that was closed on the day, all that was published; of the others what the journal and the memos said.
_MONTH_SUMMARY = (
    "with"
    + _LINES
    + ","
    + _CLOSING
    + """,
    of_visit as (
        select
            case when is_late then period else origin_period end as period,
            case when is_late then 'prior_period_' else '' end || measure as measure,
            coalesce(visit_token::text, source_id) as subject,
            sum(sign * cents) as cents
        from lines
        join codes.measure on measure.account = lines.account and measure.source_kind in (lines.source_kind, 'any')
        group by 1, 2, 3
    ),
    figure as (
        select period, measure, sum(cents)::bigint as amount_cents, count(*) filter (where cents <> 0) as count
        from of_visit
        group by period, measure
        union all
        select period, 'memo_' || kind, sum(amount_cents)::bigint, count(*)
        from ledger.memos
        where issued_at < {moment}
        group by period, kind
    )
    select figure.* from figure where period not in (select period from closed)
    union all
    select stood.*
    from ledger.closed_figure as kept
    join closed using (period, version)
    cross join lateral jsonb_to_record(kept.figure) as stood
        (period text, measure text, amount_cents bigint, count bigint)
    where table_name = 'month_summary'
"""
)
_MEMO_TOTALS = (
    "select period, origin_period, practice_id, kind, reason, posting_status, count(*) as memos,"
    " sum(amount_cents)::bigint as amount_cents from ("
    + _MEMOS
    + ") as register group by period, origin_period, practice_id, kind, reason, posting_status"
)
QUERIES = {
    "closed_months": _CLOSED_MONTHS,
    "memos": _MEMOS,
    "memo_totals": _MEMO_TOTALS,
    "month_summary": _MONTH_SUMMARY,
    "revenue_feed": _REVENUE_FEED,
    "roll_forwards": _ROLL_FORWARDS,
    "trial_balance": _TRIAL_BALANCE,
}


def end_of(day: date, timezone: str) -> datetime:
    """Give the end of a day in the books' time zone."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))


def closings_known(connection: "psycopg.Connection", before: datetime) -> dict[str, int]:
    """Give which closing of each month stood before a moment; a month that was open then has none."""
    rows = connection.execute(sql.SQL("with" + _CLOSING + "select period, version from closed").format(moment=before))
    return {str(period): int(version) for period, version in rows}


def as_known(connection: "psycopg.Connection", day: date, timezone: str) -> dict[str, published.Table]:
    """Give what can be told as of the end of a day in the books' time zone, in the columns it is published in."""
    end = end_of(day, timezone)
    found = published.tables(connection)
    return {
        name: replace(found[name], relation=sql.SQL(f"({query})").format(moment=end).as_string())
        for name, query in QUERIES.items()
        if name in found
    }
