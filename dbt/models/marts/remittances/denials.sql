-- What primary payers refuse as it stands (of a closed month: as it stood), by month of service, payer and reason.
with now as (

    select
        period,
        payer_id,
        group_code,
        reason_code,
        count(*) as claims,
        cast(sum(amount_cents) as bigint) as amount_cents
    from {{ ref('int_remits__denials') }}
    group by period, payer_id, group_code, reason_code

)

{{ closed_months_stay('now') }}
