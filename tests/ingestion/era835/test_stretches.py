"""A file in blocks: memory is bounded whatever stands in it, and what is cut between parts is whole again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.era835 import stretches
from ingestion.era835.remittances import joined, read
from tests.support.remittance_reading import PAYMENT, PLAIN, only, rules
from tests.support.remittance_writer import Payment, Style, interchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from ingestion.era835 import Remittances

_LARGEST_BLOCK = 5000


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _LARGEST_BLOCK] for at in range(0, len(data), _LARGEST_BLOCK))


def _parts(data: bytes) -> list[Remittances]:
    return list(read(_blocks(data), "0" * 64))


def test_a_claim_that_never_ends_ends_the_reading_and_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "_LONGEST", 20_000)
    head = PLAIN[: PLAIN.index(b"NM1*QC")]
    found = joined(_parts(head + b"DTM*050*20260101~" * 4000))
    assert only(found)["verdict"] == "held"
    assert {"era.endless_claim", "era.cut_off"} <= set(rules(found))
    assert found.findings.to_pylist()[rules(found).index("era.endless_claim")]["byte_offset"] == head.index(b"CLP*")


def test_a_long_transaction_that_is_no_835_is_passed_over_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "_LONG", 10_000)
    data = interchange((PAYMENT,), between=("ST*837*0009", *["HL*1**20*1"] * 5000, "SE*5002*0009"))
    parts = _parts(data.replace(b"GE*1*", b"GE*2*"))
    assert len(parts) > 3
    found = joined(parts)
    assert (only(found)["verdict"], rules(found)) == ("posted", ["era.other_transaction"])
    assert found.unread["tag"].to_pylist().count("HL") == 5000


def test_a_hundred_interchanges_are_one_part_unless_their_delimiters_change() -> None:
    same = b"".join(
        interchange((Payment(f"TRACE{number}"),), Style(newline="\n", control=f"{number:09d}")) for number in range(100)
    )
    other = interchange((Payment("LAST"),), Style("|", ">", "!"))
    (part,) = read([same], "0" * 64)
    assert (part.transactions.num_rows, rules(part)) == (100, [])
    assert part.transactions["isa_control"].to_pylist() == [f"{number:09d}" for number in range(100)]
    assert [found.transactions.num_rows for found in read([same + other + same[:2000]], "0" * 64)][:2] == [100, 1]


def test_an_interchange_without_its_end_is_told_where_the_next_begins() -> None:
    short = PLAIN[: PLAIN.index(b"GE*")]
    (part,) = read([short + interchange((Payment("TRACE2"),))], "0" * 64)
    assert part.transactions["verdict"].to_pylist() == ["posted", "posted"]
    assert rules(part) == ["era.ge_missing", "era.iea_missing"]
    assert set(part.findings["byte_offset"].to_pylist()) == {len(short)}


def test_however_much_blank_stands_before_it_a_file_is_read_from_its_first_segment() -> None:
    for lead in (b"\x00" * 20_000, b"\xef\xbb\xbf" + b"\x1a" * 20_000, b"\n" * 20_000):
        assert only(joined(_parts(lead + PLAIN)))["verdict"] == "posted"
