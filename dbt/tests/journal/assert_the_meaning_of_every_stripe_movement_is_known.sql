{{ config(severity='warn') }}

-- A type of balance transaction that the code list does not place stands in stripe_unclassified until somebody says what it is.
select
    period,
    sum(debit_cents - credit_cents) as cents
from {{ ref('int_journal__months') }}
where account = 'stripe_unclassified'
group by period
having sum(entries) <> 0 or sum(debit_cents - credit_cents) <> 0
