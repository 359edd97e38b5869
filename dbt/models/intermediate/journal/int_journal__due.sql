-- Every fact the journal must show now, a fact a row: what it is, when it happened, and its lines. A kind of fact is a model.
-- Only memos say the month they post to; that of the others is decided when they are appended.
{% set kinds = [
    'visits', 'demands', 'receipts', 'balance_transactions', 'remittances', 'remittance_claims', 'supersessions', 'write_offs',
    'deposits', 'memos', 'subscription_invoices', 'recognitions',
] -%}
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
    {{ 'period' if kind == 'memos' else 'cast(null as text) as period' }}
from {{ ref('int_journal__' ~ kind) }}
{{ 'union all' if not loop.last }}
{% endfor %}
