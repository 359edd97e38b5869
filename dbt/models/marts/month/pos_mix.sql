-- Where visits took place by the ledger, beside where payers paid them, and what the difference is worth.
with now as (

    select
        service_period as period,
        payer_id,
        pos_ledger,
        pos_paid,
        cast(sum(visits) as bigint) as visits,
        cast(sum(unpriced_visits) as bigint) as unpriced_visits,
        cast(sum(allowed_cents) as bigint) as allowed_cents,
        cast(sum(expected_allowed_cents) as bigint) as expected_allowed_cents,
        cast(sum(pos_variance_cents) as bigint) as pos_variance_cents,
        cast(sum(compared_visits) as bigint) as compared_visits,
        cast(sum(compared_at_ledger_cents) as bigint) as compared_at_ledger_cents,
        cast(sum(compared_at_paid_cents) as bigint) as compared_at_paid_cents,
        cast(sum(compared_allowed_cents) as bigint) as compared_allowed_cents
    from {{ ref('int_month__visit_sums') }}
    where payer_id is not null
    group by service_period, payer_id, pos_ledger, pos_paid

)

{{ closed_months_stay('now') }}
