{{ config(materialized='view') }}

-- What was said and done about each row of the worklist. A view, since work goes on between two runs.
select
    items.item_id,
    entries.ordinal,
    items.kind,
    items.why,
    items.visit_token,
    items.practice_id,
    entries.deed,
    entries.said,
    entries.made_by,
    entries.made_at
from {{ source('ledger', 'worklist_entry') }} as entries
inner join {{ source('ledger', 'worklist') }} as items on entries.item_id = items.item_id
