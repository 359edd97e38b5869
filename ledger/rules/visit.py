"""The states of a visit, which of them bill, who may move a visit from one to another, and what may still be edited."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import timedelta


class State(StrEnum):
    """What a visit is at the moment; every observation in the visit ledger carries one."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    ABANDONED = "abandoned"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    LATE_CANCELLED = "late_cancelled"
    DISPUTED = "disputed"


class Actor(StrEnum):
    """Who moves or edits a visit: a kind of person, or the product itself by its clock."""

    PATIENT = "patient"
    PROVIDER = "provider"
    STAFF = "staff"
    SYSTEM = "system"


class NotAllowed(ValueError):  # noqa: N818 - named for what the caller is told
    """A visit may not be moved or edited so; the text is a sentence that says what may be done instead."""


# A state bills when care was given: its claim can go to a payer, and a payer's word on the patient's share counts.
BILLING_STATES = frozenset({State.COMPLETED, State.PARTIALLY_COMPLETED})
# Before these a visit is not over and nothing of it is sent, however far a session has come.
OPEN_STATES = frozenset({State.SCHEDULED, State.STARTED})
_ENDS = frozenset(State) - OPEN_STATES - {State.DISPUTED}


class Move(NamedTuple):
    """Who may make a transition, and whether they must say why."""

    actors: frozenset[Actor]
    needs_reason: bool = False


_ANYBODY = frozenset(Actor)
_CARE = frozenset({Actor.PROVIDER, Actor.STAFF, Actor.SYSTEM})
_SIDES = frozenset({Actor.PATIENT, Actor.PROVIDER, Actor.STAFF})
_OFFICE = frozenset({Actor.PROVIDER, Actor.STAFF})
_STAFF = frozenset({Actor.STAFF})
_COMPLAINT = Move(_SIDES | {Actor.SYSTEM}, needs_reason=True)  # the system by a card dispute that reached Stripe

# A visit that is over is put right by staff alone and with a reason: its bill stands, and memos follow the books.
TRANSITIONS: dict[tuple[State, State], Move] = {
    (State.SCHEDULED, State.STARTED): Move(_CARE),
    (State.SCHEDULED, State.CANCELLED): Move(_ANYBODY),
    (State.SCHEDULED, State.LATE_CANCELLED): Move(_ANYBODY),
    (State.SCHEDULED, State.NO_SHOW): Move(_CARE),
    (State.STARTED, State.COMPLETED): Move(_CARE),
    (State.STARTED, State.PARTIALLY_COMPLETED): Move(_CARE, needs_reason=True),
    (State.STARTED, State.ABANDONED): Move(_CARE, needs_reason=True),
    (State.STARTED, State.NO_SHOW): Move(_CARE, needs_reason=True),
    **{(ended, other): Move(_STAFF, needs_reason=True) for ended in _ENDS for other in _ENDS - {ended}},
    **{(ended, State.DISPUTED): _COMPLAINT for ended in _ENDS},
    **{(State.DISPUTED, settled): Move(_STAFF, needs_reason=True) for settled in _ENDS},
}


class Advance(NamedTuple):
    """What a transition brings: `closes_out` is the moment at which channel and verdict are fixed and may be sent.

    A visit that comes back from a dispute, or is put right, was closed out before: what it bills otherwise now becomes
    a memo.
    """

    to: State
    closes_out: bool


def advance(current: State, to: State, actor: Actor, reason: str | None) -> Advance:
    """Decide whether an actor may move a visit. Raises NotAllowed with a sentence when not."""
    move = TRANSITIONS.get((current, to))
    if move is None:
        ways = ", ".join(other.value for before, other in TRANSITIONS if before is current)
        raise NotAllowed(f"A visit that is {current.value} cannot become {to.value}; it can become: {ways}.")
    if actor not in move.actors:
        who = ", ".join(sorted(kind.value for kind in move.actors))
        raise NotAllowed(f"From {current.value} to {to.value} a visit is moved by {who}, and not by {actor.value}.")
    _has_reason(move.needs_reason, reason, f"From {current.value} to {to.value}")
    return Advance(to, closes_out=current in OPEN_STATES and to not in OPEN_STATES)


