-- Schema raw: what outsiders sent, append-only, without direct identifiers (no names, member numbers, e-mails, free text),
-- and what our own staff settled of it. Created if absent. Every statement is safe to run again.

create schema if not exists raw;

-- Arrival order. load_id grows with every file taken in; loads are serialised by an advisory lock, so it has no late smaller value.
create table if not exists raw.file (
    load_id bigint generated always as identity primary key,
    kind text not null check (kind in ('visits', 'stripe', 'era', 'fees', 'practices', 'bank')),
    file_sha256 text not null check (file_sha256 ~ '^[0-9a-f]{64}$'),
    byte_count bigint not null,
    row_count bigint not null default 0,
    quarantined_count bigint not null default 0,
    loaded_at timestamptz not null default now(),
    unique (kind, file_sha256)
);

create table if not exists raw.quarantine (
    source text not null,
    file_sha256 text not null,
    position text not null,
    rule text not null,
    value text,
    message text not null,
    load_id bigint not null references raw.file (load_id),
    recorded_at timestamptz not null default now(),
    primary key (source, file_sha256, position, rule)
);

-- 3.1 visits -----------------------------------------------------------------------------------------------------------
-- load_id of the large tables is no foreign key: a row has that of the file whose row was written in the same
-- transaction, no file is ever deleted, and the check took half the time of an insert.
create table if not exists raw.visit (
    visit_token uuid not null,
    claim_ref text,
    practice_id text not null,
    provider_id text not null,
    state text not null,
    service_code text not null,
    modifiers text,
    units integer not null,
    place_of_service text not null,
    scheduled_start timestamptz not null,
    scheduled_end timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    payer_id text,
    charge_cents bigint not null,
    patient_estimate_cents bigint,
    state_changed_at timestamptz not null,
    row_sha256 text not null,
    file_sha256 text not null,
    row_number bigint not null,
    load_id bigint not null,
    recorded_at timestamptz not null default now(),
    primary key (visit_token, state_changed_at, row_sha256)
);
create index if not exists visit_load on raw.visit (load_id);
-- Rows come in nearly the order of their time: an index of ranges finds the newest ones at hardly any cost to a load.
create index if not exists visit_at on raw.visit using brin (state_changed_at) with (autosummarize = on);

-- A claim reference is one visit's alone: the first visit that brings it owns it.
create table if not exists raw.claim_ref (
    claim_ref text primary key,
    visit_token uuid not null,
    load_id bigint not null
);
create index if not exists claim_ref_visit_token on raw.claim_ref (visit_token);
create index if not exists claim_ref_load on raw.claim_ref (load_id);

-- What ledger.rules.billing says of an observation under one practice policy. policy_key is that of raw.practice, or
-- 'default' for a practice that has no row. target_cents is null exactly while the visit is on hold.
create table if not exists raw.visit_verdict (
    visit_token uuid not null,
    state_changed_at timestamptz not null,
    row_sha256 text not null,
    policy_key text not null,
    rule_version text not null,
    bills boolean not null,
    on_hold boolean not null,
    target_cents bigint,
    primary key (visit_token, state_changed_at, row_sha256, policy_key, rule_version),
    check (on_hold = (target_cents is null))
);

-- 3.2 Stripe -----------------------------------------------------------------------------------------------------------
-- payload holds allow-listed fields only. version_at is event.created, or else the load time.
create table if not exists raw.stripe_object (
    object_id text not null,
    object_type text not null,
    version_at timestamptz not null,
    object_sha256 text not null,
    event_id text,
    payload jsonb not null,
    file_sha256 text not null,
    line_number bigint not null,
    load_id bigint not null,
    recorded_at timestamptz not null default now(),
    primary key (object_id, version_at, object_sha256)
);
create index if not exists stripe_object_type on raw.stripe_object (object_type);
create index if not exists stripe_object_load on raw.stripe_object (load_id);
create index if not exists stripe_object_at on raw.stripe_object using brin (version_at) with (autosummarize = on);

