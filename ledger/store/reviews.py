"""Invoices that count other visits than were completed: found by webhooks, held as drafts, settled by staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from ledger.rules.requests import HoldInvoice, ReleaseInvoice
from ledger.store import outbox

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg


class Count(NamedTuple):
    """Visits of a category on an invoice, and completed in its period."""

    service_category: int
    counted: int
    completed: int


@dataclass(frozen=True)
class Review:
    """An invoice that was found to differ; `counts` are of its newest version, `status` is None where that is unknown.

    `is_held`: as Stripe last said it is a draft that does not advance by itself.
    """

    invoice_id: str
    practice_id: str
    found_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    why: str | None
    status: str | None
    is_held: bool
    counts: list[Count] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether the invoice counts other visits than were completed, as things stand."""
        return any(count.counted != count.completed for count in self.counts)


def look_at(connection: psycopg.Connection, invoice_id: str, payload: dict[str, object]) -> None:
    """Compare an invoice of a subscription with the ledger, by its newest version. The caller commits.

    One that differs is put up for review, once for ever, and held where it is a draft. One that went out as it should
    needs no review that nobody has settled.
    """
    if not (payload.get("parent") or payload.get("subscription")) or payload.get("status") == "void":
        return
    counts = connection.execute(
        "select service_category, counted, completed, practice_id from ledger.metered_count"
        " where invoice_id = %s order by 1",
        (invoice_id,),
    ).fetchall()
    if all(counted == completed for _, counted, completed, _ in counts):
        if payload.get("status") != "draft":
            connection.execute(
                "delete from ledger.invoice_review where invoice_id = %s and settled_at is null", (invoice_id,)
            )
        return
    practice_id = counts[0][3]
    found = connection.execute(
        "insert into ledger.invoice_review (invoice_id, practice_id, found) values (%s, %s, %s) on conflict do nothing",
        (invoice_id, practice_id, Jsonb([Count(*count[:3])._asdict() for count in counts])),
    )
    if found.rowcount and payload.get("status") == "draft":
        outbox.put(connection, HoldInvoice(invoice_id), practice_id)


_REVIEWS = """
select
    review.invoice_id, review.practice_id, review.found_at, review.settled_at, review.settled_by, review.why,
    count.status, coalesce(count.status = 'draft' and not count.advances, false) as is_held,
    count.service_category, count.counted, count.completed
from ledger.invoice_review as review
left join ledger.metered_count as count on count.invoice_id = review.invoice_id
where %(settled_too)s or review.settled_at is null
order by review.found_at, review.invoice_id, count.service_category
"""


def reviews(connection: psycopg.Connection, *, settled_too: bool = False) -> list[Review]:
    """Return the invoices that wait for somebody, oldest first; those that are settled as well where asked."""
    found: dict[str, Review] = {}
    for *head, category, counted, completed in connection.execute(_REVIEWS, {"settled_too": settled_too}):
        review = found.setdefault(head[0], Review(*head))
        if category is not None:
            review.counts.append(Count(category, counted, completed))
    return list(found.values())


def release(connection: psycopg.Connection, invoice_id: str, settled_by: str, why: str) -> bool:
    """Settle the review of an invoice, and let it advance where it was held; tell whether that is new. Caller commits.

    The release leaves only when the hold has ended. Raises KeyError for an invoice that was never found to differ.
    """
    row = connection.execute(
        "select practice_id, settled_at from ledger.invoice_review where invoice_id = %s for update", (invoice_id,)
    ).fetchone()
    if row is None:
        raise KeyError(f"No invoice {invoice_id} is up for review.")
    if row[1] is not None:
        return False
    connection.execute(
        "update ledger.invoice_review set (settled_at, settled_by, why) = (now(), %s, %s) where invoice_id = %s",
        (settled_by, why, invoice_id),
    )
    hold = HoldInvoice(invoice_id).business_key
    if connection.execute("select from ledger.outbox where business_key = %s", (hold,)).fetchone() is not None:
        outbox.put(connection, ReleaseInvoice(invoice_id), row[0], after=hold)
    return True
