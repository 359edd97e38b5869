"""Whose time it is and who has it: providers, their hours, what they offer, and appointments that cannot overlap."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0002"
down_revision = "0001"

# The exclusion constraints compare ids and ranges in one index.
EXTENSION = "create extension if not exists btree_gist"

# A place in the IANA database. CET, EST and their like are abbreviations to PostgreSQL, with no change of the clocks.
ZONE = """
create function portal.is_zone(name text) returns boolean language sql immutable strict as $$
    select (name = 'UTC' or name like '%/%') and timezone(name, timestamptz '2000-01-01 00:00:00Z') is not null
$$
"""

# ledger_id is what the visit ledger calls a provider, and portal.staff the one who signs in.
PROVIDERS = """
create table portal.provider (
    practice_id text not null references portal.practice,
    id uuid not null,
    ledger_id text not null check (ledger_id ~ '[^[:space:]]'),
    name text not null check (name ~ '[^[:space:]]'),
    credentials text not null default '',
    accepts_new boolean not null default true,
    is_active boolean not null default true,
    primary key (practice_id, id),
    unique (practice_id, ledger_id)
);
create table portal.licence (
    practice_id text not null,
    provider_id uuid not null,
    state text not null check (state ~ '^[A-Z]{2}$'),
    expires_on date not null,
    primary key (practice_id, provider_id, state),
    foreign key (practice_id, provider_id) references portal.provider (practice_id, id) on delete cascade
);
create table portal.visit_type (
    practice_id text not null references portal.practice,
    id uuid not null,
    name text not null check (name ~ '[^[:space:]]'),
    kind text not null check (kind in ('intake', 'follow_up', 'group')),
    minutes smallint not null check (minutes between 5 and 480),
    buffer_before smallint not null default 0 check (buffer_before between 0 and 120),
    buffer_after smallint not null default 0 check (buffer_after between 0 and 120),
    step smallint not null default 15 check (step between 5 and 240),
    for_whom text not null default 'anyone' check (for_whom in ('anyone', 'new', 'established')),
    capacity smallint not null default 1 check (capacity between 1 and 100),
    lead_minutes integer not null default 120 check (lead_minutes between 0 and 43200),
    horizon_days smallint not null default 60 check (horizon_days between 1 and 365),
    service_code text not null,
    service_category smallint not null check (service_category between 1 and 99),
    charge_cents bigint not null check (charge_cents >= 0),
    is_active boolean not null default true,
    primary key (practice_id, id),
    check ((kind = 'group') = (capacity > 1))
);
create table portal.offered (
    practice_id text not null,
    provider_id uuid not null,
    visit_type_id uuid not null,
    primary key (practice_id, provider_id, visit_type_id),
    foreign key (practice_id, provider_id) references portal.provider (practice_id, id) on delete cascade,
    foreign key (practice_id, visit_type_id) references portal.visit_type (practice_id, id) on delete cascade
);
"""

# What a payer's patients are expected to pay of a visit themselves; without a row it is the whole charge.
PAYERS = """
create table portal.payer (
    practice_id text not null references portal.practice,
    id text not null check (id <> ''),
    label text not null check (label ~ '[^[:space:]]'),
    primary key (practice_id, id)
);
create table portal.payer_accepted (
    practice_id text not null,
    provider_id uuid not null,
    payer_id text not null,
    primary key (practice_id, provider_id, payer_id),
    foreign key (practice_id, provider_id) references portal.provider (practice_id, id) on delete cascade,
    foreign key (practice_id, payer_id) references portal.payer (practice_id, id) on delete cascade
);
create table portal.payer_estimate (
    practice_id text not null,
    payer_id text not null,
    visit_type_id uuid not null,
    patient_estimate_cents bigint not null check (patient_estimate_cents >= 0),
    primary key (practice_id, payer_id, visit_type_id),
    foreign key (practice_id, payer_id) references portal.payer (practice_id, id) on delete cascade,
    foreign key (practice_id, visit_type_id) references portal.visit_type (practice_id, id) on delete cascade
);
"""

# Hours are minutes of a local day, 0 to 1440, and become instants by the calendar's time zone only when they are read:
# nine in the morning is nine on both sides of a change of the clocks. Hours over midnight are two rows.
# Special hours of a day stand instead of the week's, come beside them, or close the day. Time off is between instants.
HOURS = """
create table portal.calendar (
    practice_id text not null,
    id uuid not null,
    provider_id uuid not null,
    time_zone text not null check (portal.is_zone(time_zone)),
    primary key (practice_id, id),
    unique (practice_id, provider_id),
    foreign key (practice_id, provider_id) references portal.provider (practice_id, id) on delete cascade
);
create table portal.weekly_hours (
    practice_id text not null,
    id uuid not null default gen_random_uuid(),
    calendar_id uuid not null,
    weekday smallint not null check (weekday between 1 and 7),
    from_minute smallint not null check (from_minute between 0 and 1439),
    to_minute smallint not null check (to_minute > from_minute and to_minute <= 1440),
    primary key (practice_id, id),
    foreign key (practice_id, calendar_id) references portal.calendar (practice_id, id) on delete cascade
);
create index weekly_hours_calendar on portal.weekly_hours (calendar_id);
create table portal.special_hours (
    practice_id text not null,
    id uuid not null default gen_random_uuid(),
    calendar_id uuid not null,
    on_date date not null,
    kind text not null check (kind in ('instead', 'also', 'closed')),
    from_minute smallint check (from_minute between 0 and 1439),
    to_minute smallint check (to_minute > from_minute and to_minute <= 1440),
    primary key (practice_id, id),
    check ((kind = 'closed') = (from_minute is null) and (from_minute is null) = (to_minute is null)),
    foreign key (practice_id, calendar_id) references portal.calendar (practice_id, id) on delete cascade
);
create index special_hours_calendar on portal.special_hours (calendar_id, on_date);
create table portal.time_off (
    practice_id text not null,
    id uuid not null default gen_random_uuid(),
    calendar_id uuid not null,
    off_from timestamptz not null,
    off_to timestamptz not null check (off_to > off_from),
    primary key (practice_id, id),
    foreign key (practice_id, calendar_id) references portal.calendar (practice_id, id) on delete cascade
);
create index time_off_calendar on portal.time_off (calendar_id, off_to);
"""

# Who has which time. The visit's state is the ledger's; here a time is held, booked or released. busy is the visit and
# its buffers. Plain timestamps stand beside the ranges because under row-level security only comparisons that are
# leakproof reach an index, and those of ranges are not. 12 hours is how far the slot query looks back.
# A group's session has the calendar and no patient; its seats have a patient each and leave the calendar to it.
# What the patient was shown before booking, price and policy, is frozen in the row that they accept.
APPOINTMENT = """
create table portal.appointment (
    practice_id text not null,
    id uuid not null,
    calendar_id uuid not null,
    visit_type_id uuid not null,
    patient_id uuid,
    session_id uuid,
    series_id uuid,
    waiting_id uuid,
    visit_token uuid unique,
    visit tstzrange not null check (not isempty(visit) and lower_inc(visit) and not upper_inc(visit)),
    busy tstzrange not null check (busy @> visit and lower_inc(busy) and not upper_inc(busy)),
    starts_at timestamptz not null generated always as (lower(visit)) stored,
    ends_at timestamptz not null generated always as (upper(visit)) stored,
    busy_from timestamptz not null generated always as (lower(busy)) stored,
    busy_to timestamptz not null generated always as (upper(busy)) stored,
    status text not null check (status in ('held', 'booked', 'released')),
    hold_expires_at timestamptz,
    capacity smallint check (capacity > 1),
    taken smallint check (taken between 0 and capacity),
    payer_id text,
    patient_state text check (patient_state ~ '^[A-Z]{2}$'),
    patient_time_zone text check (portal.is_zone(patient_time_zone)),
    charge_cents bigint check (charge_cents >= 0),
    patient_estimate_cents bigint check (patient_estimate_cents >= 0),
    cancel_hours smallint check (cancel_hours >= 0),
    late_cancel_fee_cents bigint check (late_cancel_fee_cents >= 0),
    no_show_fee_cents bigint check (no_show_fee_cents >= 0),
    partial_visit text check (partial_visit in ('pro_rata', 'full', 'none')),
    accepted_at timestamptz,
    moves integer not null default 0 check (moves >= 0),
    created_at timestamptz not null default now(),
    primary key (practice_id, id),
    check (upper(busy) - lower(busy) <= interval '12 hours'),
    check ((status = 'held') = (hold_expires_at is not null)),
    check ((patient_id is null) = (capacity is not null) and (capacity is null) = (taken is null)),
    check (session_id is null or patient_id is not null),
    check (patient_id is null or num_nonnulls(
        patient_state, patient_time_zone, charge_cents, cancel_hours, late_cancel_fee_cents, no_show_fee_cents,
        partial_visit
    ) = 7),
    check (payer_id is null or patient_estimate_cents is not null),
    check (status <> 'booked' or patient_id is null or (visit_token is not null and accepted_at is not null)),
    foreign key (practice_id, calendar_id) references portal.calendar (practice_id, id),
    foreign key (practice_id, visit_type_id) references portal.visit_type (practice_id, id),
    foreign key (practice_id, patient_id) references portal.patient (practice_id, id),
    foreign key (practice_id, session_id) references portal.appointment (practice_id, id),
    constraint one_visit_at_a_time exclude using gist (calendar_id with =, busy with &&)
        where (status in ('held', 'booked') and session_id is null),
    constraint one_place_at_a_time exclude using gist (patient_id with =, visit with &&)
        where (status in ('held', 'booked'))
);
create index appointment_busy on portal.appointment (calendar_id, busy_from)
    include (busy_to, status, hold_expires_at, session_id, practice_id, id);
