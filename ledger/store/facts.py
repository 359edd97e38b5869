"""What follows at once from a word on an object of Stripe's: cards on file, reviews of invoices, and demands.

The one place where an effect of a webhook hangs. It runs in the transaction of the event, once for every event that is
new, and must come to the same whatever came before: it goes by what stands, and counts nothing up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.store import collecting, customers, reviews

if TYPE_CHECKING:
    import psycopg

    from ledger.rules.stripe_events import Event


def follow(connection: psycopg.Connection, event: Event, *, is_newest: bool) -> None:
    """Do what follows from an event that is new; `is_newest`: it carries the newest version. The caller commits."""
    if event.object_type == "payment_method":
        _keep_cards(connection, event)
    elif event.object_type == "invoice" and event.object_id:
        if is_newest:
            reviews.look_at(connection, event.object_id, event.payload)
        collecting.follow(connection, event.object_id)
    elif event.object_type == "payment_intent" and "last_payment_error" in event.payload:
        collecting.follow_decline(connection, str(event.payload.get("customer")))


def _keep_cards(connection: psycopg.Connection, event: Event) -> None:
    """Keep the newest card of whoever has the method now, and of whoever had it on file before it was detached."""
    concerned = connection.execute(
        # The lock makes two events of one customer see each other's methods.
        "select stripe_customer_id from ledger.customer"
        " where stripe_customer_id = %s or payment_method_id = %s order by 1 for update",
        (event.payload.get("customer"), event.object_id),
    ).fetchall()
    for (customer,) in concerned:
        customers.keep_newest_card(connection, customer)
        collecting.follow_card(connection, customer)
