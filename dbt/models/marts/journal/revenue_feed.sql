{{ config(materialized='view') }}

-- The journal a line a row. A view of the journal alone, so that it is always there and never behind.
select
    journal.entry_id,
    cast(lines.line_no as integer) as line_no,
    cast(lines.account as text) as account,
    greatest(lines.amount_cents, 0) as debit_cents,
    greatest(-lines.amount_cents, 0) as credit_cents,
    journal.visit_token,
    journal.practice_id,
    journal.payer_id,
    journal.origin_period,
    journal.period,
    journal.effective_on,
    journal.recorded_at,
    journal.source_kind,
    journal.source_id,
    journal.is_late,
    case
        when journal.reverses is not null
            then cast(md5(journal.source_kind || '|' || journal.source_id || '|' || cast(journal.reverses as text)) as uuid)
    end as reverses_entry_id
from {{ source('ledger', 'journal') }} as journal
cross join lateral unnest(journal.accounts, journal.amounts) with ordinality as lines (account, amount_cents, line_no)
