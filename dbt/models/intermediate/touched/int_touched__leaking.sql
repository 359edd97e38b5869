-- Visits whose leaks are to be found anew: the touched ones, and those whose claim is overdue on the day of this run and was not
-- on that of the run before, or the other way round where the day went back.
with days as (

    select
        least(last_run.as_of, settings.as_of) - settings.claim_overdue_days as first_day,
        greatest(last_run.as_of, settings.as_of) - settings.claim_overdue_days as day_after
    from {{ ref('stg_ops__run_settings') }} as settings
    cross join (
        select as_of
        from {{ source('ops', 'run') }}
        where status = 'succeeded'
        order by started_at desc
        limit 1
    ) as last_run
    where {{ not flags.FULL_REFRESH }}

)

select visit_token
from {{ ref('int_touched__visits') }}
union
select visits.visit_token
from days
inner join {{ ref('stg_visits__visits') }} as visits
    on visits.ended_on >= days.first_day
    and visits.ended_on < days.day_after
