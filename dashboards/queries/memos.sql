-- The memo register, newest first, a part at a time.
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
order by issued_at desc, memo_id asc
limit %(size)s offset %(skipped)s
