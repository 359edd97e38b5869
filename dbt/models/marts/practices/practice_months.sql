-- How a practice works, by month.
with sessions as (

    select
        practice_id,
        service_period as period,
        sum(visits) as visits,
        coalesce(sum(visits) filter (where state in ('completed', 'partially_completed')), 0) as held_visits,
        coalesce(sum(visits) filter (where state = 'no_show'), 0) as no_show_visits,
        coalesce(sum(visits) filter (where state = 'late_cancelled'), 0) as late_cancelled_visits,
        coalesce(sum(visits) filter (where state = 'cancelled'), 0) as cancelled_visits,
        coalesce(sum(visits) filter (where state in ('scheduled', 'started')), 0) as open_visits,
        coalesce(sum(scheduled_minutes) filter (where state in ('completed', 'partially_completed')), 0) as held_minutes,
        sum(failed_visits) as failed_visits,
        sum(recovered_visits) as recovered_visits,
        sum(failed_charge_cents) as failed_charge_cents,
        sum(recovered_charge_cents) as recovered_charge_cents
    from {{ ref('int_practice__visit_sums') }}
    group by practice_id, service_period

),

counts as (

    select
        practice_id,
        period,
        sum(offered_minutes) as offered_minutes,
        sum(booked_minutes) as booked_minutes,
        sum(sign_ups) as sign_ups,
        sum(first_sessions) as first_sessions,
        sum(days_to_first_session) as days_to_first_session,
        max(median_days_to_first_session) as median_days_to_first_session
    from {{ ref('stg_ledger__practice_counts') }}
    group by practice_id, period

),

joined as (

    select
        *,
        visits - cancelled_visits - open_visits as due_visits
    from sessions
    full outer join counts using (practice_id, period)

),

now as (

    select
        practice_id,
        period,
        {%- for count in [
            'visits', 'held_visits', 'held_minutes', 'due_visits', 'no_show_visits', 'late_cancelled_visits',
            'cancelled_visits', 'open_visits'
        ] %}
        cast(coalesce({{ count }}, 0) as bigint) as {{ count }},
        {%- endfor %}
        {{ basis_points('no_show_visits', 'due_visits') }} as no_show_bp,
        {{ basis_points('late_cancelled_visits', 'due_visits') }} as late_cancel_bp,
        {%- for count in ['failed_visits', 'recovered_visits', 'failed_charge_cents', 'recovered_charge_cents'] %}
        cast(coalesce({{ count }}, 0) as bigint) as {{ count }},
        {%- endfor %}
        {{ basis_points('recovered_charge_cents', 'failed_charge_cents') }} as recovery_bp,
        cast(offered_minutes as bigint) as offered_minutes,
        cast(booked_minutes as bigint) as booked_minutes,
        {{ basis_points('booked_minutes', 'offered_minutes') }} as utilisation_bp,
        cast(sign_ups as bigint) as sign_ups,
        cast(first_sessions as bigint) as first_sessions,
        cast(median_days_to_first_session as integer) as median_days_to_first_session,
        case
            when first_sessions > 0
                then cast(round(1.0 * days_to_first_session / first_sessions, 4) as numeric(20, 4))
        end as mean_days_to_first_session
    from joined

)

{{ closed_months_stay('now') }}
