"""The portal's role, and what it may see and write of the books: rows of the one practice its transaction names."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Roles belong to the whole server: another database may be making it in this very moment.
ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'trueup_portal') then
        create role trueup_portal nologin;
    end if;
exception when duplicate_object or unique_violation then
    null;
end
$$
"""
# Whoever prepares the database may act as the role; a superuser may already.
GRANT = """
do $$
begin
    if not pg_has_role(current_user, 'trueup_portal', 'member') then
        execute format('grant trueup_portal to %I', current_user);
    end if;
end
$$
"""

# Not forced: the books' own role owns these tables and works on all practices.
GUARDED = """
alter table ledger.{table} enable row level security;
create policy own_practice on ledger.{table} to trueup_portal using ({condition}) with check ({condition});
grant {rights} on ledger.{table} to trueup_portal;
"""
OWN = "practice_id = nullif(current_setting('app.practice_id', true), '')"
# Seen under the same policy: a visit of another practice is none.
OWN_VISIT = "exists (select from ledger.visit where visit.visit_token = {table}.visit_token)"
OWN_CARD = (
    "object_type = 'payment_method' and exists (select from ledger.customer"
    " where customer.stripe_customer_id = stripe_object.payload ->> 'customer')"
)
TABLES = {
    "visit": (OWN, "select, insert, update"),
    "visit_event": (OWN_VISIT, "select, insert"),
    "visit_close_out": (OWN_VISIT, "select, insert"),
    "service_channel": (OWN, "select, insert, update"),
    "customer": (OWN, "select, insert, update"),
    "outbox": (OWN, "select, insert, update"),
    "stripe_object": (OWN_CARD, "select"),
}


def upgrade() -> None:
    op.execute(ROLE)
    op.execute(GRANT)
    op.execute("grant usage on schema ledger to trueup_portal")
    for table, (condition, rights) in TABLES.items():
        op.execute(GUARDED.format(table=table, condition=condition.format(table=table), rights=rights))
