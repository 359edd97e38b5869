"""The states of a visit: every transition and every edit, by every kind of actor, with and without a reason."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules.visit import (
    EDITS,
    OPEN_STATES,
    TRANSITIONS,
    Actor,
    NotAllowed,
    Phase,
    State,
    advance,
    may_edit,
    phase_of,
)

WHY = "the clock was wrong"
ENDS = [state for state in State if state not in OPEN_STATES and state is not State.DISPUTED]


@pytest.mark.parametrize(("current", "to"), list(itertools.product(State, State)))
def test_only_what_the_table_has_is_allowed(current: State, to: State) -> None:
    for actor in Actor:
        move = TRANSITIONS.get((current, to))
        if move is not None and actor in move.actors:
            assert advance(current, to, actor, WHY).to is to
        else:
            with pytest.raises(NotAllowed, match=current.value):
                advance(current, to, actor, WHY)


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_what_puts_a_visit_right_needs_a_reason(reason: str | None) -> None:
    for (current, to), move in TRANSITIONS.items():
        if current not in OPEN_STATES:
            assert move.needs_reason
        if move.needs_reason:
            with pytest.raises(NotAllowed, match="needs a reason"):
                advance(current, to, next(iter(move.actors)), reason)


@pytest.mark.parametrize(
    ("current", "to", "actor"),
    [
        (State.SCHEDULED, State.COMPLETED, Actor.STAFF),  # nothing is billed that never began
        (State.STARTED, State.CANCELLED, Actor.STAFF),
        (State.STARTED, State.SCHEDULED, Actor.STAFF),
        (State.COMPLETED, State.STARTED, Actor.STAFF),
        (State.SCHEDULED, State.DISPUTED, Actor.PATIENT),
        (State.SCHEDULED, State.NO_SHOW, Actor.PATIENT),
        (State.STARTED, State.COMPLETED, Actor.PATIENT),
        (State.COMPLETED, State.CANCELLED, Actor.PATIENT),
        (State.DISPUTED, State.COMPLETED, Actor.SYSTEM),
    ],
)
def test_what_would_bill_too_early_or_by_the_wrong_hand_is_refused(current: State, to: State, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        advance(current, to, actor, WHY)


@given(st.lists(st.tuples(st.sampled_from(State), st.sampled_from(Actor)), max_size=30))
def test_whatever_is_tried_a_visit_is_closed_out_at_most_once_and_never_opens_again(
    tried: list[tuple[State, Actor]],
) -> None:
    state, closings = State.SCHEDULED, 0
    for to, actor in tried:
        try:
            made = advance(state, to, actor, WHY)
        except NotAllowed:
            continue
        assert closings == 0 or made.to not in OPEN_STATES
        closings += made.closes_out
        state = made.to
    assert closings == (state not in OPEN_STATES)


def test_a_session_that_merely_starts_closes_nothing_out() -> None:
    assert not advance(State.SCHEDULED, State.STARTED, Actor.SYSTEM, None).closes_out


def test_every_ended_visit_can_be_disputed_and_settled_as_any_end() -> None:
    for ended in ENDS:
        assert not advance(ended, State.DISPUTED, Actor.PATIENT, WHY).closes_out
        assert not advance(State.DISPUTED, ended, Actor.STAFF, WHY).closes_out


@pytest.mark.parametrize("state", list(State))
def test_whose_visit_it_is_is_never_edited(state: State) -> None:
    for field in ("visit_token", "practice_id", "patient_token", "state"):
        with pytest.raises(NotAllowed, match=field):
            may_edit(state, frozenset({field}), Actor.STAFF, WHY)


def test_after_the_end_staff_alone_edits_and_says_why_and_the_channel_stays() -> None:
    for state in [*ENDS, State.DISPUTED]:
        may_edit(state, frozenset({"charge_cents"}), Actor.STAFF, WHY)
        for fields, actor, reason in (
            ({"charge_cents"}, Actor.PROVIDER, WHY),
            ({"charge_cents"}, Actor.STAFF, None),
            ({"service_category"}, Actor.STAFF, WHY),
            ({"claim_ref"}, Actor.STAFF, WHY),
            ({"scheduled_start"}, Actor.STAFF, WHY),
        ):
            with pytest.raises(NotAllowed):
                may_edit(state, frozenset(fields), actor, reason)


def test_before_it_starts_a_visit_is_edited_freely_and_in_session_by_the_office() -> None:
    may_edit(State.SCHEDULED, frozenset({"scheduled_start", "scheduled_end", "payer_id"}), Actor.PATIENT, None)
    may_edit(State.STARTED, frozenset({"service_code", "charge_cents"}), Actor.PROVIDER, None)
    for field in ("charge_cents", "patient_estimate_cents", "service_code", "units", "provider_id", "claim_ref"):
        may_edit(State.SCHEDULED, frozenset({field}), Actor.STAFF, None)
        with pytest.raises(NotAllowed, match=f"{field} .* by patient"):
            may_edit(State.SCHEDULED, frozenset({field}), Actor.PATIENT, None)
    with pytest.raises(NotAllowed, match="scheduled_start"):
        may_edit(State.STARTED, frozenset({"scheduled_start"}), Actor.PROVIDER, None)
    with pytest.raises(NotAllowed, match="patient"):
        may_edit(State.STARTED, frozenset({"service_code"}), Actor.PATIENT, None)


def test_every_phase_has_its_edits() -> None:
    assert {phase_of(state) for state in State} == set(Phase) == set(EDITS)
