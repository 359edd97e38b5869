-- The memo register added up, every combination of its filters.
select
    period,
    kind,
    reason,
    posting_status as status,
    cast(sum(memos) as bigint) as memos,
    cast(sum(amount_cents) as bigint) as amount_cents
from marts.memo_totals
group by period, kind, reason, posting_status
order by period desc, kind, reason, posting_status
