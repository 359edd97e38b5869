"""The loops that run over every byte: where segments and elements stand, and what encloses each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ingestion.era835.jit import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]
    Positions: TypeAlias = NDArray[np.int32]

LONGEST_TAG = 3
ODD_TAG = 1
"""What `tag_number` gives for a segment whose name is longer than three characters."""


def tag_number(name: str) -> int:
    """Return a segment's name as one number, as `tokenised` does: its bytes one after the other; empty is 0."""
    return int.from_bytes(name.encode("latin-1")) if len(name) <= LONGEST_TAG else ODD_TAG


CLP, SVC, PLB = tag_number("CLP"), tag_number("SVC"), tag_number("PLB")


@compiled
def tokenised(
    data: Bytes, element: int, terminator: int, blank: NDArray[np.bool_], segments: int, elements: int
) -> tuple[Positions, Positions, Positions, Positions, bool]:
    """Split bytes into segments and elements.

    `blank` says of each byte value whether it is skipped before a segment; `segments` and `elements` are how many
    there can be at most. Returns for each segment its name (see `tag_number`) and its end, then `first`: where its
    elements begin in `starts`, then `starts`: where each element starts, with one position more after the last of a
    segment (its end + 1); and whether the last segment has no terminator. Segments that are empty stay in the list.
    """
    tags, ends = np.empty(segments, np.int32), np.empty(segments, np.int32)
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
        tag = 0
        for place in range(begin, begin + min(length, LONGEST_TAG)):
            tag = tag * 256 + data[place]
        tags[count] = tag if length <= LONGEST_TAG else ODD_TAG
        ends[count] = at
        count += 1
        at += 1
    first[count] = used
    return tags[:count].copy(), ends[:count].copy(), first[: count + 1].copy(), starts[:used].copy(), unterminated


@compiled
def nested(
    tags: Positions, transaction: Positions, claim: int, service: int, in_claim: bool
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
