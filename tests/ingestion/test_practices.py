"""The rules of practices on their way in, and the verdicts that follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingestion import practices, verdicts, visit_ledger
from tests.support.feed_files import Row, visit, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from ingestion.landing import Connection

PRACTICE: Row = {
    "practice_id": "practice-1",
    "no_show_fee_cents": "2500",
    "late_cancel_fee_cents": "1500",
    "partial_visit": "full",
}


def load(raw: Connection, tmp_path: Path, *rows: Row) -> list[str]:
    receipt = practices.load(raw, write_csv(tmp_path / "practices.csv", rows))
    return [piece.rule for piece in receipt.quarantined]


def targets(raw: Connection) -> list[tuple[object, ...]]:
    query = "select policy_key, target_cents from raw.visit_verdict order by policy_key, visit_token"
    return raw.execute(query).fetchall()


def test_a_row_is_kept_with_a_key_of_its_rules_and_empty_means_the_default(raw: Connection, tmp_path: Path) -> None:
    defaults = {**PRACTICE, "no_show_fee_cents": "", "late_cancel_fee_cents": "", "partial_visit": ""}
    assert load(raw, tmp_path, PRACTICE, defaults) == []
    keys = raw.execute("select policy_key from raw.practice order by row_number").fetchall()
    assert keys == [
        ("no_show=2500,late_cancel=1500,partial_visit=full",),
        ("no_show=0,late_cancel=0,partial_visit=pro_rata",),
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [("practice_id", ""), ("no_show_fee_cents", "-1"), ("late_cancel_fee_cents", "free"), ("partial_visit", "half")],
)
def test_a_bad_row_is_quarantined_and_the_rest_is_kept(
    raw: Connection, tmp_path: Path, column: str, value: str
) -> None:
    assert load(raw, tmp_path, PRACTICE, {**PRACTICE, column: value}) == [f"practices.{column}"]
    assert raw.execute("select count(*) from raw.practice").fetchone() == (1,)


def test_visits_are_assessed_anew_when_their_practice_changes_its_rules(raw: Connection, tmp_path: Path) -> None:
    rows = [visit(1, state="no_show"), visit(2, state="late_cancelled", practice_id="practice-2")]
    visit_ledger.load(raw, write_csv(tmp_path / "visits.csv", rows))
    assert targets(raw) == [("default", 0), ("default", 0)]
    load(raw, tmp_path, PRACTICE)
    first_key = "no_show=2500,late_cancel=1500,partial_visit=full"
    assert targets(raw) == [("default", 0), ("default", 0), (first_key, 2500)]
    load(raw, tmp_path, {**PRACTICE, "no_show_fee_cents": "1"}, {**PRACTICE, "no_show_fee_cents": "3000"})
    later_key = "no_show=3000,late_cancel=1500,partial_visit=full"
    assert targets(raw)[2:] == [(first_key, 2500), (later_key, 3000)]


def test_assessing_again_finds_nothing_to_do(raw: Connection, tmp_path: Path) -> None:
    load(raw, tmp_path, PRACTICE)
    visit_ledger.load(raw, write_csv(tmp_path / "visits.csv", [visit(1), visit(2)]))
    assert verdicts.assess(raw) == 0
    raw.execute("delete from raw.visit_verdict where target_cents = 2500")
    assert verdicts.assess(raw) == 2


def test_every_observation_gets_the_verdict_of_its_own_state(raw: Connection, tmp_path: Path) -> None:
    own_pay = {"payer_id": "", "patient_estimate_cents": ""}
    rows = [
        visit(1, state="completed"),
        visit(2, state="partially_completed", **own_pay),
        visit(3, state="partially_completed", ended_at="", **own_pay),
        visit(4, state="completed", **own_pay),
        visit(5, state="disputed"),
        visit(6, state="scheduled"),
    ]
    visit_ledger.load(raw, write_csv(tmp_path / "visits.csv", rows))
    query = "select bills, on_hold, target_cents from raw.visit_verdict order by visit_token"
    assert raw.execute(query).fetchall() == [
        (True, False, 2500),
        (True, False, 14000),
        (True, False, 0),
        (True, False, 15000),
        (False, True, None),
        (False, False, 0),
    ]
