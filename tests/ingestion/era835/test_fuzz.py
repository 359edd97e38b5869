"""Damaged bytes, thousands of them: the reader neither fails nor hangs nor loses anything in silence.

TRUEUP_FUZZ_CASES says how many cases; `make fuzz` runs 100,000. A case is known by its number: the same number is the
same bytes.
"""

from __future__ import annotations

import faulthandler
import os
from functools import cache
from hashlib import sha256
from random import Random
from traceback import format_exc

import pytest

from ingestion.era835 import parse
from ingestion.era835.remittances import read
from tests.support import remittance_random
from tests.support.byte_mutations import mutated, smallest
from tests.support.remittance_judge import Row, compared, complaints, differences, in_blocks, rows
from tests.support.remittance_places import as_bytes

_CASES = int(os.environ.get("TRUEUP_FUZZ_CASES", "600"))
_HANG_SECONDS = 60
_HALVES = 2
_MOST_BYTES = 9_000


@cache
def _files() -> list[bytes]:
    """Small random files, from which every case is made."""
    every = (as_bytes(remittance_random.file(Random(seed))) for seed in range(400))  # noqa: S311 - test data
    return [data for data in every if len(data) <= _MOST_BYTES]


def _case(number: int) -> bytes:
    rnd = Random(number)  # noqa: S311 - test data
    return mutated(rnd, rnd.choice(_files()), _files())


def _parts(data: bytes) -> dict[str, list[Row]]:
    rnd = Random(len(data))  # noqa: S311 - test data
    return rows(read(in_blocks(rnd, data), sha256(data).hexdigest()))


def _wrong(data: bytes) -> str:
    """Say what is wrong with what is read of the bytes; empty where nothing is."""
    try:
        found = rows([parse(data)])
        parts = _parts(data) if len(data) % 10 == 0 else found  # slow: not every time
    except Exception:  # noqa: BLE001 - whatever it is: the reader must not fail
        return format_exc()
    wrong = [f"{name}: {pair}" for name, pair in differences(found, data).items()]
    wrong += [f"{name} in blocks: {pair}" for name, pair in compared(parts, found).items()]
    return "\n".join((*wrong, *complaints(found, data)))


@pytest.mark.timeout(0)  # each case has its own limit, after which the process ends with a traceback
@pytest.mark.parametrize("half", range(_HALVES))
def test_no_damage_makes_the_reader_fail_hang_or_lose_a_segment_in_silence(
    half: int, capfd: pytest.CaptureFixture[str]
) -> None:
    failed = []
    with capfd.disabled():  # or nobody would see that traceback
        for number in range(half, _CASES, _HALVES):
            faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True)
            if _wrong(_case(number)):
                failed.append(number)
        faulthandler.cancel_dump_traceback_later()
    small = smallest(_case(failed[0]), lambda data: bool(_wrong(data))) if failed else b""
    assert not failed, f"{len(failed)} cases, as {failed[:20]}; the first made small:\n{small!r}\n{_wrong(small)}"
