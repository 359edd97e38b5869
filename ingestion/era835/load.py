"""Remittances into schema raw: the bytes archived, the columns copied, the verdict fixed under the load lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from ingestion import landing
from ingestion.era835.drop_folder import received
from ingestion.era835.findings import Finding, Place, finding, quarantined
from ingestion.era835.identity import payment_key, posted_payments
from ingestion.era835.remittances import Remittances, findings_table
from ingestion.landing import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingestion.era835.archive import Archive
    from ingestion.era835.drop_folder import Received
    from ingestion.landing import Connection

_VERDICTS = ("posted", "duplicate", "held", "conflict")


def load(
    connection: Connection, path: Path, archive: Archive, progress: Callable[[int], None] | None = None
) -> Iterator[Receipt]:
    """Load every remittance file at `path` (a file, .gz, .zip or folder) and yield a receipt after each.

    The caller commits after each receipt; nothing is committed here. The bytes are in the archive before the rows are
    in the database, so that no committed row lacks its file. `progress` is told the bytes done. A file that is no 835
    is taken in with no rows, a finding and a quarantine row. Raises FeedUnreadable when the path cannot be read.
    """
    for file in received(path):
        yield _load_file(connection, file, archive)
        if progress is not None:
            progress(len(file.data))


def _load_file(connection: Connection, file: Received, archive: Archive) -> Receipt:
    file_sha256 = sha256(file.data).hexdigest()
    load_id = landing.receive(connection, "era", file_sha256, len(file.data))
    if load_id is None:
        return Receipt("era", file_sha256, already_loaded=True, rows=0, quarantined=(), notes=("loaded before",))
    archive.keep(file_sha256, [file.data])
    remittances = _judged(connection, file.parse())
    rows = remittances.transactions.num_rows
    for name, table in remittances.tables():
        _copy(connection, f"era_{name.removesuffix('s')}", table, load_id if name == "transactions" else None)
    landing.quarantine(connection, load_id, "era", file_sha256, remittances.quarantined)
    landing.finish(connection, load_id, rows, len(remittances.quarantined))
    return Receipt(
        kind="era",
        file_sha256=file_sha256,
        already_loaded=False,
        rows=rows,
        quarantined=remittances.quarantined,
        notes=_notes(remittances),
        name=file.name,
        warnings=remittances.findings["severity"].to_pylist().count("warning"),
    )


@dataclass(frozen=True)
class _Known:
    """What earlier files brought: bodies of every verdict, and the keys of what stands posted."""

    bodies: set[str]
    posted: set[tuple[Any, ...]]


def _judged(connection: Connection, remittances: Remittances) -> Remittances:
    """Give the verdicts that hold against everything that arrived before: duplicate, held, conflict, posted."""
    known = _known(connection, remittances.transactions)
    verdicts: list[str] = []
    added: list[Finding] = []
    for row in remittances.transactions.to_pylist():
        verdict, key = row["verdict"], payment_key(row)
        place = Place(row["st_index"])
        if row["body_sha256"] in known.bodies and verdict != "duplicate":
            verdict = "duplicate"
            added.append(finding("era.duplicate", place))
        elif verdict == "posted" and key in known.posted:
            verdict = "conflict"
            added.append(finding("era.conflict", place))
        if verdict == "posted" and row["trn_number"] is not None:
            known.posted.add(key)
        verdicts.append(verdict)
    return _with_verdicts(remittances, verdicts, added)


def _with_verdicts(remittances: Remittances, verdicts: list[str], added: list[Finding]) -> Remittances:
    transactions = remittances.transactions
    column = transactions.schema.get_field_index("verdict")
    more = findings_table(remittances.file_sha256, added, remittances.findings.num_rows)
    return replace(
        remittances,
        transactions=transactions.set_column(column, "verdict", pa.array(verdicts, type=pa.string())),
        # pyarrow 26.0 writes NULs to CSV where the first chunk of a column is empty: one chunk it is.
        findings=pa.concat_tables([remittances.findings, more]).combine_chunks(),
        quarantined=(*remittances.quarantined, *quarantined(added)),
    )


def _known(connection: Connection, transactions: pa.Table) -> _Known:
    """Read after the load lock is taken, so that no other load can slip in between."""
    bodies = connection.execute(
        "select distinct body_sha256 from raw.era_transaction where body_sha256 = any(%s)",
        (transactions["body_sha256"].to_pylist(),),
    )
    posted = posted_payments(connection, transactions["trn_number"].drop_null().to_pylist())
    return _Known({row[0] for row in bodies}, posted)


def _copy(connection: Connection, table: str, rows: pa.Table, load_id: int | None) -> None:
    """COPY of whole columns: no Python object a row."""
    if load_id is not None:
        rows = rows.append_column("load_id", pa.array([load_id] * rows.num_rows, type=pa.int64()))
    if not rows.num_rows:
        return
    buffer = BytesIO()
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False))
    statement = sql.SQL("copy {} ({}) from stdin with (format csv)").format(
        sql.Identifier("raw", table), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(buffer.getbuffer())


def _notes(remittances: Remittances) -> tuple[str, ...]:
    """`3 transactions: 1 posted, 1 duplicate, 1 held`."""
    verdicts = remittances.transactions["verdict"].to_pylist()
    if not verdicts:
        return ("no 835 transaction",)
    counted = [f"{verdicts.count(verdict)} {verdict}" for verdict in _VERDICTS if verdict in verdicts]
    return (f"{len(verdicts)} transaction{'s' * (len(verdicts) != 1)}: {', '.join(counted)}",)
