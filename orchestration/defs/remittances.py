"""Remittances by file, and the fee schedule they are measured against."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.feeds import Feed, observed
from orchestration.defs.resources import Books
from orchestration.partitions import REMITTANCE_FILES

# A file belongs to the days its transactions were paid on; one that names none, to the day it was loaded.
_BY_FILE = """
    select
        file_sha256 as key,
        count(*) || '-' || to_hex(
            bit_xor(hashtextextended(st_index || body_sha256 || standing.verdict, 0))
        ) as fingerprint,
        sum(claim_count)::bigint as rows,
        count(*) as transactions,
        coalesce(sum(bpr_cents), 0)::bigint as paid_cents,
        coalesce(sum(bpr_cents) filter (where standing.verdict = 'posted'), 0)::bigint as posted_cents
    from raw.era_transaction
    join raw.era_standing as standing using (file_sha256, st_index)
    group by 1
    having max(greatest(load_id, standing.settlement_id)) > %(since)s
        and bool_or(
            coalesce(paid_on, (recorded_at at time zone %(timezone)s)::date) between %(first)s and %(last)s
        )
    order by max(greatest(load_id, standing.settlement_id)), 1
"""
_TOTALS = """
    select
        coalesce(sum(claim_count), 0)::bigint as rows,
        count(*) as transactions,
        coalesce(sum(bpr_cents), 0)::bigint as paid_cents,
        coalesce(sum(bpr_cents) filter (where standing.verdict = 'posted'), 0)::bigint as posted_cents,
        coalesce(sum(bpr_cents) filter (where standing.verdict in ('held', 'conflict')), 0)::bigint as held_cents,
        coalesce(sum(bpr_cents) filter (where standing.verdict = 'duplicate'), 0)::bigint as duplicate_cents
    from raw.era_transaction
    join raw.era_standing as standing using (file_sha256, st_index)
"""
_FEES = """
    select count(*) as rows, count(distinct payer_id) as payers
    from raw.fee
"""


REMITTANCES = Feed(
    name="remittances",
    kind="era",
    partitions=_BY_FILE,
    touches="insert into ops.touched (kind, key) values ('remittance', %(key)s) on conflict do nothing",
    rows="file_sha256 in ({keys})",
)


@dg.asset(
    key=["raw", "remittances"],
    group_name="raw",
    partitions_def=REMITTANCE_FILES,
    output_required=False,
    kinds={"postgres"},
)
def remittances(
    context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]
) -> Iterator[dg.MaterializeResult[None]]:
    """Count remittance claims (its rows); what the files paid in cents is what posted, is held or is a duplicate."""
    yield from observed(context, books, REMITTANCES, _TOTALS)


@dg.asset(key=["raw", "fees"], group_name="raw", kinds={"postgres"})
def fees(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> Iterator[dg.MaterializeResult[None]]:
    """Count allowed amounts by payer, service, modifiers and place; the newest load of a fee wins."""
    yield from observed(context, books, None, _FEES)
