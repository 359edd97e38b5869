-- Sums of the books that two tables have, made apart. The month in figures shows closed months as they were closed, so that leaks
-- and revenue are those of the open ones.
with months as (

    select
        service_period as period,
        sum(payer_paid_cents) as payer_paid_cents,
        sum(patient_share_cents - patient_billed_cents) as memo_cents,
        sum(pos_adjusted_revenue_cents) as revenue_cents
    from {{ ref('int_month__visit_sums') }}
    group by service_period

),

summaries as (

    select
        period,
        sum(amount_cents) filter (where starts_with(measure, 'leak_')) as leak_cents,
        sum(amount_cents) filter (where measure = 'pos_adjusted_revenue') as revenue_cents
    from {{ ref('month_summary') }}
    where period is not null and period not in (select closed.period from {{ source('ledger', 'closed_month') }} as closed)
    group by period

),

open_leaks as (

    select sum(amount_cents) as leak_cents
    from {{ ref('int_leaks__found') }}
    where period is not null and period not in (select closed.period from {{ source('ledger', 'closed_month') }} as closed)

),

sums as (

    select
        (select sum(claims_cents) from {{ ref('era_tieout') }} where verdict = 'posted') as posted_claims,
        (select sum(paid_cents) from {{ ref('int_remits__unmatched') }}) as unmatched,
        (select sum(payer_paid_cents) from months) as payer_paid,
        (select sum(case kind when 'debit' then amount_cents else -amount_cents end) from {{ ref('memo_totals') }}) as register,
        (select sum(memo_cents) from months) as visit_memos,
        (select leak_cents from open_leaks) as leaks,
        (select sum(leak_cents) from summaries) as leak_measures,
        (
            select sum(revenue_cents)
            from months
            where period not in (select closed.period from {{ source('ledger', 'closed_month') }} as closed)
        ) as revenue,
        (select sum(revenue_cents) from summaries) as revenue_measures

)

select
    pairs.name,
    cast(coalesce(pairs.this_cents, 0) as bigint) as this_cents,
    cast(coalesce(pairs.other_cents, 0) as bigint) as other_cents
from sums
cross join lateral (
    values
    ('remits', posted_claims, coalesce(payer_paid, 0) + coalesce(unmatched, 0)),
    ('memos', register, visit_memos),
    ('leaks', leaks, leak_measures),
    ('revenue', revenue, revenue_measures)
) as pairs (name, this_cents, other_cents)
