"""The inbox of webhooks: an event and what follows from it in one transaction, once, whatever order and number."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ledger.rules.stripe_events import Event
from ledger.rules.stripe_fields import OF_THE_LEDGER_ALONE, allowed_in_ledger
from ledger.rules.stripe_values import FieldRefused
from ledger.store import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

RETENTION = timedelta(days=45)
"""How long payloads are kept at least: longer than Stripe shows events (30 days) and sends them again (3)."""


SETTLES = timedelta(seconds=5)
"""How long after a second of two events it is asked which of them is the newer."""

OWN = "api"
"""The endpoint of what Stripe did not send: events and objects that were read, answers to calls of ours."""


class Received(StrEnum):
    """What became of an event."""

    NEW = "new"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True)
class DeadLetter:
    """An event that had no effect yet, and why: a sentence or the name of an error, never a value."""

    endpoint: str
    event_id: str
    event_type: str
    object_id: str | None
    reason: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    resolved_at: datetime | None


# One statement, of any number of events: what is new, and the newest version of each object. An event that is there
# already brings nothing. Rows are written in the order of their keys: two who do this never wait for each other.
_RECEIVE = """
with told as (
    select *
    from jsonb_to_recordset(%(told)s) as event (
        endpoint text, event_id text, event_type text, api_version text, account text, is_live boolean,
        created_at timestamptz, object_type text, object_id text, object_sha256 text, payload jsonb
    )
    order by endpoint, event_id
),
arrived as (
    insert into ledger.inbox
        (endpoint, event_id, event_type, api_version, account, is_live, created_at,
        object_type, object_id, object_sha256, payload)
    select * from told
    on conflict (endpoint, event_id) do nothing
    returning endpoint, event_id, object_id, object_type, created_at, object_sha256, payload
),
newest as (
    insert into ledger.stripe_object as known
        (object_id, object_type, version_at, object_sha256, event_id, payload)
    select distinct on (object_id) object_id, object_type, created_at, object_sha256, event_id, payload
    from arrived
    where object_id is not null
    order by object_id, created_at desc, object_sha256 collate "C" desc, event_id
    on conflict (object_id) do update
    set
        (object_type, version_at, object_sha256, event_id, payload)
        = (excluded.object_type, excluded.version_at, excluded.object_sha256, excluded.event_id, excluded.payload)
    where (excluded.version_at, excluded.object_sha256) > (known.version_at, known.object_sha256)
    returning event_id
),
mended as (
    update ledger.inbox_failure as letter
    set resolved_at = now()
    from told
    where letter.endpoint = told.endpoint and letter.event_id = told.event_id and letter.resolved_at is null
)
select endpoint, event_id, event_id in (select event_id from newest) from arrived
"""


def receive(connection: psycopg.Connection, endpoint: str, event: Event) -> Received:
    """Take an event in with all that follows from it; the caller commits, and answers Stripe only after that.

    An object that breaks its contract has no effect: the event is put among the dead letters.
    """
    return receive_all(connection, [(endpoint, event)])[0]


def receive_all(connection: psycopg.Connection, arrivals: Sequence[tuple[str, Event]]) -> list[Received]:
    """Take events in as `receive` does, asking the database about all of them at once."""
    told = [{**vars(event), "endpoint": endpoint} for endpoint, event in arrivals if not event.refusal]
    found = connection.execute(_RECEIVE, {"told": Jsonb(told, dumps=_written)}) if told else ()
    new = {(endpoint, event_id): is_newest for endpoint, event_id, is_newest in found}
    return [_followed(connection, endpoint, event, new) for endpoint, event in arrivals]


def _followed(
    connection: psycopg.Connection, endpoint: str, event: Event, new: dict[tuple[str, str], bool]
) -> Received:
    """Do what follows from an event; what is new is new for the first of its arrivals."""
    if event.refusal:
        bury(connection, endpoint, event, event.refusal)
        return Received.REFUSED
    is_newest = new.pop((endpoint, event.event_id), None)
    if is_newest is None:
        return Received.KNOWN
    facts.follow(connection, event, is_newest=is_newest)
    return Received.NEW


def _written(told: list[dict[str, Any]]) -> bytes | str:
    try:
        return orjson.dumps(told)
    except TypeError:  # a whole number beyond 64 bits, of an unknown type
        return json.dumps(told, default=datetime.isoformat)


def bury(connection: psycopg.Connection, endpoint: str, event: Event, reason: str) -> None:
    """Put an event among the dead letters, or count a further failure of it. The caller commits.

    An event that had its effect meanwhile, by another delivery, is none.
    """
    connection.execute(
        """
        insert into ledger.inbox_failure as known (endpoint, event_id, event, reason)
        select %(endpoint)s, %(event_id)s, %(event)s, %(reason)s
        where not exists (select from ledger.inbox where endpoint = %(endpoint)s and event_id = %(event_id)s)
        on conflict (endpoint, event_id) do update
        set (event, reason, attempts, last_failed_at) = (excluded.event, excluded.reason, known.attempts + 1, now())
        """,
        {"endpoint": endpoint, "event_id": event.event_id, "event": Jsonb(_document(event)), "reason": reason},
    )


def described(error: Exception) -> str:
    """Name an error without a value: its text may quote a row."""
    constraint = error.diag.constraint_name if isinstance(error, psycopg.Error) else None
    return type(error).__name__ + (f" ({constraint})" if constraint else "")


def dead_letters(connection: psycopg.Connection, *, resolved_too: bool = False) -> list[DeadLetter]:
    """Return the dead letters that wait, oldest first; those that were replayed since as well where asked."""
    with connection.cursor(row_factory=class_row(DeadLetter)) as cursor:
        return cursor.execute(
            """
            select
                endpoint, event_id, event ->> 'event_type' as event_type, event ->> 'object_id' as object_id, reason,
                attempts, first_failed_at, last_failed_at, resolved_at
            from ledger.inbox_failure
            where resolved_at is null or %s
            order by first_failed_at, endpoint, event_id
            """,
            (resolved_too,),
        ).fetchall()


def replay(connection: psycopg.Connection, letter: DeadLetter) -> Received:
    """Take a dead letter in once more, read by the contract of now. The caller commits, or rolls back and buries it."""
    return receive(connection, letter.endpoint, read_again(buried(connection, letter)))


def buried(connection: psycopg.Connection, letter: DeadLetter) -> Event:
    """Return the event of a dead letter, locked until the caller's transaction ends."""
    row = connection.execute(
        "select event from ledger.inbox_failure where endpoint = %s and event_id = %s for update",
        (letter.endpoint, letter.event_id),
    ).fetchone()
    if row is None:
        raise KeyError(f"There is no dead letter {letter.event_id} of {letter.endpoint}.")
    document: dict[str, Any] = row[0]
    return Event(**{**document, "created_at": datetime.fromisoformat(document["created_at"])})


