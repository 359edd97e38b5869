"""What is kept of a file while it is read part by part: its figures always, the rows of its claims only where shown."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ledger.rules import claim_ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingestion.era835 import Remittances

MOST_CLAIMS = 50
"""A file with more claims is summed up, unless a transaction or a claim of it is asked for."""
MOST_PLACES = 100
"""So many places of one rule, and so many unbalanced claims or lines of a transaction, are kept; all are counted."""
_SHOWN = ("claims", "services", "adjustments", "remarks")
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")  # of a segment; of anything else nobody knows what it is
_ZERO = pa.scalar(0, pa.int64())


class Asked(NamedTuple):
    """What a person asked to see: one transaction, the claims of one reference, or (both null) the file."""

    st_index: int | None
    claim_ref: str | None


EVERYTHING = Asked(None, None)


@dataclass
class Gathered:
    """One file so far. `tables` holds the claims to show and their rows; every other figure is of the whole file."""

    asked: Asked = EVERYTHING
    file_sha256: str = ""
    claims_shown: bool = True
    tables: dict[str, list[pa.Table]] = field(default_factory=lambda: {name: [] for name in _SHOWN})
    transactions: list[dict[str, Any]] = field(default_factory=list)
    provider_adjustments: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)
    cents: Counter[tuple[str, int]] = field(default_factory=Counter)
    reasons: Counter[tuple[int, str | None, str | None]] = field(default_factory=Counter)
    reason_cents: Counter[tuple[int, str | None, str | None]] = field(default_factory=Counter)
    unbalanced: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    findings: dict[tuple[int | None, str], list[dict[str, Any]]] = field(default_factory=dict)
    finding_counts: Counter[tuple[int | None, str]] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    _claims: set[tuple[Any, Any]] = field(default_factory=set)

    def add(self, part: Remittances) -> None:
        """Take a part of the file in, in the order of the file."""
        self.file_sha256 = part.file_sha256
        self.transactions += part.transactions.to_pylist()
        self.provider_adjustments += part.provider_adjustments.to_pylist()
        for name in ("claims", "services"):
            self._count(name, getattr(part, name))
        self._sum_claims(part.claims)
        self._sum_reasons(part.adjustments)
        self._note(part.findings)
        self.unread.update(tag if tag and _TAG.fullmatch(tag) else "unnamed" for tag in part.unread["tag"].to_pylist())
        self._keep(part)

    @property
    def claim_count(self) -> int:
        """All claims of the file."""
        return sum(count for (name, _), count in self.counts.items() if name == "claims")

    @property
    def service_count(self) -> int:
        """All service lines of the file."""
        return sum(count for (name, _), count in self.counts.items() if name == "services")

    @property
    def shown_count(self) -> int:
        """The claims that are to be shown."""
        return sum(table.num_rows for table in self.tables["claims"])

    def rows_of(self, name: str, st_index: int) -> pa.Table:
        """Return the kept rows of a table (claims, services, adjustments, remarks) in one transaction."""
        return pa.concat_tables(within(table, "st_index", st_index, st_index) for table in self.tables[name])

    def _count(self, name: str, table: pa.Table) -> None:
        self._count_by_st(name, table)
        off = table.filter(pc.not_equal(table["residual_cents"], _ZERO))
        for row in off.slice(0, MOST_PLACES).to_pylist():
            rows = self.unbalanced.setdefault((name, row["st_index"]), [])
            if len(rows) < MOST_PLACES:
                rows.append(row)

    def _count_by_st(self, what: str, table: pa.Table) -> None:
        for row in table.group_by("st_index").aggregate([([], "count_all")]).to_pylist():
            self.counts[what, row["st_index"]] += row["count_all"]

    def _sum_claims(self, claims: pa.Table) -> None:
        amounts = ("charge_cents", "paid_cents", "patient_responsibility_cents")
        sums = claims.group_by("st_index").aggregate([(name, "sum") for name in amounts])
        for row in sums.to_pylist():
            for name in amounts:
                self.cents[name, row["st_index"]] += row[f"{name}_sum"] or 0
        self._count_by_st("reversals", claims.filter(claims["is_reversal"]))

    def _sum_reasons(self, adjustments: pa.Table) -> None:
        keys = ["st_index", "group_code", "reason_code"]
        sums = adjustments.group_by(keys).aggregate([("amount_cents", "sum"), ([], "count_all")])
        for row in sums.to_pylist():
            key = (row["st_index"], row["group_code"], row["reason_code"])
            self.reasons[key] += row["count_all"]
            self.reason_cents[key] += row["amount_cents_sum"] or 0

    def _note(self, findings: pa.Table) -> None:
        for row in findings.to_pylist():
            key = (row["st_index"], row["rule"])
            self.finding_counts[key] += 1
            if len(places := self.findings.setdefault(key, [])) < MOST_PLACES:
                places.append(row)

    def _keep(self, part: Remittances) -> None:
        if not self.claims_shown:
            return
        if self.asked == EVERYTHING and self.claim_count > MOST_CLAIMS:
            self.claims_shown = False
            self.tables = {name: [] for name in _SHOWN}
            return
        for name in _SHOWN:
            self.tables[name].append(self._asked_for(name, getattr(part, name)))

    def _asked_for(self, name: str, table: pa.Table) -> pa.Table:
        if self.asked.st_index is not None:
            table = within(table, "st_index", self.asked.st_index, self.asked.st_index)
        if self.asked.claim_ref is None:
            return table
        if name == "claims":
            table = table.filter(pa.array(self._named(table), pa.bool_()))
            self._claims.update(_places(table))
            return table
        if not self._claims:
            return table.slice(0, 0)
        for column, numbers in zip(("st_index", "claim_index"), zip(*self._claims, strict=True), strict=True):
            table = within(table, column, min(numbers), max(numbers))
        return table.filter(pa.array([place in self._claims for place in _places(table)], pa.bool_()))

    def _named(self, claims: pa.Table) -> list[bool]:
        asked = self.asked.claim_ref or ""
        references = zip(claims["claim_ref"].to_pylist(), claims["payer_claim_number"].to_pylist(), strict=True)
        return [
            asked == number or (reference is not None and claim_ref.same(asked, reference))
            for reference, number in references
        ]


def gathered(parts: Iterable[Remittances], asked: Asked = EVERYTHING) -> Gathered:
    """Read the parts of one file and keep what is to be shown of it."""
    found = Gathered(asked)
    for part in parts:
        found.add(part)
    return found


def within(table: pa.Table, name: str, first: int, last: int) -> pa.Table:
    """Return the rows whose index is of `first` to `last`."""
    index = table[name]
    after, before = pa.scalar(first, index.type), pa.scalar(last, index.type)
    return table.filter(pc.and_(pc.greater_equal(index, after), pc.less_equal(index, before)))


def _places(table: pa.Table) -> list[tuple[Any, Any]]:
    """Return the transaction and the claim of every row."""
    return list(zip(table["st_index"].to_pylist(), table["claim_index"].to_pylist(), strict=True))
