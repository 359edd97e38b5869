-- The memos of one visit, in the order they were issued.
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
where visit_token = %(token)s
order by issued_at, memo_id
