"""Visits by local day of their state change, and the practices whose policies price them."""

from collections.abc import Iterator

import dagster as dg

from ingestion import verdicts
from orchestration.defs.feeds import Feed, observed
from orchestration.defs.resources import Books
from orchestration.partitions import DAYS

# What a day's verdicts rest on is part of it: the policy of each practice.
_BY_DAY = """
    with policies as (
        select distinct on (practice_id) practice_id, policy_key
        from raw.practice
        order by practice_id, load_id desc, row_number desc
    )
    select
        to_char(state_changed_at at time zone %(timezone)s, 'YYYY-MM-DD') as key,
        count(*) || '-' || to_hex(
            bit_xor(hashtextextended(visit_token || row_sha256 || coalesce(policy_key, 'default'), 0))
        ) as fingerprint,
        count(*) as rows,
        sum(charge_cents)::bigint as charge_cents
    from raw.visit
    left join policies using (practice_id)
    where (state_changed_at at time zone %(timezone)s)::date between %(first)s and %(last)s
    group by 1
    having max(load_id) > %(since)s
    order by 1
"""
_TOTALS = """
    select
        count(*) as rows,
        coalesce(sum(charge_cents), 0)::bigint as charge_cents
    from raw.visit
    where load_id > %(since)s
"""
_PRACTICES = """
    select count(*) as rows, count(distinct practice_id) as practices
    from raw.practice
"""
VISITS = Feed(
    name="visits",
    kind="visits",
    partitions=_BY_DAY,
    touches="""
        insert into ops.touched (kind, key)
        select distinct 'visit', visit_token::text from raw.visit
        where to_char(state_changed_at at time zone %(timezone)s, 'YYYY-MM-DD') = %(key)s
        on conflict do nothing
    """,
    rows="to_char(state_changed_at at time zone '{timezone}', 'YYYY-MM-DD') in ({keys})",
    work_out=verdicts.work_out_anew,
)


@dg.asset(key=["raw", "visits"], group_name="raw", partitions_def=DAYS, output_required=False, kinds={"postgres"})
def visits(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> Iterator[dg.MaterializeResult[None]]:
    """Count observations of visits; the control total is the list price in cents over all observations."""
    yield from observed(context, books, VISITS, _TOTALS)


@dg.asset(key=["raw", "practices"], group_name="raw", kinds={"postgres"})
def practices(
    context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]
) -> Iterator[dg.MaterializeResult[None]]:
    """Count practices and what they bill for visits that did not take place; the newest load of a practice wins."""
    yield from observed(context, books, None, _PRACTICES)
