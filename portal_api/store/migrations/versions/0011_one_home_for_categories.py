"""What a visit is billed as follows its service code (ledger.rules.service_category), and has no second home here."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("alter table portal.visit_type drop column service_category")
