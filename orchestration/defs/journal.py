"""Appends what the journal must show: an entry a fact, and the exact opposite of what holds no more."""

import dagster as dg

from ledger.store.database import Database, connect
from orchestration.defs.resources import Books

_APPEND = """
    with last_reversal as (
        select source_kind, source_id, max(version) as version
        from ledger.journal
        where reverses is not null
        group by source_kind, source_id
    ),
    standing as (
        select entry.*
        from ledger.journal as entry
        where entry.reverses is null and not exists (
            select from ledger.journal as reversal
            where
                reversal.reverses is not null
                and reversal.source_kind = entry.source_kind
                and reversal.source_id = entry.source_id
                and reversal.reverses = entry.version
        )
    )
    insert into ledger.journal (
        source_kind, source_id, version, reverses, visit_token, practice_id, payer_id,
        origin_period, period, is_late, effective_on, as_of, accounts, amounts
    )
    select
        coalesce(due.source_kind, standing.source_kind),
        coalesce(due.source_id, standing.source_id),
        entry.version,
        entry.reverses,
        entry.visit_token,
        entry.practice_id,
        entry.payer_id,
        entry.origin_period,
        case when closed.period is null then entry.period else run_setting.posting_period end,
        closed_origin.period is not null,
        entry.effective_on,
        run_setting.as_of,
        entry.accounts,
        entry.amounts
    from intermediate.int_journal__due as due
    full outer join standing on due.source_kind = standing.source_kind and due.source_id = standing.source_id
    left join last_reversal
        on due.source_kind = last_reversal.source_kind and due.source_id = last_reversal.source_id
    cross join lateral (
        select
            standing.version + 1 as version,
            standing.version as reverses,
            standing.visit_token,
            standing.practice_id,
            standing.payer_id,
            standing.origin_period,
            standing.period,
            standing.effective_on,
            standing.accounts,
            (
                select array_agg(-line.amount order by line.place)
                from unnest(standing.amounts) with ordinality as line (amount, place)
            ) as amounts
        where standing.version is not null
        union all
        select
            coalesce(standing.version + 2, last_reversal.version + 1, 1),
            null,
            due.visit_token,
            due.practice_id,
            due.payer_id,
            due.origin_period,
            coalesce(due.period, to_char(due.effective_on, 'YYYY-MM')),
            due.effective_on,
            due.accounts,
            due.amounts
        where due.source_kind is not null
    ) as entry
    cross join ops.run_setting
    left join ledger.closed_month as closed on closed.period = entry.period
    left join ledger.closed_month as closed_origin on closed_origin.period = entry.origin_period
    where
        (
            due.visit_token, due.practice_id, due.payer_id, due.origin_period,
            due.effective_on, due.accounts, due.amounts
        ) is distinct from (
            standing.visit_token, standing.practice_id, standing.payer_id, standing.origin_period,
            standing.effective_on, standing.accounts, standing.amounts
        )
"""


@dg.asset(
    key=["ledger", "journal"],
    group_name="ledger",
    deps=[["intermediate", "int_journal__due"], ["ledger", "memos"]],
    kinds={"postgres"},
)
def journal(books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Keep the journal: an entry is never changed, what turns out otherwise is taken back and entered anew."""
    appended = append(books.database)
    books.advance("journal")
    return dg.MaterializeResult(metadata={"appended": appended})


def append(database: Database) -> int:
    """Append what the facts due ask for beside the entries that stand; returns how many entries.

    A fact is a source (kind and id); the entry that stands for it is its newest that is no reversal and not reversed.
    Where the fact reads otherwise now, the lines of that entry are taken back, copied from the journal, and new ones
    follow; of a fact that is gone only the reversal is added. It posts to the month the fact happened in, a reversal to
    the month of the entry it takes back, and where that month is closed to the posting month. One statement in one
    transaction: a run killed before the commit has appended nothing, one killed after it finds nothing due.
    """
    with connect(database) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('trueup.journal', 0))")
        # The role may add entries and nothing else; dbt made its sources anew, and with them lost the grants.
        connection.execute("grant usage on schema intermediate, ops to trueup_books")
        connection.execute("grant select on intermediate.int_journal__due, ops.run_setting to trueup_books")
        connection.execute("set local role trueup_books")
        return connection.execute(_APPEND).rowcount
