-- What is still owed for visits, by who owes it and by age. A visit's part with the patient, its payer and nobody yet are
-- separate: each has a row of its own.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

written_off as (

    select
        visit_token,
        sum(amounts[1]) as amount_cents
    from {{ ref('int_journal__write_offs') }}
    group by visit_token

),

visits as (

    select
        revenue.payer_id,
        revenue.ended_on,
        sum(revenue.patient_balance_cents) as patient_cents,
        coalesce(sum(written_off.amount_cents), 0) as written_off_cents,
        count(*) filter (where revenue.patient_balance_cents <> 0 or written_off.amount_cents <> 0) as patient_visits,
        sum(revenue.payer_receivable_cents) as payer_cents,
        count(*) filter (where revenue.payer_receivable_cents <> 0) as payer_visits,
        sum(revenue.unbilled_cents) as unbilled_cents,
        count(*) filter (where revenue.unbilled_cents <> 0) as unbilled_visits
    from {{ ref('visit_revenue') }} as revenue
    left join written_off on revenue.visit_token = written_off.visit_token
    group by revenue.payer_id, revenue.ended_on

),

aged as (

    select
        visits.*,
        width_bucket(settings.as_of - visits.ended_on, array[31, 61, 91, 121]) as bucket_number
    from visits
    cross join settings

),

owed as (

    select
        parts.payer_id,
        aged.bucket_number,
        sum(parts.amount_cents) as amount_cents,
        sum(parts.written_off_cents) as written_off_cents,
        sum(parts.visits) as visits
    from aged
    cross join lateral (
        values
        ('patient', aged.patient_cents, aged.written_off_cents, aged.patient_visits),
        (coalesce(aged.payer_id, 'no_payer'), aged.payer_cents, 0, aged.payer_visits),
        ('unbilled', aged.unbilled_cents, 0, aged.unbilled_visits)
    ) as parts (payer_id, amount_cents, written_off_cents, visits)
    where parts.visits > 0
    group by parts.payer_id, aged.bucket_number

),

buckets (bucket_number, bucket) as (

    values (0, '0-30'), (1, '31-60'), (2, '61-90'), (3, '91-120'), (4, '120+')

),

payers as (

    select distinct payer_id from owed

)

select
    settings.as_of,
    payers.payer_id,
    buckets.bucket,
    cast(coalesce(owed.amount_cents, 0) as bigint) as amount_cents,
    cast(coalesce(owed.written_off_cents, 0) as bigint) as written_off_cents,
    cast(coalesce(owed.visits, 0) as bigint) as visits
from payers
cross join buckets
cross join settings
left join owed
    on payers.payer_id = owed.payer_id
    and buckets.bucket_number = owed.bucket_number
