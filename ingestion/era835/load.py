"""Remittances into schema raw: the bytes archived, the columns copied, the verdict fixed under the load lock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv

from ingestion import landing
from ingestion.era835.ahead import ahead
from ingestion.era835.binary_copy import encoded
from ingestion.era835.columns import TABLES
from ingestion.era835.drop_folder import received
from ingestion.era835.findings import Finding, Place, finding, quarantined
from ingestion.era835.identity import payment_key, posted_payments, trace_of
from ingestion.era835.remittances import joined, joined_findings
from ingestion.landing import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingestion.era835.archive import Archive
    from ingestion.era835.drop_folder import Received
    from ingestion.era835.remittances import Remittances
    from ingestion.landing import Connection, Quarantined

_CONFLICT = "era.conflict"
_AT_ONCE = 4  # parts whose rows are copied together: of more, the database waits for the first

_VERDICTS = ("posted", "duplicate", "held", "conflict")
_TABLES = {
    "transactions": "era_transaction",
    "claims": "era_claim",
    "services": "era_service",
    "adjustments": "era_adjustment",
    "provider_adjustments": "era_provider_adjustment",
    "remarks": "era_remark",
    "amounts": "era_amount",
    "quantities": "era_quantity",
    "references": "era_reference",
    "dates": "era_date",
    "findings": "era_finding",
}
"""The tables of schema raw. What nobody read is not loaded: the file itself is kept, and `era parse` lists it."""

_AS_THEY_ARE = _TABLES.keys() - {"transactions", "findings"}


def load(
    connection: Connection,
    path: Path,
    archive: Archive,
    progress: Callable[[int], None] | None = None,
    told: Callable[[str], None] | None = None,
) -> Iterator[Receipt]:
    """Load every remittance file at `path` (a file, .gz, .zip or folder) and yield a receipt after each.

    The caller commits after each receipt; nothing is committed here. The bytes are in the archive before a receipt is
    given, so that no committed row lacks its file. `progress` is told how many bytes were read so far, `told` what is
    left for later. A file that is no 835 is taken in with no rows, a finding and a quarantine row. Raises
    FeedUnreadable when the path cannot be read.
    """
    done = 0
    for file in received(path, told):
        yield _load_file(connection, file, archive, partial(_further, progress, done) if progress else None)
        done += file.byte_count
        if progress is not None:
            progress(done)


def _further(progress: Callable[[int], None], before: int, count: int) -> None:
    progress(before + count)


def _load_file(
    connection: Connection, file: Received, archive: Archive, progress: Callable[[int], None] | None
) -> Receipt:
    load_id = landing.receive(connection, "era", file.sha256, file.byte_count)
    if load_id is None:
        return Receipt("era", file.sha256, already_loaded=True, rows=0, quarantined=(), notes=(), name=file.name)
    with ThreadPoolExecutor(1, "archive") as worker:
        kept = worker.submit(archive.keep, file.sha256, file.blocks())
        receipt = _load_parts(connection, file, load_id, file.parts(progress))
        kept.result()
    return receipt


def _load_parts(connection: Connection, file: Received, load_id: int, parts: Iterator[Remittances]) -> Receipt:
    verdicts: list[Any] = []
    refused: list[Quarantined] = []
    told = warnings = 0
    known = _Known(file.sha256)
    batches = (_encoded(joined(few)) for few in _few(parts))
    for part, rows in ahead(batches, "remittances"):  # the database works in another process meanwhile
        known.ask(connection, part.transactions)
        judged, added = _judged(known, part.transactions, load_id)
        # Conflicts within the file are judged anew: the first of the two may be none of the books.
        own = part.findings.filter(pc.invert(pc.is_in(part.findings["rule"], pa.array([_CONFLICT]))))
        remarks = joined_findings(own, file.sha256, added, told)
        for name, table in (("transactions", judged), ("findings", remarks)):
            _copy(connection, name, _csv(table), table.column_names, "csv")
        for name, (columns, content) in rows.items():
            _copy(connection, name, content, columns, "binary")
        verdicts += judged["verdict"].to_pylist()
        refused += [piece for piece in part.quarantined if piece.rule != _CONFLICT]
        refused += quarantined(added)
        told += remarks.num_rows
        warnings += remarks["severity"].to_pylist().count("warning")
    if refused:
        landing.quarantine(connection, load_id, "era", file.sha256, refused)
    landing.finish(connection, load_id, len(verdicts), len(refused))
    return Receipt(
        kind="era",
        file_sha256=file.sha256,
        already_loaded=False,
        rows=len(verdicts),
        quarantined=tuple(refused),
        notes=_notes(verdicts),
        name=file.name,
        warnings=warnings,
    )


@dataclass
class _Known:
    """What came before: bodies of every verdict; the keys of what stands posted, of other files and of this one."""

    file_sha256: str
    bodies: set[str] = field(default_factory=set)
    posted: set[tuple[Any, ...]] = field(default_factory=set)
    own: set[tuple[Any, ...]] = field(default_factory=set)

    def ask(self, connection: Connection, transactions: pa.Table) -> None:
        """Ask for what these may repeat; after the load lock is taken, so that no other load can slip in between."""
        bodies = connection.execute(
            "select distinct body_sha256 from raw.era_transaction where body_sha256 = any(%s)",
            (transactions["body_sha256"].to_pylist(),),
        )
        self.bodies |= {row[0] for row in bodies}
        traces = transactions["trn_number"].to_pylist()
        self.posted |= posted_payments(connection, traces, other_than=self.file_sha256)


def _judged(known: _Known, transactions: pa.Table, load_id: int) -> tuple[pa.Table, list[Finding]]:
    """Give the verdicts that hold against everything that arrived before: duplicate, held, conflict, posted."""
    verdicts: list[str] = []
    added: list[Finding] = []
    traces = {trace_of(key) for key in known.posted}
    for row in transactions.to_pylist():
        key = payment_key(row)
        verdict = "posted" if row["verdict"] == "conflict" else row["verdict"]
        place = Place(row["st_index"])
        if row["body_sha256"] in known.bodies and verdict != "duplicate":
            verdict = "duplicate"
            added.append(finding("era.duplicate", place))
        elif verdict == "posted" and (key in known.posted or key in known.own):
            verdict = "conflict"
            added.append(finding(_CONFLICT, place))
        elif verdict == "posted" and trace_of(key) and trace_of(key) in traces:
            added.append(finding("era.trace_repeated", place))
        if verdict == "posted":
            known.own.add(key)
        verdicts.append(verdict)
    column = transactions.schema.get_field_index("verdict")
    judged = transactions.set_column(column, "verdict", pa.array(verdicts, type=pa.string()))
    return judged.append_column("load_id", pa.array([load_id] * len(verdicts), type=pa.int64())), added


def _few(parts: Iterator[Remittances]) -> Iterator[list[Remittances]]:
    """Give one part at first, so that the database has work soon, then more at once: each COPY has its price."""
    for count in chain((1, 2), repeat(_AT_ONCE)):
        few = list(islice(parts, count))
        if not few:
            return
        yield few


def _encoded(part: Remittances) -> tuple[Remittances, dict[str, tuple[list[str], memoryview]]]:
    """Return a part with the tables that go as they are, ready to be copied: their columns and their rows."""
    tables = {name: table for name, table in part.tables() if name in _AS_THEY_ARE and table.num_rows}
    return part, {name: (table.column_names, encoded(table, TABLES[name])) for name, table in tables.items()}


def _csv(table: pa.Table) -> memoryview:
    buffer = BytesIO()
    csv.write_csv(table, buffer, csv.WriteOptions(include_header=False))
    return buffer.getbuffer()


def _copy(connection: Connection, name: str, rows: memoryview, columns: list[str], form: str) -> None:
    """COPY of whole columns: no Python object a row."""
    if not rows:
        return
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin with (format {})").format(
        sql.Identifier("raw", _TABLES[name]), names, sql.SQL(form)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(rows)


def _notes(verdicts: list[Any]) -> tuple[str, ...]:
    """`3 transactions: 1 posted, 1 duplicate, 1 held`."""
    if not verdicts:
        return ("no 835 transaction",)
    counted = [f"{verdicts.count(verdict)} {verdict}" for verdict in _VERDICTS if verdict in verdicts]
    return (f"{len(verdicts)} transaction{'s' * (len(verdicts) != 1)}: {', '.join(counted)}",)
