-- What each provider of a practice worked in a month, the busiest first.
select
    provider_id,
    held_visits,
    held_minutes,
    due_visits,
    no_show_bp,
    late_cancel_bp,
    booked_minutes,
    offered_minutes,
    utilisation_bp,
    count(*) over () as providers
from marts.provider_months
where practice_id = %(practice)s and period = %(period)s
order by held_minutes desc, provider_id asc
limit %(size)s
offset %(skipped)s
