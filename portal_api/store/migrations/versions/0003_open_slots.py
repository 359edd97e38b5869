"""Which times a patient can really have, and why the others cannot be had."""

from alembic import op

revision = "0003"
down_revision = "0002"

# The hours of calendars as instants: the week's, with the special hours of a day instead of them or beside them. A day
# more on each side, for visits over midnight. A local time that is missing moves on by the gap, one that comes twice is
# the second; hours that end before they begin by that are none.
WINDOWS = """
create function portal.windows(calendars uuid [], since timestamptz, until timestamptz)
returns table (calendar_id uuid, opens timestamptz, closes timestamptz)
language sql stable as $$
with span as (
    select c.id, c.time_zone, d.first_on, d.days
    from portal.calendar as c
    cross join lateral (
        select
            (since at time zone c.time_zone)::date - 1 as first_on,
            (until at time zone c.time_zone)::date - (since at time zone c.time_zone)::date + 2 as days
    ) as d
    where c.id = any(calendars)
),
hours as (
    select s.id, s.time_zone, s.first_on + n as on_date, w.from_minute, w.to_minute
    from span as s
    inner join portal.weekly_hours as w on w.calendar_id = s.id
    cross join lateral
        generate_series((w.weekday - extract(isodow from s.first_on)::int + 7) % 7, s.days, 7) as n
    where not exists (
        select from portal.special_hours as d
        where d.calendar_id = s.id and d.on_date = s.first_on + n and d.kind <> 'also'
    )
    union all
    select s.id, s.time_zone, d.on_date, d.from_minute, d.to_minute
    from span as s
    inner join portal.special_hours as d on d.calendar_id = s.id
    where d.kind <> 'closed' and d.on_date between s.first_on and s.first_on + s.days
),
instants as (
    select
        id,
        (on_date + make_interval(mins => from_minute)) at time zone time_zone as opens,
        (on_date + make_interval(mins => to_minute)) at time zone time_zone as closes
    from hours
)
select id, opens, closes from instants where closes > opens
$$
"""

