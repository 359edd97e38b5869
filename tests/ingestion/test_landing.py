"""The landing: loads, COPY, quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingestion import landing
from ingestion.landing import Connection, Quarantined
from ledger.rules.showing import described

if TYPE_CHECKING:
    from collections.abc import Sequence

SHA = "a" * 64
PIECE = Quarantined("row 1", "visits.state", None, "Row 1: state is empty.")


def rows_of(raw: Connection, query: str) -> Sequence[tuple[object, ...]]:
    return raw.execute(query.encode()).fetchall()


def test_the_schema_can_be_made_again_and_keeps_what_it_holds(raw: Connection) -> None:
    landing.ensure_schema(raw)
    assert landing.receive(raw, "visits", SHA, 10)
    landing.ensure_schema(raw)
    assert rows_of(raw, "select kind, byte_count from raw.file") == [("visits", 10)]


def test_a_schema_that_is_there_does_not_wait_for_a_load_under_way(raw: Connection) -> None:
    landing.receive(raw, "visits", SHA, 10)
    raw.execute("lock table raw.claim_ref in row exclusive mode")
    with Connection.connect(raw.info.dsn, password=raw.info.password or None) as other:
        other.execute("set lock_timeout = '200ms'")
        landing.ensure_schema(other)


def test_the_same_bytes_are_received_once_a_kind(raw: Connection) -> None:
    first = landing.receive(raw, "visits", SHA, 10)
    assert landing.receive(raw, "visits", SHA, 10) is None
    other = landing.receive(raw, "fees", SHA, 10)
    assert first is not None
    assert other is not None
    assert other > first


def test_rows_whose_key_is_there_are_left_out_where_that_is_asked(raw: Connection) -> None:
    load_id = landing.receive(raw, "visits", SHA, 10)
    columns = ("claim_ref", "visit_token", "load_id")
    tokens = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(3)]
    first = [("A", tokens[0], load_id)]
    assert landing.copy_rows(raw, "raw.claim_ref", columns, first) == 1
    more = [("A", tokens[1], load_id), ("B", tokens[1], load_id), ("C", tokens[2], load_id)]
    assert landing.copy_rows(raw, "raw.claim_ref", columns, more, ignore_conflicts=True) == 2
    assert landing.copy_rows(raw, "raw.claim_ref", columns, more, ignore_conflicts=True) == 0
    owners = rows_of(raw, "select claim_ref, visit_token::text from raw.claim_ref order by 1")
    assert owners == [("A", tokens[0]), ("B", tokens[1]), ("C", tokens[2])]


def test_what_is_refused_stands_in_quarantine_once(raw: Connection) -> None:
    load_id = landing.receive(raw, "visits", SHA, 10)
    assert load_id is not None
    landing.quarantine(raw, load_id, "visits", SHA, [PIECE, PIECE])
    landing.quarantine(raw, load_id, "visits", SHA, [PIECE])
    landing.finish(raw, load_id, 4, 1)
    kept = rows_of(raw, "select source, file_sha256, position, rule, value, message from raw.quarantine")
    assert kept == [("visits", SHA, *PIECE)]
    assert rows_of(raw, "select row_count, quarantined_count from raw.file") == [(4, 1)]


def test_a_file_is_found_without_reading_the_others(raw: Connection) -> None:
    raw.execute(
        "insert into raw.era_adjustment (file_sha256, st_index, claim_index, adjustment_index, group_code, reason_code,"
        " amount_cents) select md5((line / 200)::text), 0, 0, line, 'CO', '45', 1 from generate_series(1, 40000) line"
    )
    raw.commit()
    raw.execute("select pg_stat_force_next_flush()")
    raw.commit()
    landing.keep_statistics(raw)
    one_file = "select amount_cents from raw.era_adjustment where file_sha256 in (select md5('7'))"
    plan = "\n".join(str(line) for (line,) in rows_of(raw, f"explain {one_file}"))
    assert "era_adjustment_file" in plan
    assert len(rows_of(raw, one_file)) == 200


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "nothing"),
        ("x", "one character (letters)"),
        ("Some One 7", "10 characters (letters, digits, blanks)"),
        ("a@b.example", "11 characters (letters, signs)"),
        ("\x00\x01", "2 characters (signs)"),
    ],
)
def test_a_value_that_may_be_a_name_is_described_and_not_shown(value: str, said: str) -> None:
    assert described(value) == said
