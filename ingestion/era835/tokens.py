"""The loops that run over every byte: where segments and elements stand, and what encloses each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ingestion.era835.jit import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Positions: TypeAlias = NDArray[np.int32]
    Tags: TypeAlias = NDArray[np.int8]

LONGEST = 3
LONGER = 1
"""What `packed` gives for a text of more than three characters."""


def packed(text: str) -> int:
    """Return a short text as one number, its Latin-1 bytes one after the other; empty is 0."""
    return int.from_bytes(text.encode("latin-1")) if len(text) <= LONGEST else LONGER


TAGS = (
    *("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"),
    *("BPR", "TRN", "CUR", "N1", "CLP", "SVC", "CAS", "PLB", "REF", "DTM", "AMT", "QTY", "MIA", "MOA", "LQ"),
    *("LX", "N2", "N3", "N4", "NM1", "PER", "RDM", "TS2", "TS3"),
)
"""The segments of an 835 and of what encloses it. A segment's tag is its place here, UNKNOWN for every other."""

UNKNOWN = -1
CLP, SVC, PLB = TAGS.index("CLP"), TAGS.index("SVC"), TAGS.index("PLB")

# A table in which no two tags have the same place finds each with one look.
_PACKED = np.array([packed(tag) for tag in TAGS], np.int32)
_SLOTS = next(size for size in range(len(TAGS), 1 << 12) if np.unique(_PACKED % size).size == len(TAGS))
_IN_SLOT = np.zeros(_SLOTS, np.int8)
_IN_SLOT[_PACKED % _SLOTS] = np.arange(len(TAGS))


def among(tags: Tags, names: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which segments have one of these names."""
    wanted = np.zeros(len(TAGS) + 1, np.bool_)  # the last one is that of UNKNOWN
    wanted[[TAGS.index(name) for name in names]] = True
    return wanted[tags]


@compiled
def tokenised(  # noqa: PLR0913, PLR0917 - what to split, by what, into how much
    data: Bytes, element: int, terminator: int, blank: NDArray[np.bool_], segments: int, elements: int
) -> tuple[Tags, Positions, Positions, Positions, bool]:
    """Split bytes into segments and elements.

    `blank` says of each byte value whether it is skipped before a segment; `segments` and `elements` are how many
    there can be at most. Returns for each segment its tag (see `TAGS`) and its end, then `first`: where its
    elements begin in `starts`, then `starts`: where each element starts, with one position more after the last of a
    segment (its end + 1); and whether the last segment has no terminator. Segments that are empty stay in the list.
    """
    tags, ends = np.empty(segments, np.int8), np.empty(segments, np.int32)
    first, starts = np.empty(segments + 1, np.int32), np.empty(elements + segments, np.int32)
    count = used = at = 0
    size = data.size
    unterminated = False
    while at < size:
        while at < size and blank[data[at]]:
            at += 1
        if at == size:
            break
        first[count] = used
        starts[used] = at
        used += 1
        while at < size and data[at] != terminator:
            if data[at] == element:
                starts[used] = at + 1
                used += 1
            at += 1
        unterminated = at == size
        starts[used] = at + 1
        used += 1
        begin = starts[first[count]]
        length = starts[first[count] + 1] - 1 - begin
        tags[count] = UNKNOWN
        if 0 < length <= LONGEST:
            name = 0
            for place in range(begin, begin + length):
                name = name * 256 + data[place]
            tag = _IN_SLOT[name % _SLOTS]
            if _PACKED[tag] == name:
                tags[count] = tag
        ends[count] = at
        count += 1
        at += 1
    first[count] = used
    return tags[:count].copy(), ends[:count].copy(), first[: count + 1].copy(), starts[:used].copy(), unterminated


@compiled
def nested(
    tags: Tags, transaction: Positions, claim: int, service: int, in_claim: bool
) -> tuple[Positions, Positions, NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell of each segment the claim and the service line before it in its transaction (-1: none yet).

    `transaction` is the transaction of each segment, below 0 outside. The rest is where the first one stands, when it
    began in an earlier part. Also returned: whether the segment stands in a claim (between its CLP and the next PLB),
    and whether in a service line (between its SVC and the next CLP or PLB).
    """
    size = tags.size
    claims, services = np.empty(size, np.int32), np.empty(size, np.int32)
    inside, on_line = np.empty(size, np.bool_), np.empty(size, np.bool_)
    open_line = in_claim and service >= 0
    for at in range(size):
        if at and transaction[at] != transaction[at - 1]:
            claim, service, in_claim, open_line = -1, -1, False, False
        if transaction[at] >= 0:
            if tags[at] == CLP:
                claim += 1
                service, in_claim, open_line = -1, True, False
            elif tags[at] == SVC and in_claim:
                service += 1
                open_line = True
            elif tags[at] == PLB:
                in_claim, open_line = False, False
        claims[at], services[at] = claim, service
        inside[at], on_line[at] = in_claim, open_line
    return claims, services, inside, on_line


@compiled
def grouped(tags: Tags, transaction: Positions) -> tuple[Positions, Positions]:
    """Return the segments of transactions by their tags: those of `tag` are `rows[bounds[tag]:bounds[tag + 1]]`."""
    bounds = np.zeros(len(TAGS) + 1, np.int32)
    for at in range(tags.size):
        if transaction[at] >= 0 and tags[at] >= 0:
            bounds[tags[at] + 1] += 1
    for tag in range(len(TAGS)):
        bounds[tag + 1] += bounds[tag]
    free = bounds[:-1].copy()
    rows = np.empty(bounds[-1], np.int32)
    for at in range(tags.size):
        if transaction[at] >= 0 and tags[at] >= 0:
            rows[free[tags[at]]] = at
            free[tags[at]] += 1
    return rows, bounds


@compiled
def added(totals: NDArray[np.int64], places: NDArray[np.signedinteger], values: NDArray[np.int64]) -> None:
    """Add each value to the total at its place."""
    for row in range(values.size):
        totals[places[row]] += values[row]


@compiled
def widened(low: Positions, high: Positions, places: NDArray[np.int64], values: Positions) -> None:
    """Widen the span from `low` to `high` at each place so that it holds the value."""
    for row in range(values.size):
        low[places[row]] = min(low[places[row]], values[row])
        high[places[row]] = max(high[places[row]], values[row])
