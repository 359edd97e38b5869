"""The slow way to read a remittance file, kept as the judge of the quick one: `parse` gives the same tables as rows."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from ingestion.era835.findings import Finding, Place, finding
from ledger.rules.showing import described
from tests.support.plain_reader import envelope
from tests.support.plain_reader.body import body_sha256
from tests.support.plain_reader.columns import COLUMNS
from tests.support.plain_reader.scanner import Interchange, scan
from tests.support.plain_reader.segments import TransactionReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.plain_reader.balancing import Row

_TAG = re.compile("[A-Z0-9]{2,3}")


class PlainRemittances:
    """The tables of one file, each a list of rows, in the order of the file; findings are sorted by their place."""

    def __init__(self, data: bytes) -> None:
        self.file_sha256 = sha256(data).hexdigest()
        self._rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self._findings: list[Finding] = []
        self._read(data)
        _link_reversals(self._rows["claims"])
        self._mark_duplicates()
        self._findings.sort(key=lambda found: (found.byte_offset is None, found.byte_offset or 0))
        for number, found in enumerate(self._findings):
            self._rows["findings"].append({"finding_index": number, **found._asdict()})
        for rows in self._rows.values():
            for row in rows:
                row["file_sha256"] = self.file_sha256

    def tables(self) -> Iterator[tuple[str, list[Row]]]:
        """Every table with its name."""
        yield from self._rows.items()

    def _read(self, data: bytes) -> None:
        scanned = scan(data)
        self._findings += [finding(one.rule, Place(None, None, one.byte_offset)) for one in scanned.refused]
        count = 0
        for interchange in scanned.interchanges:
            found, outside = envelope.transactions(interchange, count, self._findings)
            count += len(found)
            unread = [_unread(interchange, at) for at in outside]
            for transaction in found:
                reader = TransactionReader(interchange, transaction)
                reader.read()
                reader.rows["transactions"][0]["body_sha256"] = body_sha256(interchange, transaction)
                for name, rows in reader.rows.items():
                    self._rows[name] += rows
                self._findings += reader.findings
                unread += [_unread(interchange, at, transaction) for at in reader.unread]
            self._rows["unread"] += sorted(unread, key=lambda row: int(row["byte_offset"]))
        if not count and not any(one.rule in {"era.empty", "era.not_edi"} for one in scanned.refused):
            self._findings.append(finding("era.no_remittance", Place()))

    def _mark_duplicates(self) -> None:
        """Give the verdict `duplicate` to every body that came before; tell of trace numbers used twice."""
        seen: set[str] = set()
        traces, payments = set(), set()
        for row in self._rows["transactions"]:
            if row["body_sha256"] in seen:
                row["verdict"] = "duplicate"
                self._findings.append(finding("era.duplicate", Place(row["st_index"])))
            seen.add(row["body_sha256"])
            if row["verdict"] != "posted":
                continue
            payer = row["payer_id"] or row["trn_payer"] or row["payer_name"]
            payment = (payer, row["payee_npi"], row["trn_number"], row["paid_on"], row["bpr_cents"])
            if payment in payments:
                row["verdict"] = "conflict"
                self._findings.append(finding("era.conflict", Place(row["st_index"])))
            elif row["trn_number"] and row["bpr_cents"]:
                if (payer, row["trn_number"]) in traces:
                    self._findings.append(finding("era.trace_repeated", Place(row["st_index"])))
                traces.add((payer, row["trn_number"]))
            payments.add(payment)


def parse(data: bytes) -> PlainRemittances:
    """Read the bytes of one file."""
    return PlainRemittances(data)


def _unread(interchange: Interchange, at: int, transaction: envelope.Transaction | None = None) -> Row:
    segment = interchange.segments[at]
    name = segment.split(interchange.delimiters.element)[0]
    return {
        "st_index": transaction.st_index if transaction else None,
        "segment_index": at - transaction.start if transaction else interchange.first_segment + at,
        "byte_offset": interchange.byte_offset(at),
        "byte_count": len(segment),
        "tag": name if _TAG.fullmatch(name) else described(name),
    }


def _link_reversals(claims: list[Row]) -> None:
    """Tell of each reversal which earlier claim of the file it undoes; a claim is undone once."""
    undone: set[int] = set()
    for at, claim in enumerate(claims):
        if not claim["is_reversal"] or claim["claim_ref"] in {None, "0"}:
            continue
        earlier = [
            before
            for before in range(at - 1, -1, -1)
            if before not in undone
            and not claims[before]["is_reversal"]
            and claims[before]["claim_ref"] == claim["claim_ref"]
        ]
        numbers = {claim["payer_claim_number"], claim["original_ref"]} - {None}
        same_number = [before for before in earlier if claims[before]["payer_claim_number"] in numbers]
        opposite = [before for before in earlier if _opposite(claims[before], claim)]
        for before in (same_number or opposite)[:1]:
            claim["undoes_st_index"] = claims[before]["st_index"]
            claim["undoes_claim_index"] = claims[before]["claim_index"]
            undone.add(before)


def _opposite(one: Row, other: Row) -> bool:
    return all(
        one[name] is not None and other[name] is not None and one[name] == -other[name]
        for name in ("charge_cents", "paid_cents")
    )
