"""Where outside data lands: schema raw, one load a file, COPY for the rows, quarantine for what breaks its contract."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, LiteralString, NamedTuple, TypeAlias

from psycopg import Connection as PsycopgConnection
from psycopg import Copy, sql
from psycopg.rows import TupleRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Connection: TypeAlias = PsycopgConnection[TupleRow]


# Large tables with an index of ranges, and the columns that plans go by.
_FOUND_BY_RANGE = {
    "era_claim": ("era_claim_file", ["file_sha256"]),
    "era_service": ("era_service_file", ["file_sha256"]),
    "era_adjustment": ("era_adjustment_file", ["file_sha256"]),
    "era_provider_adjustment": ("era_provider_adjustment_file", ["file_sha256"]),
    "visit": ("visit_at", ["state_changed_at", "load_id", "visit_token", "practice_id", "payer_id", "service_code"]),
    "stripe_object": ("stripe_object_at", ["version_at", "load_id", "object_id", "object_type"]),
}


class FeedUnreadable(Exception):  # noqa: N818 - the public name says what is wrong with the feed
    """A whole file is refused (not that kind of file, columns missing): a sentence, and nothing is written."""


class Quarantined(NamedTuple):
    """A refused piece of a file. `value` is shown only where it is a listed code, an amount or a date."""

    position: str
    rule: str
    value: str | None
    message: str


@dataclass(frozen=True)
class Receipt:
    """What became of one file: `rows` are those newly kept; rows known before and other remarks stand in `notes`.

    `name` is the file's own where many were named at once (a folder, an archive); `warnings` are findings that held
    nothing up.
    """

    kind: str
    file_sha256: str
    already_loaded: bool
    rows: int
    quarantined: tuple[Quarantined, ...]
    notes: tuple[str, ...]
    name: str | None = None
    warnings: int = 0


def ensure_schema(connection: Connection) -> None:
    """Create the tables of schema raw that are not there yet. Safe to run again, and by two at once.

    The schema's comment names the script that made it: making an index that is there already would still wait for every
    load that is under way.
    """
    script = files("ingestion").joinpath("raw.sql").read_bytes()
    version = hashlib.sha256(script).hexdigest()
    if _made_by(connection) == version:
        return
    _lock(connection, "trueup.schema")
    # Who held the lock may have made them, and be loading now: made again, each would wait for the other.
    if _made_by(connection) != version:
        connection.execute(script)
        connection.execute(sql.SQL("comment on schema raw is {}").format(version))


def _made_by(connection: Connection) -> str | None:
    row = connection.execute("select obj_description(to_regnamespace('raw'), 'pg_namespace')").fetchone()
    return row[0] if row else None


def receive(connection: Connection, kind: str, file_sha256: str, byte_count: int) -> int | None:
    """Take a file in and return its load_id; None when the same bytes were loaded as that kind before.

    Loads wait for each other until the caller commits, so load_id grows in the order in which loads become visible.
    """
    hold_loads(connection)
    row = connection.execute(
        "insert into raw.file (kind, file_sha256, byte_count) values (%s, %s, %s)"
        " on conflict (kind, file_sha256) do nothing returning load_id",
        (kind, file_sha256, byte_count),
    ).fetchone()
    return None if row is None else int(row[0])


def hold_loads(connection: Connection) -> None:
    """Wait for the load or reconcile under way, and make others wait until the caller commits or rolls back."""
    _lock(connection, "trueup.load")


def copy_rows(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    ignore_conflicts: bool = False,
) -> int:
    """COPY rows into a table (`schema.name`, or the name of a temporary one) and return how many were written.

    With `ignore_conflicts` rows whose key is there already are left out: they go through a temporary table.
    """

    def written(copy: Copy) -> None:
        for row in rows:
            copy.write_row(row)

    write = _written_beside if ignore_conflicts else _written
    return write(connection, table, columns, written)


def copy_text(
    connection: Connection, table: str, columns: Sequence[str], blocks: Iterable[bytes], key: LiteralString
) -> int:
    """COPY blocks of PostgreSQL's text format as `copy_rows` does, without the rows whose key is there already.

    Rows are written in the order of `key` (columns, with commas), so that its index grows at its end.
    """

    def written(copy: Copy) -> None:
        for block in blocks:
            copy.write(block)

    return _written_beside(connection, table, columns, written, key)


def quarantine(
    connection: Connection, load_id: int, source: str, file_sha256: str, items: Iterable[Quarantined]
) -> None:
    """Keep what was refused of a file; `source` is the kind of the file. A piece stands once under each rule."""
    copy_rows(
        connection,
        "raw.quarantine",
        ("source", "file_sha256", "position", "rule", "value", "message", "load_id"),
        ((source, file_sha256, *item, load_id) for item in items),
        ignore_conflicts=True,
    )


def keep_statistics(connection: Connection) -> None:
    """Tell the planner of the large tables what they hold (files, times, loads), where a tenth of one is new.

    Without that it reads them whole to find a few rows. A server that runs all day does it by itself, one that is
    started for a command does not.
    """
    grown = connection.execute(
        "select relname from pg_stat_user_tables where schemaname = 'raw' and relname = any(%s)"
        " and n_mod_since_analyze > n_live_tup / 10",
        (list(_FOUND_BY_RANGE),),
    ).fetchall()
    for (table,) in grown:
        index, columns = _FOUND_BY_RANGE[table]
        connection.execute("select brin_summarize_new_values(%s::regclass)", (f"raw.{index}",))
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        connection.execute(sql.SQL("analyze {} ({})").format(sql.Identifier("raw", table), names))


def finish(connection: Connection, load_id: int, row_count: int, quarantined_count: int) -> None:
    """Write down how many rows of a load were kept and how many pieces were refused."""
    connection.execute(
        "update raw.file set row_count = %s, quarantined_count = %s where load_id = %s",
        (row_count, quarantined_count, load_id),
    )


def _written(connection: Connection, table: str, columns: Sequence[str], written: Callable[[Copy], None]) -> int:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(*table.split(".")), names)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            written(copy)
        return cursor.rowcount


def _written_beside(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    written: Callable[[Copy], None],
    key: LiteralString = "",
) -> int:
    """Write into a temporary table of the same columns, and from there what has no key in the table yet."""
    target, arrivals = sql.Identifier(*table.split(".")), "arrivals_of_" + table.replace(".", "_")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    beside = sql.Identifier(arrivals)
    connection.execute(
        sql.SQL("create temporary table {} on commit drop as select {} from {} with no data").format(
            beside, names, target
        )
    )
    _written(connection, arrivals, columns, written)
    order = sql.SQL(f"order by {key}" if key else "")
    kept = connection.execute(
        sql.SQL("insert into {} ({}) select {} from {} {} on conflict do nothing").format(
            target, names, names, beside, order
        )
    ).rowcount
    connection.execute(sql.SQL("drop table {}").format(beside))
    return kept


def _lock(connection: Connection, name: str) -> None:
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))
