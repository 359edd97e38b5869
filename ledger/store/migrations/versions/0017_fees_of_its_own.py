"""Whoever may connect to the database cannot ask for a practice's fees: the function is the portal's alone."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("revoke execute on function ledger.fees_of(text) from public")
