{#- The newest version of every Stripe object of one type, each field as a column. Newest: version_at, then the larger SHA-256. -#}
{% macro newest_stripe_objects(object_type) -%}
    select *
    from {{ ref('stg_stripe__objects') }}
    where object_type = '{{ object_type }}'
{%- endmacro %}

{#- The visit an object names in its own metadata. Only UUIDs reach raw. -#}
{% macro own_visit_token() -%}
    cast(payload -> 'metadata' ->> 'visit_token' as uuid)
{%- endmacro %}

{#- The memo of ours that an object posts, if it does. -#}
{% macro own_memo_id() -%}
    payload -> 'metadata' ->> 'memo_id'
{%- endmacro %}

{#- Stripe's times are whole seconds since 1970 in UTC. -#}
{% macro stripe_time(field) -%}
    to_timestamp(cast(payload ->> '{{ field }}' as bigint))
{%- endmacro %}

{#- When an object came to be; one without `created` did when its newest version is of. -#}
{% macro stripe_created() -%}
    coalesce({{ stripe_time('created') }}, version_at)
{%- endmacro %}

{#- When an object came to a status, where it says so. -#}
{% macro status_time(field) -%}
    to_timestamp(cast(payload -> 'status_transitions' ->> '{{ field }}' as bigint))
{%- endmacro %}

{#- Stripe's amounts are whole cents already. -#}
{% macro stripe_cents(field) -%}
    cast(payload ->> '{{ field }}' as bigint)
{%- endmacro %}

{#- One of Stripe's times out of any JSON value; seconds since 1970 in UTC. -#}
{% macro stripe_time_at(seconds) -%}
    to_timestamp(cast({{ seconds }} as bigint))
{%- endmacro %}

{#- Text as a UUID; what is none becomes null. -#}
{% macro uuid_of(text) -%}
    case
        when {{ text }} ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then cast({{ text }} as uuid)
    end
{%- endmacro %}
