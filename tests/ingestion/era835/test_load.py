"""Remittances in the database: once, with the verdict that arrival gives them, and the bytes kept before that."""

from __future__ import annotations

import gzip
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from bench.generate import Generator, Shape
from ingestion import landing
from ingestion.era835.archive import Archive
from ingestion.era835.load import load
from ingestion.era835.remittances import READ_BYTES
from tests.support.remittance_writer import PATIENT, Claim, Line, More, Payment, Style, interchange

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Connection, Receipt

_TABLES = ("transaction", "claim", "service", "adjustment", "provider_adjustment", "remark")
_TABLES += ("amount", "quantity", "reference", "date", "finding")
LINE = Line(paid=7000, modifiers=("95",), adjustments=(("CO", "45", 1000), ("PR", "3", 2000)), remarks=("N130",))
MORE = More((("AU", 100),), (("CA", "1"),), (("EV", "R2"),), (("405", date(2026, 9, 30)),))
FULL = Payment(claims=(Claim(paid=7000, lines=(LINE,), remarks=("MA01",)),), provider=(("FB", "R1", -100),), more=MORE)


@pytest.fixture(name="archive")
def _archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive", bytes(32))


@pytest.fixture(name="raw")
def _raw(connection: Connection) -> Connection:
    landing.ensure_schema(connection)
    connection.commit()
    return connection


def loaded(raw: Connection, archive: Archive, folder: Path, data: bytes, name: str = "a.835") -> Receipt:
    path = folder / name
    path.write_bytes(data)
    (receipt,) = load(raw, path, archive)
    raw.commit()
    return receipt


def everything(raw: Connection) -> dict[str, list[Any]]:
    names = [f"raw.era_{table}" for table in _TABLES] + ["raw.file", "raw.quarantine"]
    return {name: sorted(map(str, raw.execute(f"select * from {name}").fetchall())) for name in names}


def verdicts(raw: Connection) -> list[str]:
    rows = raw.execute("select verdict from raw.era_transaction order by load_id, st_index").fetchall()
    return [row[0] for row in rows]


