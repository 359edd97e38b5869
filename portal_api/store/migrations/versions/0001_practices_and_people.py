"""Practices by host name, the people of each, how they sign in, what they are sent, and the audit of what they did."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0001"
down_revision = None

# texts, palette and policies: portal_api.tenants.practices reads them, with a default for what is absent.
PRACTICE = """
create table portal.practice (
    practice_id text primary key check (practice_id ~ '[^[:space:]]'),
    name text not null check (name ~ '[^[:space:]]'),
    time_zone text not null,
    email text not null default '',
    phone text not null default '',
    address text not null default '',
    texts jsonb not null default '{}',
    palette jsonb not null default '{}',
    policies jsonb not null default '{}',
    logo bytea check (octet_length(logo) <= 65536),
    logo_alt text not null default '',
    version integer not null default 1,
    changed_at timestamptz not null default now()
)
"""

# The directory in which a request finds its practice, before it is anybody's.
HOST = """
create table portal.practice_host (
    host text primary key check (host = lower(host) and host ~ '^[a-z0-9._-]+$'),
    practice_id text not null references portal.practice,
    -- The first one is where links lead that no request asked for.
    served_since timestamptz not null default clock_timestamp()
)
"""

# As the owner, whom the second policy lets read the directory, and nothing else of any practice.
DIRECTORY = """
create policy the_directory on portal.practice_host for select to current_user using (true);
create function portal.practice_of_host(asked text) returns text language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as 'select practice_id from portal.practice_host where host = lower(asked)';
create function portal.practice_ids() returns setof text language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as 'select distinct practice_id from portal.practice_host order by practice_id';
revoke all on function portal.practice_of_host(text), portal.practice_ids() from public;
grant execute on function portal.practice_of_host(text), portal.practice_ids() to trueup_portal;
"""

# patient_token is what the books, Stripe and Twilio know a patient by: a random UUID of its own.
PATIENT = """
create table portal.patient (
    id uuid primary key,
    practice_id text not null references portal.practice,
    patient_token uuid not null unique,
    email text not null check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    phone text not null default '',
    given_name text not null check (given_name ~ '[^[:space:]]'),
    family_name text not null check (family_name ~ '[^[:space:]]'),
    born_on date,
    time_zone text,
    home_state text check (home_state ~ '^[A-Z]{2}$'),
    is_established boolean not null default false,
    disabled_at timestamptz,
    created_at timestamptz not null,
    unique (practice_id, id)
);
create unique index patient_email on portal.patient (practice_id, lower(email));
"""

# provider_id is what the visit ledger calls a provider. totp_secret is sealed (portal_api.keys).
STAFF = """
create table portal.staff (
    id uuid primary key,
    practice_id text not null references portal.practice,
    email text not null check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    name text not null check (name ~ '[^[:space:]]'),
    roles text [] not null check (
        roles <> '{}' and roles <@ array['provider', 'front_desk', 'billing', 'finance', 'practice_admin']
    ),
    provider_id text check (provider_id ~ '[^[:space:]]'),
    password_hash text,
    totp_secret bytea,
    totp_confirmed_at timestamptz,
    totp_last_step bigint,
    disabled_at timestamptz,
    created_at timestamptz not null,
    unique (practice_id, id),
    unique (practice_id, provider_id),
    check (('provider' = any (roles)) <= (provider_id is not null))
);
create unique index staff_email on portal.staff (practice_id, lower(email));
create table portal.recovery_code (
    practice_id text not null,
    staff_id uuid not null,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (staff_id, code_hash),
    foreign key (practice_id, staff_id) references portal.staff (practice_id, id) on delete cascade
);
"""

# Only hashes of what proves a session; kind and one of the two say whose it is.
SESSION = """
create table portal.session (
    id uuid primary key,
    practice_id text not null references portal.practice,
    token_hash bytea not null unique,
    patient_id uuid,
    staff_id uuid,
    signed_in_at timestamptz not null,
    proved_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    address text not null,
    agent text not null,
    foreign key (practice_id, patient_id) references portal.patient (practice_id, id),
    foreign key (practice_id, staff_id) references portal.staff (practice_id, id),
    check ((patient_id is null) <> (staff_id is null))
);
create index session_patient on portal.session (patient_id) where ended_at is null;
create index session_staff on portal.session (staff_id) where ended_at is null;
"""

# A link and a code, for whoever reads the mail of that address and asked from the browser that holds the binding.
# purpose: to sign in, to set a staff password, to prove a new address, to prove it once more.
ASK = """
create table portal.ask (
    id uuid primary key,
    practice_id text not null references portal.practice,
    purpose text not null check (purpose in ('sign_in', 'set_password', 'change_email', 'prove')),
    email text not null,
    person_id uuid,
    link_hash bytea not null unique,
    code_hash bytea not null,
    binding_hash bytea,
    wrong_codes integer not null default 0,
    asked_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    check (expires_at <= asked_at + interval '10 minutes' or purpose = 'set_password')
);
create index ask_by_email on portal.ask (practice_id, lower(email)) where used_at is null;
"""

# When the next attempt of a kind, from an address or on an account, is free again; key is an HMAC of which.
RATE = """
create table portal.rate (
    practice_id text not null references portal.practice,
    key bytea not null,
    free_at timestamptz not null,
    primary key (practice_id, key)
);
"""

# Written in the transaction of its cause; sealed holds what the text needs and is erased once it left.
NOTICE = """
create table portal.notice (
    id uuid primary key,
    practice_id text not null references portal.practice,
    kind text not null,
    channel text not null check (channel in ('mail', 'sms')),
    recipient text not null,
    sealed bytea,
    once_key text,
    created_at timestamptz not null,
    not_before timestamptz not null,
    expires_at timestamptz,
    attempts integer not null default 0,
    sent_at timestamptz,
    given_up_at timestamptz,
    unique (practice_id, once_key)
);
create index notice_due on portal.notice (practice_id, not_before) where sent_at is null and given_up_at is null;
"""

# Who, what, when, from where, and never the content; each row's hmac is over the one before it and itself.
AUDIT = """
create table portal.audit_entry (
    practice_id text not null references portal.practice,
    ordinal bigint not null check (ordinal >= 1),
    at timestamptz not null,
    actor_kind text not null check (actor_kind in ('patient', 'staff', 'system', 'nobody')),
    actor_id uuid,
    session_id uuid,
    action text not null check (action ~ '^[a-z_]+[.][a-z_]+$'),
    subject text not null,
    address text not null,
    hmac bytea not null check (octet_length(hmac) = 32),
    primary key (practice_id, ordinal)
);
create index audit_subject on portal.audit_entry (practice_id, subject, ordinal);
"""

TABLES = ("practice", "practice_host", "patient", "staff", "recovery_code", "session", "ask", "rate", "notice")


def upgrade() -> None:
    op.execute("grant usage on schema portal to trueup_portal")
    for statement in (PRACTICE, HOST, PATIENT, STAFF, SESSION, ASK, RATE, NOTICE, AUDIT):
        op.execute(statement)
    for statement in [each for table in TABLES for each in guarded(table)] + guarded("audit_entry", insert_only=True):
        op.execute(statement)
    op.execute(DIRECTORY)
