"""What is counted of a practice for its own figures: the time it offered and had booked, sign-ups, first sessions."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0012"
down_revision = "0011"

# Hours say what is offered and not what was: of a day that is over the minutes are kept before any hours change. What
# stood before this column came nobody knows.
OFFERED = """
alter table portal.calendar add column offered_since date not null default current_date;
create table portal.offered_day (
    practice_id text not null,
    calendar_id uuid not null,
    on_date date not null,
    minutes integer not null check (minutes >= 0),
    primary key (practice_id, calendar_id, on_date),
    foreign key (practice_id, calendar_id) references portal.calendar (practice_id, id) on delete cascade
);
"""

# Days of each calendar of a practice that are not kept yet, up to the day of `until`, which is left out: minutes of its
# hours less time off. A provider who works no more offers nothing.
OFFERED_DAYS = """
create function portal.offered_days(practice text, until timestamptz)
returns table (practice_id text, calendar_id uuid, on_date date, minutes integer)
language sql stable set search_path = pg_catalog, pg_temp as $$
with calendar as materialized (
    select c.id, c.time_zone, p.is_active, s.first_on, s.until_on
    from portal.calendar as c
    inner join portal.provider as p on p.practice_id = c.practice_id and p.id = c.provider_id
    cross join lateral (
        select
            (until at time zone c.time_zone)::date as until_on,
            coalesce((
                select max(d.on_date) + 1 from portal.offered_day as d
                where d.practice_id = practice and d.calendar_id = c.id
            ), c.offered_since) as first_on
    ) as s
    where c.practice_id = practice and s.first_on < s.until_on
),
opening as (
    select c.id, (w.opens at time zone c.time_zone)::date as on_date, range_agg(tstzrange(w.opens, w.closes)) as hours
    from calendar as c
    cross join lateral portal.windows(array[c.id], c.first_on::timestamp at time zone c.time_zone, until) as w
    where c.is_active
    group by 1, 2
),
closing as (
    select f.calendar_id, range_agg(tstzrange(f.off_from, f.off_to)) as hours
    from portal.time_off as f
    where f.practice_id = practice
    group by 1
)
select
    practice, c.id, c.first_on + n,
    coalesce((
        select sum(extract(epoch from upper(r) - lower(r)) / 60)::integer
        from unnest(o.hours - coalesce(f.hours, '{}')) as r
    ), 0)
from calendar as c
cross join lateral generate_series(0, c.until_on - c.first_on - 1) as n
left join opening as o on o.id = c.id and o.on_date = c.first_on + n
left join closing as f on f.calendar_id = c.id
$$
"""

# Before anything changes that hours are made of: only the practice that the transaction names is seen, or all by whom
# no policy holds.
KEEP = """
create function portal.keep_offered_days() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    insert into portal.offered_day
    select d.* from portal.practice as p cross join lateral portal.offered_days(p.practice_id, now()) as d
    on conflict do nothing;
    return null;
end
$$;
create trigger keeps_what_was_offered before insert or update or delete on portal.weekly_hours
    for each statement execute function portal.keep_offered_days();
create trigger keeps_what_was_offered before insert or update or delete on portal.special_hours
    for each statement execute function portal.keep_offered_days();
create trigger keeps_what_was_offered before insert or update or delete on portal.time_off
    for each statement execute function portal.keep_offered_days();
create trigger keeps_what_was_offered before update of time_zone on portal.calendar
    for each statement execute function portal.keep_offered_days();
create trigger keeps_what_was_offered before update of is_active on portal.provider
    for each statement execute function portal.keep_offered_days();
"""

# Rows of providers, and one without a provider for what is the practice's alone; by the calendar's or the practice's
# own months, up to the end of the next one. A group's session counts once, and only with somebody in it.
OF_A_PRACTICE = """
create function portal.counts_of(practice text)
returns table (
    practice_id text, provider_id text, period text, offered_minutes bigint, booked_minutes bigint,
    sign_ups bigint, first_sessions bigint, days_to_first_session bigint, median_days_to_first_session integer
)
language sql stable set search_path = pg_catalog, pg_temp as $$
with until as (select date_trunc('month', now()) + interval '2 months' as at),
offered as (
    select calendar_id, to_char(on_date, 'YYYY-MM') as period, sum(minutes) as minutes
    from (
        select calendar_id, on_date, minutes from portal.offered_day where practice_id = practice
        union all
        select d.calendar_id, d.on_date, d.minutes from until cross join lateral portal.offered_days(practice, at) as d
    ) as days
    group by 1, 2
),
booked as (
    select
        a.calendar_id, to_char(a.starts_at at time zone c.time_zone, 'YYYY-MM') as period,
        sum(extract(epoch from a.ends_at - a.starts_at)) / 60 as minutes
    from portal.appointment as a
    inner join portal.calendar as c on c.practice_id = a.practice_id and c.id = a.calendar_id
    cross join until
    where a.practice_id = practice and a.status = 'booked' and a.session_id is null
    and (a.capacity is null or a.taken > 0)
    and (a.starts_at at time zone c.time_zone)::date >= c.offered_since
    and (a.starts_at at time zone c.time_zone)::date < (until.at at time zone c.time_zone)::date
    group by 1, 2
),
patient as (
    select
        (p.created_at at time zone h.time_zone)::date as signed_up_on,
        (
            select (min(coalesce(v.started_at, v.scheduled_start)) at time zone h.time_zone)::date
            from ledger.visit as v
            where v.patient_token = p.patient_token and v.state in ('completed', 'partially_completed')
        ) as first_on
    from portal.patient as p
    inner join portal.practice as h on h.practice_id = p.practice_id
    where p.practice_id = practice
),
signed_up as (
    select to_char(signed_up_on, 'YYYY-MM') as period, count(*) as patients from patient group by 1
),
seen as (
    select
        to_char(first_on, 'YYYY-MM') as period, count(*) as patients, sum(first_on - signed_up_on) as days,
        percentile_disc(0.5) within group (order by first_on - signed_up_on) as median
    from patient
    where first_on is not null
    group by 1
)
select
    practice, p.ledger_id, period, coalesce(sum(offered.minutes), 0)::bigint, coalesce(sum(booked.minutes), 0)::bigint,
    null::bigint, null::bigint, null::bigint, null::integer
from offered
full outer join booked using (calendar_id, period)
inner join portal.calendar as c on c.practice_id = practice and c.id = calendar_id
inner join portal.provider as p on p.practice_id = practice and p.id = c.provider_id
group by p.ledger_id, period
union all
select
    practice, null, period, null, null,
    coalesce(signed_up.patients, 0), coalesce(seen.patients, 0), coalesce(seen.days, 0), seen.median
from signed_up
full outer join seen using (period)
$$
"""

# For the books, which may not look into this schema: numbers, and no patient.
OF_ALL = """
create function portal.counts() returns setof record
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    own text;
    before text := current_setting('app.practice_id', true);
begin
    for own in select id from portal.practice_ids() as id loop
        perform set_config('app.practice_id', own, true);
        return query select * from portal.counts_of(own);
    end loop;
    perform set_config('app.practice_id', coalesce(before, ''), true);
end
$$;
revoke all on function portal.counts(), portal.counts_of(text), portal.offered_days(text, timestamptz) from public;
grant execute on function portal.offered_days(text, timestamptz) to trueup_portal;
"""


def upgrade() -> None:
    for statement in (OFFERED, OFFERED_DAYS):
        op.execute(statement)
    for statement in guarded("offered_day"):
        op.execute(statement)
    for statement in (KEEP, OF_A_PRACTICE, OF_ALL):
        op.execute(statement)
