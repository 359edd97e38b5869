"""A remittance file as tables: the one door from bytes to columns."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.era835.arrow import SCHEMAS
from ingestion.era835.columns import TABLES
from ingestion.era835.findings import Finding, Place, finding, quarantined
from ingestion.era835.reader import Reader
from ingestion.era835.stretches import Stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingestion.landing import Quarantined


READ_BYTES = 1 << 21
"""The size of blocks that `read` is fastest with: large enough to pay for a part, small enough for the caches."""


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
    `held` on any error of its own, `conflict` with an earlier one, else `posted`.
    """
    findings: list[Finding] = []
    stretches, reader = Stretches(findings), Reader(findings, file_sha256)
    told = parts = 0
    for stretch in stretches.of(blocks):
        tables = reader.read(stretch)
        yield _remittances(file_sha256, tables, findings, told)
        told, parts = told + len(findings), parts + 1
        findings.clear()
    if not reader.count and not stretches.refused:
        findings.append(finding("era.no_remittance", Place()))
    if findings or not parts:
        yield _remittances(file_sha256, {}, findings, told)


def parse(data: bytes) -> Remittances:
    """Read the bytes of one file whole, see `read`."""
    blocks = (data[at : at + READ_BYTES] for at in range(0, len(data), READ_BYTES))
    return joined(list(read(blocks, sha256(data).hexdigest())))


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
    return _remittances(file_sha256, {}, findings, 0)


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


def _remittances(
    file_sha256: str, tables: dict[str, pa.Table], findings: list[Finding], first_finding: int
) -> Remittances:
    """Add the remarks, in the order of the file, and empty tables for those that are not there."""
    findings.sort(key=lambda found: (found.byte_offset is None, found.byte_offset or 0))
    found = tables or {name: SCHEMAS[name].empty_table() for name in TABLES}
    remarks = findings_table(file_sha256, findings, first_finding)
    return Remittances(file_sha256, **found, findings=remarks, quarantined=quarantined(findings))
