"""Appends what the journal must show: an entry a fact, and the exact opposite of what holds no more."""

import dagster as dg

from ledger.store.database import Database, connect
from orchestration.defs.resources import Books

_APPEND = """
    with newest as (
        select distinct on (source_kind, source_id) *, reverses is null as stands
        from intermediate.int_journal__entries
        order by source_kind desc, source_id desc, version desc
    )
    insert into ledger.journal (
        source_kind, source_id, version, reverses, visit_token, practice_id, payer_id,
        origin_period, period, is_late, effective_on, as_of, accounts, amounts
    )
    select
        coalesce(due.source_kind, newest.source_kind),
        coalesce(due.source_id, newest.source_id),
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
    full outer join newest on due.source_kind = newest.source_kind and due.source_id = newest.source_id
    cross join lateral (
        select
            newest.version + 1 as version,
            newest.version as reverses,
            newest.visit_token,
            newest.practice_id,
            newest.payer_id,
            newest.origin_period,
            newest.period,
            newest.effective_on,
            newest.accounts,
            (
                select array_agg(-line.amount order by line.place)
                from unnest(newest.amounts) with ordinality as line (amount, place)
            ) as amounts
        where newest.stands
        union all
        select
            case when newest.stands then newest.version + 2 else coalesce(newest.version, 0) + 1 end,
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
        case
            when newest.stands
                then (
                    due.visit_token, due.practice_id, due.payer_id, due.origin_period,
                    due.effective_on, due.accounts, due.amounts
                ) is distinct from (
                    newest.visit_token, newest.practice_id, newest.payer_id, newest.origin_period,
                    newest.effective_on, newest.accounts, newest.amounts
                )
            else due.source_kind is not null
        end
"""


@dg.asset(
    key=["ledger", "journal"],
    group_name="ledger",
    deps=[["intermediate", "int_journal__due"], ["intermediate", "int_journal__entries"], ["ledger", "memos"]],
    kinds={"postgres"},
)
def journal(books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Keep the journal: an entry is never changed, what turns out otherwise is taken back and entered anew."""
    appended = append(books.database)
    if books.since is None:
        # Most of it may be new, and the runs after this one look up few of its entries by what is known of all.
        with connect(books.database) as connection:
            connection.execute("analyze ledger.journal")
    books.advance("journal")
    return dg.MaterializeResult(metadata={"appended": appended})


def append(database: Database) -> int:
    """Append what the facts due ask for beside the entries that stand; returns how many entries.

    Both are views of the facts this run looks at: of all in a whole run, else of those that were touched.

    A fact is a source (kind and id); its newest entry stands for it, unless that is a reversal. Where the fact reads
    otherwise now, the lines of that entry are taken back, copied from the journal, and new ones follow; of a fact that
    is gone only the reversal is added. It posts to the month the fact happened in, a reversal to the month of the entry
    it takes back, and where that month is closed to the posting month. One statement in one transaction: a run killed
    before the commit has appended nothing, one killed after it finds nothing due.
    """
    with connect(database) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('trueup.journal', 0))")
        # The role may add entries and nothing else; dbt made its sources anew, and with them lost the grants.
        connection.execute("grant usage on schema intermediate, ops to trueup_books")
        connection.execute(
            "grant select on intermediate.int_journal__due, intermediate.int_journal__entries, ops.run_setting"
            " to trueup_books"
        )
        connection.execute("set local role trueup_books")
        return connection.execute(_APPEND).rowcount
