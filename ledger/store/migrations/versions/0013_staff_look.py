"""What the portal's staff look at beside the worklist, and what it asks before it tells a patient of a bill."""

from alembic import op

revision = "0013"
down_revision = "0012"

OWN = "practice_id = nullif(current_setting('app.practice_id', true), '')"
# Seen under that table's own policy: a customer of another practice is none.
OF_OWN_CUSTOMER = (
    "exists (select from ledger.customer where customer.stripe_customer_id = {table}.payload ->> 'customer')"
)
# A demand goes by all versions of its invoice and by the last decline of its customer's cards.
DEMANDS = f"""
create policy own_demand on ledger.stripe_object for select to trueup_portal using (
    object_type in ('invoice', 'payment_intent') and {OF_OWN_CUSTOMER.format(table="stripe_object")}
);
alter table ledger.inbox enable row level security;
create policy own_demand on ledger.inbox for select to trueup_portal using (
    object_type = 'invoice' and {OF_OWN_CUSTOMER.format(table="inbox")}
);
grant select on ledger.inbox to trueup_portal;
"""
REVIEWS = f"""
alter table ledger.invoice_review enable row level security;
create policy own_practice on ledger.invoice_review to trueup_portal using ({OWN}) with check ({OWN});
grant select on ledger.invoice_review to trueup_portal;
"""
# Marts are made anew by others and may not be there; a policy on them would go with them. So the portal reads none: it
# asks for the leaks of the one practice its transaction names.
LEAKS = """
create function ledger.knows_leaks() returns boolean
language sql stable security definer set search_path = '' as $$ select to_regclass('marts.leaks') is not null $$;
create function ledger.own_leaks()
returns table (leak_id text, category text, visit_token uuid, amount_cents bigint, first_seen_on date)
language plpgsql stable security definer set search_path = '' as $$
begin
    if ledger.knows_leaks() then
        return query execute
            'select leak_id, category, visit_token, amount_cents, first_seen_on from marts.leaks where practice_id = $1'
            using nullif(current_setting('app.practice_id', true), '');
    end if;
end
$$;
revoke execute on function ledger.knows_leaks(), ledger.own_leaks() from public;
grant execute on function ledger.knows_leaks(), ledger.own_leaks() to trueup_portal;
"""


def upgrade() -> None:
    for statement in (DEMANDS, REVIEWS, LEAKS):
        op.execute(statement)
