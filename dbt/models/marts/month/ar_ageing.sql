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

parts as (

    select 'patient' as payer_id, ended_on, patient_cents as amount_cents, 0 as written_off_cents, patient_visits as visits
    from {{ ref('int_month__owed') }}
    union all
    select coalesce(payer_id, 'no_payer'), ended_on, payer_cents, 0, payer_visits
    from {{ ref('int_month__owed') }}
    union all
    select 'unbilled', ended_on, unbilled_cents, 0, unbilled_visits
    from {{ ref('int_month__owed') }}
    union all
    -- A visit that owes nothing any more counts where something of it was written off.
    select
        'patient',
        revenue.ended_on,
        0,
        written_off.amount_cents,
        case when revenue.patient_balance_cents = 0 then 1 else 0 end
    from written_off
    inner join {{ ref('visit_revenue') }} as revenue on written_off.visit_token = revenue.visit_token
    where written_off.amount_cents <> 0

),

owed as (

    select
        parts.payer_id,
        width_bucket(settings.as_of - parts.ended_on, array[31, 61, 91, 121]) as bucket_number,
        sum(parts.amount_cents) as amount_cents,
        sum(parts.written_off_cents) as written_off_cents,
        sum(parts.visits) as visits
    from parts
    cross join settings
    where parts.visits > 0 or parts.written_off_cents <> 0
    group by parts.payer_id, bucket_number

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
