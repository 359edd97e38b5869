-- Memos by kind, reason and the month they are posted to: those posted to one month or stemming from its visits, or all.
select
    kind,
    reason,
    period,
    cast(sum(memos) as bigint) as count,
    cast(sum(amount_cents) as bigint) as amount_cents,
    cast(coalesce(sum(memos) filter (where posting_status <> 'posted'), 0) as bigint) as pending
from marts.memo_totals
where cast(%(period)s as text) is null or period = %(period)s or origin_period = %(period)s
group by kind, reason, period
order by kind, period desc, reason