-- How far the API was read: every object of the type that was created before then is in raw, or in quarantine.
create table if not exists raw.stripe_cursor (
    livemode boolean not null,
    object_type text not null,
    created_before timestamptz not null,
    moved_at timestamptz not null default now(),
    primary key (livemode, object_type)
);

-- 3.3 ERA 835 ----------------------------------------------------------------------------------------------------------
create table if not exists raw.era_transaction (
    file_sha256 text not null,
    st_index integer not null,
    isa_control text,
    gs_control text,
    st_control text,
    payer_name text,
    payer_id text,
    payee_npi text,
    bpr_cents bigint,
    bpr_method text,
    bpr_flag text,
    paid_on date,
    trn_number text,
    trn_payer text,
    claims_cents bigint,
    provider_adjustments_cents bigint,
    residual_cents bigint,
    claim_count integer not null,
    verdict text not null check (verdict in ('posted', 'held', 'duplicate', 'conflict')),
    body_sha256 text not null,
    load_id bigint not null references raw.file (load_id),
    recorded_at timestamptz not null default now(),
    primary key (file_sha256, st_index)
);
create index if not exists era_transaction_body on raw.era_transaction (body_sha256);
create index if not exists era_transaction_trn on raw.era_transaction (trn_number);

-- What stands below a transaction has no key of its own: the file has one (raw.file), is written in one database
-- transaction, and numbers its rows. Keys on these tables took three quarters of a load (docs/decisions/0013).
create table if not exists raw.era_claim (
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer not null,
    claim_ref text,
    status_code text,
    charge_cents bigint,
    paid_cents bigint,
    patient_responsibility_cents bigint not null,
    filing_code text,
    payer_claim_number text,
    facility_code text,
    frequency_code text,
    is_reversal boolean not null,
    service_from date,
    service_to date,
    residual_cents bigint,
    original_ref text,                -- REF*F8: the payer's number of the claim that this one corrects or reverses
    undoes_st_index integer,          -- for a reversal: the claim of the same file that it undoes
    undoes_claim_index integer
);

create table if not exists raw.era_service (
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer not null,
    service_index integer not null,
    qualifier text,
    service_code text,
    modifiers text,
    submitted_code text,
    charge_cents bigint,
    paid_cents bigint,
    units numeric,
    service_from date,
    line_ref text,
    residual_cents bigint
);

-- adjustment_index counts within the transaction, so that two equal triplets stay two rows.
create table if not exists raw.era_adjustment (
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer not null,
    service_index integer,
    adjustment_index integer not null,
    group_code text not null,
    reason_code text not null,
    amount_cents bigint not null,
    quantity numeric
);

create table if not exists raw.era_provider_adjustment (
    file_sha256 text not null,
    st_index integer not null,
    provider_adjustment_index integer not null,
    provider_id text,
    fiscal_year_end date,
    reason_code text not null,
    reference text,
    amount_cents bigint not null
);

create table if not exists raw.era_remark (
    file_sha256 text not null,
    st_index integer not null,
    remark_index integer not null,
    claim_index integer not null,
    service_index integer,
    source text not null check (source in ('MIA', 'MOA', 'LQ')),
    code text not null
);

-- AMT, QTY, REF and DTM as they stand: on a line, on a claim (service_index null), in the header (both null).
-- A reference that is, or may be, a person's number has no value.
create table if not exists raw.era_amount (
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer,
    service_index integer,
    amount_index integer not null,
    qualifier text,
    amount_cents bigint
);

create table if not exists raw.era_quantity (
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer,
    service_index integer,
    quantity_index integer not null,
    qualifier text,
    quantity numeric
);

create table if not exists raw.era_reference (
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer,
    service_index integer,
    reference_index integer not null,
    qualifier text,
    value text
);

create table if not exists raw.era_date (
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer,
    service_index integer,
    date_index integer not null,
    qualifier text,
    on_date date
);

