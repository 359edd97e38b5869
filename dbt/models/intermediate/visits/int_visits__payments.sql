{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token'], 'unique': true}]
) }}

-- What Stripe says of each visit: asked for, collected, and how its charges ended.
with billed as (

    select
        visit_token,
        sum(amount_cents) as patient_billed_cents
    from {{ ref('int_payments__billed_lines') }}
    where visit_token is not null and {{ touched('visit_token', 'visits') }}
    group by visit_token

),

collected as (

    select
        visit_token,
        sum(amount_cents) as patient_collected_cents
    from {{ ref('int_payments__collected_lines') }}
    where visit_token is not null and {{ touched('visit_token', 'visits') }}
    group by visit_token

),

attempts as (

    select
        visit_token,
        bool_or(is_succeeded) as any_succeeded,
        bool_or(status = 'failed') as any_failed,
        max(amount_cents) filter (where status = 'failed') as failed_charge_cents,
        min(created_at) filter (where status = 'failed') as first_failed_at
    from {{ ref('int_payments__charges') }}
    where visit_token is not null and {{ touched('visit_token', 'visits') }}
    group by visit_token

),

-- What was taken after a charge had failed, by whatever card or way.
recovered as (

    select
        charges.visit_token,
        sum(charges.captured_cents - charges.refunded_cents) as taken_cents
    from {{ ref('int_payments__charges') }} as charges
    inner join attempts
        on charges.visit_token = attempts.visit_token
        and charges.created_at >= attempts.first_failed_at
    where charges.is_succeeded
    group by charges.visit_token

),

duplicates as (

    select
        visit_token,
        sum(amount_cents) as duplicate_cents,
        min(charge_ids ->> 0) as first_duplicate_id
    from {{ ref('int_payments__duplicate_charges') }}
    where {{ touched('visit_token', 'visits') }}
    group by visit_token

)

select
    visit_token,
    cast(coalesce(billed.patient_billed_cents, 0) as bigint) as patient_billed_cents,
    cast(coalesce(collected.patient_collected_cents, 0) as bigint) as patient_collected_cents,
    coalesce(attempts.any_failed and not attempts.any_succeeded, false) as every_charge_failed,
    cast(coalesce(attempts.failed_charge_cents, 0) as bigint) as failed_charge_cents,
    cast(
        greatest(least(coalesce(recovered.taken_cents, 0), coalesce(attempts.failed_charge_cents, 0)), 0) as bigint
    ) as recovered_charge_cents,
    cast(coalesce(duplicates.duplicate_cents, 0) as bigint) as duplicate_cents,
    duplicates.first_duplicate_id
from billed
full outer join collected using (visit_token)
full outer join attempts using (visit_token)
full outer join recovered using (visit_token)
full outer join duplicates using (visit_token)
