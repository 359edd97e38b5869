-- A denial that a later claim of its payer supersedes: what it refused is taken back the day that claim was paid.
select
    'supersession' as source_kind,
    denials.claim_id as source_id,
    denials.visit_token,
    visits.practice_id,
    coalesce(visits.payer_id, denials.payer_key) as payer_id,
    visits.service_period as origin_period,
    coalesce(paid.paid_on, {{ local_date('paid.recorded_at', 'settings.timezone') }}) as effective_on,
    {{ entry_lines([["'payer_receivable'", 'amounts.adjustment_cents'], ["'denial'", '-amounts.adjustment_cents']]) }}
from {{ ref('int_remits__adjudicated_claims') }} as denials
cross join lateral (
    select min(corrections.position) as position
    from {{ ref('int_remits__corrections') }} as corrections
    where corrections.visit_token = denials.visit_token and denials.position = any(corrections.superseded)
) as superseded_by
inner join {{ ref('int_remits__claim_amounts') }} as amounts on denials.claim_id = amounts.claim_id
inner join {{ ref('int_visits__amounts') }} as visits on denials.visit_token = visits.visit_token
inner join {{ ref('int_remits__adjudicated_claims') }} as later
    on denials.visit_token = later.visit_token
    and superseded_by.position = later.position
inner join {{ ref('int_remits__claims') }} as paid on later.claim_id = paid.claim_id
cross join {{ ref('stg_ops__run_settings') }} as settings
where denials.payer_order = 1 and denials.is_superseded
