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
        bool_or(status = 'failed') as any_failed
    from {{ ref('int_payments__charges') }}
    where visit_token is not null and {{ touched('visit_token', 'visits') }}
    group by visit_token

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
    cast(coalesce(duplicates.duplicate_cents, 0) as bigint) as duplicate_cents,
    duplicates.first_duplicate_id
from billed
full outer join collected using (visit_token)
full outer join attempts using (visit_token)
full outer join duplicates using (visit_token)
