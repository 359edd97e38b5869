"""The visit ledger on its way in."""

from __future__ import annotations

import csv
import io
import os
import random
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import landing, visit_ledger
from ingestion.landing import Connection, FeedUnreadable, Receipt
from tests.support.feed_files import VISIT, Row, visit, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def load(raw: Connection, tmp_path: Path, *rows: Row) -> Receipt:
    return visit_ledger.load(raw, write_csv(tmp_path / "visits.csv", rows))


def load_text(raw: Connection, tmp_path: Path, data: bytes) -> Receipt:
    path = tmp_path / "visits.csv"
    path.write_bytes(data)
    return visit_ledger.load(raw, path)


def as_csv(*rows: Row) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def one(raw: Connection, query: str) -> Any:
    row = raw.execute(query.encode()).fetchone()
    assert row
    return row[0] if len(row) == 1 else row


def test_a_good_row_is_kept_as_it_is_with_its_times_in_utc(raw: Connection, tmp_path: Path) -> None:
    row = visit(scheduled_start="2026-09-01T10:00:00-04:00", modifiers="gt|95", units="")
    receipt = load(raw, tmp_path, row)
    assert (receipt.kind, receipt.already_loaded, receipt.rows, receipt.quarantined) == ("visits", False, 1, ())
    kept = one(raw, "select claim_ref, state, modifiers, units, scheduled_start, charge_cents from raw.visit")
    assert kept == ("CLAIM0001", "completed", "95|GT", 1, datetime(2026, 9, 1, 14, tzinfo=UTC), 15000)
    assert one(raw, "select bills, on_hold, target_cents, policy_key from raw.visit_verdict") == (
        True,
        False,
        2500,
        "default",
    )


def test_the_same_file_again_says_so_and_changes_nothing(raw: Connection, tmp_path: Path) -> None:
    first = load(raw, tmp_path, visit())
    again = load(raw, tmp_path, visit())
    assert (again.already_loaded, again.rows, again.file_sha256) == (True, 0, first.file_sha256)
    assert "loaded before" in again.notes[0]
    assert one(raw, "select count(*) from raw.file") == 1


def test_an_observation_in_two_files_is_kept_once_whatever_its_spelling(raw: Connection, tmp_path: Path) -> None:
    load(raw, tmp_path, visit())
    receipt = load(raw, tmp_path, visit(modifiers="GT|95", started_at="2026-09-01T10:01-04:00"), visit(2))
    assert receipt.rows == 1
    assert receipt.notes == ("1 observations are new, 1 were known already.",)
    assert one(raw, "select count(*) from raw.visit") == 2


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("visit_token", "", "required"),
        ("visit_token", "17", "UUID"),
        ("claim_ref", "ABC-1", "CLM01"),
        ("practice_id", "", "required"),
        ("provider_id", " ", "required"),
        ("state", "done", "completed"),
        ("state", "Completed", "completed"),
        ("service_code", "talk", "99213"),
        ("modifiers", "95,GT", "95|GT"),
        ("units", "0", "1"),
        ("place_of_service", "2", "02"),
        ("scheduled_start", "2026-09-01T14:00:00", "offset"),
        ("scheduled_end", "2026-09-01T14:00:00Z", "after scheduled_start"),
        ("ended_at", "2026-09-01T14:00:59Z", "before started_at"),
        ("payer_id", "patient", "leave it empty where the patient pays"),
        ("charge_cents", "150.00", "whole number of cents"),
        ("charge_cents", "-1", "0 cents or more"),
        ("patient_estimate_cents", "", "insured"),
        ("state_changed_at", "", "required"),
    ],
)
def test_a_row_that_breaks_a_rule_is_quarantined_and_the_rest_is_kept(
    raw: Connection, tmp_path: Path, column: str, value: str, said: str
) -> None:
    receipt = load(raw, tmp_path, visit(1), visit(2, **{column: value}), visit(3))
    (piece,) = receipt.quarantined
    assert (receipt.rows, piece.position, piece.rule) == (2, "row 2", f"visits.{column}")
    assert piece.message.startswith(f"Row 2 (line 3): {column} ")
    assert said in piece.message
    assert one(raw, "select source, position, rule, message from raw.quarantine") == ("visits", *_said(piece))
    assert one(raw, "select row_count, quarantined_count from raw.file") == (2, 1)


