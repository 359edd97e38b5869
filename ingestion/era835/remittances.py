"""A remittance file as seven tables: the one door from bytes to columns."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa

from ingestion.era835 import envelope
from ingestion.era835.columns import FINDINGS, TABLES
from ingestion.era835.findings import Finding, Place, finding, quarantined
from ingestion.era835.scanner import scan
from ingestion.era835.tables import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ingestion.landing import Quarantined

_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "index": pa.int32(),
    "cents": pa.int64(),
    "date": pa.date32(),
    "flag": pa.bool_(),
    "quantity": pa.decimal128(18, 3),
}


@dataclass(frozen=True)
class Remittances:
    """The tables of one file (`trueup era parse`), each row with `file_sha256`; amounts are integer cents."""

    file_sha256: str
    transactions: pa.Table
    claims: pa.Table
    services: pa.Table
    adjustments: pa.Table
    provider_adjustments: pa.Table
    remarks: pa.Table
    findings: pa.Table
    quarantined: tuple[Quarantined, ...]

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Every table with its name, in the order in which they are written."""
        for name in (*TABLES, "findings"):
            yield name, getattr(self, name)


def parse(data: bytes) -> Remittances:
    """Read the bytes of one file. Never raises on what they hold: what is wrong stands in `findings`.

    `verdict` is what the file alone says: `duplicate` of an earlier transaction of it, `held` on any error of its own,
    else `posted`.
    """
    file_sha256 = sha256(data).hexdigest()
    scanned = scan(data)
    reader = Reader(file_sha256)
    reader.findings.extend(finding(unread.rule, Place(None, None, unread.byte_offset)) for unread in scanned.unread)
    count = 0
    for interchange in scanned.interchanges:
        found = envelope.transactions(interchange, count, reader.findings)
        count += len(found)
        for transaction in found:
            reader.read(interchange, transaction)
    if not count and not any(unread.rule in {"era.empty", "era.not_edi"} for unread in scanned.unread):
        reader.findings.append(finding("era.no_remittance", Place()))
    _mark_duplicates(reader)
    return remittances(file_sha256, reader.tables, reader.findings)


def refused(data: bytes, findings: list[Finding]) -> Remittances:
    """Return a file of which nothing could be read: empty tables, and why."""
    file_sha256 = sha256(data).hexdigest()
    return remittances(file_sha256, Reader(file_sha256).tables, findings)


def remittances(file_sha256: str, columns: dict[str, dict[str, list[Any]]], findings: list[Finding]) -> Remittances:
    """Columns to Arrow tables. The remarks are put in the order of the file."""
    findings.sort(key=lambda found: (found.byte_offset is None, found.byte_offset or 0))
    tables = {name: _table(columns[name], kinds) for name, kinds in TABLES.items()}
    return Remittances(
        file_sha256,
        **tables,
        findings=findings_table(file_sha256, findings),
        quarantined=quarantined(findings),
    )


def findings_table(file_sha256: str, findings: list[Finding], first_index: int = 0) -> pa.Table:
    """Remarks as a table, numbered from `first_index`."""
    fields = list(zip(*findings, strict=True)) if findings else [()] * len(Finding._fields)
    columns = {
        "file_sha256": [file_sha256] * len(findings),
        "finding_index": range(first_index, first_index + len(findings)),
        **dict(zip(Finding._fields, fields, strict=True)),
    }
    return _table(columns, FINDINGS)


def _table(columns: dict[str, Any], kinds: dict[str, str]) -> pa.Table:
    return pa.table({name: pa.array(columns[name], type=_TYPES[kind]) for name, kind in kinds.items()})


def _mark_duplicates(reader: Reader) -> None:
    """Give the verdict `duplicate` to every transaction whose body came before in the file."""
    transactions = reader.tables["transactions"]
    seen: set[str] = set()
    for row, body in enumerate(transactions["body_sha256"]):
        if body in seen:
            transactions["verdict"][row] = "duplicate"
            reader.findings.append(finding("era.duplicate", Place(transactions["st_index"][row])))
        seen.add(body)
