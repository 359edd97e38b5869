-- Visits whose leaks are to be found anew: the touched ones, those whose usage was sent or taken back since the run before
-- began, and those whose claim is overdue on the day of this run and was not on that of the run before, or the other way round
-- where the day went back.
with last_run as (

    select
        as_of,
        started_at
    from {{ source('ops', 'run') }}
    where status = 'succeeded' and {{ not flags.FULL_REFRESH }}
    order by started_at desc
    limit 1

),

days as (

    select
        least(last_run.as_of, settings.as_of) - settings.claim_overdue_days as first_day,
        greatest(last_run.as_of, settings.as_of) - settings.claim_overdue_days as day_after
    from {{ ref('stg_ops__run_settings') }} as settings
    cross join last_run

)

select visit_token
from {{ ref('int_touched__visits') }}
union
select usage.visit_token
from last_run
inner join {{ source('ledger', 'outbox') }} as usage
    on usage.operation in ('meter_visit', 'cancel_usage')
    and usage.changed_at >= last_run.started_at
union
select visits.visit_token
from days
inner join {{ ref('stg_visits__visits') }} as visits
    on visits.ended_on >= days.first_day
    and visits.ended_on < days.day_after
