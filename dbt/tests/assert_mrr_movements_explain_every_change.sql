-- Opening and movements give the closing, and the next month, which follows without a gap, opens with it: but for a month that
-- was closed while the one before was open.
with months as (

    select
        *,
        lag(closing_cents, 1, 0::bigint) over (order by period) as last_closing_cents,
        lag(period) over (order by period) as last_period
    from {{ ref('mrr_movements') }}

)

select *
from months
where
    opening_cents + new_cents + expansion_cents + reactivation_cents - contraction_cents - churn_cents <> closing_cents
    or (
        opening_cents <> last_closing_cents
        and period not in (select closed.period from {{ ref('closed_months') }} as closed)
    )
    or period <> to_char(to_date(last_period, 'YYYY-MM') + interval '1 month', 'YYYY-MM')
