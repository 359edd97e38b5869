"""Segments to columns: reads one part of a file after the other and carries what is open between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from ingestion.era835 import header, notes
from ingestion.era835.arrow import TYPES, Scratch, room, written
from ingestion.era835.columns import TABLES
from ingestion.era835.detail_rows import STRANGE_NAME
from ingestion.era835.findings import Finding, Place, dollars, finding
from ingestion.era835.identity import payment_key, trace_of
from ingestion.era835.reversal_links import none_yet
from ingestion.era835.rows import COUNT, WRITTEN, columns_of
from ingestion.era835.spans import LARGEST
from ingestion.era835.standing import NOTHING
from ingestion.era835.walk import walked
from ledger.rules.showing import described

if TYPE_CHECKING:
    from ingestion.era835.arrow import Columns
    from ingestion.era835.envelope import Part, Piece
    from ingestion.era835.rows import Rows

_UNREAD = columns_of("unread")
_TAG, _REFERENCE = list(WRITTEN["unread"]).index("tag"), list(WRITTEN["provider_adjustments"]).index("reference")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass
class _Draft:
    """A transaction as far as it was read: where it begins, what its header says, what the loops know of it."""

    place: Place
    header: dict[str, Any] = field(default_factory=dict)
    standing: Any = None
    held: bool = False


class Reader:
    """Reads the parts of one file. Amounts are integer cents.

    A value that cannot be read is null, with a finding; an amount that cannot be read holds its transaction. Names,
    member numbers and birth dates are passed over: no column takes them.
    """

    def __init__(self) -> None:
        self._links = none_yet()
        self._scratch = Scratch()
        self._draft: _Draft | None = None
        self._bodies: set[str] = set()
        self._payments: set[tuple[Any, ...]] = set()
        self._traces: set[tuple[Any, ...]] = set()

    def read(self, part: Part, findings: list[Finding]) -> Columns:
        """Return the columns of one part, and add to what is told of it; a transaction stands where it ends."""
        self._findings = findings
        drafts = self._drafts(part)
        rows = self._walk(part, drafts)
        self._findings += notes.told(part, rows.notes[: 4 * rows.counts[COUNT.notes]].reshape(-1, 4))
        columns = self._written(part, rows, self._words(part, rows, drafts))
        ended = self._ended(part, drafts)
        self._draft = drafts[-1] if drafts and not part.pieces[-1].ended else None
        return {"transactions": _transactions(ended), **columns}

    def _drafts(self, part: Part) -> list[_Draft]:
        continued = [self._draft] if self._draft is not None else []
        return [*continued, *(_Draft(part.place(piece, piece.start)) for piece in part.pieces[len(continued) :])]

    def _walk(self, part: Part, drafts: list[_Draft]) -> Rows:
        segments, rows = part.segments, room(part.segments, self._scratch)
        pieces = np.array([(piece.start, piece.end, piece.before) for piece in part.pieces], np.int64).reshape(-1, 3)
        standings = np.full(len(drafts), NOTHING)
        standings["st_index"] = [piece.transaction.st_index for piece in part.pieces]
        standings["mark"] = ord(segments.delimiters.component)
        if self._draft is not None:
            standings[0] = self._draft.standing
        walked(segments.source, pieces, standings, rows, self._links, part.before)
        for draft, standing in zip(drafts, standings, strict=True):
            draft.standing = standing
        return rows

    def _words(self, part: Part, rows: Rows, drafts: list[_Draft]) -> dict[int, str]:
        """Read the texts that the loops left: headers, and what is said of names that are none (by rows of unread)."""
        first = part.pieces[0].transaction.st_index if part.pieces else 0
        strange = {}
        for kind, row, of in rows.heads[: 3 * rows.counts[COUNT.heads]].reshape(-1, 3).tolist():
            if kind == STRANGE_NAME:
                strange[of] = described(part.segments.name(row))
            else:
                drafts[of - first].header |= header.said(part.segments, kind, row)
        return strange

    def _written(self, part: Part, rows: Rows, strange: dict[int, str]) -> Columns:
        """Return the columns that the loops wrote, and put into them what the loops could not."""
        begin = rows.at[_UNREAD.byte_offset]
        places = rows.longs[begin : begin + rows.counts[COUNT.unread]]
        places[:] = part.segments.bytes_at(places)
        columns = written(rows)
        if strange:
            names = columns["unread"][_TAG].to_pylist()
            columns["unread"][_TAG] = pa.array((strange.get(row, name) for row, name in enumerate(names)), pa.string())
        adjusted = columns["provider_adjustments"]
        adjusted[_REFERENCE] = header.without_patients(cast("pa.StringArray", adjusted[_REFERENCE]))
        return columns

    def _ended(self, part: Part, drafts: list[_Draft]) -> list[dict[str, Any]]:
        """Return the rows of the transactions that end in this part, and carry what is known of the open one."""
        pieces = zip(part.pieces, drafts, strict=True)
        rows = [self._row(part, piece, draft) for piece, draft in pieces if piece.ended]
        wrong = {found.st_index for found in self._findings if found.severity == "error"}
        for piece, draft in zip(part.pieces, drafts, strict=True):
            draft.held |= piece.transaction.st_index in wrong
        for row, draft in zip(rows, drafts, strict=False):
            row["verdict"] = self._verdict(row, draft)
        return rows

    def _row(self, part: Part, piece: Piece, draft: _Draft) -> dict[str, Any]:
        transaction, header, standing = piece.transaction, draft.header, draft.standing
        if not standing["payments"]:
            self._findings.append(finding("era.bpr_missing", draft.place))
        if not header.get("trn_number"):
            self._findings.append(finding("era.trn_missing", draft.place))
        if not piece.complete:
            self._findings.append(finding("era.cut_off", part.place(piece, piece.end)))
        return {
            "st_index": transaction.st_index,
            "isa_control": transaction.isa_control,
            "gs_control": transaction.gs_control,
            "st_control": transaction.st_control,
            **header,
            "payer_id": header.get("payer_id") or header.get("payer_ref"),
            "bpr_cents": int(standing["bpr_cents"]) if standing["bpr_read"] else None,
            "paid_on": date.fromordinal(_EPOCH + int(standing["paid_on"])) if standing["paid_on_read"] else None,
            **self._totals(draft),
            "claim_count": int(standing["claims"]),
            "body_sha256": transaction.body.sha256(complete=piece.complete),
        }

    def _totals(self, draft: _Draft) -> dict[str, int | None]:
        standing = draft.standing
        amount = int(standing["bpr_cents"]) if standing["bpr_read"] else None
        if (int(standing["high"]) << 32) + int(standing["low"]) + abs(amount or 0) > LARGEST:
            self._findings.append(finding("era.amount_too_large", draft.place))
            return {}
        paid = None if standing["paid_unread"] else int(standing["paid"])
        provider = None if standing["provider_unread"] else int(standing["provider"])
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


def _transactions(rows: list[dict[str, Any]]) -> list[pa.Array[Any]]:
    """Turn the few rows of transactions into columns."""
    return [
        pa.array([row.get(name) for row in rows], TYPES[kind])
        for name, kind in TABLES["transactions"].items()
        if name != "file_sha256"
    ]
