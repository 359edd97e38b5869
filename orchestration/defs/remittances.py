"""Remittances by file, and the fee schedule they are measured against."""

import dagster as dg

from orchestration.defs.feeds import observed
from orchestration.defs.resources import Books
from orchestration.partitions import REMITTANCE_FILES

_BY_FILE = """
    select
        file_sha256 as key,
        max(greatest(load_id, standing.settlement_id)) as loaded_through,
        sum(claim_count)::bigint as rows,
        count(*) as transactions,
        coalesce(sum(bpr_cents), 0)::bigint as paid_cents,
        coalesce(sum(bpr_cents) filter (where standing.verdict = 'posted'), 0)::bigint as posted_cents
    from raw.era_transaction
    join raw.era_standing as standing using (file_sha256, st_index)
    group by 1
    having max(greatest(load_id, standing.settlement_id)) > %(since)s
    order by 2, 1
"""
_TOTALS = """
    select
        'all' as key,
        coalesce(max(greatest(load_id, standing.settlement_id)), 0) as loaded_through,
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
    select 'all' as key, coalesce(max(load_id), 0) as loaded_through, count(*) as rows,
        count(distinct payer_id) as payers
    from raw.fee
"""


@dg.asset(key=["raw", "remittances"], group_name="raw", partitions_def=REMITTANCE_FILES, kinds={"postgres"})
def remittances(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Count remittance claims (its rows); what the files paid in cents is what posted, is held or is a duplicate."""
    return observed(context, books, _BY_FILE, _TOTALS)


@dg.asset(key=["raw", "fees"], group_name="raw", kinds={"postgres"})
def fees(context: dg.AssetExecutionContext, books: dg.ResourceParam[Books]) -> dg.MaterializeResult[None]:
    """Count allowed amounts by payer, service, modifiers and place; the newest load of a fee wins."""
    return observed(context, books, None, _FEES)
