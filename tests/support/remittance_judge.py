"""Judges what was read of a remittance file: against the plain reader, and by itself (nothing lost, all added up)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.support.plain_reader import envelope, remittances
from tests.support.plain_reader.scanner import scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from ingestion.era835 import Remittances
    from tests.support.plain_reader.scanner import Interchange

Row = dict[str, Any]
_A_ROW_EACH = {
    "CLP": "claims",
    "SVC": "services",
    "AMT": "amounts",
    "QTY": "quantities",
    "REF": "references",
    "DTM": "dates",
}
_ROWS_OR_NONE = frozenset({"BPR", "TRN", "CUR", "N1", "CAS", "MIA", "MOA", "LQ", "PLB"})


def rows(parts: Iterable[Remittances]) -> dict[str, list[Row]]:
    """Return the rows of every table of a file that was read in parts."""
    found: dict[str, list[Row]] = defaultdict(list)
    for part in parts:
        for name, table in part.tables():
            found[name] += table.to_pylist()
    return found


def in_blocks(rnd: Random, data: bytes) -> Iterator[bytes]:
    """Cut a file into blocks of random sizes, some of them empty."""
    most, at = max(len(data) // rnd.choice([1, 3, 10, 50]), 1), 0
    while at < len(data):
        size = rnd.randint(0, most)
        yield data[at : at + size]
        at += size


def differences(read: dict[str, list[Row]], data: bytes) -> dict[str, Any]:
    """Return what the plain reader reads of the bytes otherwise: table to (first row read, first row as it must be)."""
    return compared(read, dict(remittances.parse(data).tables()))


def compared(read: dict[str, list[Row]], right: dict[str, list[Row]]) -> dict[str, Any]:
    """Return in what two readings of a file differ; findings at one place may stand in any order."""
    found: dict[str, Any] = {}
    if set(read) != set(right):
        found["tables"] = (sorted(read), sorted(right))
    for name, must in right.items():
        ours, theirs = (_unordered(table) if name == "findings" else table for table in (read[name], must))
        if ours != theirs:
            pairs = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
            found[name] = (len(ours), len(theirs), *map(str, pairs[:1]))
    return found


def complaints(read: dict[str, list[Row]], data: bytes) -> list[str]:
    """Return what is wrong with the tables of a file by themselves: bytes lost, a verdict that the rows do not bear."""
    found = [] if [row["finding_index"] for row in read["findings"]] == [*range(len(read["findings"]))] else ["numbers"]
    count = 0
    for interchange in scan(data).interchanges:
        transactions, outside = envelope.transactions(interchange, count, [])
        found += _lost(read, interchange, outside)
        for transaction in transactions:
            found += _lost_inside(read, interchange, transaction)
            found += _unproven(read, transaction)
        count += len(transactions)
    if count != len(read["transactions"]):
        found.append(f"{count} transactions, {len(read['transactions'])} read")
    if not count and not any(row["severity"] == "error" for row in read["findings"]):
        found.append("nothing read and no error")
    return found


def _unordered(findings: list[Row]) -> list[Row]:
    numberless = [{name: value for name, value in row.items() if name != "finding_index"} for row in findings]
    return sorted(numberless, key=lambda row: [str(value) for _, value in sorted(row.items())])


def _lost(read: dict[str, list[Row]], interchange: Interchange, outside: list[int]) -> list[str]:
    listed = {row["byte_offset"] for row in read["unread"] if row["st_index"] is None}
    return [f"segment {at} is lost" for at in outside if interchange.byte_offset(at) not in listed]


def _lost_inside(read: dict[str, list[Row]], interchange: Interchange, transaction: envelope.Transaction) -> list[str]:
    """Demand that every segment of a transaction is a row, or is unread, or has a finding of its own."""
    st_index = transaction.st_index
    unread = {row["segment_index"] for row in read["unread"] if row["st_index"] == st_index}
    told = {row["segment_index"]: row["rule"] for row in read["findings"] if row["st_index"] == st_index}
    counted: Counter[str] = Counter()
    found = []
    for at in range(transaction.start + 1, transaction.end):
        name, number = interchange.segments[at].split(interchange.delimiters.element)[0], at - transaction.start
        if not interchange.segments[at] or number in unread:
            continue
        if name in _A_ROW_EACH:
            counted[_A_ROW_EACH[name]] += told.get(number) != "era.service_outside_claim"
        elif name not in _ROWS_OR_NONE and number not in told:
            found.append(f"ST {st_index} segment {number} is lost")
    for table in _A_ROW_EACH.values():
        kept = sum(row["st_index"] == st_index for row in read[table])
        if kept != counted[table]:
            found.append(f"ST {st_index} has {counted[table]} segments for {kept} rows of {table}")
    return found


def _unproven(read: dict[str, list[Row]], transaction: envelope.Transaction) -> list[str]:
    """Demand that what is posted is whole, without errors, and that its rows add up to the payment."""
    (row,) = (row for row in read["transactions"] if row["st_index"] == transaction.st_index)
    if row["verdict"] != "posted":
        return []
    own = {name: [one for one in read[name] if one["st_index"] == row["st_index"]] for name in read}
    paid = sum(claim["paid_cents"] for claim in own["claims"])
    provider = sum(adjustment["amount_cents"] for adjustment in own["provider_adjustments"])
    wrong = {
        "is not whole": not transaction.complete,
        "has errors": any(one["severity"] == "error" for one in own["findings"]),
        "does not balance": row["residual_cents"] != 0 or row["bpr_cents"] != paid - provider,
        "is below zero": row["bpr_cents"] < 0,
    }
    return [f"ST {row['st_index']} is posted and {what}" for what, is_so in wrong.items() if is_so]
