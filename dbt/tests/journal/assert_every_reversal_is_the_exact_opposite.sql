-- depends_on: {{ ref('int_journal__months') }}
-- An entry is taken back line by line as it stands; nothing is computed anew. No entry ever changes, so that a run judges those of
-- the facts it looked at.
select reversal.entry_id
from {{ ref('int_journal__entries') }} as reversal
left join {{ source('ledger', 'journal') }} as original
    on reversal.source_kind = original.source_kind
    and reversal.source_id = original.source_id
    and reversal.reverses = original.version
where
    reversal.reverses is not null
    and (
        reversal.accounts is distinct from original.accounts
        or (reversal.visit_token, reversal.origin_period, reversal.effective_on)
        is distinct from (original.visit_token, original.origin_period, original.effective_on)
        or exists (
            select 1
            from unnest(reversal.amounts, original.amounts) as lines (taken_back, cents)
            where lines.taken_back is distinct from -lines.cents
        )
    )
