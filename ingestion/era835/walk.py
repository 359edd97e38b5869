"""The loop over the segments of one part: each gives its rows to the tables, in the order of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835 import notes
from ingestion.era835.claim_rows import adjustments, begin_claim, begin_line, end_claim, end_line
from ingestion.era835.detail_rows import amounts, dates, quantities, references, remarks, unread
from ingestion.era835.header_rows import currency, party, payment, provider_adjustments, trace
from ingestion.era835.jit import compiled, within
from ingestion.era835.reversal_links import links_memory
from ingestion.era835.rows import note, rows_memory, source_memory
from ingestion.era835.tokens import CLP, ENVELOPE, PLB, SVC, TAGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.reversal_links import Links
    from ingestion.era835.rows import Rows, Source
    from ingestion.era835.standing import Standing

_SEGMENT_UNKNOWN = notes.numbered("era.segment_unknown")
_BPR, _TRN, _CUR, _N1, _CAS = (TAGS.index(name) for name in ("BPR", "TRN", "CUR", "N1", "CAS"))
_REF, _DTM, _AMT, _QTY = (TAGS.index(name) for name in ("REF", "DTM", "AMT", "QTY"))
_REMARKS = tuple(TAGS.index(name) for name in ("MIA", "MOA", "LQ"))
_ENVELOPING = np.array([name in ENVELOPE for name in (*TAGS, "unknown")])  # the last one is at UNKNOWN
_STRANGE = _ENVELOPING | (np.arange(len(TAGS) + 1) == len(TAGS))


@compiled
def walked(
    segments: Source, pieces: NDArray[np.int64], standings: NDArray[np.void], room: Rows, claims: Links, before: int
) -> None:
    """Read the segments of a part.

    `pieces` says of each transaction in it where it starts and ends and how many of its segments stand in earlier
    parts, `standings` what is known of it so far, and is carried on. `before` is how many segments the file has in
    earlier parts. All of a claim stands in one part.
    """
    source, rows, links = source_memory(segments), rows_memory(room), links_memory(claims)
    at = 0
    for number in range(pieces.shape[0]):
        start, end, earlier = pieces[number, 0], pieces[number, 1], pieces[number, 2]
        _outside(source, rows, at, start, before)
        now = standings[number]
        first = start if earlier else start + 1
        for segment in range(first, end):
            filled = source.ends[segment] > source.begins[segment]
            if filled and not _taken(source, rows, links, now, segment):
                unread(source, rows, segment, now.st_index, earlier + segment - start)
        end_line(source, rows, now)
        end_claim(source, rows, links, now)
        at = end
    _outside(source, rows, at, segments.tags.size, before)


@within
def _outside(source: Source, rows: Rows, start: int, end: int, before: int) -> None:
    """List what stands between transactions and is no envelope."""
    for segment in range(start, end):
        filled = source.ends[segment] > source.begins[segment]
        if filled and not _ENVELOPING[source.tags[segment]]:
            unread(source, rows, segment, -1, before + segment)


@within
def _taken(source: Source, rows: Rows, links: Links, now: Standing, segment: int) -> bool:  # noqa: PLR0911 - a return a table
    """Give a segment's rows to the tables, and tell whether any took something from it."""
    tag = source.tags[segment]
    if tag == _DTM:
        return dates(source, rows, now, segment)
    if tag == _CAS:
        return adjustments(source, rows, now, segment)
    if tag == _REF:
        return references(source, rows, now, segment)
    if tag == _AMT:
        return amounts(source, rows, now, segment)
    if tag == SVC:
        end_line(source, rows, now)
        begin_line(source, rows, now, segment)
        return True
    if tag == CLP:
        end_line(source, rows, now)
        end_claim(source, rows, links, now)
        begin_claim(source, rows, now, segment)
        return True
    if tag in _REMARKS:
        return remarks(source, rows, now, segment)
    if tag == _QTY:
        return quantities(source, rows, now, segment)
    if tag == PLB:
        end_line(source, rows, now)
        end_claim(source, rows, links, now)
        now.in_claim = now.on_line = 0
        return provider_adjustments(source, rows, now, segment)
    return _of_header(source, rows, now, segment)


@within
def _of_header(source: Source, rows: Rows, now: Standing, segment: int) -> bool:
    tag = source.tags[segment]
    if tag == _BPR:
        payment(source, rows, now, segment)
        return True
    if tag == _TRN:
        return trace(rows, now, segment)
    if tag == _N1:
        return party(source, rows, now, segment)
    if tag == _CUR:
        return currency(source, rows, segment)
    if _STRANGE[tag]:
        note(rows, _SEGMENT_UNKNOWN, segment, 0, 0)
    return False
