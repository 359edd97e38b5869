{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- The journal by month, for everything that reads it so: an account, a month of posting, a month of origin and a kind of source
-- a row. Every append adds its own sums in the same statement, so that no run reads all entries again. entries counts what
-- stands: an entry taken back counts no more.
select
    cast(account as text) as account,
    period,
    origin_period,
    source_kind,
    is_late,
    cast(sum(debit_cents) as bigint) as debit_cents,
    cast(sum(credit_cents) as bigint) as credit_cents,
    cast(sum(entries) as bigint) as entries
from {{ source('ledger', 'journal_sum') }}
group by account, period, origin_period, source_kind, is_late