-- Tables of before these were so.
alter table raw.visit drop constraint if exists visit_load_id_fkey;
alter table raw.claim_ref drop constraint if exists claim_ref_load_id_fkey;
alter table raw.stripe_object drop constraint if exists stripe_object_load_id_fkey;
alter table raw.era_claim drop constraint if exists era_claim_pkey;
alter table raw.era_claim add column if not exists original_ref text;
alter table raw.era_claim add column if not exists undoes_st_index integer;
alter table raw.era_claim add column if not exists undoes_claim_index integer;
alter table raw.era_service drop constraint if exists era_service_pkey;
alter table raw.era_adjustment drop constraint if exists era_adjustment_pkey;
drop index if exists raw.era_adjustment_claim;
alter table raw.era_provider_adjustment drop constraint if exists era_provider_adjustment_pkey;
alter table raw.era_remark drop constraint if exists era_remark_pkey;
alter table if exists raw.era_finding drop constraint if exists era_finding_pkey;

-- Where a file lies in the large tables below it: a run that replaces what was touched reads a few files of thousands. A key of the
-- file's hash would take fifty times the space and make a load wait (docs/decisions/0013).
create index if not exists era_claim_file on raw.era_claim
    using brin (file_sha256 text_bloom_ops(n_distinct_per_range = 32)) with (pages_per_range = 32, autosummarize = on);
create index if not exists era_service_file on raw.era_service
    using brin (file_sha256 text_bloom_ops(n_distinct_per_range = 32)) with (pages_per_range = 32, autosummarize = on);
create index if not exists era_adjustment_file on raw.era_adjustment
    using brin (file_sha256 text_bloom_ops(n_distinct_per_range = 32)) with (pages_per_range = 32, autosummarize = on);
create index if not exists era_provider_adjustment_file on raw.era_provider_adjustment
    using brin (file_sha256 text_bloom_ops(n_distinct_per_range = 32)) with (pages_per_range = 32, autosummarize = on);

-- st_index is null for a finding about the file or an envelope.
create table if not exists raw.era_finding (
    file_sha256 text not null,
    finding_index integer not null,
    st_index integer,
    segment_index integer,
    byte_offset bigint,
    severity text not null check (severity in ('error', 'warning')),
    rule text not null,
    value text,
    message text not null
);

-- What a person settled of a held, conflicting or posted transaction: at most one settlement each, never changed. Transactions
-- go by the hash of their file and not by a foreign key, so that settlements outlive a replay of the files. settlement_id
-- comes from the sequence of load_id: one order of arrival for all that moves the books. why is written by staff and names
-- no patient.
create table if not exists raw.era_settlement (
    settlement_id bigint primary key default nextval('raw.file_load_id_seq'),
    file_sha256 text not null,
    st_index integer not null,
    action text not null check (action in ('release', 'replace')),
    replaced_by_file_sha256 text,
    replaced_by_st_index integer,
    why text not null check (why ~ '[^[:space:]]'),
    settled_by text not null check (settled_by ~ '[^[:space:]]'),
    settled_at timestamptz not null default clock_timestamp(),
    unique (file_sha256, st_index),
    check ((action = 'replace') = (replaced_by_file_sha256 is not null)),
    check ((replaced_by_file_sha256 is null) = (replaced_by_st_index is null)),
    check ((file_sha256, st_index) is distinct from (replaced_by_file_sha256, replaced_by_st_index))
);
create index if not exists era_settlement_replaced_by
    on raw.era_settlement (replaced_by_file_sha256, replaced_by_st_index);

create or replace function raw.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %.% is refused: its rows are only ever added to',
        tg_op, tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$;
create or replace trigger settlements_are_only_added_to before update or delete or truncate on raw.era_settlement
    for each statement execute function raw.refuse_change();
-- ALWAYS: a session that replays as a replica does not get past it either.
alter table raw.era_settlement enable always trigger settlements_are_only_added_to;

