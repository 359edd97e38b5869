select
    waterfall.outstanding_cents,
    ageing.outstanding_cents as aged_cents
from (
    select coalesce(sum(amount_cents), 0) as outstanding_cents
    from {{ ref('revenue_waterfall') }}
    where step = 'outstanding'
) as waterfall
cross join (
    select coalesce(sum(amount_cents), 0) as outstanding_cents from {{ ref('ar_ageing') }}
) as ageing
where waterfall.outstanding_cents <> ageing.outstanding_cents
