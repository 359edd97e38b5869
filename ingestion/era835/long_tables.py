"""What a remittance says in segments of one kind each: AMT, QTY, REF, DTM, remark codes; and what nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.era835 import spans
from ingestion.era835.arrow import indexed
from ingestion.era835.claims import level
from ingestion.era835.envelope import ENVELOPE
from ingestion.era835.segments import tag_text
from ingestion.era835.tokens import LONGEST_TAG, ODD_TAG, tag_number
from ingestion.landing import described

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.arrow import Column
    from ingestion.era835.placed import Placed
    from ingestion.era835.tokens import Positions

_REMARK_ELEMENTS = {"MIA": (5, 20, 21, 22, 23), "MOA": (3, 4, 5, 6, 7), "LQ": (2,)}
_SAFE_REFERENCES = tuple(
    ["6R", "F8", "9A", "9C", "BB", "G1", "G3", "LU", "APC", "NF", "2U", "EO", "HI", "EV", "F2", "0B", "1A", "1B", "1C", "1D", "1G", "1H", "1J", "D3", "G2", "TJ", "PQ", "RB", "0K", "CE", "E9", "F5", "PSD"]
)
"""References to claims, lines, payers, providers and contracts. Of every other the value may be a person's number."""

_SHORTEST_TAG = 2
_BIRTH = "222"
_ALWAYS_READ = ("BPR", "CUR", "CLP", "SVC", "CAS", "PLB")
_READ_IN_HEADER = ("TRN", "N1")
_LONG = ("AMT", "QTY", "REF", "DTM")
_PASSED_OVER = ("LX", "N2", "N3", "N4", "NM1", "PER", "RDM", "TS2", "TS3")
"""Segments of an 835 that carry nothing for any table; names and contacts are never loaded."""

_KNOWN = [tag_number(name) for name in (*_ALWAYS_READ, *_READ_IN_HEADER, *_LONG, *_REMARK_ELEMENTS, *_PASSED_OVER)]


def remarks(placed: Placed) -> dict[str, Column]:
    """Return a row a remark code: MIA and MOA speak of the claim, LQ of the line."""
    rows, numbers = _remark_elements(placed)
    kinds = placed.segments.tags[rows]
    on_line = placed.on_line[rows] & (kinds == tag_number("LQ"))
    return {
        "st_index": placed.transactions[rows],
        "claim_index": placed.claims[rows],
        "service_index": indexed(np.where(on_line, placed.services[rows], np.int32(-1))),
        "source": _named(kinds),
        "code": placed.segments.element(rows, numbers),
    }


def _remark_elements(placed: Placed) -> tuple[Positions, Positions]:
    """Return every remark code of a claim: its segment and its element."""
    segments = placed.rows(*_REMARK_ELEMENTS)
    segments = segments[placed.inside[segments]]
    tags = placed.segments.tags[segments]
    of_line = tags == tag_number("LQ")
    times = np.where(of_line, 1, 5)
    rows = np.repeat(segments, times)
    numbers = np.zeros(rows.size, np.int32)
    for name, elements in _REMARK_ELEMENTS.items():
        numbers[np.repeat(tags == tag_number(name), times)] = np.tile(
            elements, np.count_nonzero(tags == tag_number(name))
        )
    given = placed.segments.element(rows, numbers).present
    return rows[given], numbers[given]


def amounts(placed: Placed) -> dict[str, Column]:
    """Return a row an AMT. They inform only: no balance counts them (X12 RFI 2601)."""
    rows = _given(placed, "AMT")
    values, states = placed.informative_amounts(rows, 2)
    return {**level(placed, rows), "qualifier": placed.segments.element(rows, 1), "amount_cents": (values, states)}


def quantities(placed: Placed) -> dict[str, Column]:
    """Return a row a QTY."""
    rows = _given(placed, "QTY")
    values, states = placed.quantities(rows, 2)
    return {
        **level(placed, rows),
        "qualifier": placed.segments.element(rows, 1),
        "quantity": (values, states == spans.READ),
    }


