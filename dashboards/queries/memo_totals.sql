-- Memos by kind and reason: those posted to one month, or all.
select
    kind,
    reason,
    count(*) as count,
    cast(sum(amount_cents) as bigint) as amount_cents,
    count(*) filter (where posting_status <> 'posted') as pending
from marts.memos
where cast(%(period)s as text) is null or period = %(period)s
group by kind, reason
order by kind, reason
