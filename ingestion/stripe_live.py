"""Reads Stripe's lists window by window and lands what is new of each, through the same door as a file.

A window is a span of times of creation. What it brings is one load, its cursor moves in the transaction that lands it,
and what is known already as it is now is left out: so a repeat finds nothing, and a killed run goes on where it was.
Objects change after they were created: those younger than `lookback`, and those that are still open, are read again.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ingestion import stripe_objects
from ingestion.feed import FeedFile
from ingestion.landing import hold_loads
from ledger.rules.stripe_events import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ingestion.landing import Connection, Receipt

    Object = dict[str, Any]

# Nothing at Stripe is older.
EARLIEST = 1_293_840_000  # 2011-01-01
# Clocks differ, and lists may lag behind what was made.
LEAST_OVERLAP = timedelta(hours=1)
MOST_IN_A_WINDOW = 2_000
_OPEN_AT_A_TIME = 100
# These may change at any age, there are few of them, and a list has a hundred in a call: they are read whole.
READ_WHOLE = frozenset({"product", "price", "subscription"})
OPEN: Mapping[str, tuple[str, ...]] = {
    "payment_intent": (
        *("requires_payment_method", "requires_confirmation", "requires_action"),
        *("processing", "requires_capture"),
    ),
    "charge": ("pending",),
    "refund": ("pending", "requires_action"),
    "dispute": ("warning_needs_response", "warning_under_review", "needs_response", "under_review"),
    "invoice": ("draft", "open", "uncollectible"),
    "invoice_payment": ("open",),
    "balance_transaction": ("pending",),
    "payout": ("pending", "in_transit"),
}
"""The statuses that are not the last one of an object."""
_STILL_OPEN = """
with newest as (
    select distinct on (object_id) object_id, payload
    from raw.stripe_object
    where object_type = %(object_type)s
    order by object_id, version_at desc, object_sha256 desc
)

select object_id
from newest
where (payload ->> 'created')::bigint < %(before)s
    and (payload ->> 'status' = any(%(statuses)s) or payload ->> 'reconciliation_status' = 'in_progress')
    and coalesce((payload ->> 'livemode')::boolean, %(livemode)s) = %(livemode)s
    and payload ->> 'deleted' is distinct from 'true'
order by object_id
"""
_KNOWN = """
select distinct on (object_id) object_id, object_sha256, version_at, payload ->> 'payout'
from raw.stripe_object
where object_id = any(%s)
order by object_id, version_at desc, object_sha256 desc
"""
_LISTED_PAYOUTS = """
select distinct payload ->> 'payout'
from raw.stripe_object
where object_type = 'balance_transaction' and payload ->> 'payout' = any(%s)
"""
_MOVE = """
insert into raw.stripe_cursor (livemode, object_type, created_before) values (%s, %s, %s)
on conflict (livemode, object_type) do update
set created_before = excluded.created_before, moved_at = now()
where raw.stripe_cursor.created_before < excluded.created_before
"""


class Source(Protocol):
    """Who reads Stripe's lists (ledger.gateways.stripe_listing)."""

    @property
    def is_live(self) -> bool:
        """Whether the objects are live ones."""

    def window(self, object_type: str, since: int, before: int | None, most: int | None) -> list[Object] | None:
        """Return what was created in a window; None when that is more than `most`."""

    def transactions(self, payout_id: str) -> list[Object]:
        """Return the balance transactions of a payout."""

    def read(self, object_type: str, object_id: str) -> Object | None:
        """Return an object, None when it is gone."""


class Landed(NamedTuple):
    """What a window brought: how many objects were read, and the receipt of those that are new (None: none is)."""

    object_type: str
    read: int
    receipt: Receipt | None


