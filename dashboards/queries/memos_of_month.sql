-- The largest memos that are posted to a month or stem from it.
select
    memo_id,
    visit_token,
    kind,
    amount_cents,
    reason,
    origin_period,
    period,
    cast(issued_at as date) as issued_on,
    posting_status
from marts.memos
where period = %(period)s or origin_period = %(period)s
order by amount_cents desc, memo_id asc
limit %(shown)s
