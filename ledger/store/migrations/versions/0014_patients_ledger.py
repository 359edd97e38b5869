"""What a patient may see of the books: of visits of the transaction's practice what the payer decided, and memos."""

from alembic import op

revision = "0014"
down_revision = "0013"

# The marts are another role's, and may not be there: the portal asks for single visits. Without marts it hears nothing.
DECIDED = """
create function ledger.decided_of(asked uuid [])
returns table (
    visit_token uuid, payer_paid_cents bigint, allowed_cents bigint, patient_responsibility_cents bigint,
    patient_balance_cents bigint
)
language plpgsql stable security definer set search_path = '' as $$
begin
    if to_regclass('marts.visit_revenue') is null then
        return;
    end if;
    return query
    select
        known.visit_token, known.payer_paid_cents, known.allowed_cents, known.patient_responsibility_cents,
        known.patient_balance_cents
    from marts.visit_revenue as known
    inner join ledger.visit as own on own.visit_token = known.visit_token
    where known.visit_token = any(asked) and own.practice_id = nullif(current_setting('app.practice_id', true), '');
end
$$;
"""
MEMOS = """
create function ledger.memos_of(asked uuid [])
returns table (visit_token uuid, kind text, amount_cents bigint, reason text, issued_at timestamptz)
language sql stable security definer set search_path = '' as $$
    select memos.visit_token, memos.kind, memos.amount_cents, memos.reason, memos.issued_at
    from ledger.memos
    inner join ledger.visit as own on own.visit_token = memos.visit_token
    where memos.visit_token = any(asked) and own.practice_id = nullif(current_setting('app.practice_id', true), '')
    order by memos.visit_token, memos.ordinal
$$;
"""
# An invoice as it stands (ledger.store.demands): versions of the same second are told apart by how far they came.
INVOICES = """
create function ledger.invoices_of(asked uuid [])
returns table (
    visit_token uuid, invoice_id text, status text, asked_cents bigint, paid_cents bigint, left_cents bigint,
    made_at timestamptz
)
language sql stable security definer set search_path = '' as $$
    with own as (
        select visit.visit_token, customer.stripe_customer_id
        from ledger.visit
        inner join ledger.customer on customer.patient_token = visit.patient_token
        where visit.visit_token = any(asked)
            and visit.practice_id = nullif(current_setting('app.practice_id', true), '')
    ),
    invoice as (
        select known.object_id, known.payload, known.version_at, own.visit_token
        from own
        inner join ledger.stripe_object as known
            on known.object_type = 'invoice'
            and known.payload ->> 'customer' = own.stripe_customer_id
            and known.payload -> 'metadata' ->> 'visit_token' = own.visit_token::text
    ),
    version as (
        select object_id, visit_token, payload, version_at from invoice
        union all
        select event.object_id, invoice.visit_token, event.payload, event.created_at
        from ledger.inbox as event
        inner join invoice on invoice.object_id = event.object_id
        where event.object_type = 'invoice' and event.payload is not null
    )
    select distinct on (object_id)
        visit_token, object_id, payload ->> 'status',
        coalesce((payload ->> 'total')::bigint, 0), coalesce((payload ->> 'amount_paid')::bigint, 0),
        coalesce((payload ->> 'amount_remaining')::bigint, 0), to_timestamp((payload ->> 'created')::bigint)
    from version
    order by
        object_id, payload ->> 'status' in ('paid', 'void') desc, version_at desc,
        array_position(array['draft', 'open', 'uncollectible'], payload ->> 'status') desc,
        coalesce((payload ->> 'attempt_count')::integer, 0) desc
$$;
"""
INDEX = """
create index stripe_object_invoice_of_visit on ledger.stripe_object ((payload -> 'metadata' ->> 'visit_token'))
    where object_type = 'invoice';
"""


def upgrade() -> None:
    op.execute(INDEX)
    for name, made in (("decided_of", DECIDED), ("memos_of", MEMOS), ("invoices_of", INVOICES)):
        op.execute(made)
        op.execute(f"revoke all on function ledger.{name}(uuid[]) from public")
        op.execute(f"grant execute on function ledger.{name}(uuid[]) to trueup_portal")
