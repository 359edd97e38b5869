"""The checklist of a month as it was last judged, to be looked at."""

from alembic import op

revision = "0021"
down_revision = "0020"

# To be read again without being judged again. It decides nothing: a closing judges for itself.
LOOK = """
create table ledger.look (
    period text primary key check (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    looked_at timestamptz not null,
    looked_by text not null check (looked_by ~ '[^[:space:]]'),
    found jsonb not null
);
grant select on ledger.look to trueup_reader;
"""


def upgrade() -> None:
    op.execute(LOOK)
