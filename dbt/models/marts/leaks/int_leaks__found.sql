{{ config(schema='intermediate', contract={'enforced': false}, grants={}, materialized='view') }}

-- Every leak there is now.
select leak_id, visit_token, practice_id, payer_id, provider_id, happened_on, period, category, amount_cents, evidence
from {{ ref('int_leaks__visits') }}
union all
select leak_id, visit_token, practice_id, payer_id, provider_id, happened_on, period, category, amount_cents, evidence
from {{ ref('int_leaks__payments') }}
union all
select leak_id, null, null, nullif(payer_id, ''), null, happened_on, period, category, amount_cents, evidence
from {{ ref('int_leaks__remits') }}
union all
select leak_id, null, null, nullif(payer_id, ''), provider_id, happened_on, period, category, amount_cents, evidence
from {{ ref('int_leaks__balances') }}
