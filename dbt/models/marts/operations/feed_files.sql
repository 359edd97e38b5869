{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail'
) }}
{%- set new = 'load_id > ' ~ since() if replaces_a_part() else 'true' %}
{%- set parts = {
    'visits': ['visit', 'charge', 'sum(charge_cents)', '(state_changed_at at time zone settings.timezone)::date'],
    'stripe': [
        'stripe_object', 'charged',
        "sum(cast(payload ->> 'amount' as bigint)) filter (where object_type = 'charge')",
        '(version_at at time zone settings.timezone)::date'
    ],
    'era': ['era_transaction', 'paid', 'sum(bpr_cents)', 'paid_on'],
    'fees': ['fee', 'allowed', 'sum(allowed_cents)', 'effective_from'],
    'practices': ['practice', none, 'null', 'null::date'],
    'bank': ['bank_deposit', 'deposited', 'sum(amount_cents)', 'deposited_on']
} %}

-- What every load brought, counted and added up in raw itself. A load never changes: a run adds those that are new.
with settings as (

    select * from {{ ref('stg_ops__run_settings') }}

),

files as (

    select * from {{ source('raw', 'file') }} where {{ new }}

),

found as (
    {% for kind, (table, control, cents, day) in parts.items() %}
    select
        load_id,
        '{{ kind }}' as kind,
        {{ "'" ~ control ~ "'" if control else 'null' }} as control,
        count(*) as entries,
        {{ cents }} as control_cents,
        min({{ day }}) as first_on,
        max({{ day }}) as last_on
    from {{ source('raw', table) }}
    cross join settings
    where {{ new }}
    group by load_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    files.load_id,
    files.kind,
    files.file_sha256,
    files.loaded_at,
    files.byte_count,
    files.row_count as kept_rows,
    files.quarantined_count as refused_pieces,
    coalesce(found.entries, 0) as entries,
    found.control,
    cast(found.control_cents as bigint) as control_cents,
    found.first_on,
    found.last_on
from files
left join found on files.load_id = found.load_id and files.kind = found.kind
