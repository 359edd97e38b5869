"""Where an invoice of a patient stands, from all that webhooks told: its furthest version, and the last decline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from ledger.rules import declines
from ledger.rules.demand import Standing, standing
from ledger.rules.outcome import Advice

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import psycopg


@dataclass(frozen=True)
class Demand:
    """An invoice as it stands. Amounts are cents; `next_attempt` is in seconds since 1970, None where none is set.

    `attempts` is Stripe's `attempt_count`. `patient_token` and `card` (the id of the one on file) are None where the
    customer is none of ours, or has no card; `visit_token` where it is the invoice of a subscription.
    """

    invoice_id: str
    customer: str | None
    visit_token: UUID | None
    patient_token: UUID | None
    practice_id: str | None
    card: str | None
    status: str
    attempts: int
    attempted: bool
    next_attempt: int | None
    finalized_at: int
    paid_cents: int
    asks_patient: bool
    said_at: datetime
    standing: Standing = Standing.NOT_TRIED


# Versions of the same second are told apart by how far they came: their hash says nothing of it. An event that was
# pruned has no payload; the newest version of its object stays.
_DEMAND = """
with version as (
    select payload, created_at from ledger.inbox
    where object_id = %(invoice)s and object_type = 'invoice' and payload is not null
    union all
    select payload, version_at from ledger.stripe_object where object_id = %(invoice)s and object_type = 'invoice'
),
furthest as (
    select payload, created_at
    from version
    order by
        payload ->> 'status' in ('paid', 'void') desc, created_at desc,
        array_position(array['draft', 'open', 'uncollectible'], payload ->> 'status') desc,
        coalesce((payload ->> 'attempt_count')::integer, 0) desc
    limit 1
)
select
    %(invoice)s as invoice_id,
    payload ->> 'customer' as customer,
    (payload -> 'metadata' ->> 'visit_token')::uuid as visit_token,
    customer.patient_token,
    coalesce(visit.practice_id, customer.practice_id, asked.practice_id) as practice_id,
    customer.payment_method_id as card,
    payload ->> 'status' as status,
    coalesce((payload ->> 'attempt_count')::integer, 0) as attempts,
    coalesce((payload ->> 'attempted')::boolean, false) as attempted,
    (payload ->> 'next_payment_attempt')::bigint as next_attempt,
    coalesce((payload -> 'status_transitions' ->> 'finalized_at')::bigint, 0) as finalized_at,
    coalesce((payload ->> 'amount_paid')::bigint, 0) as paid_cents,
    exists (
        select from ledger.inbox
        where object_id = %(invoice)s and object_type = 'invoice'
            and event_type = 'invoice.payment_action_required'
            and inbox.payload ->> 'attempt_count' = furthest.payload ->> 'attempt_count'
    ) as asks_patient,
    created_at as said_at
from furthest
left join ledger.customer on stripe_customer_id = payload ->> 'customer'
left join ledger.visit on visit.visit_token = (payload -> 'metadata' ->> 'visit_token')::uuid
left join lateral (
    select practice_id from ledger.outbox
    where outbox.visit_token = (payload -> 'metadata' ->> 'visit_token')::uuid limit 1
) as asked on true
"""
# A decline is of a card, whichever invoice it was for: Stripe's webhooks tie no intent to an unpaid invoice.
_LAST_DECLINE = """
select code, advice from (
    select coalesce(error ->> 'decline_code', error ->> 'code') as code, null as advice, version_at as at
    from ledger.stripe_object cross join lateral (select payload -> 'last_payment_error' as error) as said
    where object_type = 'payment_intent' and payload ? 'last_payment_error' and payload ->> 'customer' = %(customer)s
    union all
    select outcome ->> 'code', outcome ->> 'advice', changed_at
    from ledger.outbox
    where visit_token = %(visit_token)s and state = 'declined' and outcome ->> 'object_id' = %(invoice_id)s
) as declined
order by at desc
limit 1
"""


def of_invoice(connection: psycopg.Connection, invoice_id: str) -> Demand | None:
    """Return where an invoice stands; None where no webhook told of it."""
    with connection.cursor(row_factory=class_row(Demand)) as cursor:
        found = cursor.execute(_DEMAND, {"invoice": invoice_id}).fetchone()
    if found is None:
        return None
    given = standing(
        found.status,
        attempted=found.attempted,
        is_scheduled=found.next_attempt is not None,
        asks_patient=found.asks_patient,
        has_card=found.card is not None or found.patient_token is None,
        advice=_advice(connection, found),
    )
    return Demand(**{**vars(found), "standing": given})


def open_of(connection: psycopg.Connection, customer: str) -> list[Demand]:
    """Return the invoices of a customer that are neither paid nor void, oldest first."""
    rows = connection.execute(
        "select object_id from ledger.stripe_object where object_type = 'invoice'"
        " and payload ->> 'status' in ('draft', 'open', 'uncollectible') and payload ->> 'customer' = %s"
        " order by (payload ->> 'created')::bigint, object_id",
        (customer,),
    ).fetchall()
    found = [of_invoice(connection, row[0]) for row in rows]
    return [demand for demand in found if demand and demand.standing is not Standing.SETTLED]


def _advice(connection: psycopg.Connection, demand: Demand) -> Advice | None:
    if not demand.attempted or demand.status in {"paid", "void"}:
        return None
    row = connection.execute(_LAST_DECLINE, vars(demand)).fetchone()
    if row is None:
        return None
    return Advice(row[1]) if row[1] else declines.advice(row[0])
