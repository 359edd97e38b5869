"""Leaks on the worklist: which row is a leak's, the same for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.store import worklist
from ledger.store.worklist import Kind

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

    from ledger.store.worklist import Item


@dataclass(frozen=True)
class Leak:
    """A leak as the marts name it; one of no visit of ours has neither visit nor practice.

    `claim` and `why` are of one that is a remit claim without a visit: the cause of that one's own row, and how it is.
    """

    leak_id: str
    category: str
    visit_token: UUID | None
    practice_id: str | None
    claim: str | None = None
    why: str | None = None

    @property
    def kind(self) -> Kind:
        """The kind of row that it becomes."""
        return Kind.UNMATCHED_REMIT if self.claim else kind_of(self.category)

    @property
    def cause(self) -> str:
        """What stands on its row."""
        return self.claim or self.leak_id


# A claim without a visit is on the worklist by its own name (dbt/models/marts/leaks/int_leaks__remits.sql).
_LEAK = """
with claims as (
    select file_sha256 || '#' || st_index || '/' || claim_index as claim, why from marts.unmatched_remits
)
select leak_id, category, visit_token, practice_id, claim, claims.why
from marts.leaks
left join claims on category = 'orphan_remit' and leak_id = md5('orphan_remit|' || claim)
where leak_id = %s
"""


def find(connection: psycopg.Connection, leak_id: str) -> Leak | None:
    """Return a leak as the marts name it; None where there is none (any more), or no marts are."""
    if connection.execute("select ledger.knows_leaks()").fetchone() != (True,):
        return None
    row = connection.execute(_LEAK, (leak_id,)).fetchone()
    return Leak(*row) if row else None


def kind_of(category: str) -> Kind:
    """Return the kind of row that a leak of a category becomes."""
    return Kind.POS_MISMATCH if category == Kind.POS_MISMATCH else Kind.LEAK


def row_of(connection: psycopg.Connection, leak: Leak) -> Item | None:
    """Return the row of a leak: of several one that waits, then the newest; None while nobody took it up.

    A failed charge is on the worklist by itself, by its invoice: that row of the visit is the leak's.
    """
    row = connection.execute(
        """
        select item_id from ledger.worklist
        where (kind = %(kind)s and cause = %(cause)s)
            or (%(category)s = 'charge_failed' and kind = 'payment_failed' and visit_token = %(visit_token)s)
        order by state = 'resolved', item_id desc
        limit 1
        """,
        {**vars(leak), "kind": leak.kind.value, "cause": leak.cause},
    ).fetchone()
    return worklist.get(connection, row[0]) if row else None


def taken_up(connection: psycopg.Connection, leak: Leak) -> Item:
    """Return the row of a leak, made now where there was none. The caller commits."""
    if (known := row_of(connection, leak)) is None:
        worklist.open_(
            connection,
            leak.kind,
            leak.cause,
            leak.why or leak.category,
            visit_token=leak.visit_token,
            practice_id=leak.practice_id,
        )
        known = row_of(connection, leak)
    if known is None:
        raise LookupError(f"The worklist did not keep a row for leak {leak.leak_id}.")
    return known
