"""Visits by local day of their state change, and the practices whose policies price them."""

import dagster as dg

from orchestration.defs.feeds import observed
from orchestration.defs.resources import Books
from orchestration.partitions import DAYS

_BY_DAY = """
    select
        to_char(state_changed_at at time zone %(timezone)s, 'YYYY-MM-DD') as key,
        max(load_id) as loaded_through,
        count(*) as rows,
        sum(charge_cents)::bigint as charge_cents
    from raw.visit
    group by 1
    having max(load_id) > %(since)s
    order by 1
"""
_TOTALS = """
    select
        'all' as key,
        coalesce(max(load_id), 0) as loaded_through,
        count(*) as rows,
        count(distinct visit_token) as visits,
        coalesce(sum(charge_cents), 0)::bigint as charge_cents
    from raw.visit
"""
_PRACTICES = """
    select 'all' as key, coalesce(max(load_id), 0) as loaded_through, count(*) as rows,
        count(distinct practice_id) as practices
    from raw.practice
"""


@dg.asset(key=["raw", "visits"], group_name="raw", partitions_def=DAYS, kinds={"postgres"})
def visits(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Count observations of visits; the control total is the list price in cents over all observations."""
    return observed(context, books, _BY_DAY, _TOTALS)


@dg.asset(key=["raw", "practices"], group_name="raw", kinds={"postgres"})
def practices(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Count practices and what they bill for visits that did not take place; the newest load of a practice wins."""
    return observed(context, books, None, _PRACTICES)
