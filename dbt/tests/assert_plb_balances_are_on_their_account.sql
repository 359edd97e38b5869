-- What payers will still take back, from the lines of the remits and from the journal.
with balances as (

    select coalesce(sum(put_off_cents + taken_cents), 0) as open_cents from {{ ref('plb_rollforward') }}

),

accounts as (

    select coalesce(sum(credit_cents - debit_cents), 0) as open_cents
    from {{ ref('int_journal__months') }}
    where account = 'forward_balances'

)

select
    balances.open_cents,
    accounts.open_cents as account_cents
from balances
cross join accounts
where balances.open_cents <> accounts.open_cents
