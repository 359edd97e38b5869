with pieces as (

    select
        coalesce(sum(amount_cents) filter (where kind <> 'unidentified_deposit'), 0) as unapplied_cents,
        coalesce(sum(amount_cents) filter (where kind = 'unidentified_deposit'), 0) as unidentified_cents
    from {{ ref('unapplied_cash') }}

),

accounts as (

    select
        coalesce(sum(credit_cents - debit_cents) filter (where account = 'unapplied_cash'), 0) as unapplied_cents,
        coalesce(sum(credit_cents - debit_cents) filter (where account = 'unidentified_deposits'), 0) as unidentified_cents
    from {{ ref('int_journal__months') }}

)

select
    pieces.*,
    accounts.unapplied_cents as account_cents,
    accounts.unidentified_cents as deposits_account_cents
from pieces
cross join accounts
where
    pieces.unapplied_cents <> accounts.unapplied_cents
    or pieces.unidentified_cents <> accounts.unidentified_cents
