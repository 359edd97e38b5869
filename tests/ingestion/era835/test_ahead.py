"""What is got ready in another thread is what it would be without: in order, bounded, with its errors."""

from __future__ import annotations

from hashlib import sha256
from random import Random
from threading import Event, current_thread
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.era835 import remittances
from ingestion.era835.ahead import ahead
from ingestion.era835.arrow import Tables
from ingestion.era835.findings import Finding
from ingestion.era835.parts import parts
from ingestion.era835.reader import Reader
from tests.support import remittance_random
from tests.support.byte_mutations import mutated
from tests.support.remittance_judge import in_blocks
from tests.support.remittance_places import as_bytes
from tests.support.remittance_reading import PAYMENT
from tests.support.remittance_writer import interchange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

T = TypeVar("T")

_MOST = 3
_BLOCK = 1000
_LONG = interchange((PAYMENT,) * 40)


def _numbers(made: list[int], last: int) -> Iterator[int]:
    for number in range(last):
        made.append(number)
        yield number


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK))


def _one_after_the_other(blocks: Iterable[bytes], file_sha256: str) -> Iterator[tuple[dict[str, pa.Table], Any]]:
    """Read in this thread alone."""
    reader, tables = Reader(), Tables(file_sha256)
    for part, findings in parts(blocks):
        yield tables.of(reader.read(part, findings) if part else {}), findings


def _until_it_fails(items: Iterator[T]) -> tuple[list[T], Exception | None]:
    taken: list[T] = []
    try:
        taken.extend(items)
    except Exception as error:  # noqa: BLE001 - what it is, is asked by the test
        return taken, error
    return taken, None


def _findings(found: pa.Table) -> list[Finding]:
    return [Finding(*(row[name] for name in Finding._fields)) for row in found.to_pylist()]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32).map(Random))
def test_a_file_read_on_two_threads_is_the_file_read_on_one(rnd: Random) -> None:
    data = as_bytes(remittance_random.file(rnd))
    data = mutated(rnd, data, [data]) if rnd.random() < 0.5 else data
    blocks, file_sha256 = list(in_blocks(rnd, data)), sha256(data).hexdigest()
    found = list(remittances.read(blocks, file_sha256))
    alone = list(_one_after_the_other(blocks, file_sha256))
    assert len(found) == len(alone)
    for part, (tables, findings) in zip(found, alone, strict=True):
        own = dict(part.tables())
        assert _findings(own.pop("findings")) == sorted(findings, key=_place)
        assert own == tables


def _place(found: Finding) -> tuple[bool, int]:
    return found.byte_offset is None, found.byte_offset or 0


def test_what_the_blocks_raise_reaches_the_reader_after_the_parts_before() -> None:
    def blocks() -> Iterator[bytes]:
        yield from _blocks(_LONG)
        raise OSError("the disk of the drop folder is gone")

    read, error = _until_it_fails(remittances.read(blocks(), "0" * 64))
    assert (type(error), str(error)) == (OSError, "the disk of the drop folder is gone")
    assert sum(part.transactions.num_rows for part in read) > 30  # of 40; the last are held back until the file ends


def test_a_reader_that_stops_leaves_the_file_closed_and_most_of_it_unread() -> None:
    asked, closed = [], Event()

    def blocks() -> Iterator[bytes]:
        try:
            for block in _blocks(_LONG * 10):
                asked.append(current_thread().name)
                yield block
        finally:
            closed.set()

    reading = remittances.read(blocks(), "0" * 64)
    next(reading)
    before = len(asked)
    del reading
    assert closed.is_set()
    assert before <= len(asked) < len(_LONG) / 20
    assert any("remittance parts" in name for name in asked)


def test_the_next_ones_are_made_in_order_and_never_more_of_them() -> None:
    made: list[int] = []
    taken = []
    for number in ahead(_numbers(made, 20), "test", _MOST):
        assert len(made) <= number + 1 + _MOST
        taken.append(number)
    assert taken == made == list(range(20))


def test_an_error_comes_in_its_turn() -> None:
    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third is none")

    taken, error = _until_it_fails(ahead(failing(), "test", _MOST))
    assert (taken, type(error), str(error)) == ([1, 2], ValueError, "the third is none")


def test_who_stops_taking_has_the_maker_closed_and_no_thread_left() -> None:
    made: list[int] = []
    closed = Event()

    def numbers() -> Iterator[int]:
        try:
            yield from _numbers(made, 1000)
        finally:
            closed.set()

    taking = ahead(numbers(), "test", _MOST)
    assert next(taking) == 0
    taking.close()
    assert closed.is_set()
    assert len(made) <= 1 + 1 + _MOST
