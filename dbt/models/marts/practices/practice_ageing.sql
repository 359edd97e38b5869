-- What is owed for a practice's visits, by who owes it and by age.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

parts as (

    select
        owed.practice_id,
        part.owed_by,
        width_bucket(settings.as_of - owed.ended_on, array[31, 61, 91, 121]) as bucket_number,
        part.amount_cents,
        part.visits
    from {{ ref('int_month__owed') }} as owed
    cross join settings
    cross join lateral (
        values
        ('patients', owed.patient_cents, owed.patient_visits),
        ('payers', owed.payer_cents, owed.payer_visits),
        ('unbilled', owed.unbilled_cents, owed.unbilled_visits)
    ) as part (owed_by, amount_cents, visits)

),

buckets (bucket_number, bucket) as (

    values (0, '0-30'), (1, '31-60'), (2, '61-90'), (3, '91-120'), (4, '120+')

),

owers as (

    select distinct
        practice_id,
        owed_by
    from parts

)

select
    settings.as_of,
    owers.practice_id,
    owers.owed_by,
    buckets.bucket,
    cast(coalesce(sum(parts.amount_cents), 0) as bigint) as amount_cents,
    cast(coalesce(sum(parts.visits), 0) as bigint) as visits
from owers
cross join buckets
cross join settings
left join parts
    on owers.practice_id = parts.practice_id
    and owers.owed_by = parts.owed_by
    and buckets.bucket_number = parts.bucket_number
group by settings.as_of, owers.practice_id, owers.owed_by, buckets.bucket
