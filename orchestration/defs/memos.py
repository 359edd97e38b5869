"""Issues the memos that make the books level: one statement, append-only, the same ids from the same inputs."""

import dagster as dg

from ledger.store.database import Database, connect
from orchestration.defs.resources import Books

_ISSUE = """
    with issued as (
        select
            visit_token,
            max(ordinal) as last_ordinal,
            sum(case kind when 'debit' then amount_cents else -amount_cents end) as signed_cents
        from ledger.memos
        where {touched}
        group by visit_token
    ),
    due as (
        select
            desired.*,
            coalesce(issued.last_ordinal, 0) + 1 as ordinal,
            desired.desired_cents - coalesce(issued.signed_cents, 0) as due_cents
        from intermediate.int_memos__desired as desired
        left join issued using (visit_token)
        where {touched}
    )
    insert into ledger.memos
        (memo_id, visit_token, ordinal, kind, amount_cents, reason, caused_by, origin_period, period, as_of)
    select
        ledger.memo_id(due.visit_token, due.ordinal),
        due.visit_token,
        due.ordinal,
        case when due.due_cents > 0 then 'debit' else 'credit' end,
        abs(due.due_cents),
        due.reason,
        due.caused_by,
        due.origin_period,
        run_setting.posting_period,
        run_setting.as_of
    from due
    cross join ops.run_setting
    where due.due_cents <> 0
"""

# A condition of its own for each kind of run: one for both would hide from the server how few visits were touched.
_TOUCHED = "visit_token in (select touched.visit_token from intermediate.int_touched__visits as touched)"


@dg.asset(
    key=["ledger", "memos"],
    group_name="ledger",
    deps=[["intermediate", "int_memos__desired"]],
    kinds={"postgres"},
)
def memos(books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Keep the memo register; a memo is never changed, a later remittance makes a further one."""
    issued = issue(books.database, whole=books.since is None)
    with connect(books.database) as connection:
        row = connection.execute("select count(*) from ledger.memos").fetchone()
    books.advance("memos")
    return dg.MaterializeResult(metadata={"issued": issued, "dagster/row_count": row[0] if row else 0})


def issue(database: Database, *, whole: bool) -> int:
    """Append a memo for every visit whose issued memos do not yet sum to what is desired; returns how many.

    Only visits that were touched can be out of level, so only those are looked at but in a `whole` run.

    One statement in one transaction: a run killed before the commit has issued none, one killed after it finds none
    due. A visit that is disputed has no row in `int_memos__desired`, so its memos stand as they are.
    """
    with connect(database) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended('trueup.memos', 0))")
        # The role may add memos and nothing else; dbt made its source anew, and with it lost the grant.
        connection.execute("grant usage on schema intermediate, ops to trueup_books")
        connection.execute(
            "grant select on intermediate.int_memos__desired, intermediate.int_touched__visits, ops.run_setting"
            " to trueup_books"
        )
        connection.execute("set local role trueup_books")
        return connection.execute(_ISSUE.format(touched="true" if whole else _TOUCHED).encode()).rowcount
