{{ config(
    materialized='incremental',
    meta={'replaces': {'object_id': 'objects'}},
    indexes=[{'columns': ['object_id']}, {'columns': ['memo_id']}]
) }}

-- Which Stripe object posts which memo of ours, by the newest version of the object. One that is a draft yet or was taken back posts
-- nothing; an invoice item is asked for by its invoice, which says so itself.
select
    object_id,
    {{ own_memo_id() }} as memo_id
from {{ ref('stg_stripe__objects') }}
where
    {{ own_memo_id() }} is not null
    and object_type <> 'invoiceitem'
    and coalesce(payload ->> 'status', '') not in ('draft', 'void', 'canceled', 'failed')
    and {{ touched('object_id', 'objects') }}
