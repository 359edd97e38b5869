"""Which claim of the same file a reversal undoes: found as the claims come by, in memory that is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ingestion.era835.jit import pointer, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REACH = 1 << 18
"""How many claims back the claim that a reversal undoes is sought; each is remembered in 64 bytes."""

_BUCKETS = 1 << 15
"""Few enough that a small file does not touch a page for every claim."""

NO_AMOUNT = -(2**63)
"""What stands for an amount that could not be read: it is opposite to none."""

_REF, _NUMBER, _CHARGE, _PAID, _BEFORE, _ST_INDEX, _CLAIM_INDEX, _STANDS = range(8)


class Links(NamedTuple):
    """The claims of a file that stand, counted from 1: what is known of each, the newest of each bucket, how many."""

    memory: NDArray[np.int64]
    newest: NDArray[np.int64]
    total: NDArray[np.int64]


def none_yet() -> Links:
    """Return room for the claims of a file; memory that nobody has written to costs nothing."""
    return Links(np.zeros(8 * _REACH, np.int64), np.zeros(_BUCKETS, np.int64), np.zeros(1, np.int64))


@within
def links_memory(links: Links) -> Links:
    """Return the same with bare memory in the place of arrays."""
    return Links(pointer(links.memory), pointer(links.newest), pointer(links.total))


@within
def linked(
    links: Links, claim: tuple[int, int, int, int, int], is_reversal: bool, st_index: int, claim_index: int
) -> tuple[int, int]:
    """Return `st_index` and `claim_index` of the claim this one undoes, -1 where it undoes none; remember what stands.

    `claim` is its claim reference (0: none), its payer claim number and the original one (REF*F8) as hashes, its charge
    and its payment. Of the earlier claims with the reference of a reversal it undoes the newest with either number
    (X12 RFI 791), else the newest with exactly opposite charge and payment.
    """
    ref, own, _, charge, paid = claim
    links.total[0] += 1
    number = links.total[0]
    if ref == 0:
        return -1, -1
    bucket = ref & (_BUCKETS - 1)
    if not is_reversal:
        at = 8 * (number & (_REACH - 1))
        links.memory[at + _REF], links.memory[at + _NUMBER] = ref, own
        links.memory[at + _CHARGE], links.memory[at + _PAID] = charge, paid
        links.memory[at + _ST_INDEX], links.memory[at + _CLAIM_INDEX] = st_index, claim_index
        links.memory[at + _BEFORE], links.memory[at + _STANDS] = links.newest[bucket], 1
        links.newest[bucket] = number
        return -1, -1
    found = _undone(links, claim, number, links.newest[bucket])
    if not found:
        return -1, -1
    undone = 8 * (found & (_REACH - 1))
    links.memory[undone + _STANDS] = 0
    return links.memory[undone + _ST_INDEX], links.memory[undone + _CLAIM_INDEX]


@within
def _undone(links: Links, claim: tuple[int, int, int, int, int], number: int, at: int) -> int:
    """Return which of the claims of a bucket a reversal undoes, 0 if none; `at` is the newest of them."""
    ref, own, original, charge, paid = claim
    readable = NO_AMOUNT not in (charge, paid)
    opposite = 0
    while at > max(number - _REACH, 0):
        earlier = 8 * (at & (_REACH - 1))
        if links.memory[earlier + _STANDS] and links.memory[earlier + _REF] == ref:
            own_of_earlier = links.memory[earlier + _NUMBER]
            if own_of_earlier != 0 and own_of_earlier in (own, original):
                return at
            reverse = links.memory[earlier + _CHARGE] == -charge and links.memory[earlier + _PAID] == -paid
            if not opposite and readable and reverse:
                opposite = at
        at = links.memory[earlier + _BEFORE]
    return opposite
