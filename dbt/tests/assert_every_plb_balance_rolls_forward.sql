-- Each opening is the closing before it, no month in between is missing while a balance is open, and the last closing is
-- what the lines leave open.
with months as (

    select
        *,
        lag(closing_cents, 1, 0) over (
            partition by payer_key, provider_id
            order by period
        ) as closed_before_cents,
        row_number() over (
            partition by payer_key, provider_id
            order by period desc
        ) as recency
    from {{ ref('plb_rollforward') }}

),

chains as (

    select
        payer_key,
        provider_id,
        -coalesce(sum(amount_cents) filter (where moves_balance), 0) as open_cents
    from {{ ref('provider_balances') }}
    group by payer_key, provider_id

)

select
    chains.payer_key,
    chains.provider_id,
    months.period
from chains
full outer join months
    on chains.payer_key = months.payer_key
    and chains.provider_id = months.provider_id
where
    months.opening_cents is distinct from months.closed_before_cents
    or months.opening_cents + months.put_off_cents + months.taken_cents <> months.closing_cents
    or (coalesce(months.recency, 1) = 1 and coalesce(months.closing_cents, 0) <> coalesce(chains.open_cents, 0))
