-- The journal and the visits' rows say the same of what is owed. Bad debt is an account of its own in the journal.
with accounts as (

    select
        coalesce(sum(debit_cents - credit_cents) filter (where account = 'patient_receivable'), 0) as patient_cents,
        coalesce(sum(debit_cents - credit_cents) filter (where account = 'payer_receivable'), 0) as payer_cents,
        coalesce(sum(debit_cents - credit_cents) filter (where account = 'unbilled_receivable'), 0) as unbilled_cents,
        coalesce(sum(debit_cents - credit_cents) filter (where account = 'bad_debt'), 0) as bad_debt_cents
    from {{ ref('int_journal__months') }}

),

ageing as (

    select
        coalesce(sum(amount_cents - written_off_cents) filter (where payer_id = 'patient'), 0) as patient_cents,
        coalesce(sum(amount_cents) filter (where payer_id not in ('patient', 'unbilled')), 0) as payer_cents,
        coalesce(sum(amount_cents) filter (where payer_id = 'unbilled'), 0) as unbilled_cents,
        coalesce(sum(written_off_cents), 0) as bad_debt_cents
    from {{ ref('ar_ageing') }}

)

select
    accounts.*,
    ageing.*
from accounts
cross join ageing
where
    accounts.patient_cents <> ageing.patient_cents
    or accounts.payer_cents <> ageing.payer_cents
    or accounts.unbilled_cents <> ageing.unbilled_cents
    or accounts.bad_debt_cents <> ageing.bad_debt_cents
