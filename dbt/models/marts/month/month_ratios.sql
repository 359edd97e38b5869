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

bad_debts as (

    select
        origin_period as period,
        sum(debit_cents - credit_cents) as bad_debt_cents
    from {{ ref('int_journal__months') }}
    where account = 'bad_debt'
    group by origin_period

),

ageing as (

    select
        {{ period('as_of') }} as period,
        sum(amount_cents - written_off_cents) as owed_cents,
        coalesce(sum(amount_cents - written_off_cents) filter (where bucket in ('91-120', '120+')), 0) as old_cents
    from {{ ref('ar_ageing') }}
    group by as_of

),

ratios as (

    select months.period, measures.*, null as days
    from months
    left join bad_debts on months.period = bad_debts.period
    cross join lateral (
        values
        ('net_collection_rate', 'cents', cash_cents, collectable_cents),
        ('cash_to_net_revenue', 'cents', cash_cents, net_revenue_cents),
        ('bad_debt_rate', 'cents', coalesce(bad_debts.bad_debt_cents, 0), gross_revenue_cents),
        ('denial_rate', 'cents', denied_cents, submitted_cents),
        ('denial_rate_visits', 'visits', denied_visits, submitted_visits),
        ('initial_denial_rate', 'visits', first_denied_visits, decided_visits),
        ('first_pass_yield', 'visits', passed_visits, decided_visits)
    ) as measures (measure, counted_in, numerator, denominator)
    union all
    select period, 'days_in_ar', 'days', owed_cents, net_revenue_cents, days
    from {{ ref('int_month__balances') }}
    union all
    select
        period,
        'ar_over_90',
        'cents',
        old_cents,
        owed_cents,
        null
    from ageing

),

now as (

    select
        period,
        measure,
        case when counted_in <> 'visits' then cast(numerator as bigint) end as numerator_cents,
        case when counted_in <> 'visits' then cast(denominator as bigint) end as denominator_cents,
        case counted_in when 'visits' then cast(numerator as bigint) end as numerator_count,
        case counted_in when 'visits' then cast(denominator as bigint) end as denominator_count,
        case when counted_in <> 'days' then {{ basis_points('numerator', 'denominator') }} end as ratio,
        case
            when counted_in = 'days' and denominator > 0
                then cast(round(1.0 * numerator * days / denominator, 4) as numeric(20, 4))
        end as days
    from ratios

)

{{ closed_months_stay('now') }}