def test_every_table_is_filled_and_loading_again_changes_nothing(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    data = interchange((FULL,)).replace(b"LX*1~", b"ZZZ*1~")
    receipt = loaded(raw, archive, tmp_path, data)
    assert (receipt.already_loaded, receipt.rows, receipt.notes) == (False, 1, ("1 transaction: 1 posted",))
    before = everything(raw)
    assert [name for name, rows in before.items() if not rows] == ["raw.quarantine"]
    again = loaded(raw, archive, tmp_path, gzip.compress(data), "b.gz")
    assert (again.already_loaded, again.rows) == (True, 0)
    assert everything(raw) == before
    assert archive.read(receipt.file_sha256) == data


def test_a_resend_in_another_envelope_is_a_duplicate_and_never_posts(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    loaded(raw, archive, tmp_path, interchange((FULL,)))
    receipt = loaded(raw, archive, tmp_path, interchange((FULL,), Style("|", ">", "!", "\n", control="000000002")))
    assert verdicts(raw) == ["posted", "duplicate"]
    assert (receipt.quarantined, receipt.notes) == ((), ("1 transaction: 1 duplicate",))


def test_the_same_payment_with_other_claims_is_a_conflict_within_and_across_files(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    others = [Payment(claims=(Claim(ref=f"OTHER{number}"),)) for number in range(3)]
    receipt = loaded(raw, archive, tmp_path, interchange((others[0], others[1])))
    assert receipt.notes == ("2 transactions: 1 posted, 1 conflict",)
    receipt = loaded(raw, archive, tmp_path, interchange((others[2], others[0], others[1])))
    assert verdicts(raw) == ["posted", "conflict", "conflict", "duplicate", "duplicate"]
    assert [(item.position, item.rule) for item in receipt.quarantined] == [("ST 0", "era.conflict")]


def test_only_a_posted_payment_makes_a_conflict(raw: Connection, archive: Archive, tmp_path: Path) -> None:
    held = interchange((Payment(claims=(Claim(paid=9000),), amount=10000),))
    assert loaded(raw, archive, tmp_path, held).notes == ("1 transaction: 1 held",)
    loaded(raw, archive, tmp_path, interchange((Payment(),)))
    assert verdicts(raw) == ["held", "posted"]


@pytest.mark.parametrize(
    "other",
    [
        Payment(claims=(Claim(ref="B"),), trace="TRACE2"),
        Payment(claims=(Claim(ref="B"),), payer_id="54321"),
        Payment(claims=(Claim(ref="B"),), payee_npi="1999999976"),
        Payment(claims=(Claim(ref="B", paid=10001, charge=10001),)),
    ],
)
def test_another_payer_payee_trace_or_amount_is_no_conflict(
    raw: Connection, archive: Archive, tmp_path: Path, other: Payment
) -> None:
    loaded(raw, archive, tmp_path, interchange((Payment(), other)))
    assert verdicts(raw) == ["posted", "posted"]


def test_a_payment_without_a_trace_number_conflicts_with_its_like_of_an_earlier_file(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    loaded(raw, archive, tmp_path, interchange((Payment(""),)))
    receipt = loaded(raw, archive, tmp_path, interchange((Payment("", claims=(Claim(ref="OTHER"),)),)), "b.835")
    assert verdicts(raw) == ["posted", "conflict"]
    assert [item.rule for item in receipt.quarantined] == ["era.conflict"]


def test_a_trace_number_used_for_another_payment_in_an_earlier_file_is_told(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    loaded(raw, archive, tmp_path, interchange((Payment(),)))
    receipt = loaded(raw, archive, tmp_path, interchange((Payment(claims=(Claim(charge=500, paid=500),)),)), "b.835")
    assert (verdicts(raw), receipt.warnings) == (["posted", "posted"], 1)
    assert raw.execute("select rule from raw.era_finding").fetchall() == [("era.trace_repeated",)]


def test_a_held_transaction_stands_in_quarantine_and_the_others_post(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    data = interchange((Payment(amount=10396), Payment("TRACE2"), Payment("TRACE2")))
    receipt = loaded(raw, archive, tmp_path, data)
    assert receipt.notes == ("3 transactions: 1 posted, 1 duplicate, 1 held",)
    rows = raw.execute("select source, position, rule, value from raw.quarantine").fetchall()
    assert rows == [("era", "ST 0 segment 0", "era.held_residual", "3.96")]
    assert raw.execute("select row_count, quarantined_count from raw.file").fetchall() == [(3, 1)]


@pytest.mark.parametrize("data", [b"", b"Dear payer", b"\x00\xff" * 50, b"PK\x03\x04 none", b"\x1f\x8b none"])
def test_what_is_no_remittance_is_taken_in_with_no_rows_and_a_quarantine_row(
    raw: Connection, archive: Archive, tmp_path: Path, data: bytes
) -> None:
    receipt = loaded(raw, archive, tmp_path, data)
    assert (receipt.rows, receipt.notes, len(receipt.quarantined)) == (0, ("no 835 transaction",), 1)
    assert [len(rows) for rows in everything(raw).values()] == [*([0] * 10), 1, 1, 1]
    assert loaded(raw, archive, tmp_path, data).already_loaded


def test_a_cut_file_and_then_the_whole_one_post_the_payment_once(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    whole = interchange((FULL,))
    loaded(raw, archive, tmp_path, whole[: whole.index(b"SE*")])
    loaded(raw, archive, tmp_path, whole)
    assert verdicts(raw) == ["held", "posted"]


def test_a_load_killed_before_its_commit_leaves_the_bytes_and_no_row_and_can_be_done_again(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    path = tmp_path / "a.835"
    path.write_bytes(interchange((FULL,)))
    (receipt,) = load(raw, path, archive)
    raw.rollback()
    assert archive.read(receipt.file_sha256) == path.read_bytes()
    assert not any(everything(raw).values())
    (again,) = load(raw, path, archive)
    raw.commit()
    assert (again, verdicts(raw)) == (receipt, ["posted"])


def test_a_folder_gives_a_receipt_a_file_and_tells_the_bytes_done(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.835").write_bytes(interchange((Payment(),)))
    (folder / "b.835").write_bytes(interchange((Payment("TRACE2"),)))
    done: list[int] = []
    receipts = []
    for receipt in load(raw, folder, archive, done.append):
        raw.commit()
        receipts.append(receipt)
    assert [receipt.rows for receipt in receipts] == [1, 1]
    assert done == sorted(done)
    assert done[-1] == sum(path.stat().st_size for path in folder.iterdir())


def test_the_patient_stands_in_no_table_of_the_database(raw: Connection, archive: Archive, tmp_path: Path) -> None:
    data = interchange((FULL, Payment("TRACE2", amount=1))).replace(b"*30.00", b"*X")
    loaded(raw, archive, tmp_path, data)
    kept = str(everything(raw))
    assert "TRACE1" in kept
    assert not [name for name in PATIENT if name in kept]


def test_quotes_commas_line_ends_and_backslashes_of_a_value_arrive_as_they_are(
    raw: Connection, archive: Archive, tmp_path: Path
) -> None:
    odd = 'A "B", \\N\\t; C'
    loaded(raw, archive, tmp_path, interchange((Payment(payer_name=odd, trace="\\."),)))
    assert raw.execute("select payer_name, trn_number from raw.era_transaction").fetchall() == [(odd, "\\.")]


@pytest.mark.parametrize("shape", [Shape(), Shape(one_transaction=True)], ids=["transactions", "one transaction"])
def test_a_file_that_is_read_in_parts_is_loaded_whole(
    raw: Connection, archive: Archive, tmp_path: Path, shape: Shape
) -> None:
    out = BytesIO()
    control = Generator(shape).write(out, READ_BYTES + 500_000)
    receipt = loaded(raw, archive, tmp_path, out.getvalue())
    assert (receipt.rows, receipt.quarantined) == (control.transactions, ())
    totals = raw.execute(
        "select count(*), sum(paid_cents), (select count(*) from raw.era_service),"
        " (select sum(amount_cents) from raw.era_adjustment),"
        " (select coalesce(sum(amount_cents), 0) from raw.era_provider_adjustment) from raw.era_claim"
    ).fetchone()
    assert totals == (
        *(control.claims, control.paid_cents, control.services),
        *(control.adjustments_cents, control.provider_adjustments_cents),
    )
    numbered = "select count(distinct (st_index, adjustment_index)) = count(*) from raw.era_adjustment"
    assert raw.execute(numbered).fetchone() == (True,)
