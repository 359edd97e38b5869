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
    select source_kind, source_id from {{ source('ledger', 'journal_register') }}
    where source_kind in ('{{ kinds | join("', '") }}') and {{ cut }}
    {% endfor %}
)

select journal.*
from facts
inner join {{ source('ledger', 'journal_register') }} as journal
    on facts.source_kind = journal.source_kind
    and facts.source_id = journal.source_id
{%- endif %}
