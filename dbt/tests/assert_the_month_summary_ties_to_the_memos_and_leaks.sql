with summary as (

    select
        coalesce(sum(amount_cents) filter (where measure like 'memo%'), 0) as memo_cents,
        coalesce(sum(amount_cents) filter (where measure like 'leak%'), 0) as leak_cents,
        coalesce(sum(amount_cents) filter (where measure = 'pos_adjusted_revenue'), 0) as revenue_cents
    from {{ ref('month_summary') }}

)

select summary.*
from summary
where
    summary.memo_cents <> (select coalesce(sum(amount_cents), 0) from {{ ref('memos') }})
    or summary.leak_cents <> (select coalesce(sum(amount_cents), 0) from {{ ref('leaks') }})
    or summary.revenue_cents <> (select coalesce(sum(pos_adjusted_revenue_cents), 0) from {{ ref('visit_revenue') }})