def _said(piece: landing.Quarantined) -> tuple[str, str, str]:
    return piece.position, piece.rule, piece.message


def test_every_fault_of_a_row_is_told_in_one_piece(raw: Connection, tmp_path: Path) -> None:
    (piece,) = load(raw, tmp_path, visit(state="gone", units="x", charge_cents="1.5")).quarantined
    assert piece.rule == "visits.state"
    assert all(column in piece.message for column in ("state", "units", "charge_cents"))


def test_a_value_that_may_be_a_name_is_never_shown(raw: Connection, tmp_path: Path) -> None:
    name = "Zzyzx Qwfp"
    receipt = load(raw, tmp_path, *(visit(n, **{column: name}) for n, column in enumerate(VISIT, 1)))
    assert receipt.quarantined
    assert not any(name in str(piece) for piece in receipt.quarantined)
    assert {piece.value for piece in receipt.quarantined} == {"10 characters (letters, blanks)"}


def test_amounts_and_dates_are_shown(raw: Connection, tmp_path: Path) -> None:
    receipt = load(raw, tmp_path, visit(1, charge_cents="12.50"), visit(2, scheduled_start="2026-09-01"))
    assert [piece.value for piece in receipt.quarantined] == ["12.50", "2026-09-01"]


def test_a_claim_reference_is_one_visits_alone_and_the_earlier_row_has_it(raw: Connection, tmp_path: Path) -> None:
    receipt = load(raw, tmp_path, visit(1), visit(2, claim_ref="CLAIM0001"), visit(3), visit(4, claim_ref=""))
    (piece,) = receipt.quarantined
    assert (receipt.rows, piece.position, piece.rule) == (3, "row 2", "visits.claim_ref_taken")
    later = visit(1, claim_ref="CLAIM0001", state="disputed", state_changed_at="2026-10-01T00:00:00Z")
    next_receipt = load(raw, tmp_path, visit(5, claim_ref="CLAIM0003"), later)
    assert [piece.position for piece in next_receipt.quarantined] == ["row 1"]
    assert next_receipt.rows == 1


def test_a_refused_row_takes_no_claim_reference(raw: Connection, tmp_path: Path) -> None:
    receipt = load(raw, tmp_path, visit(1, state="gone"), visit(2, claim_ref="CLAIM0001"))
    assert [piece.rule for piece in receipt.quarantined] == ["visits.state"]
    assert receipt.rows == 1


def test_columns_come_in_any_order_and_others_are_named_but_not_read(raw: Connection, tmp_path: Path) -> None:
    row = {"notes": "Zzyzx, Qwfp", **dict(reversed(visit().items()))}
    receipt = load(raw, tmp_path, row)
    assert (receipt.rows, receipt.quarantined) == (1, ())
    assert any("notes" in note for note in receipt.notes)
    assert "Zzyzx" not in str(receipt)


def test_columns_that_may_be_absent_have_their_defaults(raw: Connection, tmp_path: Path) -> None:
    row = {name: value for name, value in visit().items() if name not in {"modifiers", "units"}}
    assert load(raw, tmp_path, row).rows == 1
    assert one(raw, "select modifiers, units from raw.visit") == (None, 1)


