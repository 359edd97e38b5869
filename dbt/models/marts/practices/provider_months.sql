-- What each provider of a practice works, by month.
with sessions as (

    select
        practice_id,
        provider_id,
        service_period as period,
        sum(visits) as visits,
        coalesce(sum(visits) filter (where state in ('completed', 'partially_completed')), 0) as held_visits,
        coalesce(sum(visits) filter (where state = 'no_show'), 0) as no_show_visits,
        coalesce(sum(visits) filter (where state = 'late_cancelled'), 0) as late_cancelled_visits,
        coalesce(sum(visits) filter (where state not in ('scheduled', 'started', 'cancelled')), 0) as due_visits,
        coalesce(sum(scheduled_minutes) filter (where state in ('completed', 'partially_completed')), 0) as held_minutes
    from {{ ref('int_practice__visit_sums') }}
    group by practice_id, provider_id, service_period

),

counts as (

    select
        practice_id,
        provider_id,
        period,
        offered_minutes,
        booked_minutes
    from {{ ref('stg_ledger__practice_counts') }}
    where provider_id is not null

),

now as (

    select
        practice_id,
        provider_id,
        period,
        {%- for count in [
            'visits', 'held_visits', 'held_minutes', 'due_visits', 'no_show_visits', 'late_cancelled_visits'
        ] %}
        cast(coalesce({{ count }}, 0) as bigint) as {{ count }},
        {%- endfor %}
        {{ basis_points('no_show_visits', 'due_visits') }} as no_show_bp,
        {{ basis_points('late_cancelled_visits', 'due_visits') }} as late_cancel_bp,
        cast(offered_minutes as bigint) as offered_minutes,
        cast(booked_minutes as bigint) as booked_minutes,
        {{ basis_points('booked_minutes', 'offered_minutes') }} as utilisation_bp
    from sessions
    full outer join counts using (practice_id, provider_id, period)

)

{{ closed_months_stay('now') }}
