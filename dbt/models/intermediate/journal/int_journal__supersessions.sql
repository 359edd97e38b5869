-- A denial that a later claim of its payer supersedes: what it refused is taken back the day that claim was paid.
with superseded as (

    select
        corrections.visit_token,
        denials.position,
        min(corrections.position) as superseded_by
    from {{ ref('int_remits__corrections') }} as corrections
    cross join lateral unnest(corrections.superseded) as denials (position)
    group by corrections.visit_token, denials.position

),

claims as (

    select * from {{ ref('int_remits__adjudicated_claims') }}

)

select
    'supersession' as source_kind,
    denials.claim_id as source_id,
    denials.visit_token,
    visits.practice_id,
    coalesce(visits.payer_id, denials.payer_key) as payer_id,
    visits.service_period as origin_period,
    coalesce(paid.paid_on, {{ local_date('transactions.recorded_at', 'settings.timezone') }}) as effective_on,
    {{ entry_lines([["'payer_receivable'", 'amounts.adjustment_cents'], ["'denial'", '-amounts.adjustment_cents']]) }}
from superseded
inner join claims as denials
    on superseded.visit_token = denials.visit_token
    and superseded.position = denials.position
    and denials.payer_order = 1
inner join {{ ref('int_remits__claim_amounts') }} as amounts on denials.claim_id = amounts.claim_id
inner join {{ ref('int_visits__amounts') }} as visits on denials.visit_token = visits.visit_token
inner join claims as later
    on superseded.visit_token = later.visit_token
    and superseded.superseded_by = later.position
inner join {{ ref('int_remits__claims') }} as paid on later.claim_id = paid.claim_id
inner join {{ ref('stg_era__transactions') }} as transactions
    on paid.file_sha256 = transactions.file_sha256
    and paid.st_index = transactions.st_index
cross join {{ ref('stg_ops__run_settings') }} as settings