def test_a_file_without_a_required_column_is_refused_whole(raw: Connection, tmp_path: Path) -> None:
    row = {name: value for name, value in visit().items() if name not in {"state", "payer_id"}}
    with pytest.raises(FeedUnreadable, match="no column state, payer_id"):
        load(raw, tmp_path, row)
    assert one(raw, "select count(*) from raw.file") == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x01\x02\xff", b"PAR1 and no more", b"{}\n", b"\n", "visit_token".encode("utf-16"), b'"', b"a\rb\rc"],
)
def test_a_file_of_another_kind_is_refused_whole_with_a_sentence(raw: Connection, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(FeedUnreadable, match=r"^visits\.csv .*\.$"):
        load_text(raw, tmp_path, data)
    assert one(raw, "select count(*) from raw.file") == 0


def test_what_is_no_file_is_refused_with_a_sentence(raw: Connection, tmp_path: Path) -> None:
    with pytest.raises(FeedUnreadable, match="is a directory"):
        visit_ledger.load(raw, tmp_path)
    with pytest.raises(FeedUnreadable, match="no such file"):
        visit_ledger.load(raw, tmp_path / "none.csv")


def test_byte_order_mark_windows_lines_blank_lines_and_quotes_are_read(raw: Connection, tmp_path: Path) -> None:
    lines = as_csv(visit(1), visit(2, practice_id='the "first", practice')).splitlines()
    text = "\ufeff" + "\r\n\r\n".join(lines)
    receipt = load_text(raw, tmp_path, text.encode())
    assert (receipt.rows, receipt.quarantined) == (2, ())
    assert one(raw, "select count(*) from raw.visit where practice_id = 'the \"first\", practice'") == 1


def test_a_byte_that_is_not_utf8_costs_its_row_alone(raw: Connection, tmp_path: Path) -> None:
    data = as_csv(visit(1), visit(2, provider_id="caf\N{LATIN SMALL LETTER E WITH ACUTE}"), visit(3)).encode("latin-1")
    receipt = load_text(raw, tmp_path, data)
    assert (receipt.rows, [piece.rule for piece in receipt.quarantined]) == (2, ["visits.provider_id"])


def test_a_row_with_too_few_or_too_many_fields_costs_itself_alone(raw: Connection, tmp_path: Path) -> None:
    header, first, second, third = as_csv(visit(1), visit(2), visit(3)).splitlines()
    short = second.rsplit(",", 1)[0]
    receipt = load_text(raw, tmp_path, "\n".join([header, first, short, first + ",1", third]).encode())
    assert receipt.rows == 2
    assert [(piece.position, piece.rule) for piece in receipt.quarantined] == [
        ("row 2", "visits.fields"),
        ("row 3", "visits.fields"),
    ]


@pytest.mark.parametrize("column", list(VISIT))
def test_a_stray_quotation_mark_costs_its_row_alone(raw: Connection, tmp_path: Path, column: str) -> None:
    lines = as_csv(*(visit(number) for number in range(1, 7))).splitlines()
    fields = lines[3].split(",")
    place = list(VISIT).index(column)
    fields[place] = '"' + fields[place]
    lines[3] = ",".join(fields)
    receipt = load_text(raw, tmp_path, "\n".join(lines).encode())
    assert (receipt.rows, [piece.position for piece in receipt.quarantined]) == (5, ["row 3"])
    assert "(line 4)" in receipt.quarantined[0].message


def test_parquet_is_read_by_content_with_its_own_types(raw: Connection, tmp_path: Path) -> None:
    first, second = visit(1), visit(2, payer_id="", patient_estimate_cents="")
    columns: dict[str, Any] = {name: [row[name] or None for row in (first, second)] for name in VISIT}
    for name in ("scheduled_start", "scheduled_end", "started_at", "ended_at", "state_changed_at"):
        times = [datetime.fromisoformat(value) for value in columns[name]]
        columns[name] = pa.array(times, pa.timestamp("ns", tz="America/New_York"))
    columns["modifiers"] = pa.array([["GT", "95"], ["95", "GT"]], pa.list_(pa.string()))
    columns["charge_cents"] = pa.array([15000, 15000], pa.int32())
    columns["patient_estimate_cents"] = pa.array([2500.0, float("nan")], pa.float64())
    columns["units"] = pa.array([1, None], pa.int64())
    columns["notes"] = ["Zzyzx", "Qwfp"]
    path = tmp_path / "visits.dat"
    pq.write_table(pa.table(columns), path)
    receipt = visit_ledger.load(raw, path)
    assert (receipt.rows, receipt.quarantined) == (2, ())
    from_parquet = raw.execute("select row_sha256 from raw.visit order by visit_token").fetchall()
    load(raw, tmp_path, first, second)
    assert raw.execute("select row_sha256 from raw.visit order by visit_token").fetchall() == from_parquet


def test_a_fraction_of_a_cent_in_parquet_is_quarantined(raw: Connection, tmp_path: Path) -> None:
    table = pa.table({**{name: [value] for name, value in visit().items()}, "charge_cents": [150.5]})
    pq.write_table(table, tmp_path / "visits.parquet")
    (piece,) = visit_ledger.load(raw, tmp_path / "visits.parquet").quarantined
    assert (piece.position, piece.rule, piece.value) == ("row 1", "visits.charge_cents", "150.5")


def test_damaged_parquet_writes_nothing(raw: Connection, tmp_path: Path) -> None:
    path = tmp_path / "visits.parquet"
    rows = [visit(number) for number in range(1, 2000)]
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in VISIT}), path, compression="zstd")
    data = bytearray(path.read_bytes())
    data[200 : len(data) // 2] = bytes(len(data) // 2 - 200)
    path.write_bytes(data)
    with pytest.raises(FeedUnreadable, match="damaged"):
        visit_ledger.load(raw, path)
    assert one(raw, "select count(*) from raw.file") == 0
    assert one(raw, "select count(*) from raw.visit") == 0


def test_a_pipe_can_be_loaded(raw: Connection, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(as_csv(visit(1), visit(2)),))
    writer.start()
    receipt = visit_ledger.load(raw, pipe)
    writer.join()
    assert (receipt.rows, receipt.quarantined) == (2, ())


def test_a_partial_visit_without_times_is_remarked(raw: Connection, tmp_path: Path) -> None:
    own_pay = {"state": "partially_completed", "payer_id": "", "patient_estimate_cents": ""}
    receipt = load(raw, tmp_path, visit(1, ended_at="", **own_pay), visit(2, **own_pay))
    assert receipt.notes[0].startswith("1 self-pay visits were partially completed")


def test_progress_is_told_how_many_rows_were_read(raw: Connection, tmp_path: Path) -> None:
    told: list[int] = []
    path = write_csv(tmp_path / "visits.csv", [visit(number) for number in range(1, 6002)])
    visit_ledger.load(raw, path, told.append)
    assert told == [5000, 6001]


OBSERVATIONS = [
    visit(number, claim_ref="", state=state, state_changed_at=(datetime(2026, 9, 2, tzinfo=UTC) + after).isoformat())
    for number in (1, 2)
    for state in ("completed", "no_show", "disputed")
    for after in (timedelta(0), timedelta(hours=1))
]
NEWEST = """
select array_agg(row_sha256 order by visit_token) from (
    select distinct on (visit_token) visit_token, row_sha256
    from raw.visit
    order by visit_token, state_changed_at desc, row_sha256 desc
) as newest
"""


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, len(OBSERVATIONS)), max_size=3))
def test_any_order_and_any_batches_give_the_same_newest_observations_and_verdicts(
    raw: Connection, tmp_path: Path, seed: int, cuts: list[int]
) -> None:
    raw.rollback()
    load(raw, tmp_path, *OBSERVATIONS)
    expected = one(raw, NEWEST), one(raw, "select sum(target_cents) from raw.visit_verdict")
    raw.rollback()
    shuffled = random.Random(seed).sample(OBSERVATIONS, len(OBSERVATIONS))  # noqa: S311 - an order, not a secret
    edges = [0, *sorted(cuts), len(shuffled)]
    for begin, end in pairwise(edges):
        if begin < end:
            load(raw, tmp_path, *shuffled[begin:end], shuffled[0])
    assert expected == (one(raw, NEWEST), one(raw, "select sum(target_cents) from raw.visit_verdict"))
    assert one(raw, "select count(*) from raw.visit") == len(OBSERVATIONS)
