-- What is owed by practice is what is owed by payer, bucket by bucket.
with practices as (

    select
        owed_by,
        bucket,
        sum(amount_cents) as amount_cents
    from {{ ref('practice_ageing') }}
    group by owed_by, bucket

),

payers as (

    select
        owers.owed_by,
        ageing.bucket,
        sum(ageing.amount_cents) as amount_cents
    from {{ ref('ar_ageing') }} as ageing
    cross join lateral (
        select case ageing.payer_id when 'patient' then 'patients' when 'unbilled' then 'unbilled' else 'payers' end as owed_by
    ) as owers
    group by owers.owed_by, ageing.bucket

)

select *
from practices
full outer join payers using (owed_by, bucket)
where coalesce(practices.amount_cents, 0) <> coalesce(payers.amount_cents, 0)
