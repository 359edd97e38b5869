-- depends_on: {{ ref('int_journal__months') }}
-- What every append added up is what all entries add up to. A whole run adds them up again; in between no entry can come without
-- its sums, since the server writes both in one statement.
with entries as (

    select
        lines.account,
        journal.period,
        sum(lines.cents) as cents
    from {{ source('ledger', 'journal') }} as journal
    cross join lateral unnest(journal.accounts, journal.amounts) as lines (account, cents)
    where {{ flags.FULL_REFRESH }}
    group by lines.account, journal.period

),

sums as (

    select
        account,
        period,
        sum(debit_cents - credit_cents) as cents
    from {{ source('ledger', 'journal_sum') }}
    where {{ flags.FULL_REFRESH }}
    group by account, period

)

select
    account,
    period,
    entries.cents as entries_cents,
    sums.cents as sums_cents
from entries
full outer join sums using (account, period)
where entries.cents is distinct from sums.cents
