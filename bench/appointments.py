"""A practice with years of appointments, for the benchmark of the slots: always the same rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

PRACTICE = "prac_bench"
NOW = datetime(2026, 11, 16, 15, tzinfo=UTC)  # a Monday morning in New York
A_DAY = 8
"""Appointments that a provider has on a full day, of 45 minutes and 10 to write."""
DAYS_AHEAD = 60
_PATIENTS = """
insert into portal.patient (id, practice_id, patient_token, email, given_name, family_name, is_established, created_at)
select
    md5('patient' || n)::uuid, %(practice)s, md5('token' || n)::uuid, n || '@example.com', 'A', 'Patient', true, now()
from generate_series(1, %(patients)s) as n
"""
_PROVIDERS = """
insert into portal.provider (practice_id, id, ledger_id, name)
select %(practice)s, md5('provider' || n)::uuid, 'prov_' || n, 'Provider ' || n
from generate_series(1, %(providers)s) as n;
insert into portal.calendar (practice_id, id, provider_id, time_zone)
select practice_id, id, id, 'America/New_York' from portal.provider;
insert into portal.licence (practice_id, provider_id, state, expires_on)
select practice_id, id, 'NY', '2030-12-31' from portal.provider;
insert into portal.weekly_hours (practice_id, calendar_id, weekday, from_minute, to_minute)
select c.practice_id, c.id, d, h.from_minute, h.to_minute from portal.calendar as c
cross join generate_series(1, 5) as d cross join (values (540, 720), (780, 1080)) as h (from_minute, to_minute);
insert into portal.visit_type (
    practice_id, id, name, kind, minutes, buffer_after, step, service_code, charge_cents
) values (%(practice)s, md5('kind')::uuid, 'A visit', 'follow_up', 45, 10, 15, '90834', 16500);
insert into portal.offered (practice_id, provider_id, visit_type_id)
select practice_id, id, md5('kind')::uuid from portal.provider
"""
# Every hour from nine on is an appointment; of the days to come every second one, by a rule and not by chance.
_APPOINTMENTS = """
insert into portal.appointment (
    practice_id, id, calendar_id, visit_type_id, patient_id, visit_token, visit, busy, status, patient_state,
    patient_time_zone, charge_cents, cancel_hours, late_cancel_fee_cents, no_show_fee_cents, partial_visit, accepted_at
)
select
    %(practice)s, gen_random_uuid(), md5('provider' || p)::uuid, md5('kind')::uuid,
    md5('patient' || (p - 1) * 100 + (d * 8 + h) %% 100 + 1)::uuid, gen_random_uuid(),
    tstzrange(s.at, s.at + interval '45 minutes'), tstzrange(s.at, s.at + interval '55 minutes'), 'booked', 'NY',
    'America/New_York', 16500, 24, 5000, 7500, 'pro_rata', s.at - interval '90 days'
from generate_series(%(first)s::int, %(last)s::int) as p
cross join generate_series(0, %(days)s - 1) as d
cross join generate_series(0, 7) as h
cross join lateral (
    select (
        %(now)s::timestamptz at time zone 'America/New_York')::date + %(ahead)s - d * 7 / 5 as on_date
) as day
cross join lateral (
    select (day.on_date + make_interval(hours => 9 + h)) at time zone 'America/New_York' as at
) as s
where s.at < %(now)s::timestamptz or (h + d) %% 2 = 0
"""


def patients_of(providers: int) -> int:
    """Return how many patients there are: a hundred a provider, who never meet themselves."""
    return providers * 100


def fill(connection: psycopg.Connection, providers: int, days: int) -> int:
    """Write the practice, and for each provider `days` working days that end ahead of now; returns appointments."""
    values = {"practice": PRACTICE, "providers": providers, "patients": patients_of(providers)}
    connection.execute(
        "insert into portal.practice (practice_id, name, time_zone) values (%s, 'A practice', 'America/New_York')",
        (PRACTICE,),
    )
    connection.execute("insert into portal.practice_host values ('bench.localhost', %s)", (PRACTICE,))
    connection.execute(_PATIENTS, values)
    for statement in _PROVIDERS.split(";"):
        connection.execute(statement.encode(), values)
    written = 0
    for first in range(1, providers + 1, 10):
        more = {"first": first, "last": min(first + 9, providers), "days": days, "now": NOW, "ahead": DAYS_AHEAD}
        written += connection.execute(_APPOINTMENTS, values | more).rowcount
    connection.execute("vacuum analyze")
    return written


def horizon(days: int) -> tuple[datetime, datetime]:
    """Return the times that are asked for: so many days from tomorrow on."""
    return NOW + timedelta(days=1), NOW + timedelta(days=1 + days)
