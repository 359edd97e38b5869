"""The reader and the slow, plain one give the same tables and the same findings, whatever the bytes."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.era835 import parse
from tests.support import remittance_random
from tests.support.byte_mutations import mutated
from tests.support.remittance_judge import complaints, differences, rows
from tests.support.remittance_places import as_bytes

_CORPUS = Path(__file__).resolve().parents[4] / "shared" / "era835" / "corpus"
_SAMPLES = sorted(path for path in _CORPUS.rglob("*") if path.is_file()) if _CORPUS.is_dir() else []
_MUTATIONS = 5


def _agree(data: bytes) -> None:
    read = rows([parse(data)])
    assert differences(read, data) == {}
    assert complaints(read, data) == []


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_both_read_a_random_remittance_alike(seed: int) -> None:
    _agree(as_bytes(remittance_random.file(Random(seed))))  # noqa: S311 - test data


@pytest.mark.skipif(not _SAMPLES, reason="the public sample files are not beside the repository")
@pytest.mark.parametrize("path", _SAMPLES, ids=lambda path: str(path.relative_to(_CORPUS)))
def test_both_read_a_public_sample_alike_whole_and_damaged(path: Path) -> None:
    whole = path.read_bytes()
    _agree(whole)
    rnd = Random(path.name)  # noqa: S311 - test data
    for _ in range(_MUTATIONS if len(whole) < 20_000 else 1):
        _agree(mutated(rnd, whole, [whole]))
