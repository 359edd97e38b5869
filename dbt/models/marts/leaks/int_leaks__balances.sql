{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- What a payer has put off and not taken back yet from a provider, or has taken back without having put it off (negative).
-- The lines since the balance was last level add up to it, so they are the evidence.
with lines as (

    select
        *,
        max(position) filter (where open_balance_cents = 0) over (partition by payer_key, provider_id) as level_at
    from {{ ref('provider_balances') }}
    where moves_balance

)

select
    payer_key as payer_id,
    provider_id,
    max(paid_on) as happened_on,
    {{ period('max(paid_on)') }} as period,
    'recoupment_open' as category,
    {{ leak_id("'recoupment_open'", "payer_key || '|' || provider_id") }} as leak_id,
    cast(-sum(amount_cents) as bigint) as amount_cents,
    jsonb_build_object(
        'payer_name', max(payer_name), 'provider_id', provider_id,
        'lines', jsonb_agg(
            jsonb_build_object(
                'paid_on', paid_on, 'trn_number', trn_number, 'reason_code', reason_code, 'amount_cents', amount_cents
            )
            order by position
        )
    ) as evidence
from lines
where position > coalesce(level_at, 0)
group by payer_key, provider_id
