-- Where visits took place by the ledger, beside where payers paid them, and what the difference is worth.
with now as (

    select
        service_period as period,
        payer_id,
        pos_ledger,
        pos_paid,
        visits,
        unpriced_visits,
        cast(allowed_cents as bigint) as allowed_cents,
        cast(expected_allowed_cents as bigint) as expected_allowed_cents,
        cast(pos_variance_cents as bigint) as pos_variance_cents
    from {{ ref('int_month__visit_sums') }}
    where payer_id is not null

)

{{ closed_months_stay('now') }}
