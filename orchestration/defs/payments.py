"""Stripe objects by local day of their version, and what the bank received."""

import dagster as dg

from orchestration.defs.feeds import observed
from orchestration.defs.resources import Books
from orchestration.partitions import DAYS

_BY_DAY = """
    select
        to_char(version_at at time zone %(timezone)s, 'YYYY-MM-DD') as key,
        max(load_id) as loaded_through,
        count(*) as rows,
        coalesce(sum((payload ->> 'amount')::bigint) filter (where object_type = 'charge'), 0)::bigint as charged_cents
    from raw.stripe_object
    group by 1
    having max(load_id) > %(since)s
    order by 1
"""
_TOTALS = """
    select
        'all' as key,
        coalesce(max(load_id), 0) as loaded_through,
        count(*) as rows,
        count(distinct object_id) as objects,
        coalesce(sum((payload ->> 'amount')::bigint) filter (where object_type = 'charge'), 0)::bigint as charged_cents
    from raw.stripe_object
"""
_DEPOSITS = """
    select
        'all' as key,
        coalesce(max(load_id), 0) as loaded_through,
        count(*) as rows,
        coalesce(sum(amount_cents), 0)::bigint as deposited_cents
    from raw.bank_deposit
"""


@dg.asset(key=["raw", "stripe_objects"], group_name="raw", partitions_def=DAYS, kinds={"postgres"})
def stripe_objects(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Count versions of Stripe objects; the control total is the amount of all versions of charges in cents."""
    return observed(context, books, _BY_DAY, _TOTALS)


@dg.asset(key=["raw", "bank_deposits"], group_name="raw", kinds={"postgres"})
def bank_deposits(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Count deposits the bank lists; the newest load of a deposit wins."""
    return observed(context, books, None, _DEPOSITS)
