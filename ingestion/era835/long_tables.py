"""What a remittance says in segments of one kind each: AMT, QTY, REF, DTM, remark codes; and what nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.era835 import spans
from ingestion.era835.arrow import indexed
from ingestion.era835.claims import level
from ingestion.era835.envelope import ENVELOPE
from ingestion.era835.tokens import LONGEST, TAGS, UNKNOWN, among
from ingestion.landing import described

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.arrow import Column
    from ingestion.era835.placed import Placed
    from ingestion.era835.segments import Spans
    from ingestion.era835.tokens import Positions, Tags

_SHORTEST = 2
_REMARK_ELEMENTS = {"MIA": (5, 20, 21, 22, 23), "MOA": (3, 4, 5, 6, 7), "LQ": (2,)}
_SAFE_REFERENCES = (
    *(
        "6R",
        "F8",
        "9A",
        "9C",
        "BB",
        "G1",
        "G3",
        "LU",
        "APC",
        "NF",
        "2U",
        "EO",
        "HI",
        "EV",
        "F2",
        "0B",
        "1A",
        "1B",
        "1C",
    ),
    *("1D", "1G", "1H", "1J", "D3", "G2", "PQ", "RB", "0K", "CE", "E9", "F5", "PSD"),
)
"""References to claims, lines, payers, providers and contracts. Of every other the value may be a person's number."""

_BIRTH = "222"


def remarks(placed: Placed) -> dict[str, Column]:
    """Return a row a remark code: MIA and MOA speak of the claim, LQ of the line."""
    rows, codes = _remark_codes(placed)
    placed.read[rows] = True
    kinds = placed.segments.tags[rows]
    on_line = placed.on_line[rows] & (kinds == TAGS.index("LQ"))
    return {
        "st_index": placed.transactions[rows],
        "claim_index": placed.claims[rows],
        "service_index": indexed(np.where(on_line, placed.services[rows], np.int32(-1))),
        "source": _named(kinds),
        "code": codes,
    }


def _remark_codes(placed: Placed) -> tuple[Positions, Spans]:
    """Return every remark code of a claim, with its segment."""
    segments = placed.rows(*_REMARK_ELEMENTS)
    segments = segments[placed.inside[segments]]
    tags = placed.segments.tags[segments]
    times = np.where(tags == TAGS.index("LQ"), 1, 5)
    rows = np.repeat(segments, times)
    numbers = np.zeros(rows.size, np.int32)
    for name, elements in _REMARK_ELEMENTS.items():
        of_name = tags == TAGS.index(name)
        numbers[np.repeat(of_name, times)] = np.tile(elements, np.count_nonzero(of_name))
    codes = placed.segments.elements(rows, (0,), numbers)[0]
    return rows[codes.present], codes[codes.present]


def amounts(placed: Placed) -> dict[str, Column]:
    """Return a row an AMT. They inform only: no balance counts them (X12 RFI 2601)."""
    amt = placed.of_all("AMT")
    return {
        **level(placed, amt.rows),
        "qualifier": amt[1].short(LONGEST),
        "amount_cents": placed.informative_amounts(amt, 2),
    }


def quantities(placed: Placed) -> dict[str, Column]:
    """Return a row a QTY."""
    qty = placed.of_all("QTY")
    values, states = placed.quantities(qty, 2)
    return {**level(placed, qty.rows), "qualifier": qty[1].short(LONGEST), "quantity": (values, states == spans.READ)}


def references(placed: Placed) -> dict[str, Column]:
    """Return a row a REF; its value is null where it is, or may be, a number of a person (a member, a policy)."""
    ref = placed.of_all("REF")
    safe = np.flatnonzero(ref[1].among(_SAFE_REFERENCES))
    return {
        **level(placed, ref.rows),
        "qualifier": ref[1].short(LONGEST),
        "value": ref[2][safe].scattered(ref.rows.size, safe),
    }


def dates(placed: Placed) -> dict[str, Column]:
    """Return a row a DTM; a date of birth is null."""
    dtm = placed.of_all("DTM")
    born = dtm[1].equal(_BIRTH)
    placed.days(dtm.of(~born), 2)
    days, states = dtm[2].days
    return {
        **level(placed, dtm.rows),
        "qualifier": dtm[1].short(LONGEST),
        "on_date": (days, (states == spans.READ) & ~born),
    }


def unread(placed: Placed) -> dict[str, Column]:
    """Return a row a segment that no table took anything from; those no 835 has are told of as well.

    Asked last, when every table has marked what it read.
    """
    tags, inside = placed.segments.tags, placed.transactions >= 0
    enveloping = among(tags, ENVELOPE)
    enclosing = placed.rows("ST", "SE")
    enclosing = enclosing[placed.segments.counts(enclosing) > 0]
    strange = inside & placed.segments.filled & (enveloping | (tags == UNKNOWN))
    strange[enclosing] = False
    read = placed.read | (~inside & enveloping)
    read[enclosing] = True
    told = np.flatnonzero(strange)
    placed.note("era.segment_unknown", told, [described(placed.segments.name(row)) for row in told.tolist()])
    rows = np.flatnonzero(placed.segments.filled & ~read)
    return {
        "st_index": indexed(placed.transactions[rows]),
        "segment_index": placed.part.numbers[rows],
        "byte_offset": placed.segments.byte_offsets(rows),
        "byte_count": placed.segments.ends[rows] - placed.segments.begins[rows],
        "tag": _names(placed, rows),
    }


def _named(tags: Tags) -> pa.Array[Any]:
    """Return the names of segments as texts."""
    return pa.array(TAGS, pa.string()).take(pa.array(tags, pa.int8()))


def _names(placed: Placed, rows: NDArray[np.intp]) -> pa.Array[Any]:
    """Return the names of segments; of those that are no name, what may be said of them."""
    unknown = placed.segments.tags[rows] == UNKNOWN
    if not unknown.any():
        return _named(placed.segments.tags[rows])
    shown = pa.array([_shown(placed.segments.name(row)) for row in rows[unknown].tolist()], pa.string())
    named: pa.Array[Any] = pc.replace_with_mask(
        _named(np.maximum(placed.segments.tags[rows], 0)), pa.array(unknown), shown
    )
    return named


def _shown(name: str) -> str:
    is_tag = _SHORTEST <= len(name) <= LONGEST and name.isascii() and name.isalnum() and name == name.upper()
    return name if is_tag else described(name)
