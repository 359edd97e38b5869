{{ config(
    materialized='incremental',
    incremental_strategy='append',
    meta={},
    indexes=[{'columns': ['object_id']}, {'columns': ['named_id']}]
) }}
{%- set last_seen = since() %}

-- Which Stripe object names which other, in any of its versions and in every shape the API has had.
select distinct
    objects.object_id,
    names.named_id
from {{ source('raw', 'stripe_object') }} as objects
cross join lateral (
    values
    (objects.payload ->> 'payment_intent'),
    (objects.payload ->> 'charge'),
    (objects.payload ->> 'invoice'),
    (objects.payload -> 'payment' ->> 'payment_intent'),
    (objects.payload -> 'payment' ->> 'charge'),
    (case when objects.object_type = 'balance_transaction' then objects.payload ->> 'source' end)
) as names (named_id)
where
    names.named_id is not null
    {% if is_incremental() -%}
        and objects.load_id > {{ last_seen }}
    {%- endif %}
