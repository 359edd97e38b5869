-- The memo register added up: what a page of filters shows without reading every memo.
select
    period,
    origin_period,
    practice_id,
    kind,
    reason,
    posting_status,
    count(*) as memos,
    cast(sum(amount_cents) as bigint) as amount_cents
from {{ ref('memos') }}
group by period, origin_period, practice_id, kind, reason, posting_status
