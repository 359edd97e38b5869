"""What staff should look at and nobody told of: it is read where it stands, and is a row once somebody takes it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ledger.store import leak_worklist, worklist
from ledger.store.worklist import Kind
from portal_api.care import agenda

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here

MOST = 200
"""Of each kind, the oldest first."""


@dataclass(frozen=True)
class Seen:
    """A point as it stands now; `cause` is the visit, leak, invoice or remittance it is about.

    Without a `practice_id` it belongs to none. It is read as a row is that nobody made yet.
    """

    kind: Kind
    cause: str
    why: str
    opened_at: datetime
    practice_id: str | None
    visit_token: UUID | None = None
    object_id: str | None = None
    amount_cents: int | None = None
    item_id: int | None = None
    state: str = "open"
    assignee: str | None = None
    said: str | None = None


# A failed charge and a claim without a visit are there as what they are. Those of no practice crowd out none of one.
_LEAKS = sa.text("""
select leak_id, category, visit_token, practice_id, amount_cents, first_seen_on
from (
    select *, row_number() over (partition by practice_id order by first_seen_on, leak_id) as nth
    from ledger.own_leaks()
    where category not in ('charge_failed', 'orphan_remit')
) as leak
where nth <= :most or leak_id = :cause
order by first_seen_on, leak_id
""")
_HELD = sa.text(
    "select invoice_id, found_at from ledger.invoice_review where settled_at is null and practice_id = :practice_id"
    " order by invoice_id = :cause desc, found_at, invoice_id limit :most"
)
_REMITS = sa.text("""
select kind, cause, why, since, amount_cents
from (
    select *, row_number() over (partition by kind order by since, cause) as nth from ledger.own_waiting_remits()
) as remit
where nth <= :most or cause = :cause
order by since, cause
""")
# What stands in the marts ends with the reconcile that makes them (ledger.store.marts_worklist).
_GONE = sa.text(f"""
select item.item_id
from ledger.worklist as item
where item.practice_id = :practice_id and item.state <> 'resolved'
    and case
        when item.kind = 'missing_close_out' then not exists (
            select from ledger.visit as v where v.visit_token = item.visit_token and {agenda.UNCLOSED}
        )
        when item.kind = 'held_invoice' then not exists (
            select from ledger.invoice_review as r where r.invoice_id = item.cause and r.settled_at is null
        )
        else false
    end
""")


def everything(here: Here, cause: str = "") -> list[Seen]:
    """Return the oldest of each kind, and what has this cause however new it is."""
    own = here.practice.practice_id
    practice = {"practice_id": own, "most": MOST, "cause": cause}
    unclosed = [
        Seen(Kind.MISSING_CLOSE_OUT, str(each.visit_token), each.state, each.ends_at, own, each.visit_token)
        for each in agenda.unclosed(here)
    ]
    held = [
        Seen(Kind.HELD_INVOICE, row.invoice_id, "counts_differ", row.found_at, own, object_id=row.invoice_id)
        for row in here.db.execute(_HELD, practice)
    ]
    leaks = [
        Seen(
            leak_worklist.kind_of(row.category),
            row.leak_id,
            row.category,
            datetime.combine(row.first_seen_on, time(), here.practice.zone),
            row.practice_id,
            row.visit_token,
            amount_cents=row.amount_cents,
        )
        for row in here.db.execute(_LEAKS, practice)
    ]
    remits = [
        Seen(Kind(row.kind), row.cause, row.why, row.since, None, amount_cents=row.amount_cents)
        for row in here.db.execute(_REMITS, practice)
    ]
    return [*unclosed, *held, *leaks, *remits]


def settle_gone(here: Here) -> None:
    """Resolve rows that were taken up and whose cause is gone: closed out, settled."""
    for item_id in here.db.scalars(_GONE, {"practice_id": here.practice.practice_id, "now": here.now}).all():
        worklist.settle(here.books, item_id, "its cause is gone")
