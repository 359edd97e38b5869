-- Every fact the journal must show now, of those this run looks at: what it is, when it happened, and its lines. A kind of fact
-- is a model. Only memos say the month they post to; that of the others is decided when they are appended.
{% for cut, kinds in touched_facts() -%}
{% set last_cut = loop.last -%}
{% for kind in kinds -%}
select
    source_kind,
    source_id,
    visit_token,
    practice_id,
    payer_id,
    origin_period,
    effective_on,
    accounts,
    amounts,
    {{ 'period' if kind == 'memo' else 'cast(null as text) as period' }}
from {{ ref('int_journal__' ~ kind ~ 's') }}
where {{ cut }}
{{ 'union all' if not (last_cut and loop.last) }}
{% endfor -%}
{% endfor -%}
