"""A visit that is closed out late: whether the period it ended in was invoiced is asked at its close-out."""

from alembic import op

revision = "0011"
down_revision = "0010"

INDEX = """
create index stripe_object_subscription on ledger.stripe_object (
    coalesce(payload -> 'parent' -> 'subscription_details' ->> 'subscription', payload ->> 'subscription')
) where object_type = 'invoice';
"""
POLICY = """
alter policy own_subscription on ledger.stripe_object using (
    object_type in ('subscription', 'invoice')
    and exists (
        select from ledger.customer where customer.stripe_customer_id = stripe_object.payload ->> 'customer'
    )
);
"""


def upgrade() -> None:
    op.execute(INDEX)
    op.execute(POLICY)
