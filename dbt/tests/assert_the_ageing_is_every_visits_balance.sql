-- Patients, payers and nobody yet: the buckets hold exactly what the visits, added up in another table, say is owed.
with ageing as (

    select
        coalesce(sum(amount_cents) filter (where payer_id = 'patient'), 0) as patient_cents,
        coalesce(sum(amount_cents) filter (where payer_id = 'unbilled'), 0) as unbilled_cents,
        coalesce(sum(amount_cents) filter (where payer_id not in ('patient', 'unbilled')), 0) as payer_cents
    from {{ ref('ar_ageing') }}

),

visits as (

    select
        coalesce(sum(patient_balance_cents), 0) as patient_cents,
        coalesce(sum(unbilled_cents), 0) as unbilled_cents,
        coalesce(sum(payer_receivable_cents), 0) as payer_cents
    from {{ ref('int_month__visit_sums') }}

)

select
    ageing.*,
    visits.*
from ageing
cross join visits
where
    ageing.patient_cents <> visits.patient_cents
    or ageing.unbilled_cents <> visits.unbilled_cents
    or ageing.payer_cents <> visits.payer_cents
