"""The journal: double entry, a row an entry, only ever added to."""

from alembic import op

revision = "0003"
down_revision = "0002"

# In the order of the chart of accounts (ledger/rules/codes/account.csv). A type takes 4 bytes a line, text 20.
ACCOUNTS = (
    *("patient_receivable", "payer_receivable", "unbilled_receivable", "subscription_receivable", "stripe_pending"),
    *("stripe_clearing", "stripe_reserve", "payouts_in_transit", "disputes", "eft_clearing", "remittance_clearing"),
    *("remittance_difference", "bank", "unidentified_deposits", "unapplied_cash", "deferred_subscription_revenue"),
    *("forward_balances", "payer_advances", "refunds_payable", "stripe_unclassified", "gross_patient_service_revenue"),
    *("missed_visit_fees", "subscription_revenue", "capitation_revenue", "other_payer_revenue"),
    *("contractual_adjustment", "sequestration", "denial", "other_adjustment", "implicit_price_concession"),
    *("processor_fees", "payer_withholdings", "bad_debt"),
)
SOURCES = (
    *("visit", "demand", "receipt", "balance_transaction", "remittance", "remittance_claim", "supersession", "memo"),
    *("write_off", "deposit", "subscription_invoice", "recognition"),
)

# Arrays of another shape would let a line without an amount, or an amount without a line, stand in an entry.
IS_BALANCED = """
create function ledger.is_balanced(accounts ledger.account [], amounts bigint []) returns boolean
language plpgsql immutable strict parallel safe as $$
declare
    total numeric := 0;
    amount bigint;
begin
    if array_ndims(accounts) is distinct from 1 or array_ndims(amounts) is distinct from 1
        or array_lower(accounts, 1) <> 1 or array_lower(amounts, 1) <> 1
        or cardinality(accounts) < 2 or cardinality(accounts) <> cardinality(amounts)
        or array_position(accounts, null) is not null or array_position(amounts, null) is not null
    then
        return false;
    end if;
    foreach amount in array amounts loop
        total := total + amount;
    end loop;
    return total = 0;
end
$$
"""

JOURNAL = """
create table ledger.journal (
    source_kind text not null check (source_kind in ({sources})),
    source_id text not null,
    version integer not null check (version >= 1),
    entry_id uuid not null
        generated always as (md5(source_kind || '|' || source_id || '|' || version::text)::uuid) stored,
    -- The version whose lines this entry takes back: always the one right before it, so none is taken back twice.
    reverses integer check (reverses = version - 1 and reverses >= 1),
    visit_token uuid,
    practice_id text,
    payer_id text,
    origin_period text not null check (origin_period ~ '^[0-9]{{4}}-(0[1-9]|1[0-2])$'),
    period text not null check (period ~ '^[0-9]{{4}}-(0[1-9]|1[0-2])$'),
    is_late boolean not null,
    effective_on date not null,
    recorded_at timestamptz not null default now(),
    as_of date not null,
    accounts ledger.account [] not null,
    amounts bigint [] not null,
    unique (source_kind, source_id, version),
    -- Most entries have two lines; they are judged without a call.
    constraint entry_sums_to_zero check (
        case
            when cardinality(accounts) = 2 and cardinality(amounts) = 2 and amounts[1] = -amounts[2]
                and accounts[1] is not null and accounts[2] is not null
                then true
            else ledger.is_balanced(accounts, amounts)
        end
    )
);
create index journal_visit on ledger.journal (visit_token) where visit_token is not null;
create index journal_reversal on ledger.journal (source_kind, source_id) where reverses is not null;
create trigger entries_are_only_added_to before update or delete or truncate on ledger.journal
    for each statement execute function ledger.refuse_change();
alter table ledger.journal enable always trigger entries_are_only_added_to;
grant select, insert on ledger.journal to trueup_books;
"""


# It spoke of memos alone.
REFUSAL = """
create or replace function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %.% is refused: its rows are only ever added to; what is wrong is put right by a further row',
        tg_op, tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$
"""


def upgrade() -> None:
    op.execute(f"create type ledger.account as enum ({_listed(ACCOUNTS)})")
    op.execute(REFUSAL)
    op.execute(IS_BALANCED)
    op.execute(JOURNAL.format(sources=_listed(SOURCES)))


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
