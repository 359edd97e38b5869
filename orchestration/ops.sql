-- Schema ops: what the runs of `trueup reconcile` go by and how they went. Every statement is safe to run again.

create schema if not exists ops;

-- The settings of the run that is going on. dbt reads them here, since a variable on its command line would parse the
-- whole project anew.
create table if not exists ops.run_setting (
    singleton boolean primary key default true check (singleton),
    as_of date not null,
    posting_period text not null check (posting_period ~ '^\d{4}-\d{2}$'),
    timezone text not null,
    rule_version text not null,
    claim_overdue_days integer not null,
    underpaid_cents bigint not null,
    eft_overdue_days integer not null,
    duplicate_hours integer not null
);

-- Only loads and settlements after this one can have moved anything: what the run before had seen; 0 in a run that makes all anew.
alter table ops.run_setting add column if not exists since bigint not null default 0;

-- One row a run. fingerprint names everything the outcome depends on, loaded_through is the last load or settlement it saw.
create table if not exists ops.run (
    run_id uuid primary key,
    fingerprint text not null,
    as_of date not null,
    loaded_through bigint not null,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    status text not null default 'running'
        check (status in ('running', 'succeeded', 'blocked', 'failed', 'interrupted')),
    memo_count bigint,
    warnings text [] not null default '{}',
    sentence text
);

-- What the books are made by: settings, models, schema and the raw tables themselves. A run that goes by another basis than the
-- run before makes every table anew.
alter table ops.run add column if not exists basis text not null default '';
alter table ops.run add column if not exists is_whole boolean not null default true;

-- One row a file of the drop folder that was taken in, as it stood: a path is bytes, changed is nanoseconds since 1970.
create table if not exists ops.dropped_file (
    path bytea primary key,
    size bigint not null,
    changed bigint not null
);

-- One row a partition of a feed (a day, a remittance file): what it was made of when it was last materialised.
create table if not exists ops.partition (
    feed text not null,
    key text not null,
    fingerprint text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (feed, key)
);

-- One row a raw asset: its control totals, added up through a load.
create table if not exists ops.raw_total (
    asset text primary key,
    through bigint not null,
    totals jsonb not null
);

-- One row a row of raw that breaks a contract which warns row by row: what breaks it may be mended by what comes, so that the
-- next run judges it again beside what came.
create table if not exists ops.broken_row (
    contract text not null,
    key text not null,
    primary key (contract, key)
);

-- One row a contract and run. examples: rows that break it, as expectations.examples shows them.
create table if not exists ops.contract_result (
    contract text not null,
    run_id uuid not null,
    asset text not null,
    table_name text not null,
    severity text not null,
    sentence text not null,
    is_kept boolean not null,
    broken_rows bigint,
    examples jsonb not null,
    is_of_all_rows boolean not null,
    judged_at timestamptz not null default clock_timestamp(),
    primary key (contract, run_id)
);
create index if not exists contract_result_newest on ops.contract_result (contract, judged_at desc);

-- What a backfill touched and no reconcile has seen yet: a visit's token, a Stripe object's id, a remittance file's hash.
create table if not exists ops.touched (
    kind text not null check (kind in ('visit', 'object', 'remittance')),
    key text not null,
    primary key (kind, key)
);
