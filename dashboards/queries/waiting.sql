-- What waits for a person: memos of a month of service or posted to it that are not sent; of all months remittances that are held,
-- and what was refused at the door.
select
    held.count as held_count,
    held.cents as held_cents,
    pending.count as memos_pending_count,
    pending.cents as memos_pending_cents,
    (select count(*) from marts.quarantine) as quarantine_count
from (
    select
        count(*) as count,
        cast(coalesce(sum(bpr_cents), 0) as bigint) as cents
    from marts.era_tieout
    where verdict in ('held', 'conflict') and settlement is null
) as held
cross join (
    select
        cast(coalesce(sum(memos), 0) as bigint) as count,
        cast(coalesce(sum(amount_cents), 0) as bigint) as cents
    from marts.memo_totals
    where posting_status <> 'posted' and %(period)s in (period, origin_period)
) as pending
