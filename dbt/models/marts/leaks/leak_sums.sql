-- The leaks added up by all that a reader may ask for at once. Money to come in and money to be given back stand apart.
select
    settings.as_of,
    found.period,
    found.category,
    found.payer_id,
    found.provider_id,
    found.practice_id,
    {{ age_bucket('settings.as_of - found.happened_on') }} as bucket,
    count(*) as leaks,
    count(*) filter (where found.amount_cents is null) as unpriced,
    cast(coalesce(sum(greatest(found.amount_cents, 0)), 0) as bigint) as at_stake_cents,
    cast(coalesce(sum(least(found.amount_cents, 0)), 0) as bigint) as liability_cents
from {{ ref('int_leaks__found') }} as found
cross join {{ ref('stg_ops__run_settings') }} as settings
group by
    settings.as_of,
    found.period,
    found.category,
    found.payer_id,
    found.provider_id,
    found.practice_id,
    bucket
