"""Visits: booked, moved and edited under a row lock, each deed once, with their history; closed out once, for ever."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ledger.rules import visit as rule
from ledger.rules.billing import RULE_VERSION, PracticeRules, Verdict, what_it_bills
from ledger.rules.requests import CancelUsage, ChargeVisit, MeterVisit, Request
from ledger.rules.sending import CANCEL_WITHIN, Channel
from ledger.rules.service_category import OTHER, category_of, event_name
from ledger.rules.visit import Actor, NotAllowed, State
from ledger.store import customers, outbox, practices, subscriptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from ledger.store.customers import Customer
    from ledger.store.practices import Terms

_TICK = timedelta(microseconds=1)
# What is queued later than that is not sure to reach Stripe in time.
_TAKEN_BACK_WITHIN = CANCEL_WITHIN - timedelta(hours=1)


@dataclass(frozen=True)
class Visit:
    """A visit as it stands: the columns of the visit file, whose it is, and its category. Amounts are cents.

    Its category is that of its service code while it is open, and stays as it was when it is over: `book` and `edit`
    work it out, whatever is given.
    """

    visit_token: UUID
    patient_token: UUID
    practice_id: str
    provider_id: str
    service_code: str
    place_of_service: str
    scheduled_start: datetime
    scheduled_end: datetime
    charge_cents: int
    state_changed_at: datetime
    state: State = State.SCHEDULED
    claim_ref: str | None = None
    modifiers: str | None = None
    units: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    payer_id: str | None = None
    patient_estimate_cents: int | None = None
    service_category: int = OTHER

    def observation(self) -> dict[str, object]:
        """Return what the visit ledger may know of it: no patient, no category; times as ISO text."""
        mine = asdict(self)
        del mine["patient_token"], mine["service_category"]
        return {name: _as_json(value) for name, value in mine.items()}


class Deed(NamedTuple):
    """Who does a thing to a visit, when and why. `key` names the deed: told again, it is done already."""

    key: str
    actor: Actor
    at: datetime
    reason: str | None = None


class CloseOut(NamedTuple):
    """What a visit billed when it was over, and by which channel: fixed."""

    state: State
    channel: Channel
    verdict: Verdict


_COLUMNS = [field.name for field in fields(Visit)]


def get(connection: psycopg.Connection, visit_token: UUID) -> Visit | None:
    """Return a visit as it stands."""
    return _selected(connection, visit_token, "")


def close_out(connection: psycopg.Connection, visit_token: UUID) -> CloseOut | None:
    """Return how a visit was closed out, None while it is not over."""
    row = connection.execute(
        "select state, channel, bills, target_cents from ledger.visit_close_out where visit_token = %s", (visit_token,)
    ).fetchone()
    return (
        CloseOut(State(row[0]), Channel(row[1]), Verdict(row[2], on_hold=False, target_cents=row[3])) if row else None
    )


def demand(connection: psycopg.Connection, visit_token: UUID) -> None:
    """Ask for what a visit billed when its patient was nobody at Stripe yet, so that nothing could be asked for.

    Asked already, or corrected since, it stays as it is. The caller commits. Raises KeyError for no visit.
    """
    visit, closed = _locked(connection, visit_token), close_out(connection, visit_token)
    customer = customers.of_patient(connection, visit.patient_token)
    if customer and closed and closed.state is visit.state and closed.channel is Channel.INVOICE:
        outbox.put(connection, _charge(visit, customer, closed.verdict.target_cents or 0), visit.practice_id)


def set_channel(connection: psycopg.Connection, practice_id: str, service_category: int, channel: Channel) -> None:
    """Say by which channel visits of a practice's category go that are closed out from now on. The caller commits."""
    connection.execute(
        "insert into ledger.service_channel (practice_id, service_category, channel) values (%s, %s, %s)"
        " on conflict (practice_id, service_category) do update set channel = excluded.channel",
        (practice_id, service_category, channel.value),
    )


def book(connection: psycopg.Connection, visit: Visit, deed: Deed) -> Visit:
    """Enter a visit as scheduled; the same token again changes nothing. Returns it as it stands; the caller commits."""
    category = category_of(visit.service_code)
    booked = replace(
        visit,
        state=State.SCHEDULED,
        started_at=None,
        ended_at=None,
        state_changed_at=deed.at,
        service_category=category,
    )
    names = ", ".join(_COLUMNS)
    values = ", ".join(f"%({name})s" for name in _COLUMNS)
    made = connection.execute(
        f"insert into ledger.visit ({names}) values ({values}) on conflict (visit_token) do nothing".encode(),
        asdict(booked),
    )
    if made.rowcount:
        _remember(connection, None, booked, deed, {})
    return _locked(connection, visit.visit_token)


