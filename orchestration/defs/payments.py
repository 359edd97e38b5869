"""Stripe objects by local day of their version, and what the bank received."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.feeds import Feed, observed
from orchestration.defs.resources import Books
from orchestration.partitions import DAYS

_BY_DAY = """
    select
        to_char(version_at at time zone %(timezone)s, 'YYYY-MM-DD') as key,
        count(*) || '-' || to_hex(
            bit_xor(hashtextextended(object_id || extract(epoch from version_at) || object_sha256, 0))
        ) as fingerprint,
        count(*) as rows,
        coalesce(sum((payload ->> 'amount')::bigint) filter (where object_type = 'charge'), 0)::bigint as charged_cents
    from raw.stripe_object
    where (version_at at time zone %(timezone)s)::date between %(first)s and %(last)s
    group by 1
    having max(load_id) > %(since)s
    order by 1
"""
_TOTALS = """
    select
        count(*) as rows,
        coalesce(sum((payload ->> 'amount')::bigint) filter (where object_type = 'charge'), 0)::bigint as charged_cents
    from raw.stripe_object
    where load_id > %(since)s
"""
_DEPOSITS = """
    select
        count(*) as rows,
        coalesce(sum(amount_cents), 0)::bigint as deposited_cents
    from raw.bank_deposit
"""
STRIPE_OBJECTS = Feed(
    name="stripe_objects",
    kind="stripe",
    partitions=_BY_DAY,
    touches="""
        insert into ops.touched (kind, key)
        select distinct 'object', object_id from raw.stripe_object
        where to_char(version_at at time zone %(timezone)s, 'YYYY-MM-DD') = %(key)s
        on conflict do nothing
    """,
    rows="to_char(version_at at time zone '{timezone}', 'YYYY-MM-DD') in ({keys})",
)


@dg.asset(
    key=["raw", "stripe_objects"], group_name="raw", partitions_def=DAYS, output_required=False, kinds={"postgres"}
)
def stripe_objects(
    context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]
) -> Iterator[dg.MaterializeResult[None]]:
    """Count versions of Stripe objects; the control total is the amount of all versions of charges in cents."""
    yield from observed(context, books, STRIPE_OBJECTS, _TOTALS)


@dg.asset(key=["raw", "bank_deposits"], group_name="raw", kinds={"postgres"})
def bank_deposits(
    context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]
) -> Iterator[dg.MaterializeResult[None]]:
    """Count deposits the bank lists; the newest load of a deposit wins."""
    yield from observed(context, books, None, _DEPOSITS)
