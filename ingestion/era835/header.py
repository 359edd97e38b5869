"""The header of transactions (BPR, TRN, N1 of loops 1000A and 1000B) and provider adjustments (PLB)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.era835 import spans
from ingestion.era835.arrow import filled
from ingestion.era835.findings import shown
from ingestion.landing import described

if TYPE_CHECKING:
    from datetime import date

    from ingestion.era835.arrow import Column
    from ingestion.era835.balancing import Balances
    from ingestion.era835.composites import Composite, Composites
    from ingestion.era835.placed import Placed
    from ingestion.era835.tokens import Positions

_DOLLARS = ("USD", "XXX")  # the second is ISO 4217 for no currency, seen in blanked-out data


def headers(placed: Placed, balances: Balances) -> list[dict[str, Any]]:
    """Return what the header says of each transaction of this part: only what stands there, the first of each kind."""
    found: list[dict[str, Any]] = [{} for _ in placed.part.pieces]
    _payment(placed, balances, found)
    before_claims = {name: _before_claims(placed, name) for name in ("TRN", "N1", "REF")}
    _keep(placed, found, before_claims["TRN"], {"trn_number": 2, "trn_payer": 3})
    parties = before_claims["N1"]
    kind = placed.segments.element(parties, 1)
    is_payer = kind.equal("PR")
    _keep(placed, found, parties[is_payer], {"payer_name": 2, "payer_id": 4})
    has_npi = kind.equal("PE") & placed.segments.element(parties, 3).equal("XX")
    _keep(placed, found, parties[has_npi], {"payee_npi": 4})
    references = before_claims["REF"]
    references = references[placed.segments.element(references, 1).equal("2U")]
    party = np.searchsorted(parties, references) - 1
    of_payer = (party >= 0) & np.append(is_payer, [False])[party]
    of_payer &= placed.transactions[np.append(parties, [0])[party]] == placed.transactions[references]
    _keep(placed, found, references[of_payer], {"payer_ref": 2})
    for header in found:
        if header.get("payer_name"):
            header["payer_name"] = organisation(header["payer_name"])
    currency = placed.segments.element(placed.rows("CUR"), 2)
    foreign = np.flatnonzero(currency.present & ~currency.among(_DOLLARS))
    placed.note("era.currency", placed.rows("CUR")[foreign], [described(currency.one(row)) for row in foreign.tolist()])
    return found


def provider_adjustments(placed: Placed, composites: Composites, balances: Balances) -> dict[str, Column]:
    """Return a row a pair (reason and reference, amount) of every PLB."""
    segments = placed.rows("PLB")
    placed.days(segments, 2)
    rows, numbers, named = composites.of_provider_adjustments()
    given = named.elements.present | placed.segments.element(rows, numbers + 1).present
    amounts, read = placed.amounts(rows[given], numbers[given] + 1)
    balances.adjust_providers(rows[given], amounts, read)
    kept = np.flatnonzero(given)[read]
    rows, reasons, references = rows[kept], named.part(0)[kept], _references(named)
    placed.note("era.reason_missing", rows[~reasons.present])
    year_ends, states = placed.segments.element(rows, 2).days()
    return {
        "st_index": placed.transactions[rows],
        "provider_id": placed.segments.element(rows, 1),
        "fiscal_year_end": (year_ends, states == spans.READ),
        "reason_code": filled(reasons.texts()),
        "reference": references.take(pa.array(kept)),
        "amount_cents": amounts[read],
    }


def organisation(text: str) -> str | None:
    """Read a payer's name: Latin-1 as it was read, or UTF-8 where its bytes are that."""
    try:
        return text.encode("latin-1").decode("utf-8").strip() or None
    except UnicodeError:
        return text.strip() or None


def _payment(placed: Placed, balances: Balances, found: list[dict[str, Any]]) -> None:
    rows = placed.rows("BPR")
    pieces = placed.piece_of(rows)
    again = np.zeros(rows.size, np.bool_)
    again[1:] = pieces[1:] == pieces[:-1]
    again |= (pieces == 0) & balances.has_payment
    placed.note("era.bpr_repeated", rows[again])
    rows = rows[~again]
    amounts, read = placed.amounts(rows, 2, missing=None)
    amount = placed.segments.element(rows, 2)
    missing = np.flatnonzero(~amount.present)
    placed.note("era.amount_unreadable", rows[missing], [described("")] * missing.size, "BPR02")
    negative = np.flatnonzero(amounts < 0)
    placed.note("era.bpr_negative", rows[negative], [shown(amount.one(row)) for row in negative.tolist()])
    paid_on, states = placed.days(rows, 16)
    read &= amount.present
    days: list[date | None] = pa.array(paid_on, pa.date32(), mask=states != spans.READ).to_pylist()
    _keep(placed, found, rows, {"bpr_flag": 1, "bpr_method": 4})
    for piece, cents, known, on in zip(
        placed.piece_of(rows).tolist(), amounts.tolist(), read.tolist(), days, strict=True
    ):
        found[piece] |= {"bpr_cents": cents if known else None, "paid_on": on}


def _before_claims(placed: Placed, name: str) -> Positions:
    rows = placed.rows(name)
    return rows[placed.claims[rows] < 0]


def _keep(placed: Placed, found: list[dict[str, Any]], rows: Positions, elements: dict[str, int]) -> None:
    """Write elements of the first of these rows of each transaction to what was found of it."""
    pieces, firsts = np.unique(placed.piece_of(rows), return_index=True)
    columns = [placed.segments.element(rows[firsts], number).texts().to_pylist() for number in elements.values()]
    for piece, *values in zip(pieces.tolist(), *columns, strict=True):
        found[piece] |= dict(zip(elements, values, strict=True))


def _references(named: Composite) -> pa.Array:
    """Return all but the first part of each, with `:` between them."""
    references = named.rest().texts()
    for mark in {*named.marks.tolist()} - {ord(":")}:
        replaced = pc.replace_substring(references, chr(mark), ":")
        references = pc.if_else(pa.array(named.marks == mark), replaced, references)
    return references
