"""Stretches of segments to tables: reads one part of a file after the other and carries what is open between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from ingestion.era835 import claims, header, long_tables
from ingestion.era835.arrow import TYPES, Column, indexed
from ingestion.era835.balancing import Balances
from ingestion.era835.body import Bodies, Body
from ingestion.era835.columns import TABLES
from ingestion.era835.composites import Composites
from ingestion.era835.envelope import Envelopes
from ingestion.era835.findings import Finding, Place, dollars, finding
from ingestion.era835.identity import payment_key, trace_of
from ingestion.era835.placed import Nesting, Placed
from ingestion.era835.reversal_links import NO_AMOUNT, ReversalLinks
from ingestion.era835.spans import LARGEST

if TYPE_CHECKING:
    from ingestion.era835.envelope import Piece
    from ingestion.era835.stretches import Stretch
    from ingestion.era835.tokens import Positions

_NUMBERED = {
    "adjustments": "adjustment_index",
    "provider_adjustments": "provider_adjustment_index",
    "remarks": "remark_index",
    "amounts": "amount_index",
    "quantities": "quantity_index",
    "references": "reference_index",
    "dates": "date_index",
}
"""Tables whose rows are numbered within their transaction, and the column that does it."""


@dataclass
class _Draft:
    """A transaction as far as it was read: its header, its sums in cents, how many rows of each table it has."""

    place: Place
    header: dict[str, Any] = field(default_factory=dict)
    body: Body = field(default_factory=Body)
    mark: str | None = None
    claim_count: int = 0
    paid: int = 0
    provider: int = 0
    paid_unread: bool = False
    provider_unread: bool = False
    magnitude: int = 0
    held: bool = False
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, found: dict[str, Any], balances: Balances, piece: int) -> None:
        """Take what one part says of it: what the header said first stands."""
        self.header = found | self.header
        self.claim_count += int(balances.claim_count[piece])
        self.paid += int(balances.paid[piece])
        self.provider += int(balances.provider[piece])
        self.paid_unread |= bool(balances.paid_unread[piece])
        self.provider_unread |= bool(balances.provider_unread[piece])
        self.magnitude += balances.magnitude(piece)


class Reader:
    """Reads the stretches of one file. Amounts are integer cents.

    A value that cannot be read is null, with a finding; an amount that cannot be read holds its transaction. Names,
    member numbers and birth dates are passed over: no column takes them.
    """

    def __init__(self, findings: list[Finding]) -> None:
        self.count = 0
        self._findings = findings
        self._envelopes = Envelopes(findings)
        self._links = ReversalLinks()
        self._nesting = Nesting()
        self._draft: _Draft | None = None
        self._bodies: set[str] = set()
        self._payments: set[tuple[Any, ...]] = set()
        self._traces: set[tuple[Any, ...]] = set()

    def read(self, stretch: Stretch) -> dict[str, dict[str, Column]]:
        """Return the columns of the tables of one stretch; a transaction stands in the stretch where it ends."""
        begins_without_isa = stretch.begins and not stretch.has_isa
        part = self._envelopes.read(stretch.segments, begins_without_isa=begins_without_isa, ends=stretch.ends)
        continues = self._draft is not None and bool(part.pieces) and part.pieces[0].before > 0
        nested = continues and part.pieces[0].end > 0  # else the next transaction begins at once
        placed = Placed(part, self._nesting if nested else Nesting(), self._findings)
        drafts = self._drafts(placed, continues=continues)
        self.count += len(drafts) - continues
        tables = self._tables(placed, drafts, continues=continues)
        for name, index in _NUMBERED.items():
            tables[name][index] = _numbered(name, _st_index(tables[name]), drafts, continues=continues)
        rows = self._ended(placed, drafts)
        self._draft = drafts[-1] if drafts and not part.pieces[-1].ended else None
        if self._draft is not None:
            self._nesting = placed.nesting
        return {"transactions": _columns(rows), **tables}

    def _drafts(self, placed: Placed, *, continues: bool) -> list[_Draft]:
        new = placed.part.pieces[continues:]
        offsets = placed.segments.byte_offsets(np.array([piece.start for piece in new], np.int32)).tolist()
        drafts = [
            _Draft(Place(piece.transaction.st_index, 0, offset)) for piece, offset in zip(new, offsets, strict=True)
        ]
        return [self._draft, *drafts] if continues and self._draft is not None else drafts

    def _tables(self, placed: Placed, drafts: list[_Draft], *, continues: bool) -> dict[str, dict[str, Column]]:
        first = drafts[0] if continues else None
        balances = Balances(placed, has_payment=first is not None and "bpr_cents" in first.header)
        composites = Composites(placed, first.mark if first else None)
        headers = header.headers(placed, balances)
        tables = {
            "claims": claims.claims(placed, balances),
            "services": claims.services(placed, composites, balances),
            "adjustments": claims.adjustments(placed, balances),
            "provider_adjustments": header.provider_adjustments(placed, composites, balances),
            "remarks": long_tables.remarks(placed),
            "amounts": long_tables.amounts(placed),
            "quantities": long_tables.quantities(placed),
            "references": long_tables.references(placed),
            "dates": long_tables.dates(placed),
            "unread": long_tables.unread(placed),
        }
        of_claims, of_services, owed = balances.residuals()
        tables["claims"] |= {"residual_cents": of_claims, "patient_responsibility_cents": owed}
        tables["claims"] |= self._undone(tables["claims"])
        tables["services"]["residual_cents"] = of_services
        for piece, (draft, found) in enumerate(zip(drafts, headers, strict=True)):
            draft.add(found, balances, piece)
        if drafts:
            st_index = placed.part.pieces[-1].transaction.st_index
            drafts[-1].mark = composites.last_mark(st_index) or drafts[-1].mark
        return tables

    def _undone(self, columns: dict[str, Any]) -> dict[str, Column]:
        texts = (columns["claim_ref"], columns["payer_claim_number"], columns["original_ref"])
        charge, paid = (
            np.where(read, cents, NO_AMOUNT) for cents, read in (columns["charge_cents"], columns["paid_cents"])
        )
        places = (columns["st_index"], columns["claim_index"])
        undone = self._links.of(texts, charge, paid, columns["is_reversal"], *places)
        return {"undoes_st_index": indexed(undone[0]), "undoes_claim_index": indexed(undone[1])}

    def _ended(self, placed: Placed, drafts: list[_Draft]) -> list[dict[str, Any]]:
        """Return the rows of the transactions that end in this part, and carry what is known of the open one."""
        bodies = Bodies(placed.segments)
        rows = []
        for piece, draft in zip(placed.part.pieces, drafts, strict=True):
            draft.body.add(bodies, piece)
            if piece.ended:
                rows.append(self._row(placed, piece, draft))
        wrong = {found.st_index for found in self._findings if found.severity == "error"}
        for piece, draft in zip(placed.part.pieces, drafts, strict=True):
            draft.held |= piece.transaction.st_index in wrong
        for row, draft in zip(rows, drafts, strict=False):
            row["verdict"] = self._verdict(row, draft)
        return rows

    def _row(self, placed: Placed, piece: Piece, draft: _Draft) -> dict[str, Any]:
        header, transaction = draft.header, piece.transaction
        if "bpr_cents" not in header:
            self._findings.append(finding("era.bpr_missing", draft.place))
        if not header.get("trn_number"):
            self._findings.append(finding("era.trn_missing", draft.place))
        if not piece.complete:
            self._findings.append(finding("era.cut_off", placed.part.end_of(piece)))
        return {
            "st_index": transaction.st_index,
            "isa_control": transaction.isa_control,
            "gs_control": transaction.gs_control,
            "st_control": transaction.st_control,
            **header,
            "payer_id": header.get("payer_id") or header.get("payer_ref"),
            **self._totals(draft),
            "claim_count": draft.claim_count,
            "body_sha256": draft.body.sha256(complete=piece.complete),
        }

    def _totals(self, draft: _Draft) -> dict[str, int | None]:
        amount = draft.header.get("bpr_cents")
        if draft.magnitude + abs(amount or 0) > LARGEST:
            self._findings.append(finding("era.amount_too_large", draft.place))
            return {}
        paid = None if draft.paid_unread else draft.paid
        provider = None if draft.provider_unread else draft.provider
        residual = None if amount is None or paid is None or provider is None else amount - (paid - provider)
        if residual:
            self._findings.append(finding("era.held_residual", draft.place, dollars(residual)))
        return {"claims_cents": paid, "provider_adjustments_cents": provider, "residual_cents": residual}

    def _verdict(self, row: dict[str, Any], draft: _Draft) -> str:
        """Give the verdict of the file alone."""
        if row["body_sha256"] in self._bodies:
            self._findings.append(finding("era.duplicate", Place(row["st_index"])))
            return "duplicate"
        self._bodies.add(row["body_sha256"])
        if draft.held:
            return "held"
        payment = payment_key(row)
        if payment in self._payments:
            self._findings.append(finding("era.conflict", Place(row["st_index"])))
            return "conflict"
        self._payments.add(payment)
        trace = trace_of(payment)
        if trace in self._traces:
            self._findings.append(finding("era.trace_repeated", Place(row["st_index"])))
        elif trace:
            self._traces.add(trace)
        return "posted"


def _numbered(name: str, st_index: Positions, drafts: list[_Draft], *, continues: bool) -> Positions:
    """Give each row of a table its number in its transaction, on from what earlier parts have of the first one."""
    rows = np.arange(st_index.size, dtype=np.int32)
    starts = np.flatnonzero(np.diff(st_index, prepend=np.int32(-1)))
    numbers = rows - np.repeat(rows[starts], np.diff(starts, append=st_index.size))
    if continues:
        numbers[st_index == drafts[0].place.st_index] += drafts[0].rows.get(name, 0)
    if drafts and st_index.size and st_index[-1] == drafts[-1].place.st_index:
        drafts[-1].rows[name] = int(numbers[-1]) + 1
    return numbers


def _st_index(columns: dict[str, Column]) -> Positions:
    return cast("Positions", columns["st_index"])


def _columns(rows: list[dict[str, Any]]) -> dict[str, Column]:
    """Turn the few rows of transactions into columns."""
    kinds = {name: TYPES[kind] for name, kind in TABLES["transactions"].items() if name != "file_sha256"}
    return {name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()}