CANCELLATIONS = frozenset({State.CANCELLED, State.LATE_CANCELLED})
# A practice that has said nothing: the day before is in time.
LATE_CANCEL_HOURS = 24


def cancelled_as(to: State, actor: Actor, ahead: timedelta, late_within: timedelta) -> State:
    """Return the state a cancellation leads to: of a patient's own the practice's window decides, not who tells it.

    `ahead` is how long before the scheduled start it comes, below 0 after it; one that comes just `late_within` ahead
    is in time. Staff, provider and system say which it is: a visit that the practice cancels is never late, and one
    that staff cancels for a patient may be let go.
    """
    if to not in CANCELLATIONS or actor is not Actor.PATIENT:
        return to
    return State.CANCELLED if ahead >= late_within else State.LATE_CANCELLED


class Phase(StrEnum):
    """How far a visit has come, as its edits see it."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    DISPUTED = "disputed"


class Edit(NamedTuple):
    """What may be edited in a phase, by whom, and whether they must say why."""

    fields: frozenset[str]
    actors: frozenset[Actor]
    needs_reason: bool


_WHEN = frozenset({"scheduled_start", "scheduled_end"})
_WHAT = frozenset({"service_code", "modifiers", "units", "place_of_service"})
_MONEY = frozenset({"payer_id", "charge_cents", "patient_estimate_cents"})
_ACTUAL = frozenset({"started_at", "ended_at"})
# Of what may be edited a patient says when, and who insures them: what was done and what it costs is not theirs to say.
_OF_PATIENTS = _WHEN | {"payer_id"}
# Whose visit it is never changes, nor its token: it is another visit then. After the end the claim may be out under its
# reference. The category follows the service code, until it has fixed the channel at the end.
EDITS: dict[Phase, Edit] = {
    Phase.BEFORE: Edit(_WHEN | _WHAT | _MONEY | {"provider_id", "claim_ref"}, _SIDES, needs_reason=False),
    Phase.DURING: Edit(_WHAT | _MONEY | {"started_at", "claim_ref"}, _OFFICE, needs_reason=False),
    Phase.AFTER: Edit(_WHAT | _MONEY | _ACTUAL, _STAFF, needs_reason=True),
    Phase.DISPUTED: Edit(_WHAT | _MONEY | _ACTUAL, _STAFF, needs_reason=True),
}


def phase_of(state: State) -> Phase:
    """Return the phase a state belongs to."""
    known = {State.SCHEDULED: Phase.BEFORE, State.STARTED: Phase.DURING, State.DISPUTED: Phase.DISPUTED}
    return known.get(state, Phase.AFTER)


def may_edit(state: State, fields: frozenset[str], actor: Actor, reason: str | None) -> None:
    """Decide whether an actor may edit fields of a visit. Raises NotAllowed with a sentence when not."""
    phase = phase_of(state)
    edit = EDITS[phase]
    if actor not in edit.actors:
        who = ", ".join(sorted(kind.value for kind in edit.actors))
        raise NotAllowed(f"A visit that is {state.value} is edited by {who}, and not by {actor.value}.")
    theirs = edit.fields & _OF_PATIENTS if actor is Actor.PATIENT else edit.fields
    if closed := sorted(fields - theirs):
        raise NotAllowed(f"{', '.join(closed)} of a visit that is {state.value} cannot be edited by {actor.value}.")
    _has_reason(edit.needs_reason, reason, f"An edit of a visit that is {state.value}")


def _has_reason(needed: bool, reason: str | None, what: str) -> None:
    if needed and not (reason or "").strip():
        raise NotAllowed(f"{what} needs a reason: say why, without naming the patient.")
