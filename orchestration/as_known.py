"""Figures as they were known at the end of a day: from when entries were recorded and memos issued."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from psycopg import sql

from orchestration import published

if TYPE_CHECKING:
    import psycopg

# What was recorded at one time was added up then: no sum reads the entries again.
_SUMS = """
    sums as (
        select
            account::text as account, period, origin_period, source_kind, is_late,
            sum(debit_cents) as debit_cents, sum(credit_cents) as credit_cents, sum(entries) as entries
        from ledger.journal_sum
        where recorded_at < {moment}
        group by account, period, origin_period, source_kind, is_late
    )
"""
_REVENUE_FEED = "select * from marts.revenue_feed where recorded_at < {moment}"
_TRIAL_BALANCE = (
    "with"
    + _SUMS
    + """,
    movement as (
        select period, account, sum(debit_cents)::bigint as debit_cents, sum(credit_cents)::bigint as credit_cents
        from sums
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
    + _SUMS
    + """,
    movement as (
        select
            period, account, source_kind,
            sum(debit_cents - credit_cents)::bigint as movement_cents, sum(entries)::bigint as entries
        from sums
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
# Whose a visit was, and which objects carried a memo, is looked up for the rows that are asked for.
_MEMOS = """
    select
        memos.*,
        (
            select practice_id
            from raw.visit
            where visit.visit_token = memos.visit_token and recorded_at < {moment}
            order by state_changed_at desc, row_sha256 desc
            limit 1
        ) as practice_id,
        case when memo_id::text in (
            select payload -> 'metadata' ->> 'memo_id'
            from raw.stripe_object
            where payload -> 'metadata' ->> 'memo_id' is not null and recorded_at < {moment}
        ) then 'posted' else 'pending' end as posting_status
    from ledger.memos
    where issued_at < {moment}
"""
_CLOSED = """(
    select period, version, made_at as closed_at, made_by as closed_by
    from (
        select distinct on (period) period, event, (ordinal + 1) / 2 as version, made_at, made_by
        from ledger.period_event
        where made_at < {moment}
        order by period, ordinal desc
    ) as newest
    where event = 'close'
)"""
_CLOSED_MONTHS = f"select * from {_CLOSED} as closed"
# Of a month that was closed on the day, all that was published; of the others what the journal and the memos said.
_FIGURES = f"""
    select
        case when is_late then period else origin_period end as period,
        case when is_late then 'prior_period_' else '' end || measure as measure,
        sum(sign * (debit_cents - credit_cents))::bigint as amount_cents,
        null::bigint as count
    from ledger.journal_sum as sums
    join codes.measure
        on measure.account = sums.account::text and measure.source_kind in (sums.source_kind, 'any')
    where recorded_at < {{moment}}
        and case when is_late then period else origin_period end not in (select period from {_CLOSED} as closed)
    group by 1, 2
    union all
    select period, 'memo_' || kind, sum(amount_cents)::bigint, count(*)
    from ledger.memos
    where issued_at < {{moment}} and period not in (select period from {_CLOSED} as closed)
    group by period, kind
    union all
    select stood.*
    from ledger.closed_figure as kept
    join {_CLOSED} as closed on closed.period = kept.period and closed.version = kept.version
    cross join lateral jsonb_to_record(kept.figure) as stood
        (period text, measure text, amount_cents bigint, count bigint)
    where table_name = 'month_summary'
"""
# How many visits a figure is made of. It reads every entry: nearly all of the work.
_COUNTS = """
    select period, measure, count(*) filter (where cents <> 0) as count
    from (
        select
            case when is_late then period else origin_period end as period,
            case when is_late then 'prior_period_' else '' end || measure as measure,
            coalesce(visit_token::text, source_id) as subject,
            sum(sign * line.cents) as cents
        from ledger.journal
        cross join lateral unnest(accounts, amounts) as line (account, cents)
        join codes.measure
            on measure.account = line.account::text and measure.source_kind in (journal.source_kind, 'any')
        where recorded_at < {moment}
        group by 1, 2, 3
    ) as of_visit
    group by period, measure
"""
# The counts are one value: it is made once, and only when a row needs it.
_MONTH_SUMMARY = f"""
    select
        period, measure, amount_cents,
        coalesce(
            count,
            cast(
                (select jsonb_object_agg(period || measure, count) from ({_COUNTS}) as counted)
                ->> (period || measure) as bigint
            )
        ) as count
    from ({_FIGURES}) as figure
"""
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
    rows = connection.execute(sql.SQL(f"select period, version from {_CLOSED} as closed").format(moment=before))
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
