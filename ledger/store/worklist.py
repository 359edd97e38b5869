"""The staff worklist: one row for ever of a kind and its cause, with all that was said and done about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from psycopg.rows import class_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import psycopg

SYSTEM = "trueup"
"""Who made an entry that nobody made by hand."""


class Kind(StrEnum):
    """What a row is about; another kind of open point is another word here, and a cause of its own."""

    PAYMENT_FAILED = "payment_failed"
    SEND_REFUSED = "send_refused"
    SEND_STUCK = "send_stuck"
    TWO_DEMANDS = "two_demands"
    MISSING_CLOSE_OUT = "missing_close_out"
    POS_MISMATCH = "pos_mismatch"
    LEAK = "leak"
    HELD_INVOICE = "held_invoice"
    HELD_REMIT = "held_remit"
    UNMATCHED_REMIT = "unmatched_remit"


class NoSuchItem(ValueError):  # noqa: N818 - named for what the caller is told
    """There is no row of this number, or it is resolved; the text is a sentence."""


@dataclass(frozen=True)
class Item:
    """A row as it stands; `object_id` is Stripe's where it is about an object, `said` the newest words of a person.

    One that is dismissed is resolved too: nothing was done, and somebody said why.
    """

    item_id: int
    kind: str
    cause: str
    why: str
    visit_token: UUID | None
    object_id: str | None
    practice_id: str | None
    opened_at: datetime
    state: str
    assignee: str | None
    changed_at: datetime
    is_dismissed: bool
    said: str | None


@dataclass(frozen=True)
class Entry:
    """What was done with a row, by whom, and what they said."""

    deed: str
    said: str | None
    made_by: str
    made_at: datetime


_OPEN = """
with before as (
    select occasion from ledger.worklist where kind = %(kind)s and cause = %(cause)s
),
opened as (
    insert into ledger.worklist as known (kind, cause, occasion, why, visit_token, object_id, practice_id)
    values (%(kind)s, %(cause)s, %(occasion)s, %(why)s, %(visit_token)s, %(object_id)s, %(practice_id)s)
    on conflict (kind, cause) do update
    set
        occasion = greatest(known.occasion, excluded.occasion),
        why = excluded.why,
        state = case known.state when 'resolved' then 'open' else known.state end,
        is_dismissed = false,
        changed_at = now()
    where known.occasion < excluded.occasion or (known.why <> excluded.why and known.state <> 'resolved')
    returning item_id, occasion
)
select item_id, not exists (select from before where before.occasion = opened.occasion) from opened
"""


def open_(  # noqa: PLR0913 - what a row consists of
    connection: psycopg.Connection,
    kind: Kind,
    cause: str,
    why: str,
    *,
    occasion: int = 0,
    visit_token: UUID | None = None,
    object_id: str | None = None,
    practice_id: str | None = None,
) -> bool:
    """Put a point on the worklist, once for its cause; tell whether that is news. The caller commits.

    A larger `occasion` (the cause happened once more) opens a row anew that was resolved. `why` is how it stands now: a
    code or a sentence without a name; another one takes its place on a row that waits.
    """
    values = {
        "kind": kind.value,
        "cause": cause,
        "occasion": occasion,
        "visit_token": visit_token,
        "object_id": object_id,
        "practice_id": practice_id,
        "why": why,
    }
    row = connection.execute(_OPEN, values).fetchone()
    if row is None or not row[1]:
        return False
    # A statement of its own: an entry may be made on a row that its maker sees, and this one sees it by now.
    _enter(connection, row[0], "opened", why, SYSTEM)
    return True


def about(connection: psycopg.Connection, object_id: str) -> list[int]:
    """Return the numbers of the rows that wait about an object."""
    rows = connection.execute(
        "select item_id from ledger.worklist where object_id = %s and state <> 'resolved' order by item_id",
        (object_id,),
    )
    return [row[0] for row in rows]


def settle(connection: psycopg.Connection, item_id: int, why: str) -> None:
    """Resolve a row by itself, since its cause is gone; one that is resolved stays. The caller commits."""
    changed = connection.execute(
        "update ledger.worklist set (state, assignee, changed_at) = ('resolved', null, now())"
        " where item_id = %s and state <> 'resolved'",
        (item_id,),
    )
    if changed.rowcount:
        _enter(connection, item_id, "resolved", why, SYSTEM)


def assign(connection: psycopg.Connection, item_id: int, assignee: str, made_by: str) -> Item:
    """Give a row to somebody. The caller commits. Raises NoSuchItem, also where the row is resolved."""
    _locked(connection, item_id)
    _change(connection, item_id, "assigned", assignee)
    _enter(connection, item_id, "assigned", f"to {assignee}", made_by)
    return get(connection, item_id)


def note(connection: psycopg.Connection, item_id: int, said: str, made_by: str) -> Item:
    """Write on a row what was tried or found out. The caller commits. Raises NoSuchItem where there is no such row."""
    _locked(connection, item_id, resolved_too=True)
    _enter(connection, item_id, "noted", said, made_by)
    return get(connection, item_id)


def resolve(connection: psycopg.Connection, item_id: int, outcome: str, made_by: str) -> Item:
    """Say how a row ended. The caller commits. Raises NoSuchItem, also where the row is resolved already."""
    _locked(connection, item_id)
    _change(connection, item_id, "resolved", None)
    _enter(connection, item_id, "resolved", outcome, made_by)
    return get(connection, item_id)


def dismiss(connection: psycopg.Connection, item_id: int, why: str, made_by: str) -> Item:
    """Say why nothing is to be done about a row. The caller commits. Raises NoSuchItem, also where it is resolved."""
    _locked(connection, item_id)
    _change(connection, item_id, "resolved", None, is_dismissed=True)
    _enter(connection, item_id, "dismissed", why, made_by)
    return get(connection, item_id)


def reopen(connection: psycopg.Connection, item_id: int, why: str, made_by: str) -> Item:
    """Open a row anew that was resolved; one that waits stays as it is. The caller commits. Raises NoSuchItem."""
    if _locked(connection, item_id, resolved_too=True) == "resolved":
        _change(connection, item_id, "open", None)
        _enter(connection, item_id, "opened", why, made_by)
    return get(connection, item_id)


_ITEM = """
select
    item_id, kind, cause, why, visit_token, object_id, practice_id, opened_at, state, assignee, changed_at,
    is_dismissed,
    (select said from ledger.worklist_entry as entry where entry.item_id = worklist.item_id and made_by <> 'trueup'
    order by ordinal desc limit 1) as said