# Times of a visit type that start in [since, until), as `at` sees them, for a patient of this payer (null pays
# themselves) who will be in this state. Starts are counted from the beginning of each window, so that whole hours are
# whole hours in every zone. The visit lies in open hours; its buffers keep it apart from what is busy and may stretch
# beyond the hours. What is `moving` does not stand in its own way. A hold that lapsed holds nothing. Planning takes
# longer than the answer: in PL/pgSQL the plan is kept, one for all arguments.
OPEN_SLOTS = """
create function portal.open_slots(
    calendars uuid [], visit_type uuid, since timestamptz, until timestamptz, at timestamptz,
    payer text, state text, is_new boolean, patient uuid, moving uuid
)
returns table (calendar_id uuid, starts_at timestamptz)
language plpgsql stable set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
return query
with kind as materialized (
    select
        t.capacity,
        make_interval(mins => t.minutes) as lasts,
        make_interval(mins => t.buffer_before) as before,
        make_interval(mins => t.buffer_after) as after,
        make_interval(mins => t.step) as step,
        greatest(since, at + make_interval(mins => t.lead_minutes)) as first,
        least(until, at + make_interval(hours => 24 * t.horizon_days) + interval '1 microsecond') as last
    from portal.visit_type as t
    where t.id = visit_type and t.is_active
    and (t.for_whom = 'anyone' or (t.for_whom = 'new') = is_new)
),
calendar as materialized (
    select c.id, (l.expires_on + 1)::timestamp at time zone c.time_zone as licensed_until
    from portal.calendar as c
    inner join portal.provider as p on p.id = c.provider_id
    inner join portal.offered as o on o.provider_id = c.provider_id and o.visit_type_id = visit_type
    inner join portal.licence as l on l.provider_id = c.provider_id and l.state = open_slots.state
    where c.id = any(calendars)
    and p.is_active
    and (p.accepts_new or not is_new)
    and (
        payer is null
        or exists (
            select from portal.payer_accepted as a where a.provider_id = c.provider_id and a.payer_id = payer
        )
    )
),
own as materialized (
    select coalesce(range_agg(a.visit), '{}') as busy
    from portal.appointment as a
    where a.patient_id = patient
    and a.starts_at > since - interval '12 hours' and a.starts_at < until + interval '12 hours'
    and (a.status = 'booked' or (a.status = 'held' and a.hold_expires_at > at)) and a.id is distinct from moving
),
windows as materialized (
    select w.*
    from (select array_agg(id) as ids from calendar) as c
    cross join kind as k
    cross join lateral portal.windows(c.ids, k.first, k.last) as w
    where k.capacity = 1 and k.first < k.last
),
opening as (
    select w.calendar_id, range_agg(tstzrange(w.opens, w.closes)) as hours from windows as w group by w.calendar_id
),
facts as materialized (
    select
        c.id, c.licensed_until,
        h.hours - coalesce((
            select range_agg(tstzrange(f.off_from, f.off_to)) from portal.time_off as f
            where f.calendar_id = c.id and f.off_to > k.first and f.off_from < k.last + k.lasts
        ), '{}') as open,
        coalesce((
            select range_agg(tstzrange(a.busy_from, a.busy_to)) from portal.appointment as a
            where a.calendar_id = c.id
            and a.busy_from > k.first - interval '14 hours' and a.busy_from < k.last + interval '14 hours'
            and (a.status = 'booked' or (a.status = 'held' and a.hold_expires_at > at))
            and a.session_id is null and a.id is distinct from moving
        ), '{}') as busy
    from calendar as c
    inner join opening as h on h.calendar_id = c.id
    cross join kind as k
),
starts as (
    select distinct w.calendar_id, s.starts_at
    from windows as w
    cross join kind as k
    cross join lateral generate_series(w.opens, w.closes - interval '1 microsecond', k.step) as s (starts_at)
    where s.starts_at >= k.first and s.starts_at < k.last
)
select s.calendar_id, s.starts_at
from starts as s
inner join facts as f on f.id = s.calendar_id
cross join kind as k
cross join own as o
where tstzrange(s.starts_at, s.starts_at + k.lasts) <@ f.open
and not tstzrange(s.starts_at - k.before, s.starts_at + k.lasts + k.after) && f.busy
and not tstzrange(s.starts_at, s.starts_at + k.lasts) && o.busy
and s.starts_at < f.licensed_until
union all
select a.calendar_id, a.starts_at
from portal.appointment as a
inner join calendar as c on c.id = a.calendar_id
cross join kind as k
cross join own as o
where k.capacity > 1 and a.visit_type_id = visit_type and a.status = 'booked' and a.capacity is not null
and a.busy_from > k.first - interval '12 hours' and a.busy_from < k.last
and a.starts_at >= k.first and a.starts_at < k.last
and not tstzrange(a.starts_at, a.ends_at) && o.busy
and a.starts_at < c.licensed_until
and a.capacity > (
    select count(*) from portal.appointment as seat
    where seat.session_id = a.id and seat.id is distinct from moving
    and (seat.status = 'booked' or (seat.status = 'held' and seat.hold_expires_at > at))
);
end
$$
"""

