"""What a visit bills."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.billing import DEFAULT_POLICY_KEY, PartialVisit, PracticeRules, Verdict, what_it_bills
from ledger.rules.visit import BILLING_STATES, State

HALF_HOUR = timedelta(minutes=30)
RULES = PracticeRules(no_show_fee_cents=2500, late_cancel_fee_cents=1500)


def verdict(state: State, **changes: Any) -> Verdict:
    facts: dict[str, Any] = {
        "insured": False,
        "charge_cents": 15000,
        "patient_estimate_cents": None,
        "scheduled": HALF_HOUR,
        "delivered": timedelta(minutes=10),
        "rules": RULES,
    }
    return what_it_bills(state, **{**facts, **changes})


@pytest.mark.parametrize(
    ("state", "self_pay", "insured"),
    [
        (State.COMPLETED, 15000, 2000),
        (State.PARTIALLY_COMPLETED, 5000, 2000),
        (State.NO_SHOW, 2500, 2500),
        (State.LATE_CANCELLED, 1500, 1500),
        (State.SCHEDULED, 0, 0),
        (State.STARTED, 0, 0),
        (State.CANCELLED, 0, 0),
        (State.ABANDONED, 0, 0),
        (State.DISPUTED, None, None),
    ],
)
def test_every_state_bills_what_the_contract_says(state: State, self_pay: int | None, insured: int | None) -> None:
    assert verdict(state).target_cents == self_pay
    assert verdict(state, insured=True, patient_estimate_cents=2000).target_cents == insured


@given(state=st.sampled_from(State), insured=st.booleans())
def test_only_visits_with_care_given_bill_and_only_disputed_ones_are_on_hold(state: State, insured: bool) -> None:
    given = verdict(state, insured=insured, patient_estimate_cents=0)
    assert given.bills == (state in {State.COMPLETED, State.PARTIALLY_COMPLETED}) == (state in BILLING_STATES)
    assert given.on_hold == (state is State.DISPUTED) == (given.target_cents is None)


@given(
    charge=st.integers(0, 10**10),
    scheduled=st.integers(1, 10**11),
    delivered=st.integers(0, 2 * 10**11),
)
def test_a_visit_broken_off_is_charged_by_its_share_of_time_and_never_above_the_charge(
    charge: int, scheduled: int, delivered: int
) -> None:
    given = verdict(
        State.PARTIALLY_COMPLETED,
        charge_cents=charge,
        scheduled=timedelta(microseconds=scheduled),
        delivered=timedelta(microseconds=delivered),
    )
    exact = floor(Fraction(charge * delivered, scheduled) + Fraction(1, 2))
    assert given.target_cents == min(charge, exact)


def test_half_a_cent_goes_up() -> None:
    assert verdict(State.PARTIALLY_COMPLETED, charge_cents=1, delivered=HALF_HOUR / 2).target_cents == 1


@pytest.mark.parametrize(("policy", "target"), [(PartialVisit.FULL, 15000), (PartialVisit.NONE, 0)])
def test_a_practice_may_charge_a_visit_broken_off_in_full_or_not_at_all(policy: PartialVisit, target: int) -> None:
    assert verdict(State.PARTIALLY_COMPLETED, rules=PracticeRules(partial_visit=policy)).target_cents == target


def test_an_insured_visit_broken_off_is_estimated_whatever_the_policy() -> None:
    for policy in PartialVisit:
        rules = PracticeRules(partial_visit=policy)
        given = verdict(State.PARTIALLY_COMPLETED, insured=True, patient_estimate_cents=700, rules=rules)
        assert given.target_cents == 700


def test_without_both_times_nothing_can_be_charged_by_time() -> None:
    assert verdict(State.PARTIALLY_COMPLETED, delivered=None).target_cents == 0


def test_an_insured_visit_without_estimate_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(ValueError, match="patient_estimate_cents"):
        verdict(State.COMPLETED, insured=True)


@given(
    rules=st.lists(
        st.builds(PracticeRules, st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(PartialVisit)),
        max_size=9,
    )
)
def test_equal_rules_have_equal_keys_and_other_rules_others(rules: list[PracticeRules]) -> None:
    assert len({each.policy_key for each in rules}) == len(set(rules))


def test_a_row_that_says_the_defaults_has_a_key_of_its_own() -> None:
    assert PracticeRules().policy_key == "no_show=0,late_cancel=0,partial_visit=pro_rata" != DEFAULT_POLICY_KEY


def test_a_practice_cannot_pay_for_a_no_show() -> None:
    with pytest.raises(ValueError, match="negative"):
        PracticeRules(no_show_fee_cents=-1)
