{{ config(
    materialized='incremental',
    meta={'replaces': {'visit_token': 'visits'}},
    indexes=[{'columns': ['visit_token', 'position'], 'unique': true}]
) }}

-- Reads the claims of a visit one after the other: which claim a reversal undoes, which denials a later claim supersedes.
-- One row a claim of every visit that has a reversal or a denial; a visit without either has nothing to read.
with recursive contested as (

    select distinct visit_token
    from {{ ref('int_remits__visit_claims') }}
    where (is_reversal or is_denial) and {{ touched('visit_token', 'visits') }}

),

readings as (

    select
        visit_token,
        cast(0 as bigint) as position,
        cast(null as bigint) as undoes,
        cast('{}' as bigint[]) as undone,
        cast('{}' as bigint[]) as superseded
    from contested

    union all

    select
        current_claim.visit_token,
        current_claim.position,
        target.position as undoes,
        array_remove(readings.undone || target.position, null) as undone,
        readings.superseded || denials.positions as superseded
    from readings
    inner join {{ ref('int_remits__visit_claims') }} as current_claim
        on readings.visit_token = current_claim.visit_token
        and current_claim.position = readings.position + 1
    left join lateral (
        select earlier.position
        from {{ ref('int_remits__visit_claims') }} as earlier
        where
            current_claim.is_reversal
            and not earlier.is_reversal
            and earlier.visit_token = current_claim.visit_token
            and earlier.position < current_claim.position
            and earlier.position <> all(readings.undone)
            and (
                earlier.payer_claim_number = nullif(current_claim.payer_claim_number, '')
                or (
                    earlier.payer_key = current_claim.payer_key
                    and earlier.position <> all(readings.superseded)
                    and earlier.charge_cents = -current_claim.charge_cents
                    and earlier.paid_cents = -current_claim.paid_cents
                )
            )
        order by
            coalesce(earlier.payer_claim_number = nullif(current_claim.payer_claim_number, ''), false) desc,
            coalesce(
                earlier.charge_cents = -current_claim.charge_cents and earlier.paid_cents = -current_claim.paid_cents, false
            ) desc,
            earlier.position <> all(readings.superseded) desc,
            earlier.position desc
        limit 1
    ) as target on true
    cross join lateral (
        select coalesce(array_agg(earlier.position), '{}') as positions
        from {{ ref('int_remits__visit_claims') }} as earlier
        where
            not current_claim.is_reversal
            and earlier.is_denial
            and earlier.visit_token = current_claim.visit_token
            and earlier.payer_key = current_claim.payer_key
            and earlier.payer_order = current_claim.payer_order
            and earlier.position < current_claim.position
            and earlier.position <> all(readings.undone)
            and earlier.position <> all(readings.superseded)
    ) as denials

)

select
    visit_token,
    position,
    undoes,
    undone,
    superseded
from readings
where position > 0