def read_again(event: Event) -> Event:
    """Read what was kept of an event by the contract of now."""
    try:
        return replace(event, payload=allowed_in_ledger(event.object_type, event.payload), refusal=None)
    except FieldRefused as fault:
        return replace(event, refusal=f"{event.object_type}.{fault.field} {fault.message}.")


def prune(connection: psycopg.Connection, older_than: timedelta) -> int:
    """Drop the payloads of events older than that which the warehouse has; return how many. The caller commits.

    Their keys stay for ever, so that an event that comes once more is known. Raises ValueError below the retention.
    """
    if older_than < RETENTION:
        raise ValueError(f"Payloads are kept for {RETENTION.days} days at least.")
    return connection.execute(
        "update ledger.inbox set payload = null where payload is not null and is_landed and received_at < now() - %s",
        (older_than,),
    ).rowcount


_ARRIVALS = """
create temporary table webhook_arrivals (
    object_id text, object_type text, version_at timestamptz, object_sha256 text, event_id text, payload jsonb
) on commit drop
"""
_HAND_OVER = """
with taken as (
    update ledger.inbox set is_landed = true where not is_landed returning inbox.*
),
handed as (
    select * from taken
    union all
    select * from ledger.inbox where is_landed and %(again)s
)
insert into webhook_arrivals (object_id, object_type, version_at, object_sha256, event_id, payload)
select object_id, object_type, created_at, object_sha256, event_id, payload
from handed
where payload is not null and object_id is not null and object_type <> all (%(not_for_others)s)
"""


def hand_over(connection: psycopg.Connection, *, again: bool = False) -> None:
    """Put the versions of objects that the warehouse has not seen into the temporary table `webhook_arrivals`.

    They count as landed when the caller commits. `again` gives all there is: for a warehouse that was made anew.
    """
    connection.execute(_ARRIVALS)
    connection.execute(_HAND_OVER, {"again": again, "not_for_others": sorted(OF_THE_LEDGER_ALONE)})


def unknown(connection: psycopg.Connection, event_ids: Sequence[str]) -> set[str]:
    """Return those events that no endpoint has taken in or put among its dead letters."""
    found = connection.execute(
        """
        with recursive endpoints as (
            (select endpoint from ledger.inbox order by endpoint limit 1)
            union all
            select (
                select inbox.endpoint from ledger.inbox
                where inbox.endpoint > endpoints.endpoint order by inbox.endpoint limit 1
            )
            from endpoints
            where endpoints.endpoint is not null
        )
        select asked.event_id
        from unnest(%s::text []) as asked (event_id)
        where not exists (
            select from endpoints
            inner join ledger.inbox using (endpoint)
            where inbox.event_id = asked.event_id
        )
        and not exists (select from ledger.inbox_failure as letter where letter.event_id = asked.event_id)
        """,
        (list(event_ids),),
    )
    return {row[0] for row in found}


def in_doubt(connection: psycopg.Connection, since: datetime, now: datetime) -> list[tuple[str, str, datetime]]:
    """Return type, id and time of the objects whose newest version is one of several of the same second.

    Stripe dates events in whole seconds, so that nothing says which of them is the newest; the larger hash stands for
    it. Looks at what is younger than `since` and older than some seconds, since more may be on its way.
    """
    return connection.execute(
        """
        select distinct known.object_type, known.object_id, known.version_at
        from ledger.inbox as event
        inner join ledger.stripe_object as known
            on event.object_id = known.object_id
            and event.created_at = known.version_at
            and event.object_sha256 <> known.object_sha256
        where event.created_at between %s and %s
        order by known.object_type, known.object_id
        """,
        (since, now - SETTLES),
    ).fetchall()


@dataclass(frozen=True)
class Count:
    """Events that were taken in, those the warehouse has not seen, and payloads that were dropped."""

    events: int
    waiting: int
    pruned: int


def count(connection: psycopg.Connection) -> Count:
    """Count the inbox."""
    with connection.cursor(row_factory=class_row(Count)) as cursor:
        found = cursor.execute(
            "select count(*) as events, count(*) filter (where not is_landed) as waiting,"
            " count(*) filter (where payload is null) as pruned from ledger.inbox"
        ).fetchone()
    return found or Count(0, 0, 0)


def _document(event: Event) -> dict[str, object]:
    return {**asdict(event), "created_at": event.created_at.isoformat()}
