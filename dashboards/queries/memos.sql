-- The memo register, newest first, a part at a time; each filter may be left out.
select
    memo_id,
    visit_token,
    kind,
    amount_cents,
    reason,
    caused_by,
    origin_period,
    period,
    cast(issued_at as date) as issued_on,
    posting_status
from marts.memos
where
    (cast(%(period)s as text) is null or period = %(period)s)
    and (cast(%(kind)s as text) is null or kind = %(kind)s)
    and (cast(%(reason)s as text) is null or reason = %(reason)s)
    and (cast(%(status)s as text) is null or posting_status = %(status)s)
order by issued_at desc, memo_id asc
limit %(size)s offset %(skipped)s
