"""A row of the worklist can end without anything done: somebody says why."""

from alembic import op

revision = "0022"
down_revision = "0021"

DISMISSED = """
alter table ledger.worklist
    add column is_dismissed boolean not null default false,
    add check (state = 'resolved' or not is_dismissed);
alter table ledger.worklist_entry
    drop constraint worklist_entry_deed_check,
    add check (deed in ('opened', 'assigned', 'noted', 'resolved', 'dismissed'));
create index worklist_visit on ledger.worklist (visit_token) where visit_token is not null;
"""


def upgrade() -> None:
    op.execute(DISMISSED)
