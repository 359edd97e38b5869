"""Plans of practices, and who subscribes to them: one subscription a customer, whoever asks and however often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from psycopg.rows import class_row

from ledger.rules.plan import NoPlan, Plan, prices_of
from ledger.rules.requests import Ending, EndSubscription, MeterVisit, Subscribe
from ledger.rules.service_category import category_named
from ledger.store import customers, outbox

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg


@dataclass(frozen=True)
class Subscriber:
    """A subscription as it stands: `state` is that of its request, `status` what Stripe last said of it.

    `ends_at` is when it ends, or ended, None where it goes on; `ending` the state of the request to end it.
    """

    subscription_token: UUID
    patient_token: UUID
    practice_id: str
    stripe_customer_id: str
    stripe_subscription_id: str | None
    state: str
    status: str | None
    asked_at: datetime
    is_over: bool
    ends_at: datetime | None
    ending: str | None
    flat_cents: int
    prices: str

    @property
    def visit_cents(self) -> dict[int, int]:
        """What a visit of each category costs, in cents."""
        return prices_of(self.prices)


def set_plan(connection: psycopg.Connection, practice_id: str, plan: Plan) -> None:
    """Set what a practice asks of those who subscribe from now on; its other categories are invoiced. Caller commits.

    Whoever subscribed before keeps their prices, and visits of a category that is metered no more are then invoiced.
    """
    connection.execute(
        "insert into ledger.plan as known (practice_id, flat_cents) values (%s, %s) on conflict (practice_id) do update"
        " set (flat_cents, changed_at) = (excluded.flat_cents, now())",
        (practice_id, plan.flat_cents),
    )
    connection.execute(
        "update ledger.service_channel set channel = 'invoice', price_cents = null where practice_id = %s",
        (practice_id,),
    )
    for category, cents in plan.visit_cents.items():
        connection.execute(
            "insert into ledger.service_channel (practice_id, service_category, channel, price_cents)"
            " values (%s, %s, 'meter', %s) on conflict (practice_id, service_category) do update"
            " set (channel, price_cents) = ('meter', excluded.price_cents)",
            (practice_id, category, cents),
        )


def plan_of(connection: psycopg.Connection, practice_id: str) -> Plan | None:
    """Return the plan of a practice, None where it has none."""
    flat = connection.execute("select flat_cents from ledger.plan where practice_id = %s", (practice_id,)).fetchone()
    prices = connection.execute(
        "select service_category, price_cents from ledger.service_channel"
        " where practice_id = %s and price_cents is not null order by 1",
        (practice_id,),
    ).fetchall()
    return Plan(flat[0], dict(prices)) if flat and prices else None


def subscribe(connection: psycopg.Connection, patient_token: UUID) -> bool:
    """Ask for the subscription of a patient to the plan of their practice; tell whether that is new. Caller commits.

    A patient who has one that has not ended keeps it. Raises NoPlan where the practice has none, KeyError for a patient
    who is no customer at Stripe.
    """
    customer = customers.of_patient(connection, patient_token)
    if customer is None:
        raise KeyError(f"No patient {patient_token} is a customer at Stripe: put their card on file first.")
    plan = plan_of(connection, customer.practice_id)
    if plan is None:
        raise NoPlan("The practice of this patient has no plan: set one first.")
    connection.execute(
        "update ledger.subscription set ended_at = now() from ledger.subscriber"
        " where subscriber.subscription_token = subscription.subscription_token and subscriber.is_over"
        " and subscription.ended_at is null and subscription.stripe_customer_id = %s",
        (customer.stripe_customer_id,),
    )
    made = connection.execute(
        "insert into ledger.subscription (patient_token, practice_id, stripe_customer_id) values (%s, %s, %s)"
        " on conflict (stripe_customer_id) where ended_at is null do nothing returning subscription_token",
        (patient_token, customer.practice_id, customer.stripe_customer_id),
    ).fetchone()
    if made is None:
        return False
    catalogue = uuid5(NAMESPACE_URL, customer.practice_id)
    asked = Subscribe(made[0], customer.stripe_customer_id, catalogue, plan.flat_cents, plan.written)
    return outbox.put(connection, asked, customer.practice_id) is not None


class NotAtStripe(ValueError):  # noqa: N818 - named for what is wrong
    """A subscription that cannot be ended from here: Stripe has none yet, or refused; the text is a sentence."""


def end(connection: psycopg.Connection, patient_token: UUID, ending: Ending, asked_by: str, why: str) -> bool:
    """Ask for the end of a patient's subscription, once; tell whether that is new. The caller commits.

    One that has ended stays so, and one that is to end now is not ended later. Raises KeyError for a patient who never
    subscribed, NotAtStripe where the request to subscribe is still on its way, or Stripe refused to end it.
    """
    row = connection.execute(
        "select subscription_token, stripe_customer_id, stripe_subscription_id, practice_id, is_over, ending"
        " from ledger.subscriber where patient_token = %s order by asked_at desc limit 1",
        (patient_token,),
    ).fetchone()
    if row is None:
        raise KeyError(f"Patient {patient_token} has no subscription.")
    token, customer, subscription, practice_id, is_over, asked = row
    if is_over:
        return False
    if subscription is None:
        raise NotAtStripe("Stripe has no subscription of this patient yet: run `trueup send`, then this.")
    made = connection.execute(
        "insert into ledger.subscription_end (subscription_token, ending, why, asked_by)"
        " select %(token)s, %(ending)s, %(why)s, %(asked_by)s where not exists (select from ledger.subscription_end"
        " where subscription_token = %(token)s and ending in (%(ending)s, 'now')) on conflict do nothing",
        {"token": token, "ending": ending.value, "why": why, "asked_by": asked_by},
    )
    if not made.rowcount:
        if asked == "refused":
            raise NotAtStripe("Stripe refused to end it (`trueup send` lists why): end it at Stripe, the books follow.")
        return False
    return outbox.put(connection, EndSubscription(token, customer, subscription, ending), practice_id) is not None


# What is asked for a time ends with the subscription; once its end now is on its way, for all that is told after.
_PRICE = """
select arguments ->> 'prices'
from ledger.subscriber
where stripe_customer_id = %(customer)s
    and ended_at is null and not is_over
    and coalesce(ends_at > %(ended_at)s, true)
    and not exists (
        select from ledger.outbox
        where business_key = 'end-now:' || subscription_token and attempts > 0 and outbox.state <> 'refused'
    )
    and state = 'done'
    and coalesce(status, 'active') in ('active', 'past_due', 'trialing')
    and (outcome -> 'facts' ->> 'started_at')::bigint <= extract(epoch from %(ended_at)s::timestamptz)
    and not exists (
        select from ledger.stripe_object as invoice
        where invoice.object_type = 'invoice'
            and coalesce(
                invoice.payload -> 'parent' -> 'subscription_details' ->> 'subscription',
                invoice.payload ->> 'subscription'
            ) = stripe_subscription_id
            and invoice.payload ->> 'status' <> 'draft'
            and to_timestamp((invoice.payload ->> 'period_end')::bigint) > %(ended_at)s
    )
