"""Cards and sources of Stripe's older interfaces may be on file: they are payment methods, and keep their ids."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("alter table ledger.customer drop constraint customer_payment_method_id_check")
    op.execute(
        "alter table ledger.customer add constraint customer_payment_method_id_check"
        " check (payment_method_id ~ '^(pm|card|src)_[A-Za-z0-9]+$')"
    )
