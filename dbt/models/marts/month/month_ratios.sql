-- The figures finance compares from month to month, each with both its sides.
with months as (

    select
        service_period as period,
        sum(gross_revenue_cents) as gross_revenue_cents,
        sum(gross_revenue_cents + missed_visit_fee_cents - contractual_cents) as collectable_cents,
        sum(net_revenue_cents) as net_revenue_cents,
        sum(payer_paid_cents + patient_collected_cents) as cash_cents,
        sum(denied_cents) as denied_cents,
        sum(submitted_cents) as submitted_cents,
        sum(denied_visits) as denied_visits,
        sum(submitted_visits) as submitted_visits,
        sum(first_denied_visits) as first_denied_visits,
        sum(passed_visits) as passed_visits,
        sum(decided_visits) as decided_visits
    from {{ ref('int_month__visit_sums') }}
    group by service_period

),

ratios as (

    select
        months.period,
        measures.*
    from months
    cross join lateral (
        values
        ('net_collection_rate', 'cents', cash_cents, collectable_cents),
        ('cash_to_net_revenue', 'cents', cash_cents, net_revenue_cents),
        ('denial_rate', 'cents', denied_cents, submitted_cents),
        ('denial_rate_visits', 'visits', denied_visits, submitted_visits),
        ('initial_denial_rate', 'visits', first_denied_visits, decided_visits),
        ('first_pass_yield', 'visits', passed_visits, decided_visits)
    ) as measures (measure, counted_in, numerator, denominator)

)

select
    period,
    measure,
    case counted_in when 'cents' then cast(numerator as bigint) end as numerator_cents,
    case counted_in when 'cents' then cast(denominator as bigint) end as denominator_cents,
    case counted_in when 'visits' then cast(numerator as bigint) end as numerator_count,
    case counted_in when 'visits' then cast(denominator as bigint) end as denominator_count,
    {{ basis_points('numerator', 'denominator') }} as ratio
from ratios
