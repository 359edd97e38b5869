{{ config(
    materialized='incremental',
    meta={'replaces': {'invoice_id': 'objects'}},
    indexes=[{'columns': ['invoice_id'], 'unique': true}, {'columns': ['visit_token']}]
) }}

-- Invoices of visits that Stripe was told not to expect any more, and what remains of them.
select
    invoice_id,
    own_visit_token as visit_token,
    uncollectible_at,
    remaining_cents
from {{ ref('stg_stripe__invoices') }}
where is_uncollectible and remaining_cents <> 0 and own_visit_token is not null and {{ touched('invoice_id', 'objects') }}