"""


def price_of(connection: psycopg.Connection, customer: str, service_category: int, ended_at: datetime) -> int | None:
    """Return what a customer's subscription asks for a visit that ended then, in cents; None where it asks nothing.

    It asks nothing once the invoice of that time is finalised, be it void by now: usage would be on no invoice.
    """
    row = connection.execute(_PRICE, {"customer": customer, "ended_at": ended_at}).fetchone()
    return prices_of(row[0]).get(service_category) if row else None


def asks_for(connection: psycopg.Connection, usage: MeterVisit) -> bool:
    """Tell whether usage that was to be asked for by a subscription of ours still can be."""
    known = connection.execute(
        "select from ledger.subscription where stripe_customer_id = %s limit 1", (usage.customer,)
    ).fetchone()
    if known is None or usage.unit_cents is None:
        return True
    return price_of(connection, usage.customer, category_named(usage.event_name), usage.ended_at) is not None


def subscribers(connection: psycopg.Connection) -> list[Subscriber]:
    """Return all subscriptions, newest first."""
    with connection.cursor(row_factory=class_row(Subscriber)) as cursor:
        return cursor.execute(
            "select subscription_token, patient_token, practice_id, stripe_customer_id, stripe_subscription_id, state,"
            " status, asked_at, is_over or ended_at is not null as is_over, ends_at, ending,"
            " (arguments ->> 'flat_cents')::bigint as flat_cents, arguments ->> 'prices' as prices"
            " from ledger.subscriber order by asked_at desc, subscription_token"
        ).fetchall()
