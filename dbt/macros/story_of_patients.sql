{#- More parts of a visit's story, as in story_of_payers.sql: what the patient, the books and staff did. -#}

{#- What the patient was asked for, tried to pay, and paid. -#}
{% macro story_of_patients() -%}
    select visit_token, null, happened_at, 4, 'demand', source_kind, amount_cents, 'patient_billed', source_id, cast('{}' as jsonb)
    from {{ ref('int_payments__billed_lines') }}
    union all
    select
        visit_token, null, ended_at, 4, 'demand', 'usage_void', null, null, usage_id, jsonb_build_object('invoice_id', invoice_id)
    from {{ ref('int_usage__lines') }}
    where is_void
    union all
    select visit_token, null, happened_at, 5, 'payment', source_kind, amount_cents, 'patient_collected', source_id, '{}'
    from {{ ref('int_payments__collected_lines') }}
    union all
    select
        visit_token, null, created_at, 5, 'payment', 'charge_' || status, null, null, charge_id,
        jsonb_build_object('invoice_id', invoice_id, 'payment_intent_id', payment_intent_id)
    from {{ ref('int_payments__charges') }}
    where not is_succeeded
{%- endmacro %}

{#- What the books made of it: memos, and lines of the journal, debits above 0. -#}
{% macro story_of_books() -%}
    select
        visit_token,
        null,
        issued_at,
        6,
        'memo',
        kind,
        case kind when 'debit' then amount_cents else -amount_cents end,
        'memo',
        cast(memo_id as text),
        jsonb_build_object(
            'reason', reason, 'caused_by', caused_by, 'origin_period', origin_period, 'period', period,
            'posting_status', posting_status
        )
    from {{ ref('memos') }}
    union all
    select
        visit_token,
        effective_on,
        null,
        7,
        'journal',
        account,
        debit_cents - credit_cents,
        null,
        cast(entry_id as text),
        jsonb_build_object(
            'line_no', line_no, 'source_kind', source_kind, 'source_id', source_id, 'origin_period', origin_period,
            'period', period, 'is_late', is_late, 'recorded_at', recorded_at, 'reverses_entry_id', reverses_entry_id
        )
    from {{ ref('revenue_feed') }}
{%- endmacro %}

{#- What was found wrong, and what staff did about it. -#}
{% macro story_of_staff() -%}
    select visit_token, first_seen_on, null, 8, 'leak', category, amount_cents, null, leak_id, evidence
    from {{ ref('leaks') }}
    union all
    select
        visit_token, null, made_at, 9, 'work', deed, null, null, cast(item_id as text),
        jsonb_build_object('kind', kind, 'why', why, 'said', said, 'made_by', made_by, 'ordinal', ordinal)
    from {{ ref('worklist_entries') }}
{%- endmacro %}
