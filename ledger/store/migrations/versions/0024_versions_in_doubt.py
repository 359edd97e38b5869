"""Versions in doubt are looked for every few seconds, among the events of the last minutes."""

from alembic import op

revision = "0024"
down_revision = "0023"

# Events come in nearly by their time: a few pages say where those of some minutes are, and an arrival costs nothing.
RECENT = "create index inbox_created on ledger.inbox using brin (created_at) with (pages_per_range = 32, autosummarize)"


def upgrade() -> None:
    op.execute(RECENT)
