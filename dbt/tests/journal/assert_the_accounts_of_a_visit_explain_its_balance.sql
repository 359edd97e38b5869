-- What a visit is worth, what its patient owes, and what is still owed for it beside, is what its accounts say. Of a visit that
-- was not touched neither the entries nor the row can be others than in the run before.
with accounts as (

    select
        journal.visit_token,
        sum(lines.cents) filter (where lines.account in ('patient_receivable', 'bad_debt')) as patient_cents,
        sum(lines.cents) filter (where lines.account = 'payer_receivable') as payer_cents,
        sum(lines.cents) filter (where lines.account = 'unbilled_receivable') as unbilled_cents,
        -sum(lines.cents) filter (where lines.account = 'gross_patient_service_revenue') as gross_cents,
        sum(lines.cents) filter (where lines.account = 'implicit_price_concession') as concession_cents,
        -sum(lines.cents) filter (where lines.account = 'missed_visit_fees') as fee_cents
    from {{ source('ledger', 'journal') }} as journal
    cross join lateral unnest(journal.accounts, journal.amounts) as lines (account, cents)
    where journal.visit_token is not null and {{ touched('journal.visit_token', 'visits') }}
    group by journal.visit_token

),

revenue as (

    select * from {{ ref('visit_revenue') }} where {{ touched('visit_token', 'visits') }}

)

select visit_token
from revenue
full outer join accounts using (visit_token)
where
    coalesce(revenue.patient_balance_cents, 0) <> coalesce(accounts.patient_cents, 0)
    or coalesce(revenue.payer_receivable_cents, 0) <> coalesce(accounts.payer_cents, 0)
    or coalesce(revenue.unbilled_cents, 0) <> coalesce(accounts.unbilled_cents, 0)
    or coalesce(revenue.gross_revenue_cents, 0) <> coalesce(accounts.gross_cents, 0)
    or coalesce(revenue.price_concession_cents, 0) <> coalesce(accounts.concession_cents, 0)
    or coalesce(revenue.missed_visit_fee_cents, 0) <> coalesce(accounts.fee_cents, 0)
