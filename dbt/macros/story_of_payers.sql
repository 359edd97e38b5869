{#- The parts of a visit's story (marts/story/visit_story): each gives moments in the same columns. `happened_at` is empty where only
    the day is known; `step` puts what happened at one time in the order of cause and effect; `counts_as` names the figure of
    visit_revenue that the amount is a part of. A part is cut by visit before it is computed: windows are by visit. -#}

{#- Every observation of the visit, the current one included. -#}
{% macro story_of_states() -%}
    select
        visit_token,
        cast(null as date) as happened_on,
        state_changed_at as happened_at,
        1 as step,
        'state' as kind,
        state as what,
        cast(null as bigint) as amount_cents,
        cast(null as text) as counts_as,
        row_sha256 as source_id,
        jsonb_build_object(
            'place_of_service', place_of_service, 'service_code', service_code, 'modifiers', modifiers, 'units', units,
            'payer_id', payer_id, 'provider_id', provider_id, 'charge_cents', charge_cents,
            'patient_estimate_cents', patient_estimate_cents, 'scheduled_start', scheduled_start,
            'started_at', started_at, 'ended_at', ended_at
        ) as details
    from {{ source('raw', 'visit') }}
{%- endmacro %}

{#- Every remit claim that counts, with how it stands. -#}
{% macro story_of_claims() -%}
    select
        claims.visit_token,
        coalesce(claims.paid_on, {{ local_date('remitted.recorded_at', 'settings.timezone') }}),
        null,
        2,
        'claim',
        case when claims.is_reversal then 'reversed' when claims.is_denial then 'denied' else 'decided' end,
        claims.paid_cents,
        'payer_paid',
        claims.claim_id,
        jsonb_build_object(
            'payer_id', claims.payer_key, 'payer_order', claims.payer_order, 'charge_cents', claims.charge_cents,
            'place_of_service', claims.facility_code, 'trn_number', remitted.trn_number, 'is_live', claims.is_live,
            'undoes_claim_id', claims.undoes_claim_id, 'file_sha256', remitted.file_sha256,
            'st_index', remitted.st_index, 'claim_index', remitted.claim_index
        )
    from {{ ref('int_remits__adjudicated_claims') }} as claims
    inner join {{ ref('int_remits__claims') }} as remitted on claims.claim_id = remitted.claim_id
    cross join settings
{%- endmacro %}

{#- What each of these claims took off, in the words of our own for its reason. -#}
{% macro story_of_adjustments() -%}
    select
        claims.visit_token,
        coalesce(claims.paid_on, {{ local_date('remitted.recorded_at', 'settings.timezone') }}),
        null,
        3,
        'adjustment',
        taken.group_code || '-' || taken.reason_code,
        taken.amount_cents,
        case
            when taken.group_code = 'PR' and claims.payer_order = claims.last_live_order then 'patient_responsibility'
            when not claims.is_live or claims.payer_order <> 1 or taken.group_code = 'PR' then null
            when claims.is_denial then 'denied'
            when classes.class in ('contractual', 'sequestration') then classes.class
            else 'other_adjustment'
        end,
        claims.claim_id,
        jsonb_build_object('meaning', reasons.meaning, 'group_code', taken.group_code, 'is_live', claims.is_live)
    from (
        select *, max(payer_order) filter (where is_live) over (partition by visit_token) as last_live_order
        from {{ ref('int_remits__adjudicated_claims') }}
    ) as claims
    inner join {{ ref('int_remits__claims') }} as remitted on claims.claim_id = remitted.claim_id
    inner join {{ ref('int_remits__claim_amounts') }} as sums on claims.claim_id = sums.claim_id
    cross join settings
    cross join lateral
        unnest(sums.group_codes, sums.reason_codes, sums.amounts) as taken (group_code, reason_code, amount_cents)
    left join {{ ref('carc') }} as reasons on taken.reason_code = reasons.reason_code
    left join {{ ref('adjustment_class') }} as classes
        on taken.group_code = classes.group_code
        and taken.reason_code = classes.reason_code
{%- endmacro %}
