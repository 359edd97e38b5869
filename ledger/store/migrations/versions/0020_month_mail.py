"""The mail of a month to finance: its text as it was when it was written, once for every month and address."""

from alembic import op

revision = "0020"
down_revision = "0019"

# Sums of the books, and no visit's. mail_id is in the head of the mail: one that had to go twice is one to a mailbox.
MONTH_MAIL = """
create table ledger.month_mail (
    mail_id uuid primary key default gen_random_uuid(),
    period text not null check (period ~ '^[0-9]{4}-[0-9]{2}$'),
    recipient text not null check (recipient ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    subject text not null,
    body text not null,
    written_at timestamptz not null default now(),
    attempts integer not null default 0,
    sent_at timestamptz,
    unique (period, recipient)
)
"""


def upgrade() -> None:
    op.execute(MONTH_MAIL)
