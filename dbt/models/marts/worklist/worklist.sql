{{ config(materialized='view') }}

-- What people took up. A view, since work goes on between two runs.
select
    item_id,
    kind,
    cause,
    -- A failed charge is on the worklist by its invoice, and leaks by its visit; a remittance is there by its name.
    case kind
        when 'leak' then cause
        when 'pos_mismatch' then cause
        when 'payment_failed' then {{ leak_id("'charge_failed'", 'cast(visit_token as text)') }}
        when 'unmatched_remit' then {{ leak_id("'orphan_remit'", 'cause') }}
    end as leak_id,
    why,
    visit_token,
    practice_id,
    opened_at,
    case when is_dismissed then 'dismissed' else state end as state,
    assignee,
    changed_at
from {{ source('ledger', 'worklist') }}
