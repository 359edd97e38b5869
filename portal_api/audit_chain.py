"""The chain of the audit: rows that are only added, each with a MAC over itself and the row before it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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
    with db.execute(query.execution_options(yield_per=1000), {"practice_id": practice_id}) as found:
        for row in found.mappings():
            entry = Entry(**{name: row[name] for name in Entry._fields})
            yield Row(row["ordinal"], entry, bytes(row["hmac"]))


class Verdict(NamedTuple):
    """What a chain was found to be. `first_broken` is the number of the first row that does not hold, if one does not.

    `last_hmac` is of the last row, in hex.
    """

    rows: int
    is_whole: bool
    first_broken: int | None
    last_hmac: str
    sentence: str


def verified(db: sa.Connection, keys: Keys, practice_id: str, anchors: Mapping[int, str]) -> Verdict:
    """Compute every link anew, and compare with what was noted of the chain before (`anchors`: hex by number)."""
    before, count = FIRST, 0
    for row in rows(db, practice_id):
        count += 1
        before = chained(keys, practice_id, before, count, row.entry)
        if row.ordinal != count or not hmac.compare_digest(before, row.hmac):
            return _broken(count, row, "a row is missing" if row.ordinal != count else "it was changed")
        if anchors.get(count, before.hex()) != before.hex():
            return _broken(count, row, "it is not the row that was there when it was last verified")
    if (gone := max(anchors, default=0) - count) > 0:
        sentence = f"broken: {gone} rows at the end, which were there when it was last verified, are gone."
        return Verdict(count, is_whole=False, first_broken=count + 1, last_hmac=before.hex(), sentence=sentence)
    return Verdict(count, is_whole=True, first_broken=None, last_hmac=before.hex() if count else "", sentence="whole.")


def _broken(count: int, row: Row, why: str) -> Verdict:
    sentence = f"broken at row {count}: {why}."
    return Verdict(count, is_whole=False, first_broken=count, last_hmac=row.hmac.hex(), sentence=sentence)
