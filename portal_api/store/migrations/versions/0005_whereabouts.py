"""Where patients said that they were during their visits."""

from alembic import op

from portal_api.store.guard import guarded

revision = "0005"
down_revision = "0004"

WHEREABOUTS = """
create table portal.whereabouts (
    practice_id text not null,
    id bigint generated always as identity,
    appointment_id uuid not null,
    is_home boolean not null,
    state text not null check (state ~ '^[A-Z]{2}$'),
    said_at timestamptz not null,
    primary key (practice_id, id),
    foreign key (practice_id, appointment_id) references portal.appointment (practice_id, id)
)
"""


def upgrade() -> None:
    op.execute(WHEREABOUTS)
    op.execute("create index whereabouts_of on portal.whereabouts (appointment_id, id desc)")
    for statement in guarded("whereabouts", insert_only=True):
        op.execute(statement)
