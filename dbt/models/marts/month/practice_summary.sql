-- The month in figures of each practice: month_summary by practice, and what its waterfall needs beside.
with visits as (

    select * from {{ ref('int_month__practice_sums') }}

),

visit_measures as (

    select
        visits.service_period as period,
        visits.practice_id,
        measures.measure,
        sum(measures.amount_cents) as amount_cents,
        sum(measures.count) as count
    from visits
    {{ measures_of_visits() }}
    group by visits.service_period, visits.practice_id, measures.measure

),

waterfall_measures as (

    select
        visits.service_period as period,
        visits.practice_id,
        measures.measure,
        sum(measures.amount_cents) as amount_cents,
        sum(visits.visits) as count
    from visits
    cross join lateral (
        values
        ('gross_revenue', visits.gross_revenue_cents),
        ('price_concession', visits.price_concession_cents),
        ('missed_visit_fees', visits.missed_visit_fee_cents),
        ('patient_share', visits.patient_share_cents),
        ('payer_receivable', visits.payer_receivable_cents),
        ('unbilled', visits.unbilled_cents)
    ) as measures (measure, amount_cents)
    group by visits.service_period, visits.practice_id, measures.measure

),

memo_measures as (

    select
        period,
        practice_id,
        'memo_' || kind as measure,
        sum(amount_cents) as amount_cents,
        count(*) as count
    from {{ ref('memos') }}
    group by period, practice_id, kind

),

leak_measures as (

    select
        period,
        practice_id,
        'leak_' || category as measure,
        coalesce(sum(amount_cents), 0) as amount_cents,
        count(*) as count
    from {{ ref('int_leaks__found') }}
    group by period, practice_id, category

),

measures as (

    select * from visit_measures
    union all
    select * from waterfall_measures
    union all
    select * from memo_measures
    union all
    select * from leak_measures

),

now as (

    select
        period,
        practice_id,
        measure,
        cast(amount_cents as bigint) as amount_cents,
        cast(count as bigint) as count
    from measures

)

{{ closed_months_stay('now') }}
