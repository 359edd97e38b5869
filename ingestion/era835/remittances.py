"""A remittance file as tables: the one door from bytes to columns."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.era835.ahead import ahead
from ingestion.era835.arrow import SCHEMAS, Tables
from ingestion.era835.columns import TABLES
from ingestion.era835.findings import Finding, quarantined
from ingestion.era835.parts import parts
from ingestion.era835.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from hashlib import _Hash

    from ingestion.era835.arrow import Columns
    from ingestion.era835.parts import Told
    from ingestion.landing import Quarantined

READ_BYTES = 3 << 19
"""The size of blocks that `read` is fastest with: large enough to pay for a part, small enough for the caches."""

_READY = 1
"""How many parts are got ready ahead of the one that is read: of more, the memory costs what it gains."""


@dataclass(frozen=True)
class Remittances:
    """The tables of a file, or of a part of one, each row with `file_sha256`; amounts are integer cents."""

    file_sha256: str
    transactions: pa.Table
    claims: pa.Table
    services: pa.Table
    adjustments: pa.Table
    provider_adjustments: pa.Table
    remarks: pa.Table
    amounts: pa.Table
    quantities: pa.Table
    references: pa.Table
    dates: pa.Table
    unread: pa.Table
    findings: pa.Table
    quarantined: tuple[Quarantined, ...]

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Every table with its name, in the order in which they are written."""
        for name in (*TABLES, "findings"):
            yield name, getattr(self, name)


def read(blocks: Iterable[bytes], file_sha256: str) -> Iterator[Remittances]:
    """Read a file of any size, given in blocks, and yield its tables part by part; memory is bounded by the blocks.

    Never raises on what the bytes hold: what is wrong stands in `findings`. A transaction stands in the part in which
    it ends, after its claims. `verdict` is what the file alone says: `duplicate` of an earlier transaction of it,
    `held` on any error of its own, `conflict` with an earlier one, else `posted`. `blocks` are asked for in another
    thread, while the part before is read.
    """
    of_file = _OfFile(file_sha256)
    for columns, findings in _read(blocks):
        yield of_file.remittances(columns, findings)


def parse(data: bytes) -> Remittances:
    """Read the bytes of one file whole, see `read`."""
    digest = sha256()
    parts = list(_read(_hashed(data, digest)))
    of_file = _OfFile(digest.hexdigest())
    return joined([of_file.remittances(columns, findings) for columns, findings in parts])


def _hashed(data: bytes, digest: _Hash) -> Iterator[bytes]:
    for at in range(0, len(data), READ_BYTES):
        block = data[at : at + READ_BYTES]
        digest.update(block)
        yield block


def _read(blocks: Iterable[bytes]) -> Iterator[tuple[Columns, list[Finding]]]:
    """Yield the columns of the parts of a file, and what is told of each: those to come are got ready meanwhile."""
    reader = Reader()
    for part, findings in _got_ready(iter(blocks)):
        yield reader.read(part, findings) if part else {}, findings


def _got_ready(blocks: Iterator[bytes]) -> Iterator[Told]:
    few = list(islice(blocks, 2))
    made = parts(chain(few, blocks))
    return ahead(made, "remittance parts", _READY) if len(few) > 1 else made  # one block has nothing to overlap with


def joined(parts: list[Remittances]) -> Remittances:
    """Put the parts of one file together."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    tables = {name: _concatenated([getattr(part, name) for part in parts]) for name, _ in first.tables()}
    pieces = tuple(piece for part in parts for piece in part.quarantined)
    return Remittances(first.file_sha256, **tables, quarantined=pieces)


def _concatenated(tables: list[pa.Table]) -> pa.Table:
    # pyarrow 26.0 writes NULs to CSV where the first chunk of a column is empty.
    return pa.concat_tables([table for table in tables if table.num_rows] or tables[:1])


def refused(file_sha256: str, findings: list[Finding]) -> Remittances:
    """Return a file of which nothing could be read: empty tables, and why."""
    return _OfFile(file_sha256).remittances({}, findings)


def findings_table(file_sha256: str, findings: list[Finding], first_index: int = 0) -> pa.Table:
    """Remarks as a table, numbered from `first_index`."""
    fields = list(zip(*findings, strict=True)) if findings else [()] * len(Finding._fields)
    columns = {
        "file_sha256": [file_sha256] * len(findings),
        "finding_index": range(first_index, first_index + len(findings)),
        **dict(zip(Finding._fields, fields, strict=True)),
    }
    return pa.table(columns, schema=SCHEMAS["findings"])


def joined_findings(findings: pa.Table, file_sha256: str, more: list[Finding], first_index: int) -> pa.Table:
    """Add remarks to those of a part, all numbered from `first_index`."""
    every = _concatenated([findings, findings_table(file_sha256, more)])
    column = every.schema.get_field_index("finding_index")
    numbers = pa.array(range(first_index, first_index + every.num_rows), type=pa.int32())
    return every.set_column(column, "finding_index", numbers)


class _OfFile:
    """Makes the parts of one file: its hash goes into every row, remarks are numbered throughout."""

    def __init__(self, file_sha256: str) -> None:
        self._file_sha256, self._tables, self._told = file_sha256, Tables(file_sha256), 0

    def remittances(self, columns: Columns, findings: list[Finding]) -> Remittances:
        """Return a part with its remarks, in the order of the file."""
        findings.sort(key=lambda found: (found.byte_offset is None, found.byte_offset or 0))
        remarks = findings_table(self._file_sha256, findings, self._told)
        self._told += len(findings)
        tables = self._tables.of(columns)
        return Remittances(self._file_sha256, **tables, findings=remarks, quarantined=quarantined(findings))