@dataclass(frozen=True)
class Pull:
    """One run over Stripe's lists, until `now`; `since` reads everything created from then on once more."""

    connection: Connection
    source: Source
    now: datetime
    lookback: timedelta
    since: datetime | None = None

    def each(self, object_type: str) -> Iterator[Landed]:
        """Read the objects of a type and yield after every window; the caller commits before it goes on.

        Raises what the source raises: then nothing of the window under way is landed.
        """
        start = self._start(object_type)
        yield from self._windows(object_type, start)
        if object_type in OPEN and start > EARLIEST:
            yield from self._open(object_type, start)

    def _start(self, object_type: str) -> int:
        row = self.connection.execute(
            "select created_before from raw.stripe_cursor where livemode = %s and object_type = %s",
            (self.source.is_live, object_type),
        ).fetchone()
        if row is None or object_type in READ_WHOLE:
            return EARLIEST
        start = row[0] - max(self.lookback, LEAST_OVERLAP)
        return max(EARLIEST, int(min(start, self.since or start).timestamp()))

    def _windows(self, object_type: str, start: int) -> Iterator[Landed]:
        since, until = start, max(int(self.now.timestamp()), start + 1)
        span = until - since
        while since < until:
            self._begin()
            size = min(span, until - since)
            before = since + size
            # The last window has no end: what a clock ahead of ours made is in it.
            end, most = None if before == until else before, MOST_IN_A_WINDOW if size > 1 else None
            found = self.source.window(object_type, since, end, most)
            if found is None:
                span = size // 2
                continue
            landed = self._landed(object_type, found)
            moved = datetime.fromtimestamp(before, UTC)
            self.connection.execute(_MOVE, (self.source.is_live, object_type, moved))
            yield landed
            since = before
            if len(found) < MOST_IN_A_WINDOW // 4:
                span *= 2

    def _open(self, object_type: str, before: int) -> Iterator[Landed]:
        given = {
            "object_type": object_type,
            "before": before,
            "statuses": list(OPEN[object_type]),
            "livemode": self.source.is_live,
        }
        ids = [row[0] for row in self.connection.execute(_STILL_OPEN, given)]
        for first in range(0, len(ids), _OPEN_AT_A_TIME):
            self._begin()
            read = (self.source.read(object_type, one) for one in ids[first : first + _OPEN_AT_A_TIME])
            yield self._landed(object_type, [found for found in read if found])

    def _begin(self) -> None:
        # A version is of the time of its transaction, which begins before the reading: none is dated later than it was.
        self.connection.rollback()
        self.connection.execute("select now()")

    def _landed(self, object_type: str, found: Sequence[Object]) -> Landed:
        objects = {str(one["id"]): one for one in found}
        if object_type == "payout":
            objects |= {str(one["id"]): one for one in self._paid_out(found)}
        hold_loads(self.connection)
        return Landed(object_type, len(found), self._load(object_type, list(objects.values())))

    def _paid_out(self, payouts: Iterable[Object]) -> Iterator[Object]:
        """Yield the transactions of payouts that Stripe can say them of and that have none yet."""
        ids = [one["id"] for one in payouts if one.get("automatic") and one.get("reconciliation_status") == "completed"]
        known = {row[0] for row in self.connection.execute(_LISTED_PAYOUTS, (ids,))} if ids else set()
        for payout_id in ids:
            if payout_id not in known:
                yield from ({**one, "payout": payout_id} for one in self.source.transactions(payout_id))

    def _load(self, object_type: str, objects: Sequence[Object]) -> Receipt | None:
        """Load the objects whose newest version is another, or that are not known at all."""
        ids = [one["id"] for one in objects]
        known = {row[0]: row[1:] for row in self.connection.execute(_KNOWN, (ids,))}
        lines, places, replaced = [], [], []
        for one in objects:
            digest, version_at, payout = known.get(one["id"], (None, None, None))
            line = canonical(one if payout is None else {"payout": payout, **one})
            new = hashlib.sha256(line).hexdigest()
            if new != digest:
                lines.append(line)
                places.append(f"{object_type} {one['id']} {new[:12]}")
                replaced.append(f"{digest} {version_at}")
        refused = self._refused(places)
        kept = [number for number, place in enumerate(places) if place not in refused]
        if not kept:
            return None
        # An object may become again what it was: a load is known by its lines and the versions they take the place of.
        content = b"".join(lines[number] + b"\n" for number in kept)
        after = "\n".join(replaced[number] for number in kept).encode()
        file = FeedFile("Stripe", io.BytesIO(content), hashlib.sha256(content + after).hexdigest(), len(content))
        return stripe_objects.load_listed(self.connection, file, [places[number] for number in kept])

    def _refused(self, places: list[str]) -> set[str]:
        found = self.connection.execute(
            "select position from raw.quarantine where source = %s and position = any(%s)",
            (stripe_objects.KIND, places),
        )
        return {row[0] for row in found}
