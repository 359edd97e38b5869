"""The oracle itself, against examples worked out by hand from the contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.support.oracle import remits
from tests.support.oracle.books import keep
from tests.support.oracle.inputs import Deposit, Practice, ProviderAdjustment, Rules
from tests.support.oracle.leaks import Leak
from tests.support.oracle.small import (
    END,
    REFERENCE,
    START,
    TOKEN,
    charge,
    claim,
    fee,
    intent,
    remit,
    self_pay,
    stripe,
    visit,
    world,
)

PAID = claim(15000, 8000, "CO-45:5000 PR-1:2000")
DENIED = claim(15000, 0, "CO-45:5000 CO-50:10000")
BACK = claim(-15000, -8000, "CO-45:-5000 PR-1:-2000", status="22")


def row(*things: Any, **more: Any) -> dict[str, Any]:
    return keep(world(*things, **more)).visit_revenue[TOKEN]


def found(*things: Any, **more: Any) -> dict[str, int | None]:
    return {leak.category: leak.amount_cents for leak in keep(world(*things, **more)).leaks}


def test_a_paid_claim_splits_its_charge_and_sets_the_target() -> None:
    got = row(visit(), remit(1, claim(15000, 7840, "CO-45:5000 PR-1:2000 CO-253:160")), fee(10100), intent("pi", 2500))
    assert (got["payer_paid_cents"], got["patient_responsibility_cents"]) == (7840, 2000)
    assert (got["contractual_cents"], got["sequestration_cents"], got["other_adjustment_cents"]) == (5000, 160, 0)
    assert (got["allowed_cents"], got["denied_cents"], got["expected_allowed_cents"]) == (10000, 0, 10100)
    assert (got["patient_target_cents"], got["patient_billed_cents"], got["memo_cents"]) == (2000, 2500, -500)
    assert got["pos_adjusted_revenue_cents"] == 9840
    assert got["patient_balance_cents"] == 2000


@pytest.mark.parametrize(
    ("seen", "target"),
    [
        (visit(), 2500),
        (self_pay(), 15000),
        (self_pay(state="partially_completed", ended_at=START + timedelta(minutes=7)), 3500),
        (self_pay(state="partially_completed", charge_cents=1, ended_at=START + timedelta(minutes=15)), 1),
        (self_pay(state="partially_completed", ended_at=START + timedelta(minutes=45)), 15000),
        (visit(state="partially_completed", ended_at=START + timedelta(minutes=7)), 2500),
        (visit(state="no_show"), 2000),
        (self_pay(state="late_cancelled"), 3000),
        (visit(state="no_show", practice_id="unknown"), 0),
        (visit(state="cancelled"), 0),
        (visit(state="disputed"), 700),
    ],
)
def test_the_target_before_any_payer_speaks_follows_the_table(seen: Any, target: int) -> None:
    got = row(seen, intent("pi", 700), practices=[Practice("north", 1, 1), Practice("north", 2000, 3000)])
    assert got["patient_target_cents"] == target


def test_the_newest_observation_wins_and_equal_times_go_to_the_larger_hash() -> None:
    tied = visit(state="cancelled", sha="b")
    assert row(visit(sha="a"), tied, visit(state="started", state_changed_at=START))["state"] == "cancelled"
    assert row(tied, visit(sha="c"))["state"] == "completed"


def test_a_reversal_takes_the_claim_back_and_a_corrected_one_stands() -> None:
    gone = row(visit(), remit(1, PAID), remit(2, BACK))
    assert (gone["payer_paid_cents"], gone["patient_responsibility_cents"], gone["allowed_cents"]) == (0, None, None)
    assert gone["patient_target_cents"] == 2500
    better = claim(15000, 9000, "CO-45:5000 PR-1:1000")
    mended = row(visit(), remit(1, PAID), remit(2, BACK, better))
    assert (mended["payer_paid_cents"], mended["patient_responsibility_cents"]) == (9000, 1000)
    assert mended["contractual_cents"] == 5000


def test_a_reversal_by_sign_without_a_number_undoes_the_opposite_amounts_of_its_payer() -> None:
    bare = replace(BACK, status_code="1", payer_claim_number=None)
    small = claim(100, 50, "CO-45:50", payer_claim_number="ICN2")
    got = row(visit(), remit(1, PAID, small), remit(2, bare))
    assert (got["payer_paid_cents"], got["contractual_cents"], got["patient_responsibility_cents"]) == (50, 50, 0)
    other = row(visit(), remit(1, PAID), remit(2, bare, payer_id="P0002"))
    assert (other["payer_paid_cents"], other["contractual_cents"], other["patient_responsibility_cents"]) == (
        *(0, 5000),
        0,
    )


def test_a_reversal_by_number_needs_no_equal_amounts_and_undoes_one_claim_only() -> None:
    part = claim(-15000, -100, "CO-45:-14900", status="22")
    twice = row(visit(), remit(1, PAID), remit(2, part), remit(3, part, body_sha256="again"))
    assert twice["payer_paid_cents"] == 7800
    assert twice["allowed_cents"] is None


def test_a_later_claim_supersedes_a_denial_but_never_what_was_paid() -> None:
    got = row(visit(), remit(1, DENIED), remit(2, replace(PAID, payer_claim_number="ICN2")))
    assert (got["denied_cents"], got["contractual_cents"], got["allowed_cents"]) == (0, 5000, 10000)
    both = row(visit(), remit(1, PAID), remit(2, replace(PAID, payer_claim_number="ICN2")))
    assert (both["payer_paid_cents"], both["patient_responsibility_cents"]) == (16000, 4000)
    elsewhere = row(visit(), remit(1, DENIED), remit(2, PAID, payer_id="P0002"))
    assert elsewhere["denied_cents"] == 15000


@pytest.mark.parametrize(
    ("adjustments", "denied"),
    [
        ("CO-50:15000", 15000),
        ("CO-45:15000", 0),
        ("PR-1:15000", 0),
        ("CO-50:14000 PR-1:1000", 0),
        ("OA-18:15000", 15000),
    ],
)
def test_a_denial_pays_nothing_and_leaves_nothing_to_the_patient(adjustments: str, denied: int) -> None:
    assert row(visit(), remit(1, claim(15000, 0, adjustments)))["denied_cents"] == denied


def test_the_last_live_payer_order_decides_what_the_patient_owes() -> None:
    second = claim(15000, 1500, "OA-23:13000 PR-1:500", status="2", payer_claim_number="S1")
    got = row(visit(), remit(1, PAID), remit(2, second, payer_id="P0002"))
    assert (got["payer_paid_cents"], got["patient_responsibility_cents"]) == (9500, 500)
    assert (got["other_adjustment_cents"], got["contractual_cents"]) == (0, 5000)
    earlier = row(visit(), remit(2, PAID), remit(1, second, payer_id="P0002"))
    assert earlier["patient_responsibility_cents"] == 500


def test_status_4_takes_the_order_of_its_payers_other_claims_else_primary() -> None:
    second = claim(15000, 1500, "OA-23:13000 PR-1:500", status="2", payer_claim_number="S1")
    fourth = claim(15000, 0, "CO-50:15000", status="4", payer_claim_number="S2")
    got = row(visit(), remit(1, fourth, payer_id="P0002"), remit(2, second, payer_id="P0002"))
    assert (got["denied_cents"], got["allowed_cents"]) == (0, None)
    alone = row(visit(), remit(1, fourth, payer_id="P0002"))
    assert (alone["denied_cents"], alone["allowed_cents"]) == (15000, 0)


def test_statuses_23_and_25_never_count_and_reach_no_table() -> None:
    books = keep(world(visit(), remit(1, replace(PAID, status_code="23"), replace(PAID, status_code="25"))))
    assert books.visit_revenue[TOKEN]["payer_paid_cents"] == 0
    stray = keep(world(visit(claim_ref=None), remit(1, replace(PAID, status_code="23"))))
    assert (stray.unmatched_remits, [leak for leak in stray.leaks if not leak.visit_token]) == ([], [])


@pytest.mark.parametrize(
    ("written", "reaches"),
    [
        (REFERENCE, TOKEN),
        ("abcdefgh-12345678 z", TOKEN),
        (REFERENCE[:12], TOKEN),
        (REFERENCE[:11], None),
        (REFERENCE[:13].lower(), TOKEN),
        ("0", None),
        (None, None),
    ],
)
def test_a_claim_reaches_its_visit_by_reference_in_three_steps(written: str | None, reaches: str | None) -> None:
    assert remits.visit_by_reference(written, {REFERENCE: TOKEN}) == reaches


def test_a_cut_reference_that_two_visits_share_reaches_neither() -> None:
    owners = {REFERENCE: TOKEN, REFERENCE[:14] + "ZZZ": "another"}
    assert remits.visit_by_reference(REFERENCE[:13], owners) is None


def test_the_payer_claim_number_of_an_earlier_match_is_the_fourth_step() -> None:
    lost = replace(BACK, claim_ref="0")
    assert row(visit(), remit(1, PAID), remit(2, lost))["payer_paid_cents"] == 0
    assert row(visit(), remit(2, PAID), remit(1, lost))["payer_paid_cents"] == 8000
    assert row(visit(), remit(1, PAID), remit(2, lost, payer_id="P0002"))["payer_paid_cents"] == 8000
    other = replace(visit(claim_ref="OTHER12345678"), visit_token=TOKEN[:-1] + "2")
    theirs = replace(PAID, claim_ref="OTHER12345678")
    assert row(visit(), other, remit(1, PAID, theirs), remit(2, lost))["payer_paid_cents"] == 8000


def test_verdicts_come_in_the_order_duplicate_held_conflict_posted() -> None:
    short = remit(2, PAID, bpr_cents=1)
    sent = [remit(1, PAID), remit(1, PAID), remit(1, PAID, body_sha256="other"), short, short]
    plb = remit(3, PAID, bpr_cents=7000, provider_adjustments=(ProviderAdjustment("WO", "X", 1000),))
    below = remit(4, BACK, bpr_cents=-8000, provider_adjustments=())
    given = ["posted", "duplicate", "conflict", "held", "duplicate", "posted", "held"]
    assert remits.verdicts([*sent, plb, below]) == given


def test_billed_counts_each_demand_once() -> None:
    failed = [
        charge(f"f{n}", 900, status="failed", captured=False, amount_captured=0, payment_intent="pi") for n in (1, 2)
    ]
    assert row(visit(), intent("pi", 900, "requires_payment_method"), *failed)["patient_billed_cents"] == 900
    assert row(visit(), intent("pi", 900, "requires_payment_method"))["patient_billed_cents"] == 0
    assert row(visit(), intent("pi", 900, "processing"))["patient_billed_cents"] == 900
    assert row(visit(), intent("pi", 900, "canceled"), *failed)["patient_billed_cents"] == 0
    assert row(visit(), charge("ch", 800))["patient_billed_cents"] == 800
    assert row(visit(), intent("pi", 800), charge("ch", 800, payment_intent="pi"))["patient_billed_cents"] == 800


@pytest.mark.parametrize("new_shape", [True, False])
def test_an_invoice_and_what_pays_it_are_one_demand(new_shape: bool) -> None:
    link = {} if new_shape else {"invoice": "in"}
    paid = stripe("invoice_payment", "ip", invoice="in", payment={"payment_intent": "pi"}, metadata={})
    things = [
        stripe("invoice", "in", total=5000, status="paid"),
        intent("pi", 5000, metadata={}, **link),
        charge("ch", 5000, payment_intent="pi", metadata={}, **link),
        stripe("credit_note", "cn", invoice="in", total=1000, status="issued", metadata={}),
        stripe("credit_note", "cv", invoice="in", total=100, status="void", metadata={}),
        stripe("credit_note", "cm", invoice="in", total=10, status="issued", metadata={"memo_id": "m"}),
        *([paid] if new_shape else []),
    ]
    got = row(visit(), *things)
    assert (got["patient_billed_cents"], got["patient_collected_cents"]) == (4000, 5000)
    draft = stripe("invoice", "in", 1, total=5000, status="void")
    assert row(visit(), *things, draft)["patient_billed_cents"] == 0


def test_refunds_disputes_and_memo_objects_count_where_the_contract_says() -> None:
    memo = {"visit_token": TOKEN, "memo_id": "m"}
    got = row(
        visit(),
        charge("ch", 5000),
        stripe("refund", "r1", charge="ch", amount=1000, status="succeeded", metadata={}),
        stripe("refund", "r2", charge="ch", amount=300, status="pending"),
        stripe("refund", "r3", charge="ch", amount=200, status="succeeded", metadata=memo),
        charge("cm", 70, metadata=memo),
        stripe("dispute", "d1", charge="ch", amount=900, status="lost", metadata={}),
        stripe("dispute", "d2", charge="ch", amount=900, status="won", metadata={}),
    )
    assert (got["patient_billed_cents"], got["patient_collected_cents"]) == (4000, 5000 - 1200 + 70 - 900)


def test_memos_stay_away_from_the_unadjudicated_and_unbilled_and_from_disputes() -> None:
    assert row(visit(), intent("pi", 1000))["memo_cents"] == 0
    assert row(visit(), intent("pi", 9000))["memo_cents"] == -6500
    assert row(visit(), remit(1, PAID))["memo_cents"] == 2000
    assert row(visit(state="disputed"), remit(1, PAID))["memo_cents"] == 0
    issued = keep(world(visit(state="disputed"), intent("pi", 900)), {TOKEN: 40}).visit_revenue[TOKEN]
    assert (issued["memo_cents"], issued["patient_balance_cents"]) == (40, 940)


def test_the_best_fee_is_the_one_with_most_matching_modifiers_then_the_latest() -> None:
    both = visit(modifiers=frozenset({"95", "GT"}), units=2)
    assert row(both, fee(1), fee(2, "10", "95"), fee(3, "10", "93"))["expected_allowed_cents"] == 4
    later = fee(7, effective_from=date(2026, 9, 10))
    assert row(visit(), later, fee(1))["expected_allowed_cents"] == 7
    assert row(visit(), fee(1, effective_to=date(2026, 9, 10)), fee(9))["expected_allowed_cents"] == 9
    assert row(visit(), fee(1, effective_to=date(2026, 9, 9)))["expected_allowed_cents"] is None
    assert row(self_pay(), fee(1))["expected_allowed_cents"] is None


def test_the_variance_compares_what_was_delivered_with_what_was_paid_for() -> None:
    elsewhere = remit(1, replace(PAID, facility_code="02"))
    got = row(visit(), elsewhere, fee(12000), fee(9000, "02"))
    assert (got["pos_paid"], got["pos_variance_cents"], got["pos_adjusted_revenue_cents"]) == ("02", 3000, 13000)
    assert row(visit(), elsewhere, fee(12000))["pos_variance_cents"] is None
    assert row(visit(), remit(1, PAID))["pos_variance_cents"] == 0
    leaks = found(visit(), elsewhere, fee(12000), fee(11000, "02"))
    assert (leaks["pos_mismatch"], leaks["underpaid"]) == (1000, 1000)
    assert "underpaid" not in found(visit(), remit(1, PAID), fee(10099))
    assert found(visit(), elsewhere, fee(12000))["pos_mismatch"] is None


def test_a_period_is_the_month_where_the_practice_is() -> None:
    night = visit(started_at=datetime(2026, 10, 1, 3, 0, tzinfo=UTC))
    assert row(night)["service_period"] == "2026-10"
    east = Rules(as_of=date(2026, 11, 1), timezone="America/New_York")
    assert row(night, rules=east)["service_period"] == "2026-09"


def test_each_patient_leak_has_its_case() -> None:
    assert found(self_pay())["completed_not_billed"] == 15000
    no_card = charge("f", 15000, status="failed", captured=False, amount_captured=0)
    assert found(self_pay(), no_card) == {"completed_not_billed": 15000, "charge_failed": 15000}
    assert found(visit(state="cancelled"), intent("pi", 800)) == {"billed_not_billable": 800}
    stray = charge("ch", 600, metadata={})
    assert found(stray, stripe("refund", "r", charge="ch", amount=100, status="succeeded")) == {"orphan_charge": 500}
    plan = stripe("invoice", "in", total=600, status="paid", subscription="sub", metadata={})
    assert found(charge("ch", 600, metadata={}, invoice="in"), plan) == {}


def test_a_duplicate_charge_is_the_later_of_two_within_a_day() -> None:
    day = 24 * 3600
    near = [charge("a", 2500), charge("b", 2500, created=day - 1), charge("c", 2500, created=day)]
    got = found(visit(), *near, stripe("refund", "r", charge="b", amount=500, status="succeeded"))
    assert got["duplicate_charge"] == 2000 + 2500
    assert "duplicate_charge" not in found(visit(), near[0], near[2])
    same = [charge(name, 2500, payment_intent="pi") for name in ("a", "b")]
    assert "duplicate_charge" not in found(visit(), intent("pi", 2500), *same)


def test_each_payer_leak_has_its_case() -> None:
    old = visit(ended_at=END - timedelta(days=7), claim_ref=None)
    assert found(old)["claim_never_adjudicated"] == 12500
    assert found(old, fee(9000))["claim_never_adjudicated"] == 6500
    assert found(visit(), remit(1, DENIED))["denied"] == 15000
    assert found(visit(), remit(1, DENIED), fee(9000))["denied"] == 9000
    assert found(visit(state="abandoned"), remit(1, PAID))["remit_for_unbillable_visit"] == 8000
    assert Leak("orphan_remit", "", 8000) in keep(world(remit(1, PAID))).leaks


def test_the_overdue_claim_starts_on_the_day_after_the_last_one_allowed() -> None:
    asked = Rules(as_of=date(2026, 9, 10) + timedelta(days=45))
    assert "claim_never_adjudicated" not in found(visit(), rules=asked)
    assert "claim_never_adjudicated" in found(visit(), rules=replace(asked, as_of=asked.as_of + timedelta(days=1)))


def test_a_payment_is_missing_at_the_bank_only_once_deposits_are_known() -> None:
    assert "eft_missing" not in found(visit(), remit(1, PAID))
    other = Deposit("d1", date(2026, 10, 2), 5, "T9")
    books = keep(world(visit(), remit(1, PAID), deposits=[other, Deposit("d2", date(2026, 10, 2), 7, None)]))
    assert Leak("eft_missing", "", 8000) in books.leaks
    assert {trace: line["status"] for trace, line in books.eft_tieout.items()} == {"T1": "missing", "T9": "unexpected"}
    wrong = keep(world(visit(), remit(1, PAID), deposits=[other, replace(other, trace_number="T1")]))
    assert wrong.eft_tieout["T1"]["residual_cents"] == 7995
    assert wrong.eft_tieout["T1"]["status"] == "mismatch"


def _plb(day: int, *pairs: ProviderAdjustment, **changes: Any) -> Any:
    cents = -sum(pair.amount_cents for pair in pairs)
    return remit(day, bpr_cents=cents, provider_adjustments=pairs, **changes)


def test_a_balance_is_open_until_forward_balances_and_recoveries_net_to_zero() -> None:
    put_off = remit(1, BACK, bpr_cents=0, provider_adjustments=(ProviderAdjustment("FB", "ICN1", -8000),))
    assert found(put_off)["recoupment_open"] == 8000
    part = remit(2, PAID, bpr_cents=5000, provider_adjustments=(ProviderAdjustment("WO", "ICN1", 3000),))
    assert found(put_off, part)["recoupment_open"] == 5000
    cheque = _plb(3, ProviderAdjustment("72", "ICN1", -5000), ProviderAdjustment("WO", "ICN1", 5000))
    assert "recoupment_open" not in found(put_off, part, cheque)
    elsewhere = keep(world(put_off, replace(cheque, payer_id="P0002"))).leaks
    assert {leak.amount_cents for leak in elsewhere if leak.category == "recoupment_open"} == {8000, -5000}
    interest = _plb(4, ProviderAdjustment("L6", "INT", -70))
    books = keep(world(visit(), interest, put_off, part))
    assert list(books.provider_balances.values()) == [
        {"open_balance_cents": 8000, "visit_token": TOKEN},
        {"open_balance_cents": 5000, "visit_token": TOKEN},
        {"open_balance_cents": 5000, "visit_token": None},
    ]


def test_a_payout_is_tied_to_what_it_lists_but_itself() -> None:
    lines = [
        stripe("balance_transaction", f"t{net}", net=net, type=kind, payout="po")
        for net, kind in ((900, "charge"), (-100, "refund"), (-800, "payout"))
    ]
    books = keep(world(stripe("payout", "po", amount=805, automatic=True), *lines))
    assert books.payout_tieout["po"] == {"amount_cents": 805, "transactions_cents": 800, "residual_cents": 5}
