"""What went back to a patient, of visits of the transaction's practice: refunds, and credits kept for the next bill."""

from alembic import op

revision = "0018"
down_revision = "0017"

# A refund names the payment; which invoice that paid, an invoice_payment says (Stripe API 2025-03-31 and later). Of a
# credit note what was paid already and was not refunded is in the customer's balance, or was settled elsewhere.
RETURNS = """
create function ledger.returns_of(asked uuid [])
returns table (visit_token uuid, way text, amount_cents bigint, is_on_its_way boolean, made_at timestamptz)
language sql stable security definer set search_path = '' as $$
    with invoice as (
        select known.visit_token, known.invoice_id from ledger.invoices_of(asked) as known
    ),
    paid as (
        select distinct invoice.visit_token, payment.payload -> 'payment' ->> 'payment_intent' as payment_intent
        from invoice
        inner join ledger.stripe_object as payment
            on payment.object_type = 'invoice_payment' and payment.payload ->> 'invoice' = invoice.invoice_id
    ),
    returned as (
        select
            paid.visit_token, 'refund' as way, (refund.payload ->> 'amount')::bigint as amount_cents,
            refund.payload ->> 'status' is distinct from 'succeeded' as is_on_its_way, refund.payload, refund.object_id
        from paid
        inner join ledger.stripe_object as refund
            on refund.object_type = 'refund' and refund.payload ->> 'payment_intent' = paid.payment_intent
        where refund.payload ->> 'status' is null or refund.payload ->> 'status' not in ('failed', 'canceled')
        union all
        select
            invoice.visit_token, 'balance',
            (note.payload ->> 'post_payment_amount')::bigint
            - coalesce((note.payload ->> 'out_of_band_amount')::bigint, 0)
            - coalesce(
                (
                    select sum((each ->> 'amount_refunded')::bigint)
                    from jsonb_array_elements(note.payload -> 'refunds') as each
                ), 0
            ),
            false, note.payload, note.object_id
        from invoice
        inner join ledger.stripe_object as note
            on note.object_type = 'credit_note' and note.payload ->> 'invoice' = invoice.invoice_id
        where note.payload ->> 'status' = 'issued' and note.payload ->> 'customer_balance_transaction' is not null
    )
    select visit_token, way, amount_cents, is_on_its_way, to_timestamp((payload ->> 'created')::bigint)
    from returned
    where amount_cents > 0
    order by 5, object_id
$$;
"""
INDEXES = (
    """
create index stripe_object_of_invoice on ledger.stripe_object ((payload ->> 'invoice'))
    where object_type in ('credit_note', 'invoice_payment')
""",
    """
create index stripe_object_refund_of_payment on ledger.stripe_object ((payload ->> 'payment_intent'))
    where object_type = 'refund'
""",
)


def upgrade() -> None:
    for index in INDEXES:
        op.execute(index)
    op.execute(RETURNS)
    op.execute("revoke all on function ledger.returns_of(uuid[]) from public")
    op.execute("grant execute on function ledger.returns_of(uuid[]) to trueup_portal")
