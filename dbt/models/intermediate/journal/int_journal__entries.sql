-- The entries of the facts this run looks at, whatever became of them: those that are due, and those that stand for what was
-- touched and may be due no more. A view that is read when the journal is appended.
{% if flags.FULL_REFRESH -%}
-- depends_on: {{ ref('int_journal__due') }}
select * from {{ source('ledger', 'journal_register') }}
{%- else -%}
with facts as (

    select source_kind, source_id from {{ ref('int_journal__due') }}
    {% for cut, kinds in touched_facts() -%}
    union
    -- An entry that was taken back says nothing of where its fact is now.
    select source_kind, source_id from {{ source('ledger', 'journal_register') }} as standing
    where
        source_kind in ('{{ kinds | join("', '") }}') and {{ cut }}
        and reverses is null
        and not exists (
            select 1
            from {{ source('ledger', 'journal_register') }} as later
            where
                later.source_kind = standing.source_kind
                and later.source_id = standing.source_id
                and later.version = standing.version + 1
        )
    {% endfor %}
)

select journal.*
from facts
inner join {{ source('ledger', 'journal_register') }} as journal
    on facts.source_kind = journal.source_kind
    and facts.source_id = journal.source_id
{%- endif %}
