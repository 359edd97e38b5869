-- The marts of practices and of providers hold every visit of the open months once, and nothing else.
with months as (

    select
        period,
        practice_id,
        sum(visits) as visits,
        sum(held_minutes) as held_minutes
    from {{ ref('practice_months') }}
    group by period, practice_id

),

providers as (

    select
        period,
        practice_id,
        sum(visits) as visits,
        sum(held_minutes) as held_minutes
    from {{ ref('provider_months') }}
    group by period, practice_id

)

select *
from months
full outer join providers using (period, practice_id)
where
    coalesce(months.visits, 0) <> coalesce(providers.visits, 0)
    or coalesce(months.held_minutes, 0) <> coalesce(providers.held_minutes, 0)
