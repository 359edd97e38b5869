"""The header of transactions (BPR, TRN, N1 of loops 1000A and 1000B) and provider adjustments (PLB)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.era835 import spans
from ingestion.era835.arrow import filled
from ingestion.era835.findings import shown
from ingestion.era835.interchanges import JUNK
from ingestion.era835.tokens import LONGEST
from ingestion.landing import described

if TYPE_CHECKING:
    from datetime import date

    from ingestion.era835.arrow import Column
    from ingestion.era835.balancing import Balances
    from ingestion.era835.composites import Composite, Composites
    from ingestion.era835.placed import Placed
    from ingestion.era835.tokens import Positions

PATIENT_OF_MEDICARE = (
    r"^(.{19}.*?) *(?:[1-9][A-Z][A-Z0-9][0-9][A-Z][A-Z0-9][0-9][A-Z]{2}[0-9]{2}|[0-9]{9}[A-Z][A-Z0-9]?) *$"
)
"""A PLB reference that ends in a patient's number (MBI, or HICN of before) after the claim's: Medicare writes it so
from the twentieth character of PLB03-2 on (CMS CR 7499)."""

_DOLLARS = ("USD", "XXX")  # the second is ISO 4217 for no currency, seen in blanked-out data


def headers(placed: Placed, balances: Balances) -> list[dict[str, Any]]:
    """Return what the header says of each transaction of this part: only what stands there, the first of each kind."""
    found: list[dict[str, Any]] = [{} for _ in placed.part.pieces]
    _payment(placed, balances, found)
    before_claims = {name: _before_claims(placed, name) for name in ("TRN", "N1", "REF")}
    again = _keep(placed, found, before_claims["TRN"], {"trn_number": 2, "trn_payer": 3})
    placed.note("era.trn_repeated", again)
    parties = before_claims["N1"]
    named = placed.elements(parties, 1, 3)
    is_payer = named[1].equal("PR")
    _keep(placed, found, parties[is_payer], {"payer_name": 2, "payer_id": 4})
    has_npi = named[1].equal("PE") & named[3].equal("XX")
    _keep(placed, found, parties[has_npi], {"payee_npi": 4})
    references = before_claims["REF"]
    references = references[placed.elements(references, 1)[1].equal("2U")]
    party = np.searchsorted(parties, references) - 1
    of_payer = (party >= 0) & np.append(is_payer, [False])[party]
    of_payer &= placed.transactions[np.append(parties, [0])[party]] == placed.transactions[references]
    _keep(placed, found, references[of_payer], {"payer_ref": 2})
    for header in found:
        if header.get("payer_name"):
            header["payer_name"] = organisation(header["payer_name"])
    currency = placed.elements(placed.rows("CUR"), 2)
    foreign = np.flatnonzero(currency[2].present & ~currency[2].among(_DOLLARS))
    shown_currencies = [described(currency[2].one(row)) for row in foreign.tolist()]
    placed.note("era.currency", currency.rows[foreign], shown_currencies)
    return found


def provider_adjustments(placed: Placed, composites: Composites, balances: Balances) -> dict[str, Column]:
    """Return a row a pair (reason and reference, amount) of every PLB."""
    placed.days(placed.elements(placed.rows("PLB"), 2), 2)
    rows, numbers, named = composites.of_provider_adjustments()
    pairs = placed.segments.elements(rows, (0, 1), numbers)
    given = pairs[0].present | pairs[1].present
    placed.read[rows[given]] = True
    amounts, read = placed.amounts(pairs.of(given), 1)
    balances.adjust_providers(rows[given], amounts, read)
    kept = np.flatnonzero(given)[read]
    (reasons,) = named.parts(1)
    reasons = reasons[kept]
    plb = placed.elements(rows[kept], 1, 2)
    placed.note("era.reason_missing", plb.rows[~reasons.present])
    year_ends, states = plb[2].days
    return {
        "st_index": placed.transactions[plb.rows],
        "provider_id": plb[1],
        "fiscal_year_end": (year_ends, states == spans.READ),
        "reason_code": filled(reasons.short(LONGEST).texts()),
        "reference": _references(named).take(pa.array(kept, pa.int64())),
        "amount_cents": amounts[read],
    }


def organisation(text: str) -> str | None:
    """Read a payer's name: Latin-1 as it was read, or UTF-8 where its bytes are that."""
    try:
        return text.encode("latin-1").decode("utf-8").strip(JUNK) or None
    except UnicodeError:
        return text.strip(JUNK) or None


def _payment(placed: Placed, balances: Balances, found: list[dict[str, Any]]) -> None:
    rows = placed.rows("BPR")
    pieces = placed.piece_of(rows)
    again = np.zeros(rows.size, np.bool_)
    again[1:] = pieces[1:] == pieces[:-1]
    again |= (pieces == 0) & balances.has_payment
    placed.note("era.bpr_repeated", rows[again])
    bpr = placed.elements(rows[~again], 1, 2, 3, 16)
    placed.note("era.prenote", bpr.rows[bpr[1].equal("P")])
    placed.note("era.debit", bpr.rows[bpr[3].equal("D")])
    amounts, read = placed.amounts(bpr, 2, missing=None)
    missing = np.flatnonzero(~bpr[2].present)
    placed.note("era.amount_unreadable", bpr.rows[missing], [described("")] * missing.size, "BPR02")
    negative = np.flatnonzero(amounts < 0)
    placed.note("era.bpr_negative", bpr.rows[negative], [shown(bpr[2].one(row)) for row in negative.tolist()])
    paid_on, is_date = placed.days(bpr, 16)
    read &= bpr[2].present
    days: list[date | None] = pa.array(paid_on, pa.date32(), mask=~is_date).to_pylist()
    _keep(placed, found, bpr.rows, {"bpr_flag": 1, "bpr_method": 4})
    for piece, cents, known, on in zip(
        placed.piece_of(bpr.rows).tolist(), amounts.tolist(), read.tolist(), days, strict=True
    ):
        found[piece] |= {"bpr_cents": cents if known else None, "paid_on": on}


def _before_claims(placed: Placed, name: str) -> Positions:
    rows = placed.rows(name)
    return rows[placed.claims[rows] < 0]


def _keep(placed: Placed, found: list[dict[str, Any]], rows: Positions, elements: dict[str, int]) -> Positions:
    """Write elements of the first of these rows of each transaction to what was found of it; return the other rows."""
    pieces, firsts = np.unique(placed.piece_of(rows), return_index=True)
    first = placed.elements(rows[firsts], *elements.values())
    columns = [column.texts().to_pylist() for column in first.columns.values()]
    for piece, *values in zip(pieces.tolist(), *columns, strict=True):
        found[piece] |= dict(zip(elements, values, strict=True))
    placed.read[rows[firsts]] = True
    return np.delete(rows, firsts)


def _references(named: Composite) -> pa.Array[Any]:
    """Return all but the first part of each, with `:` between them and without a Medicare patient's number."""
    references = named.rest().texts()
    for mark in {*named.marks.tolist()} - {ord(":")}:
        replaced = pc.replace_substring(references, chr(mark), ":")
        references = pc.if_else(pa.array(named.marks == mark), replaced, references)
    kept: pa.Array[Any] = pc.replace_substring_regex(references, PATIENT_OF_MEDICARE, r"\1")
    return kept
