"""What was answered to a program under an Idempotency-Key."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0006"
down_revision = "0005"

TABLE = """
create table portal.idempotent (
    practice_id text not null references portal.practice,
    person_id uuid not null,
    key text not null,
    request_sha256 bytea not null check (octet_length(request_sha256) = 32),
    status smallint,
    answer json,
    created_at timestamptz not null,
    primary key (practice_id, person_id, key)
);
create index idempotent_old on portal.idempotent (practice_id, created_at);
"""


def upgrade() -> None:
    for statement in (TABLE, *guarded("idempotent")):
        op.execute(statement)
