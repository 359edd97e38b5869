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
def measured(tags: Tags, first: Positions, begins: Positions, ends: Positions) -> NDArray[np.int64]:
    """Return by tag how many segments there are, how many elements follow their names, and their bytes: a row each."""
    sizes = np.zeros((3, len(TAGS) + 1), np.int64)  # the last one is that of UNKNOWN
    for segment in range(tags.size):
        tag = tags[segment]
        sizes[0, tag] += 1
        sizes[1, tag] += first[segment + 1] - first[segment] - 2
        sizes[2, tag] += ends[segment] - begins[segment]
    return sizes[:, : len(TAGS)].copy()
