"""What every raw asset does: in a reconcile count what was touched since the last, in a backfill make a range anew."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import dagster as dg
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from expectations.catalog import of_feed
from expectations.contract import Feed as FeedName
from expectations.contract import Severity
from expectations.runner import run
from ingestion import landing
from ledger.store.database import connect
from orchestration.defs.resources import Books, Range
from orchestration.partitions import Part, described, record, tell

_EVER = ("-infinity", "infinity")


@dataclass(frozen=True)
class Feed:
    """A feed that is cut into partitions, in SQL. `kind` is what a person calls it.

    `partitions` gives key, fingerprint, loaded_through and a column a total; it takes `since` (left out is what was
    loaded up to it), `first` and `last` (days) and `timezone`. `touches` writes what a partition (`key`) holds into
    ops.touched. `rows` is the condition under which a row of any of its tables belongs to one of `keys`.
    `work_out` works out anew what of ours rests on one partition.
    """

    name: FeedName
    kind: str
    partitions: str
    touches: str
    rows: str
    work_out: Callable[[psycopg.Connection, str, str], object] = lambda _connection, _key, _timezone: None


def partitions(
    connection: psycopg.Connection, feed: Feed, timezone: str, since: int = -1, days: tuple[object, object] = _EVER
) -> list[Part]:
    """List the partitions of a feed in a range of days, both included, of which anything was loaded after `since`."""
    asked = {"since": since, "timezone": timezone, "first": days[0], "last": days[1]}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(feed.partitions, asked).fetchall()
    return [Part(str(row.pop("key")), str(row.pop("fingerprint")), row) for row in rows]


def came(connection: psycopg.Connection, feed: Feed, since: int) -> bool:
    """Whether anything of the feed was loaded, or settled, after `since`."""
    row = connection.execute(
        "select exists (select from raw.file where kind = %(kind)s and load_id > %(since)s)"
        " or %(kind)s = 'era' and exists (select from raw.era_settlement where settlement_id > %(since)s)",
        {"kind": feed.kind, "since": since},
    ).fetchone()
    return bool(row and row[0])


def totals_of(connection: psycopg.Connection, asset: str, totals: str, *, anew: bool) -> dict[str, int]:
    """Add up a raw asset: all of it `anew`, else what came since it was last added up, to what it was then.

    `totals` gives sums of the rows loaded after `since`, which is left out by a statement that must look at all.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        kept = cursor.execute("select through, totals from ops.raw_total where asset = %s", (asset,)).fetchone()
        adds = kept is not None and not anew and "%(since)s" in totals
        now = cursor.execute(totals, {"since": kept["through"] if kept and adds else -1}).fetchone() or {}
        if kept and adds:
            now = {name: value + kept["totals"][name] for name, value in now.items()}
        cursor.execute(
            "insert into ops.raw_total (asset, through, totals)"
            " select %s, coalesce(max(load_id), 0), %s from raw.file"
            " on conflict (asset) do update set through = excluded.through, totals = excluded.totals",
            (asset, Jsonb(now)),
        )
    connection.commit()
    return now


def observed(
    context: dg.AssetExecutionContext, books: Books, feed: Feed | None, totals: str
) -> Iterator[dg.MaterializeResult[None]]:
    """Record the partitions of `feed` that were touched; give the totals of the whole as metadata.

    In a backfill make those of its range anew instead, and give no result: one would mark days that were not made.
    """
    if feed and books.range:
        _make_anew(context, books, feed, books.range)
        return
    with connect(books.database) as connection:
        if feed and (books.since is None or came(connection, feed, books.since)):
            record(context, connection, partitions(connection, feed, books.timezone, books.since or 0))
        whole = totals_of(connection, context.asset_key.path[-1], totals, anew=books.since is None)
    books.advance(f"raw {context.asset_key.path[-1]}")
    yield dg.MaterializeResult(metadata=described(whole))


def _make_anew(context: dg.AssetExecutionContext, books: Books, feed: Feed, asked: Range) -> None:
    """Make the partitions of a range that are not what was recorded, each in a transaction of its own."""
    with connect(books.database) as connection:
        parts = partitions(connection, feed, books.timezone, days=asked.days)
        known: dict[str, str] = dict(
            connection.execute("select key, fingerprint from ops.partition where feed = %s", (feed.name,))
        )
        connection.commit()
        told = context.instance.get_materialized_partitions(context.asset_key)
        stale = [part for part in parts if asked.anew or known.get(part.key) != part.fingerprint]
        # A kill between the commit and the event has left these without one.
        tell(context, [part for part in parts if part not in stale and part.key not in told])
        for _ in range(len(parts) - len(stale)):
            asked.told(feed.kind, "unchanged")
        broken = _broken(books, feed, stale)
        for part in stale:
            if part.key in broken:
                asked.told(feed.kind, "broken")
                continue
            asked.told(feed.kind, "made" if _made(connection, books.timezone, feed, part, asked) else "unchanged")
            tell(context, [part])
    if broken:
        raise dg.Failure(_sentence(broken), allow_retries=False)


def _made(connection: psycopg.Connection, timezone: str, feed: Feed, part: Part, asked: Range) -> bool:
    """Make one partition, unless another backfill has just done so; loads, reconciles and other backfills wait."""
    with connection.transaction():
        landing.hold_loads(connection)
        if not asked.anew:
            known = "select from ops.partition where feed = %s and key = %s and fingerprint = %s"
            if connection.execute(known, (feed.name, part.key, part.fingerprint)).rowcount:
                return False
        feed.work_out(connection, part.key, timezone)
        connection.execute(feed.touches, {"key": part.key, "timezone": timezone})
        connection.execute(
            "insert into ops.partition (feed, key, fingerprint) values (%s, %s, %s) on conflict (feed, key)"
            " do update set fingerprint = excluded.fingerprint, recorded_at = excluded.recorded_at",
            (feed.name, part.key, part.fingerprint),
        )
    return True


def _broken(books: Books, feed: Feed, parts: Sequence[Part]) -> dict[str, str]:
    """Judge the blocking contracts on partitions: all at once, and where one is broken on either half of them.

    Returns the sentence of the first broken contract by key.
    """
    contracts = [contract for contract in of_feed(feed.name) if contract.severity is Severity.BLOCKING]

    def first_broken(keys: Sequence[str]) -> str | None:
        rows = feed.rows.format(keys=", ".join(f"'{key}'" for key in keys), timezone=books.timezone.replace("'", "''"))
        verdicts = run(books.database.sqlalchemy("psycopg2"), contracts, books.as_of, lambda _: rows)
        return next((verdict.sentence for verdict in verdicts if not verdict.kept), None)

    def broken_of(keys: Sequence[str]) -> dict[str, str]:
        sentence = first_broken(keys) if keys else None
        if sentence is None:
            return {}
        if len(keys) == 1:
            return {keys[0]: sentence}
        middle = len(keys) // 2
        return broken_of(keys[:middle]) | broken_of(keys[middle:])

    return broken_of([part.key for part in parts])


def _sentence(broken: dict[str, str]) -> str:
    key, sentence = next(iter(broken.items()))
    more = f" {len(broken) - 1} more partitions are broken." if len(broken) > 1 else ""
    return f"Nothing was published. {key}: {sentence}{more} The other partitions are done and stay so."
