"""The chain of the audit: rows that are only added, each with a MAC over itself and the row before it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from portal_api.keys import Keys

FIRST = bytes(32)


class Entry(NamedTuple):
    """What is recorded. `action` is like visit.booked, `subject` like appointment/<id>: ids, never names or texts."""

    at: datetime
    actor_kind: str
    actor_id: UUID | None
    session_id: UUID | None
    action: str
    subject: str
    address: str


class Row(NamedTuple):
    """An entry as it is kept: its place in the chain of its practice, and the MAC of itself and the row before it."""

    ordinal: int
    entry: Entry
    hmac: bytes


_COLUMNS = "at, actor_kind, actor_id, session_id, action, subject, address"
_INSERT = sa.text(
    f"insert into portal.audit_entry (practice_id, ordinal, {_COLUMNS}, hmac) values (:practice_id, :ordinal, :at,"
    " :actor_kind, :actor_id, :session_id, :action, :subject, :address, :hmac)"
)
# One writer a practice at a time, and only from here to the commit.
_LOCK = sa.text("select pg_advisory_xact_lock(hashtextextended('portal.audit_entry/' || :practice_id, 0))")
_LAST = sa.text(
    "select ordinal, hmac from portal.audit_entry where practice_id = :practice_id order by ordinal desc limit 1"
)


def write(db: sa.Connection, keys: Keys, practice_id: str, entries: list[Entry]) -> None:
    """Append entries to the practice's chain: the last thing a transaction does before it commits."""
    if not entries:
        return
    db.execute(_LOCK, {"practice_id": practice_id})
    last = db.execute(_LAST, {"practice_id": practice_id}).one_or_none()
    ordinal, before = (last.ordinal, last.hmac) if last else (0, FIRST)
    rows = []
    for entry in entries:
        ordinal += 1
        before = chained(keys, practice_id, before, ordinal, entry)
        rows.append({"practice_id": practice_id, "ordinal": ordinal, **entry._asdict(), "hmac": before})
    db.execute(_INSERT, rows)


def chained(keys: Keys, practice_id: str, before: bytes, ordinal: int, entry: Entry) -> bytes:
    """Return the MAC of a row: over the MAC before it, its place and all it says."""
    said = [entry.at.isoformat(), *(None if value is None else str(value) for value in entry[1:])]
    document = json.dumps([practice_id, ordinal, said], ensure_ascii=False, separators=(",", ":"))
    return hmac.digest(keys.of("audit", practice_id), before + document.encode(), hashlib.sha256)


def rows(db: sa.Connection, practice_id: str) -> Iterator[Row]:
    """Yield the practice's rows in their order, a thousand at a time."""
    query = sa.text(
        f"select ordinal, {_COLUMNS}, hmac from portal.audit_entry where practice_id = :practice_id order by ordinal"
    )
    with db.execution_options(yield_per=1000).execute(query, {"practice_id": practice_id}) as found:
        for row in found.mappings():
            entry = Entry(**{name: row[name] for name in Entry._fields})
            yield Row(row["ordinal"], entry, bytes(row["hmac"]))
