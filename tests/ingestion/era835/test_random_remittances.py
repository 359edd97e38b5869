"""Random remittances, written down in random ways, cut anywhere, damaged anywhere: what is read stays true."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.era835 import parse
from ingestion.era835.remittances import read
from tests.support import remittance_random
from tests.support.remittance_expected import expected
from tests.support.remittance_judge import compared, in_blocks, rows
from tests.support.remittance_places import as_bytes
from tests.support.remittance_writer import PATIENT, Payment, Written, interchange

if TYPE_CHECKING:
    from ingestion.era835 import Remittances

Rows = list[dict[str, Any]]
QUICK = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 2**32).map(Random)
_PLACE = ("rule", "st_index", "segment_index", "byte_offset", "value")
_ENVELOPE = {"file_sha256", "isa_control", "gs_control", "st_control", "st_index", "undoes_st_index", "verdict"}


def _places(findings: Rows) -> list[tuple[str, ...]]:
    return sorted(tuple(str(found[name]) for name in _PLACE) for found in findings)


def _content(remittances: Remittances) -> dict[str, Rows]:
    """Return what the tables say of the payments, whatever envelope they came in."""
    return {
        name: [{key: value for key, value in row.items() if key not in _ENVELOPE} for row in table]
        for name, table in rows([remittances]).items()
        if name not in {"findings", "unread"}
    }


@QUICK
@given(SEEDS)
def test_every_row_of_every_table_is_what_was_written(rnd: Random) -> None:
    file = remittance_random.file(rnd)
    data = as_bytes(file)
    found, right = rows([parse(data)]), expected(file)
    assert _places(found.pop("findings")) == _places(right["findings"])
    for name, table in found.items():
        assert [row.pop("file_sha256") for row in table] == [sha256(data).hexdigest()] * len(table)
        assert table == right[name], name


@QUICK
@given(SEEDS)
def test_blocks_of_any_size_give_the_tables_of_the_whole(rnd: Random) -> None:
    data = as_bytes(remittance_random.file(rnd))
    whole = rows([parse(data)])
    parts = rows(read(in_blocks(rnd, data), sha256(data).hexdigest()))
    assert compared(parts, whole) == {}


@QUICK
@given(SEEDS)
def test_the_same_remittance_written_in_two_ways_gives_equal_tables_and_hashes(rnd: Random) -> None:
    file = remittance_random.file(rnd, whole=True)
    amounts = file[0].style.short_amounts
    one, other = (
        [
            replace(own, style=replace(remittance_random.style(rnd), encoding="utf-8", short_amounts=amounts))
            for own in file
        ]
        for _ in range(2)
    )
    first, second = parse(as_bytes(one)), parse(as_bytes(other))
    assert _content(first) == _content(second)
    assert set(first.findings["rule"].to_pylist()) <= {"era.duplicate"}


@QUICK
@given(SEEDS)
def test_one_interchange_or_one_for_each_payment_is_the_same_remittance(rnd: Random) -> None:
    payments = [payment for own in remittance_random.file(rnd, whole=True) for payment in own.payments]
    apart = [Written((payment,), remittance_random.style(rnd)) for payment in payments]
    amounts = [replace(own, style=replace(own.style, short_amounts=False)) for own in apart]
    together = parse(interchange(tuple(payments)))
    assert _content(parse(as_bytes(amounts))) == _content(together)


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_a_file_cut_at_any_byte_posts_only_what_is_whole(rnd: Random) -> None:
    whole = as_bytes(remittance_random.file(rnd))
    complete = parse(whole).transactions["body_sha256"].to_pylist()
    cut = parse(whole[: rnd.randint(0, len(whole))])
    for row in cut.transactions.to_pylist():
        assert row["verdict"] == "held" or row["body_sha256"] == complete[row["st_index"]]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: interchange((Payment(),))[:150] + tail))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    found = parse(data)
    assert found.transactions.num_rows or found.quarantined


@QUICK
@given(SEEDS)
def test_the_patient_stands_in_no_table(rnd: Random) -> None:
    everything = str(rows([parse(as_bytes(remittance_random.file(rnd)))]))
    assert not [name for name in PATIENT if name in everything]
