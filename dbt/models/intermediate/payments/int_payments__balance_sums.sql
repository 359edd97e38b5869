{{ config(materialized='incremental', incremental_strategy='replace_all') }}

-- The movements of the Stripe balance by day, kind and payout: what roll-forward and payouts read, some thousand rows.
with movements as (

    {{ put_in_and_taken_out(
        'int_payments__balance_movements', 'int_touched__balance', 'balance_transaction_id', 'objects'
    ) }}

),

moved as (

    select
        effective_on,
        type,
        account,
        payout_id,
        sum(times) as transactions,
        coalesce(sum(times * net_cents), 0) as net_cents,
        sum(times * fee_cents) as fee_cents,
        coalesce(sum(times * amount_cents), 0) as amount_cents
    from movements
    group by effective_on, type, account, payout_id

)

{{ added_to_what_stood(
    'moved',
    ['effective_on', 'type', 'account', 'payout_id'],
    ['transactions', 'net_cents', 'fee_cents', 'amount_cents']
) }}