def references(placed: Placed) -> dict[str, Column]:
    """Return a row a REF; its value is null where it is, or may be, a number of a person (a member, a policy)."""
    rows = _given(placed, "REF")
    qualifiers, values = placed.segments.element(rows, 1), placed.segments.element(rows, 2)
    safe = np.flatnonzero(qualifiers.among(_SAFE_REFERENCES))
    return {**level(placed, rows), "qualifier": qualifiers, "value": values[safe].scattered(rows.size, safe)}


def dates(placed: Placed) -> dict[str, Column]:
    """Return a row a DTM; a date of birth is null."""
    rows = _given(placed, "DTM")
    qualifiers = placed.segments.element(rows, 1)
    born = qualifiers.equal(_BIRTH)
    placed.days(rows[~born], 2)
    days, states = placed.segments.element(rows, 2).days()
    return {**level(placed, rows), "qualifier": qualifiers, "on_date": (days, (states == spans.READ) & ~born)}


def unread(placed: Placed) -> dict[str, Column]:
    """Return a row a segment that no table takes anything from; those no 835 has are told of as well."""
    tags, inside = placed.segments.tags, placed.transactions >= 0
    enclosing = placed.rows("ST", "SE")
    enclosing = enclosing[placed.segments.counts(enclosing) > 0]
    known = np.isin(tags, _KNOWN)
    known[enclosing] = True
    strange = np.flatnonzero(inside & ~known & placed.segments.filled)
    placed.note("era.segment_unknown", strange, [described(placed.segments.name(row)) for row in strange.tolist()])
    read = inside & np.isin(tags, [tag_number(name) for name in _ALWAYS_READ])
    read |= inside & (placed.claims < 0) & np.isin(tags, [tag_number(name) for name in _READ_IN_HEADER])
    read |= ~inside & np.isin(tags, [tag_number(name) for name in ENVELOPE])
    read[np.concatenate([_given(placed, name) for name in _LONG])] = True
    read[_remark_elements(placed)[0]] = True
    read[enclosing] = True
    rows = np.flatnonzero(placed.segments.filled & ~read)
    return {
        "st_index": indexed(placed.transactions[rows]),
        "segment_index": placed.part.numbers[rows],
        "byte_offset": placed.segments.byte_offsets(rows),
        "byte_count": placed.segments.ends[rows] - placed.segments.begins[rows],
        "tag": _tags(placed, rows),
    }


def _given(placed: Placed, name: str) -> Positions:
    """Return the segments of this name that have a qualifier or a value."""
    rows = placed.rows(name)
    return rows[placed.segments.element(rows, 1).present | placed.segments.element(rows, 2).present]


def _named(tags: Positions) -> pa.Array:
    """Return the names of segments as texts."""
    numbers, places = np.unique(tags, return_inverse=True)
    names = pa.array([tag_text(number) for number in numbers.tolist()], pa.string())
    return names.take(pa.array(places.reshape(-1)))


def _tags(placed: Placed, rows: NDArray[np.intp]) -> pa.Array:
    """Return the names of segments; of those that are no name, what may be said of them."""
    numbers, firsts, places = np.unique(placed.segments.tags[rows], return_index=True, return_inverse=True)
    names = [_shown(placed.segments.name(row)) for row in rows[firsts].tolist()]
    tags = pa.array(names, pa.string()).take(pa.array(places.reshape(-1)))
    if ODD_TAG not in numbers:
        return tags
    long_names = placed.segments.tags[rows] == ODD_TAG
    each = pa.array([_shown(placed.segments.name(row)) for row in rows[long_names].tolist()], pa.string())
    return pc.replace_with_mask(tags, pa.array(long_names), each)


def _shown(name: str) -> str:
    is_tag = _SHORTEST_TAG <= len(name) <= LONGEST_TAG and name.isascii() and name.isalnum() and name == name.upper()
    return name if is_tag else described(name)