def advance(
    connection: psycopg.Connection, visit_token: UUID, to: State, deed: Deed, terms: Terms | None = None
) -> Visit:
    """Move a visit to another state, at most once for a deed, and close it out when it is over by that.

    `terms` are those the patient accepted with the booking; without them those hold that the practice has now. The
    verdict of the close-out is frozen under them, and a patient who cancels gets the state that their window says,
    whichever of the two was asked for. Returns the visit as it stands; the caller commits. Raises NotAllowed with a
    sentence, KeyError for a visit that is not there.
    """
    visit = _locked(connection, visit_token)
    if _is_done(connection, visit_token, deed, to, {}):
        return visit
    if to in rule.CANCELLATIONS:
        terms = terms or practices.terms(connection, visit.practice_id)
        to = rule.cancelled_as(to, deed.actor, visit.scheduled_start - deed.at, terms.late_within)
    step = rule.advance(visit.state, to, deed.actor, deed.reason)
    starts, ends = to is State.STARTED, visit.state is State.STARTED
    moved = replace(
        visit,
        state=step.to,
        started_at=deed.at if starts else visit.started_at,
        ended_at=max(deed.at, visit.started_at or deed.at) if ends else visit.ended_at,
    )
    moved = _changed(connection, visit, moved, deed, {})
    if step.closes_out:
        rules = terms.rules if terms else practices.rules(connection, visit.practice_id)
        _close_out(connection, moved, rules, deed.at)
    else:
        _take_usage_back(connection, moved)
    return moved


def edit(connection: psycopg.Connection, visit_token: UUID, changes: Mapping[str, Any], deed: Deed) -> Visit:
    """Change fields of a visit, at most once for a deed. What it billed stays: the books turn a difference into a memo.

    Returns the visit as it stands; the caller commits. Raises NotAllowed with a sentence, KeyError for a visit that is
    not there.
    """
    visit = _locked(connection, visit_token)
    if _is_done(connection, visit_token, deed, None, changes):
        return visit
    rule.may_edit(visit.state, frozenset(changes), deed.actor, deed.reason)
    edited = replace(visit, **changes)
    if visit.state in rule.OPEN_STATES:
        edited = replace(edited, service_category=category_of(edited.service_code))
    edited = _changed(connection, visit, edited, deed, changes)
    _take_usage_back(connection, edited)
    return edited


def _selected(connection: psycopg.Connection, visit_token: UUID, lock: str) -> Visit | None:
    with connection.cursor(row_factory=class_row(Visit)) as cursor:
        query = f"select {', '.join(_COLUMNS)} from ledger.visit where visit_token = %s {lock}"
        found = cursor.execute(query.encode(), (visit_token,)).fetchone()
    return replace(found, state=State(found.state)) if found else None


def _locked(connection: psycopg.Connection, visit_token: UUID) -> Visit:
    visit = _selected(connection, visit_token, "for update")
    if visit is None:
        raise KeyError(f"There is no visit {visit_token}.")
    return visit


def _is_done(
    connection: psycopg.Connection, visit_token: UUID, deed: Deed, to: State | None, changes: Mapping[str, Any]
) -> bool:
    """Tell whether a deed of this key was done before. Raises NotAllowed where that was another one."""
    row = connection.execute(
        "select visit_token, case when edited = '{}' then to_state end, changes from ledger.visit_event"
        " where event_key = %s",
        (deed.key,),
    ).fetchone()
    if row is None:
        return False
    # Which of the two cancellations it was, the practice's window may have said.
    same_end = row[1] == to or (deed.actor is Actor.PATIENT and {row[1], to} <= rule.CANCELLATIONS)
    if row[0] != visit_token or not same_end or row[2] != _written(changes):
        raise NotAllowed("This key names another deed already: give every deed a key of its own.")
    return True


def _changed(
    connection: psycopg.Connection, before: Visit, after: Visit, deed: Deed, changes: Mapping[str, Any]
) -> Visit:
    # The newest observation of a visit is the one that counts, and a clock may stand or go back.
    after = replace(after, state_changed_at=max(deed.at, before.state_changed_at + _TICK))
    names = ", ".join(f"{name} = %({name})s" for name in _COLUMNS)
    connection.execute(
        f"update ledger.visit set {names} where visit_token = %(visit_token)s".encode(),
        asdict(after),
    )
    _remember(connection, before.state, after, deed, changes)
    return after


