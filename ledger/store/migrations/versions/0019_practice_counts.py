"""What a portal counts of its practices, for the marts: numbers by practice, provider and month."""

from alembic import op

revision = "0019"
down_revision = "0018"

# A database may have no portal: then there are no rows. The books ask and do not look, since names live there.
COUNTS = """
create function ledger.practice_counts()
returns table (
    practice_id text, provider_id text, period text, offered_minutes bigint, booked_minutes bigint,
    sign_ups bigint, first_sessions bigint, days_to_first_session bigint, median_days_to_first_session integer
)
language plpgsql security definer set search_path = '' as $$
begin
    if to_regprocedure('portal.counts()') is not null then
        return query execute
            'select * from portal.counts() as counted (practice_id text, provider_id text, period text,'
            ' offered_minutes bigint, booked_minutes bigint, sign_ups bigint, first_sessions bigint,'
            ' days_to_first_session bigint, median_days_to_first_session integer)';
    end if;
end
$$;
revoke execute on function ledger.practice_counts() from public;
create view ledger.practice_count as select * from ledger.practice_counts();
"""


def upgrade() -> None:
    op.execute(COUNTS)
