-- What a visit's patient owes, and what is still owed for it beside, is what its accounts say.
with accounts as (

    select
        journal.visit_token,
        coalesce(sum(lines.cents) filter (where lines.account in ('patient_receivable', 'bad_debt')), 0) as patient_cents,
        coalesce(sum(lines.cents) filter (where lines.account in ('payer_receivable', 'unbilled_receivable')), 0) as owed_cents,
        coalesce(-sum(lines.cents) filter (
            where lines.account in ('gross_patient_service_revenue', 'implicit_price_concession', 'missed_visit_fees')
        ), 0) as worth_cents
    from {{ source('ledger', 'journal') }} as journal
    cross join lateral unnest(journal.accounts, journal.amounts) as lines (account, cents)
    where journal.visit_token is not null
    group by journal.visit_token

)

select
    visit_token,
    accounts.patient_cents,
    accounts.owed_cents
from {{ ref('visit_revenue') }} as revenue
full outer join accounts using (visit_token)
where
    coalesce(revenue.patient_balance_cents, 0) <> coalesce(accounts.patient_cents, 0)
    or coalesce(
        revenue.patient_billed_cents + revenue.memo_cents + revenue.payer_paid_cents + revenue.contractual_cents
        + revenue.sequestration_cents + revenue.denied_cents + revenue.other_adjustment_cents,
        0
    ) <> coalesce(accounts.worth_cents - accounts.owed_cents, 0)