create index appointment_patient on portal.appointment (patient_id, starts_at);
create index appointment_session on portal.appointment (session_id) where session_id is not null;
create index appointment_held on portal.appointment (hold_expires_at) where status = 'held';
create index appointment_starts on portal.appointment (practice_id, starts_at);
"""

# Who waits for a time to come free, and for which times. An offer is a hold with a waiting_id.
WAITING = """
create table portal.waiting (
    practice_id text not null,
    id uuid not null,
    patient_id uuid not null,
    visit_type_id uuid not null,
    provider_id uuid,
    payer_id text,
    patient_state text not null check (patient_state ~ '^[A-Z]{2}$'),
    patient_time_zone text not null check (portal.is_zone(patient_time_zone)),
    since timestamptz not null,
    until timestamptz not null check (until > since),
    status text not null check (status in ('waiting', 'offered', 'booked', 'left')),
    created_at timestamptz not null,
    primary key (practice_id, id),
    foreign key (practice_id, patient_id) references portal.patient (practice_id, id) on delete cascade,
    foreign key (practice_id, visit_type_id) references portal.visit_type (practice_id, id),
    foreign key (practice_id, provider_id) references portal.provider (practice_id, id)
);
create index waiting_in_turn on portal.waiting (practice_id, visit_type_id, created_at) where status = 'waiting';
"""

TABLES = (
    *("provider", "licence", "visit_type", "offered", "payer", "payer_accepted", "payer_estimate", "calendar"),
    *("weekly_hours", "special_hours", "time_off", "appointment", "waiting"),
)


def upgrade() -> None:
    for statements in (EXTENSION, ZONE, PROVIDERS, PAYERS, HOURS, APPOINTMENT, WAITING):
        op.execute(statements)
    for table in TABLES:
        for statement in guarded(table):
            op.execute(statement)
