"""The role that reads the marts of one practice at a time: the rows the setting app.practice_id names, else none."""

from alembic import op

revision = "0015"
down_revision = "0014"

# The policies and grants come with each mart that has a practice_id (dbt/macros/practices.sql).
ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'trueup_practice_reader') then
        create role trueup_practice_reader nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;
"""
GRANTS = """
do $$
begin
    if not pg_has_role(current_user, 'trueup_practice_reader', 'member') then
        execute format('grant trueup_practice_reader to %I', current_user);
    end if;
end
$$;
grant usage on schema marts to trueup_practice_reader;
"""


def upgrade() -> None:
    op.execute(ROLE)
    op.execute(GRANTS)
