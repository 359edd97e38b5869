"""Who a patient is at Stripe, and which card is on file: opaque ids, and of a card what its holder may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

# Of the cards that webhooks told of.
_NEWEST_CARD = """
select
    object_id, payload -> 'card' ->> 'brand', payload -> 'card' ->> 'last4',
    (payload -> 'card' ->> 'exp_year') || '-' || lpad(payload -> 'card' ->> 'exp_month', 2, '0')
from ledger.stripe_object
where object_type = 'payment_method' and payload ->> 'customer' = %s and payload ? 'card'
order by (payload ->> 'created')::bigint desc nulls last, object_id desc
limit 1
"""


@dataclass(frozen=True)
class Card:
    """A card on file; `expires` is YYYY-MM."""

    payment_method_id: str
    brand: str
    last4: str
    expires: str


@dataclass(frozen=True)
class Customer:
    """A patient as Stripe knows one."""

    patient_token: UUID
    practice_id: str
    stripe_customer_id: str
    card: Card | None


def keep(connection: psycopg.Connection, patient_token: UUID, practice_id: str, stripe_customer_id: str) -> None:
    """Keep which customer a patient is; the first one stands. The caller commits.

    Raises UniqueViolation where the customer is another patient's: two patients never share a card.
    """
    made = connection.execute(
        "insert into ledger.customer (patient_token, practice_id, stripe_customer_id) values (%s, %s, %s)"
        " on conflict (patient_token) do nothing",
        (patient_token, practice_id, stripe_customer_id),
    )
    if made.rowcount:
        keep_newest_card(connection, stripe_customer_id)  # its webhook may have been quicker than we are


def keep_card(connection: psycopg.Connection, stripe_customer_id: str, card: Card | None) -> None:
    """Keep the card on file of a customer, or that there is none any more. The caller commits."""
    values = (card.payment_method_id, card.brand, card.last4, card.expires) if card else (None,) * 4
    connection.execute(
        "update ledger.customer set (payment_method_id, card_brand, card_last4, card_expires, changed_at)"
        " = (%s, %s, %s, %s, now()) where stripe_customer_id = %s",
        (*values, stripe_customer_id),
    )


def keep_newest_card(connection: psycopg.Connection, stripe_customer_id: str) -> None:
    """Keep the newest card that webhooks told of, or that there is none. The caller commits."""
    newest = connection.execute(_NEWEST_CARD, (stripe_customer_id,)).fetchone()
    keep_card(connection, stripe_customer_id, Card(*newest) if newest else None)


def of_patient(connection: psycopg.Connection, patient_token: UUID) -> Customer | None:
    """Return the customer a patient is, or None while there is none."""
    row = connection.execute(
        "select patient_token, practice_id, stripe_customer_id, payment_method_id, card_brand, card_last4, card_expires"
        " from ledger.customer where patient_token = %s",
        (patient_token,),
    ).fetchone()
    if row is None:
        return None
    return Customer(row[0], row[1], row[2], Card(*row[3:]) if row[3] else None)
