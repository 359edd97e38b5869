-- What another place of service than the ledger's is worth, by payer, service and provider.
with now as (

    select
        service_period as period,
        practice_id,
        payer_id,
        service_code,
        provider_id,
        pos_ledger,
        pos_paid,
        visits,
        unpriced_visits,
        expected_at_ledger_cents,
        expected_at_paid_cents,
        allowed_cents,
        pos_variance_cents
    from {{ ref('int_pos__sums') }}

)

{{ closed_months_stay('now') }}
