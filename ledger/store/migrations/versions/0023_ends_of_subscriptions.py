"""A subscription ends when somebody says so: who, why, now or with its period, and when that is."""

from alembic import op

revision = "0023"
down_revision = "0022"

END = """
create table ledger.subscription_end (
    subscription_token uuid not null references ledger.subscription,
    ending text not null check (ending in ('period', 'now')),
    why text not null check (why ~ '[^[:space:]]'),
    asked_by text not null check (asked_by ~ '[^[:space:]]'),
    asked_at timestamptz not null default now(),
    primary key (subscription_token, ending)
);
create trigger subscription_end_is_only_added_to before update or delete or truncate on ledger.subscription_end
    for each statement execute function ledger.refuse_change();
alter table ledger.subscription_end enable always trigger subscription_end_is_only_added_to;
"""
# ends_at: what Stripe last said of it, which is its answer to our request while no webhook is newer than that.
SUBSCRIBER = """
create or replace view ledger.subscriber with (security_invoker = true) as
select
    subscription.*,
    sent.business_key,
    sent.state,
    sent.arguments,
    sent.outcome,
    sent.outcome ->> 'object_id' as stripe_subscription_id,
    known.payload ->> 'status' as status,
    sent.state in ('refused', 'declined')
    or coalesce(known.payload ->> 'status' in ('canceled', 'incomplete_expired'), false)
    or coalesce(ended.outcome -> 'facts' ->> 'status' in ('canceled', 'incomplete_expired'), false) as is_over,
    to_timestamp(cast(
        case
            when ended.state = 'done' and coalesce(ended.changed_at >= known.version_at, true)
                then ended.outcome -> 'facts' ->> 'ends_at'
            else coalesce(known.payload ->> 'ended_at', known.payload ->> 'cancel_at')
        end as bigint
    )) as ends_at,
    ended.state as ending
from ledger.subscription
inner join ledger.outbox as sent
    on sent.operation = 'subscribe' and sent.business_key = 'subscribe:' || subscription.subscription_token
left join ledger.stripe_object as known on known.object_id = sent.outcome ->> 'object_id'
left join lateral (
    select state, outcome, changed_at
    from ledger.outbox
    where business_key in (
        'end-now:' || subscription.subscription_token, 'end-period:' || subscription.subscription_token
    )
    order by business_key
    limit 1
) as ended on true;
"""


def upgrade() -> None:
    for statement in (END, SUBSCRIBER):
        op.execute(statement)