from ledger.worklist
"""


def get(connection: psycopg.Connection, item_id: int) -> Item:
    """Return a row. Raises NoSuchItem where there is none."""
    with connection.cursor(row_factory=class_row(Item)) as cursor:
        found = cursor.execute(f"{_ITEM} where item_id = %s".encode(), (item_id,)).fetchone()
    if found is None:
        raise NoSuchItem(f"The worklist has no row {item_id}.")
    return found


def of_cause(connection: psycopg.Connection, kind: str, cause: str) -> Item | None:
    """Return the row of a kind and its cause, also one that is resolved; None where there is none."""
    with connection.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(f"{_ITEM} where kind = %s and cause = %s".encode(), (kind, cause)).fetchone()


def listed(  # noqa: PLR0913 - what is asked
    connection: psycopg.Connection,
    *,
    resolved_too: bool = False,
    kinds: Sequence[str] = (),
    practice_id: str | None = None,
    of_none_too: bool = False,
    assignee: str | None = None,
) -> list[Item]:
    """Return the rows that wait, oldest first: of some kinds, a practice (and of none), or a person, where asked."""
    with connection.cursor(row_factory=class_row(Item)) as cursor:
        return cursor.execute(
            f"{_ITEM} where (state <> 'resolved' or %(resolved_too)s)"
            " and (cardinality(%(kinds)s::text []) = 0 or kind = any(%(kinds)s))"
            " and (%(practice_id)s::text is null or practice_id = %(practice_id)s"
            " or %(of_none_too)s and practice_id is null)"
            " and (%(assignee)s::text is null or assignee = %(assignee)s)"
            " order by opened_at, item_id".encode(),
            {
                "resolved_too": resolved_too,
                "kinds": list(kinds),
                "practice_id": practice_id,
                "of_none_too": of_none_too,
                "assignee": assignee,
            },
        ).fetchall()


def entries(connection: psycopg.Connection, item_id: int) -> list[Entry]:
    """Return all that was said and done about a row, in its order."""
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(
            "select deed, said, made_by, made_at from ledger.worklist_entry where item_id = %s order by ordinal",
            (item_id,),
        ).fetchall()


def _locked(connection: psycopg.Connection, item_id: int, *, resolved_too: bool = False) -> str:
    row = connection.execute("select state from ledger.worklist where item_id = %s for update", (item_id,)).fetchone()
    if row is None:
        raise NoSuchItem(f"The worklist has no row {item_id}.")
    if row[0] == "resolved" and not resolved_too:
        raise NoSuchItem(f"Row {item_id} of the worklist is resolved already; a note can still be written on it.")
    return str(row[0])


def _change(
    connection: psycopg.Connection, item_id: int, state: str, assignee: str | None, *, is_dismissed: bool = False
) -> None:
    connection.execute(
        "update ledger.worklist set (state, assignee, is_dismissed, changed_at) = (%s, %s, %s, now())"
        " where item_id = %s",
        (state, assignee, is_dismissed, item_id),
    )


def _enter(connection: psycopg.Connection, item_id: int, deed: str, said: str, made_by: str) -> None:
    connection.execute(
        "insert into ledger.worklist_entry (item_id, ordinal, deed, said, made_by)"
        " select %(item_id)s, count(*) + 1, %(deed)s, %(said)s, %(made_by)s"
        " from ledger.worklist_entry where item_id = %(item_id)s",
        {"item_id": item_id, "deed": deed, "said": said, "made_by": made_by},
    )