-- Which visit a claim is about, in a person's word, where no reference of its own says so. Words are only added: the newest (the
-- largest ordinal) stands, one without a visit takes back the one before. match_id comes from the sequence of load_id, as
-- settlement_id does.
create table if not exists raw.era_match (
    match_id bigint primary key default nextval('raw.file_load_id_seq'),
    file_sha256 text not null,
    st_index integer not null,
    claim_index integer not null,
    ordinal integer not null check (ordinal > 0),
    visit_token uuid,
    why text not null check (why ~ '[^[:space:]]'),
    settled_by text not null check (settled_by ~ '[^[:space:]]'),
    settled_at timestamptz not null default clock_timestamp(),
    unique (file_sha256, st_index, claim_index, ordinal)
);
create or replace trigger matches_are_only_added_to before update or delete or truncate on raw.era_match
    for each statement execute function raw.refuse_change();
alter table raw.era_match enable always trigger matches_are_only_added_to;

-- Every transaction as it stands: the verdict of its load, moved by what a person settled. The one that takes another's
-- place is released by that; if it was posted before, nothing is settled of it. A replaced one never posts.
create or replace view raw.era_standing as
with settled as (
    select
        file_sha256,
        st_index,
        case action when 'release' then 'released' else 'replaced' end as settlement,
        replaced_by_file_sha256 || '#' || replaced_by_st_index as replaced_by,
        settlement_id,
        settled_by,
        settled_at,
        why
    from raw.era_settlement
    union all
    select replaced_by_file_sha256, replaced_by_st_index, 'released', null, settlement_id, settled_by, settled_at, why
    from raw.era_settlement
    where action = 'replace'
),

decisive as (
    select distinct on (file_sha256, st_index) *
    from settled
    order by file_sha256, st_index, settlement = 'replaced' desc, settlement_id
)

select
    loaded.file_sha256,
    loaded.st_index,
    case
        when decisive.settlement = 'released' then 'posted'
        when decisive.settlement = 'replaced' and loaded.verdict = 'posted' then 'held'
        else loaded.verdict
    end as verdict,
    decisive.settlement,
    decisive.replaced_by,
    decisive.settlement_id,
    decisive.settled_by,
    decisive.settled_at,
    decisive.why
from raw.era_transaction as loaded
left join decisive
    on loaded.file_sha256 = decisive.file_sha256
    and loaded.st_index = decisive.st_index
    and (decisive.settlement = 'replaced' or loaded.verdict in ('held', 'conflict'));

-- Quarantine that still waits for somebody: without the pieces of settled transactions and of further copies of them.
create or replace view raw.open_quarantine as
select source, file_sha256, position, rule, value, message, load_id, recorded_at
from raw.quarantine as piece
where not exists (
    select from raw.era_transaction as loaded
    join raw.era_transaction as original on original.body_sha256 = loaded.body_sha256
    join raw.era_standing as standing
        on standing.file_sha256 = original.file_sha256 and standing.st_index = original.st_index
    where piece.source = 'era'
        and loaded.file_sha256 = piece.file_sha256
        and loaded.st_index::text = substring(piece.position from '^ST ([0-9]+)')
        and standing.settlement is not null
);

-- 3.4 to 3.6: keyed rows, the newest load wins (load_id, then row_number) ------------------------------------------------
create table if not exists raw.fee (
    payer_id text not null,
    service_code text not null,
    modifiers text not null,          -- '' or codes joined by |, sorted
    place_of_service text not null,
    effective_from date not null,
    effective_to date,
    allowed_cents bigint not null,
    file_sha256 text not null,
    row_number bigint not null,
    load_id bigint not null references raw.file (load_id),
    primary key (file_sha256, row_number)
);

create table if not exists raw.practice (
    practice_id text not null,
    no_show_fee_cents bigint not null,
    late_cancel_fee_cents bigint not null,
    partial_visit text not null,
    policy_key text not null,         -- names the rules of the row: equal rules, equal key
    file_sha256 text not null,
    row_number bigint not null,
    load_id bigint not null references raw.file (load_id),
    primary key (file_sha256, row_number)
);

-- The description column of the bank's file is not kept: it is free text and may name a person.
create table if not exists raw.bank_deposit (
    deposit_id text not null,
    deposited_on date not null,
    amount_cents bigint not null,
    trace_number text,
    file_sha256 text not null,
    row_number bigint not null,
    load_id bigint not null references raw.file (load_id),
    primary key (file_sha256, row_number)
);
