"""What leaves for a processor: the outbox, the send-ledger that is kept for ever, and customers."""

from alembic import op

revision = "0005"
down_revision = "0004"

# A patient is an opaque token here; of a card there is what a patient may be shown.
CUSTOMER = """
create table ledger.customer (
    patient_token uuid primary key,
    practice_id text not null,
    stripe_customer_id text not null unique check (stripe_customer_id ~ '^cus_[A-Za-z0-9]+$'),
    payment_method_id text check (payment_method_id ~ '^pm_[A-Za-z0-9]+$'),
    card_brand text check (card_brand ~ '^[a-z_]{2,20}$'),
    card_last4 text check (card_last4 ~ '^[0-9]{4}$'),
    card_expires text check (card_expires ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    changed_at timestamptz not null default now()
);
"""

# business_key is what the effect is of, unique for ever: Stripe forgets an idempotency key after a day.
OUTBOX = """
create table ledger.outbox (
    outbox_id uuid primary key default gen_random_uuid(),
    business_key text not null unique check (business_key ~ '^[a-z-]+:[0-9a-f-]{36}$'),
    operation text not null check (operation ~ '^[a-z_]+$'),
    arguments jsonb not null,
    visit_token uuid not null,
    practice_id text not null,
    created_at timestamptz not null default now(),
    not_before timestamptz not null default now(),
    attempts integer not null default 0 check (attempts >= 0),
    state text not null default 'pending'
        check (state in ('pending', 'done', 'refused', 'declined', 'unknown')),
    outcome jsonb,
    changed_at timestamptz not null default now()
);
create index outbox_due on ledger.outbox (not_before) where state in ('pending', 'unknown');
create index outbox_visit on ledger.outbox (visit_token);
-- One channel a visit: its share is charged or metered; a second demand for it finds its place taken.
create unique index outbox_one_channel on ledger.outbox (visit_token)
    where operation in ('charge_visit', 'meter_visit') and state <> 'refused';
"""

# What an effect is of, and what was asked for, never changes; how it stands does.
KEPT = """
create function ledger.keep_what_was_asked() returns trigger language plpgsql as $$
begin
    if (new.outbox_id, new.business_key, new.operation, new.arguments, new.visit_token, new.practice_id)
        is distinct from
        (old.outbox_id, old.business_key, old.operation, old.arguments, old.visit_token, old.practice_id)
    then
        raise exception 'a change of what ledger.outbox asks for is refused: only how it stands may change'
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger outbox_keeps_what_was_asked before update on ledger.outbox
    for each row execute function ledger.keep_what_was_asked();
create trigger outbox_is_kept_for_ever before delete or truncate on ledger.outbox
    for each statement execute function ledger.refuse_change();
alter table ledger.outbox enable always trigger outbox_keeps_what_was_asked;
alter table ledger.outbox enable always trigger outbox_is_kept_for_ever;
"""

# A row is written and committed before the call; one without an outcome may or may not have reached Stripe.
SEND_LEDGER = """
create table ledger.send_ledger (
    outbox_id uuid not null references ledger.outbox,
    attempt integer not null check (attempt >= 1),
    sent_at timestamptz not null,
    primary key (outbox_id, attempt)
);
create table ledger.send_outcome (
    outbox_id uuid not null,
    attempt integer not null,
    outcome jsonb not null,
    ended_at timestamptz not null,
    primary key (outbox_id, attempt),
    foreign key (outbox_id, attempt) references ledger.send_ledger
);
"""

APPEND_ONLY = """
create trigger {table}_is_only_added_to before update or delete or truncate on ledger.{table}
    for each statement execute function ledger.refuse_change();
alter table ledger.{table} enable always trigger {table}_is_only_added_to;
"""


def upgrade() -> None:
    appended = [APPEND_ONLY.format(table=table) for table in ("send_ledger", "send_outcome")]
    for statement in (CUSTOMER, OUTBOX, KEPT, SEND_LEDGER, *appended):
        op.execute(statement)
