"""The loops that run over every byte: where segments and elements stand, and what encloses each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.jit import compiled, pointer, within
from ingestion.era835.spans import LONGER, packed
from ingestion.era835.words import WIDE, bits, either, first_bit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.jit import Bytes, Positions, Tags


def packed_text(text: str) -> int:
    """Return a text of at most three characters as `spans.packed` does; empty is 0."""
    return int.from_bytes(text.encode("latin-1"), "little")


ENVELOPE = ("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1")
TAGS = (
    *ENVELOPE,
    *("BPR", "TRN", "CUR", "N1", "CLP", "SVC", "CAS", "PLB", "REF", "DTM", "AMT", "QTY", "MIA", "MOA", "LQ"),
    *("LX", "N2", "N3", "N4", "NM1", "PER", "RDM", "TS2", "TS3"),
)
"""The segments of an 835 and of what encloses it. A segment's tag is its place here, UNKNOWN for every other."""

_OFTEN = 12
"""So many delimiters mostly stand in 64 bytes: they are written without asking whether there are so many."""

UNKNOWN = -1
CLP, SVC, PLB = TAGS.index("CLP"), TAGS.index("SVC"), TAGS.index("PLB")

# A table in which no two tags have the same place finds each with one look.
_PACKED = np.array([packed_text(tag) for tag in TAGS], np.int32)
_SLOTS = next(size for size in range(len(TAGS), 1 << 12) if np.unique(_PACKED % size).size == len(TAGS))
_IN_SLOT = np.zeros(_SLOTS, np.int8)
_IN_SLOT[_PACKED % _SLOTS] = np.arange(len(TAGS))


def tags_named(*names: str) -> NDArray[np.bool_]:
    """Return of each tag whether it has one of these names; the last one is UNKNOWN."""
    return np.array([name in names for name in (*TAGS, "")])


@compiled
def last_among(tags: Tags, wanted: NDArray[np.bool_], end: int) -> int:
    """Return the last segment before `end` with a tag that is wanted; 0 where there is none."""
    row = end - 1
    while row > 0 and not wanted[tags[row]]:
        row -= 1
    return max(row, 0)


@compiled
def tokenised(
    data: Bytes, element: int, terminator: int, blank: NDArray[np.bool_]
) -> tuple[Tags, Positions, Positions, Positions, Positions, NDArray[np.int64], bool]:
    """Split bytes into segments and elements.

    `blank` says of each byte value whether it is skipped before a segment. Returns for each segment its tag (see
    `TAGS`), where it begins and ends, then `first` and `starts`: element n of a segment starts at
    `starts[first[segment] + n]` and ends before the position before the next one, and its elements end where those of
    the next begin; by tag (the last one is that of UNKNOWN) how many segments there are, how many elements follow their
    names, and their bytes, a row each; and whether the last segment has no terminator. Segments that are empty stay in
    the list.
    """
    starts = np.empty(data.size + _OFTEN + 4, np.int32)
    used = _split(pointer(data), data.size, element, terminator, pointer(starts))
    first = np.empty(used + 2, np.int32)
    count = _closed(pointer(data), terminator, pointer(starts), used, pointer(first))
    at = starts[first[count]]
    while at < data.size and blank[data[at]]:
        at += 1
    unterminated = at < data.size
    if unterminated:
        starts[used] = data.size + 1
        count += 1
        first[count] = used
        used += 1
    tags, begins, ends = np.empty(count, np.int8), np.empty(count, np.int32), np.empty(count, np.int32)
    sizes = np.zeros((3, len(TAGS) + 1), np.int64)
    for segment in range(count):
        at, end = starts[first[segment]], starts[first[segment + 1]] - 1
        while at < end and blank[data[at]]:
            at += 1
        tag = _tag(pointer(data), at, starts[first[segment] + 1] - 1)
        begins[segment], ends[segment], tags[segment] = at, end, tag
        sizes[0, tag] += 1
        sizes[1, tag] += first[segment + 1] - first[segment] - 1
        sizes[2, tag] += end - at
    return tags, begins, ends, first[: count + 1], starts[:used], sizes, unterminated


@within
def _split(data: Bytes, size: int, element: int, terminator: int, starts: Positions) -> int:
    """Write the place after every delimiter (first of all 0), and return how many there are."""
    starts[0] = 0
    used = 1
    for at in range(0, size - WIDE + 1, WIDE):
        marks = either(data, at, element, terminator)
        following = used + bits(marks)
        for _ in range(_OFTEN):
            starts[used] = at + 1 + first_bit(marks)
            marks &= marks - 1
            used += 1
        while used < following:
            starts[used] = at + 1 + first_bit(marks)
            marks &= marks - 1
            used += 1
        used = following
    for at in range(size - size % WIDE, size):
        starts[used] = at + 1
        used += data[at] == element or data[at] == terminator
    return used


@within
def _closed(data: Bytes, terminator: int, starts: Positions, used: int, first: Positions) -> int:
    """Write which of the places follow a terminator (first of all 0), and return how many terminators there are."""
    first[0] = 0
    count = 1
    for number in range(1, used):
        first[count] = number
        count += data[starts[number] - 1] == terminator
    return count - 1


@within
def _tag(data: Bytes, begin: int, end: int) -> int:
    name = packed(data, begin, end)
    tag = _IN_SLOT[name % _SLOTS]
    return tag if name > LONGER and _PACKED[tag] == name else UNKNOWN
