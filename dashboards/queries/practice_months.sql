-- A practice's last twelve months in which anything was due, is planned or was counted.
select
    period,
    visits,
    held_visits,
    held_minutes,
    due_visits,
    no_show_visits,
    late_cancelled_visits,
    cancelled_visits,
    open_visits,
    no_show_bp,
    late_cancel_bp,
    failed_visits,
    recovered_visits,
    failed_charge_cents,
    recovered_charge_cents,
    recovery_bp,
    offered_minutes,
    booked_minutes,
    utilisation_bp,
    sign_ups,
    first_sessions,
    median_days_to_first_session
from marts.practice_months
where
    practice_id = %(practice)s
    and (visits > 0 or booked_minutes > 0 or sign_ups > 0 or first_sessions > 0)
order by period desc
limit 12
