{{ config(schema='intermediate', contract={'enforced': false}, grants={}) }}

-- The journal added up once for everything that reads it by month: an account, a month of posting, a month of origin and a kind
-- of source a row. entries counts what stands: an entry taken back counts no more.
select
    cast(lines.account as text) as account,
    journal.period,
    journal.origin_period,
    journal.source_kind,
    journal.is_late,
    cast(coalesce(sum(lines.amount_cents) filter (where lines.amount_cents > 0), 0) as bigint) as debit_cents,
    cast(coalesce(-sum(lines.amount_cents) filter (where lines.amount_cents < 0), 0) as bigint) as credit_cents,
    sum(case when journal.reverses is null then 1 else -1 end) as entries
from {{ source('ledger', 'journal') }} as journal
cross join lateral unnest(journal.accounts, journal.amounts) as lines (account, amount_cents)
group by lines.account, journal.period, journal.origin_period, journal.source_kind, journal.is_late
