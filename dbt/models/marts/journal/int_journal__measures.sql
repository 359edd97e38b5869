{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- What the journal alone knows of the month in figures, by month of origin.
select
    journal.origin_period as period,
    measures.measure,
    sum(case measures.side when 'debit' then 1 else -1 end * (journal.debit_cents - journal.credit_cents)) as amount_cents,
    cast(sum(journal.entries) as bigint) as count
from {{ ref('int_journal__months') }} as journal
inner join (
    values
    ('gross_patient_service_revenue', 'gross_revenue', 'credit'),
    ('implicit_price_concession', 'price_concession', 'debit'),
    ('missed_visit_fees', 'missed_visit_fees', 'credit'),
    ('bad_debt', 'bad_debt', 'debit')
) as measures (account, measure, side) on journal.account = measures.account
group by journal.origin_period, measures.measure
