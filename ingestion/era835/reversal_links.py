"""Which claim of the same file a reversal undoes: found as the claims come by, in memory that is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingestion.era835.jit import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingestion.era835.segments import Spans
    from ingestion.era835.tokens import Positions

_REACH = 1 << 18
"""How many claims back the claim that a reversal undoes is sought; each is remembered in 64 bytes."""

NO_AMOUNT = -(2**63)
"""What stands for an amount that could not be read: it is opposite to none."""

_REF, _NUMBER, _CHARGE, _PAID, _BEFORE, _ST_INDEX, _CLAIM_INDEX, _STANDS = range(8)


class ReversalLinks:
    """Remembers the claims of a file that stand, by claim reference.

    Of the earlier claims with the reference of a reversal it undoes the newest with its payer claim number (its own, or
    the original one of REF*F8; X12 RFI 791), else the newest with exactly opposite charge and payment.
    """

    def __init__(self) -> None:
        # Memory that nobody has written to costs nothing: a small file pays for its own claims only.
        self._memory = np.zeros((_REACH, 8), np.int64)
        self._newest = np.zeros(_REACH, np.int64)
        self._count = 0

    def of(  # noqa: PLR0913, PLR0917 - the columns a link is made of
        self,
        texts: tuple[Spans, Spans, Spans],
        charge: NDArray[np.int64],
        paid: NDArray[np.int64],
        is_reversal: NDArray[np.bool_],
        st_index: Positions,
        claim_index: Positions,
    ) -> tuple[Positions, Positions]:
        """Return `st_index` and `claim_index` of the claim each claim undoes, -1 where it undoes none of this file.

        `texts` are the claim reference, the payer claim number and the original one of every claim.
        """
        refs, numbers, originals = (text.hashes() for text in texts)
        refs[texts[0].equal("0")] = 0  # the payer was sent none (X12 RFI 535)
        count = self._count
        self._count += refs.size
        return _linked(
            self._memory,
            self._newest,
            count,
            refs,
            numbers,
            originals,
            charge,
            paid,
            is_reversal,
            st_index,
            claim_index,
        )


@compiled
def _linked(  # noqa: PLR0913, PLR0917 - as above
    memory: NDArray[np.int64],
    newest: NDArray[np.int64],
    count: int,
    refs: NDArray[np.int64],
    numbers: NDArray[np.int64],
    originals: NDArray[np.int64],
    charge: NDArray[np.int64],
    paid: NDArray[np.int64],
    is_reversal: NDArray[np.bool_],
    st_index: Positions,
    claim_index: Positions,
) -> tuple[Positions, Positions]:
    """Link and remember claim after claim. Claims are counted from 1 in `memory` and `newest`; 0 is none."""
    undone_st, undone_claim = np.full(refs.size, -1, np.int32), np.full(refs.size, -1, np.int32)
    for row in range(refs.size):
        number = count + row + 1
        bucket = refs[row] & (_REACH - 1)
        if refs[row] == 0:
            continue
        if not is_reversal[row]:
            memory[number & (_REACH - 1)] = np.array(
                [refs[row], numbers[row], charge[row], paid[row], newest[bucket], st_index[row], claim_index[row], 1]
            )
            newest[bucket] = number
            continue
        found, at = 0, newest[bucket]
        while at > max(number - _REACH, 0):
            claim = memory[at & (_REACH - 1)]
            if claim[_STANDS] and claim[_REF] == refs[row]:
                if claim[_NUMBER] != 0 and (claim[_NUMBER] == numbers[row] or claim[_NUMBER] == originals[row]):
                    found = at
                    break
                read = charge[row] != NO_AMOUNT and paid[row] != NO_AMOUNT
                if not found and read and claim[_CHARGE] == -charge[row] and claim[_PAID] == -paid[row]:
                    found = at
            at = claim[_BEFORE]
        if found:
            claim = memory[found & (_REACH - 1)]
            claim[_STANDS] = 0
            undone_st[row], undone_claim[row] = claim[_ST_INDEX], claim[_CLAIM_INDEX]
    return undone_st, undone_claim