# The same question asked of one calendar, with the reasons that hide a time; none where it can be had. Times are those
# of the windows and, outside of them, of a grid from each local midnight. For groups they are the sessions'.
WHY_NOT = """
create function portal.why_not(
    calendar uuid, visit_type uuid, since timestamptz, until timestamptz, at timestamptz,
    payer text, state text, is_new boolean, patient uuid
)
returns table (starts_at timestamptz, reasons text [])
language sql stable as $$
with kind as materialized (
    select
        t.*,
        make_interval(mins => t.minutes) as lasts,
        make_interval(mins => t.buffer_before) as before,
        make_interval(mins => t.buffer_after) as after,
        c.time_zone, c.provider_id, p.accepts_new,
        p.is_active and t.is_active and exists (
            select from portal.offered as o where o.provider_id = p.id and o.visit_type_id = t.id
        ) as is_offered,
        payer is null or exists (
            select from portal.payer_accepted as a where a.provider_id = p.id and a.payer_id = payer
        ) as is_insured,
        (
            select (l.expires_on + 1)::timestamp at time zone c.time_zone from portal.licence as l
            where l.provider_id = p.id and l.state = why_not.state
        ) as licensed_until
    from portal.visit_type as t
    cross join portal.calendar as c
    inner join portal.provider as p on p.id = c.provider_id
    where t.id = visit_type and c.id = calendar
),
windows as materialized (
    select w.opens, w.closes from portal.windows(array[calendar], since, until) as w
),
taken as materialized (
    select a.* from portal.appointment as a
    where a.busy_from > since - interval '14 hours' and a.busy_from < until + interval '14 hours'
    and (a.calendar_id = calendar or a.patient_id = patient)
    and (a.status = 'booked' or (a.status = 'held' and a.hold_expires_at > at))
),
own as (select coalesce(range_agg(t.visit), '{}') as visits from taken as t where t.patient_id = patient),
facts as materialized (
    select
        coalesce((select range_agg(tstzrange(w.opens, w.closes)) from windows as w), '{}') as hours,
        coalesce((
            select range_agg(tstzrange(f.off_from, f.off_to)) from portal.time_off as f
            where f.calendar_id = calendar and f.off_to > since and f.off_from < until + interval '12 hours'
        ), '{}') as off,
        coalesce(range_agg(t.visit) filter (where t.status = 'booked'), '{}') as visits,
        coalesce(range_agg(t.busy) filter (where t.status = 'booked'), '{}') as busy,
        coalesce(range_agg(t.busy) filter (where t.status = 'held'), '{}') as held
    from taken as t
    where t.calendar_id = calendar and t.session_id is null
),
starts as (
    select s.starts_at, null::uuid as session_id
    from windows as w
    cross join kind as k
    cross join lateral
        generate_series(w.opens, w.closes - interval '1 microsecond', make_interval(mins => k.step)) as s (starts_at)
    where k.capacity = 1
    union
    select s.starts_at, null
    from kind as k
    cross join lateral (select (since at time zone k.time_zone)::date as since_on) as d
    cross join lateral generate_series(0, (until at time zone k.time_zone)::date - d.since_on) as n
    cross join lateral generate_series(
        (d.since_on + n)::timestamp at time zone k.time_zone,
        (d.since_on + n + 1)::timestamp at time zone k.time_zone - interval '1 microsecond',
        make_interval(mins => k.step)
    ) as s (starts_at)
    where k.capacity = 1 and not exists (
        select from windows as w where s.starts_at >= w.opens and s.starts_at < w.closes
    )
    union all
    select t.starts_at, t.id
    from taken as t
    cross join kind as k
    where k.capacity > 1 and t.visit_type_id = visit_type and t.capacity is not null
    and t.calendar_id = calendar and t.status = 'booked'
)
select
    s.starts_at,
    array_remove(array[
        case when not k.is_offered then 'not_offered' end,
        case when k.for_whom = 'new' and not is_new then 'new_patients_only' end,
        case when k.for_whom = 'established' and is_new or is_new and not k.accepts_new then 'not_for_new_patients' end,
        case when not k.is_insured then 'insurance_not_accepted' end,
        case when s.starts_at < k.licensed_until is not true then 'not_licensed' end,
        case when s.starts_at < at + make_interval(mins => k.lead_minutes) then 'lead_time' end,
        case when s.starts_at > at + make_interval(hours => 24 * k.horizon_days) then 'beyond_horizon' end,
        case when s.session_id is null and not v.visit <@ f.hours then 'outside_hours' end,
        case when s.session_id is null and v.visit && f.off then 'time_off' end,
        case when s.session_id is null and v.visit && f.visits then 'busy' end,
        case when s.session_id is null and not v.visit && f.visits and v.busy && f.busy then 'buffer' end,
        case when s.session_id is null and v.busy && f.held then 'held' end,
        case when s.session_id is not null and k.capacity <= (
            select count(*) from taken as seat where seat.session_id = s.session_id
        ) then 'full' end,
        case when v.visit && o.visits then 'patient_is_elsewhere' end
    ], null)
from starts as s
cross join kind as k
cross join facts as f
cross join own as o
cross join lateral (
    select
        tstzrange(s.starts_at, s.starts_at + k.lasts) as visit,
        tstzrange(s.starts_at - k.before, s.starts_at + k.lasts + k.after) as busy
) as v
where s.starts_at >= since and s.starts_at < until
order by s.starts_at
$$
"""


def upgrade() -> None:
    for statement in (WINDOWS, OPEN_SLOTS, WHY_NOT):
        op.execute(statement)