def _remember(
    connection: psycopg.Connection, before: State | None, visit: Visit, deed: Deed, changes: Mapping[str, Any]
) -> None:
    connection.execute(
        "insert into ledger.visit_event"
        " (visit_token, ordinal, event_key, from_state, to_state, edited, changes, actor, reason, at, observation)"
        " select %s, count(*) + 1, %s, %s, %s, %s, %s, %s, %s, %s, %s from ledger.visit_event where visit_token = %s",
        (
            visit.visit_token,
            deed.key,
            before,
            visit.state,
            sorted(changes),
            Jsonb(_written(changes)),
            deed.actor,
            deed.reason,
            deed.at,
            Jsonb(visit.observation()),
            visit.visit_token,
        ),
    )


def _written(changes: Mapping[str, Any]) -> dict[str, object]:
    return {name: _as_json(value) for name, value in changes.items()}


def _close_out(connection: psycopg.Connection, visit: Visit, rules: PracticeRules, at: datetime) -> None:
    """Fix what the visit bills and by which channel, and put its demand into the outbox: all or nothing, once."""
    verdict = what_it_bills(
        visit.state,
        insured=visit.payer_id is not None,
        charge_cents=visit.charge_cents,
        patient_estimate_cents=visit.patient_estimate_cents,
        scheduled=visit.scheduled_end - visit.scheduled_start,
        delivered=visit.ended_at - visit.started_at if visit.ended_at and visit.started_at else None,
        rules=rules,
    )
    customer = customers.of_patient(connection, visit.patient_token) if verdict.target_cents else None
    unit_cents = _price_of_usage(connection, visit, customer) if customer and verdict.bills else None
    channel = Channel.METER if unit_cents else Channel.INVOICE
    connection.execute(
        "insert into ledger.visit_close_out"
        " (visit_token, state, channel, bills, target_cents, rule_version, policy_key, closed_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            visit.visit_token,
            visit.state,
            channel,
            verdict.bills,
            verdict.target_cents,
            RULE_VERSION,
            rules.policy_key,
            at,
        ),
    )
    if customer and unit_cents:
        _meter(connection, visit, customer, unit_cents)
    elif customer:
        outbox.put(connection, _charge(visit, customer, verdict.target_cents or 0), visit.practice_id)


def _price_of_usage(connection: psycopg.Connection, visit: Visit, customer: Customer) -> int | None:
    """Return what the visit costs as usage, None where it is invoiced.

    It is metered where its practice meters its category and the patient's subscription has a price for it: no invoice
    would ever carry the usage of anybody else, nor that of a period which is invoiced already. A fee for a missed
    visit is no usage.
    """
    row = connection.execute(
        "select channel from ledger.service_channel where practice_id = %s and service_category = %s",
        (visit.practice_id, visit.service_category),
    ).fetchone()
    if row is None or row[0] != Channel.METER:
        return None
    return subscriptions.price_of(connection, customer.stripe_customer_id, visit.service_category, _end_of(visit))


def _end_of(visit: Visit) -> datetime:
    return visit.ended_at or visit.scheduled_end


def _meter(connection: psycopg.Connection, visit: Visit, customer: Customer, unit_cents: int) -> None:
    usage = MeterVisit(
        visit_token=visit.visit_token,
        customer=customer.stripe_customer_id,
        event_name=event_name(visit.service_category),
        ended_at=_end_of(visit),
        unit_cents=unit_cents,
    )
    outbox.put(connection, usage, visit.practice_id, not_before=usage.ended_at)  # Stripe takes none of the future


def _charge(visit: Visit, customer: Customer, target_cents: int) -> Request:
    return ChargeVisit(
        visit_token=visit.visit_token,
        customer=customer.stripe_customer_id,
        amount_cents=target_cents,
        payment_method=customer.card.payment_method_id if customer.card else None,
        place_of_service=visit.place_of_service,
    )


def _take_usage_back(connection: psycopg.Connection, visit: Visit) -> None:
    """Have the usage of a visit cancelled whose bill fell away while Stripe still cancels it, whole; once for ever.

    Later than that it stays on the invoice: what is too much is given back by a credit memo.
    """
    share = visit.charge_cents if visit.payer_id is None else visit.patient_estimate_cents
    if visit.state in rule.OPEN_STATES | {State.DISPUTED} or (visit.state in rule.BILLING_STATES and share):
        return
    sent = connection.execute(
        "select arguments ->> 'event_name' from ledger.outbox where visit_token = %s and operation = 'meter_visit'"
        " and (state in ('pending', 'unknown') or state = 'done' and changed_at > now() - %s)",
        (visit.visit_token, _TAKEN_BACK_WITHIN),
    ).fetchone()
    if sent:
        cancelled = CancelUsage(visit.visit_token, sent[0])
        outbox.put(connection, cancelled, visit.practice_id, after=f"meter:{visit.visit_token}")


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | State) else value
