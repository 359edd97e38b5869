-- What the portal counts of each practice and provider by month, no row where there is no portal: sums without a patient.
select
    practice_id,
    provider_id,
    period,
    offered_minutes,
    booked_minutes,
    sign_ups,
    first_sessions,
    days_to_first_session,
    median_days_to_first_session
from {{ source('ledger', 'practice_count') }}
