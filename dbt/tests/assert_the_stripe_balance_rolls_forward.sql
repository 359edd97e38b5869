{%- set rows_there_are, sums = ref('stg_stripe__balance_transactions'), ref('int_payments__balance_sums') -%}
-- Opening and every movement give the closing, the next day or month opens with it, and days and months end at the same balance.
with rows_of_both as (

    select
        *,
        lag(closing_cents, 1, 0::bigint) over (partition by grain order by starts_on) as last_closing_cents,
        last_value(closing_cents) over (
            partition by grain order by starts_on rows between unbounded preceding and unbounded following
        ) as end_cents
    from {{ ref('stripe_rollforward') }}

),

balance as (

    select coalesce(sum(net_cents), 0) as net_cents
    from {{ rows_there_are if flags.FULL_REFRESH else sums }}

)

select rows_of_both.*
from rows_of_both
cross join balance
where
    opening_cents + charges_cents + refunds_cents + disputes_cents + fees_cents + payouts_cents + reserves_cents
    + other_cents + unexplained_cents <> closing_cents
    or opening_cents <> last_closing_cents
    or end_cents <> balance.net_cents
