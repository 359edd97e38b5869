{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token', 'captured_cents'], 'unique': true}]
) }}

-- Succeeded charges that repeat an earlier one: same visit, same amount, another payment intent, no invoice, less than the
-- window before. What posts a memo of ours is no repetition. One row a visit and amount.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

candidates as (

    select *
    from {{ ref('int_payments__charges') }}
    where
        is_succeeded and invoice_id is null and memo_id is null and visit_token is not null
        and {{ touched('visit_token', 'visits') }}

),

repeats as (

    select later.*
    from candidates as later
    cross join settings
    where
        exists (
            select 1
            from candidates as earlier
            where
                earlier.visit_token = later.visit_token
                and earlier.captured_cents = later.captured_cents
                and coalesce(earlier.payment_intent_id, earlier.charge_id)
                <> coalesce(later.payment_intent_id, later.charge_id)
                and (earlier.created_at, earlier.charge_id) < (later.created_at, later.charge_id)
                and later.created_at < earlier.created_at + settings.duplicate_window
        )

)

select
    visit_token,
    captured_cents,
    cast(sum(captured_cents - refunded_cents) as bigint) as amount_cents,
    jsonb_agg(charge_id order by created_at, charge_id) as charge_ids
from repeats
group by visit_token, captured_cents
having sum(captured_cents - refunded_cents) > 0
