"""A held time becomes a visit of the books, moves, and is cancelled: appointment and visit in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from ledger.rules import claim_ref
from ledger.rules.place_of_service import AT_HOME
from ledger.rules.visit import Actor, NotAllowed, State
from ledger.store import visits
from portal_api import audit
from portal_api.access import Kind, Role
from portal_api.problems import Problem, not_found
from portal_api.scheduling import appointments, catalog, letters, locks, slots
from portal_api.scheduling.holds import taken

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment

_BOOK = sa.text(
    "update portal.appointment set status = 'booked', hold_expires_at = null, visit_token = :visit_token,"
    " accepted_at = :now where id = :id and status = 'held' and hold_expires_at > :now returning id"
)
_MOVE = sa.text(
    "update portal.appointment set calendar_id = :calendar_id, session_id = :session_id, moves = moves + 1,"
    " visit = tstzrange(:starts_at, :starts_at + (upper(visit) - lower(visit))),"
    " busy = tstzrange(:starts_at - (lower(visit) - lower(busy)), :starts_at + (upper(busy) - lower(visit)))"
    " where id = :id and status = 'booked'"
)
_WAITED = sa.text("update portal.waiting set status = 'booked' where id = :id")
_PATIENT_TOKEN = sa.text("select patient_token from portal.patient where id = :id")


def confirm(here: Here, appointment: Appointment) -> list[Appointment]:
    """Book what is held, with its series, under the terms that stand in it; booked already, it stays so.

    Raises 409 (hold-lapsed) when the hold has run out.
    """
    calendars = [each.calendar_id for each in appointments.of_series(here, appointment)]
    locks.take(here, [appointment.patient_id, *calendars])
    appointment = _now(here, appointment)
    together = appointments.of_series(here, appointment)
    if appointment.status == "booked":
        return together
    for each in together:
        token = uuid4()
        if here.db.scalar(_BOOK, {"id": each.id, "visit_token": token, "now": here.now}) is None:
            raise Problem(
                HTTPStatus.CONFLICT,
                "hold-lapsed",
                "The time was held for you, but not any more. Choose it again if it is still free.",
            )
        visits.book(here.books, _visit(here, each, token), _deed(here, f"book/{each.id}"))
        audit.record(here, "visit.booked", f"appointment/{each.id}")
    if appointment.waiting_id is not None:
        here.db.execute(_WAITED, {"id": appointment.waiting_id})
    booked = appointments.of_series(here, _now(here, appointment))
    letters.booked(here, booked)
    return booked


def may_move(here: Here, appointment: Appointment) -> bool:
    """Tell whether whoever is here may move it: staff always, patients until the fee would fall due."""
    return appointment.can_change(here.now) and (_is_staff(here) or not appointment.is_late(here.now))


def move(here: Here, appointment: Appointment, calendar_id: UUID, starts_at: datetime) -> Appointment:
    """Move a booked visit to another open time; staff may give it to another provider.

    Raises 404 for a calendar that is not here, 409 when the time cannot be had or the visit cannot be moved any more.
    """
    calendar = catalog.calendar(here, calendar_id)
    if calendar is None or (calendar_id != appointment.calendar_id and not _is_staff(here)):
        raise not_found()
    locks.take(here, [appointment.patient_id, appointment.calendar_id, calendar_id])
    appointment = _now(here, appointment)
    if (appointment.calendar_id, appointment.starts_at, appointment.status) == (calendar_id, starts_at, "booked"):
        return appointment  # clicked twice: it is there, and whoever has it was told
    if not may_move(here, appointment):
        raise _too_late(appointment, here.now)
    who = slots.asker(here, appointment.wish, appointment.patient_id)
    if not slots.is_open(here, who, calendar_id, starts_at, moving=appointment.id):
        raise taken([starts_at])
    locks.once_more(here, lambda: _moved(here, appointment, calendar_id, starts_at))
    changes: dict[str, object] = {
        "scheduled_start": starts_at,
        "scheduled_end": starts_at + (appointment.ends_at - appointment.starts_at),
    }
    if calendar_id != appointment.calendar_id:
        changes["provider_id"] = calendar.ledger_id
    visits.edit(here.books, _token(appointment), changes, _deed(here, f"move/{appointment.id}/{appointment.moves + 1}"))
    audit.record(here, "visit.moved", f"appointment/{appointment.id}")
    moved = _now(here, appointment)
    letters.moved(here, moved)
    return moved


def cancel(here: Here, appointment: Appointment, *, reason: str = "", is_waived: bool = False) -> Appointment:
    """Cancel a visit. Patients cancel late when the terms they accepted say so; staff may waive that.

    The fee of a late one is that of those terms. What is cancelled already stays so.
    Raises 409 for a visit that has begun or is over.
    """
    locks.take(here, [appointment.patient_id, appointment.calendar_id])
    appointment = _now(here, appointment)
    if appointment.status == "released":
        return appointment
    is_late = appointment.is_late(here.now) and not (is_waived and _is_staff(here))
    to = State.LATE_CANCELLED if is_late else State.CANCELLED
    token, deed = _token(appointment), _deed(here, f"cancel/{appointment.id}", reason)
    if not appointment.can_change(here.now):  # by its time, too: the fee of a cancellation is no way out of the bill
        raise _over()
    try:
        visits.advance(here.books, token, to, deed, appointment.terms.of_ledger)
    except NotAllowed as refused:
        raise _over() from refused
    appointments.release(here, [appointment.id])
    audit.record(here, "visit.cancelled", f"appointment/{appointment.id}")
    letters.cancelled(here, appointment)
    return _now(here, appointment)


def _now(here: Here, appointment: Appointment) -> Appointment:
    """Return it as it stands under the locks: somebody may have changed it while they were waited for."""
    found = appointments.get(here, appointment.id)
    if found is None:
        raise not_found()
    return found


def _moved(here: Here, appointment: Appointment, calendar_id: UUID, starts_at: datetime) -> None:
    values: dict[str, object] = {
        "id": appointment.id,
        "calendar_id": calendar_id,
        "starts_at": starts_at,
        "session_id": None,
    }
    try:
        if appointment.session_id is not None:
            appointments.leave_seat(here, appointment.session_id)
            seat_in = appointments.take_seat(here, calendar_id, appointment.visit_type_id, starts_at)
            if seat_in is None:
                raise taken([starts_at])
            values["session_id"] = seat_in
        here.db.execute(_MOVE, values)
    except sa.exc.IntegrityError as error:
        raise taken([starts_at]) from error


def _visit(here: Here, held: Appointment, token: UUID) -> visits.Visit:
    kind = catalog.visit_type(here, held.visit_type_id)
    if kind is None:
        raise not_found()
    return visits.Visit(
        visit_token=token,
        patient_token=here.db.scalar(_PATIENT_TOKEN, {"id": held.patient_id}),
        practice_id=here.practice.practice_id,
        provider_id=held.ledger_id,
        service_code=kind.service_code,
        place_of_service=AT_HOME,  # until the close-out asks
        scheduled_start=held.starts_at,
        scheduled_end=held.ends_at,
        charge_cents=held.terms.charge_cents,
        state_changed_at=here.now,
        claim_ref=claim_ref.issue() if held.payer_id else None,
        payer_id=held.payer_id,
        patient_estimate_cents=held.terms.patient_estimate_cents,
    )


def _deed(here: Here, key: str, reason: str = "") -> visits.Deed:
    return visits.Deed(key, _actor(here), here.now, reason or None)


def _actor(here: Here) -> Actor:
    if here.who is None:
        return Actor.SYSTEM
    if here.who.kind is Kind.PATIENT:
        return Actor.PATIENT
    return Actor.STAFF if here.who.roles - {Role.PROVIDER} else Actor.PROVIDER


def _is_staff(here: Here) -> bool:
    return here.who is None or here.who.kind is Kind.STAFF


def _token(appointment: Appointment) -> UUID:
    if appointment.visit_token is None:
        raise not_found()  # held, and no visit yet
    return appointment.visit_token


def _over() -> Problem:
    return Problem(HTTPStatus.CONFLICT, "not-cancelled", "This visit has begun or is over already.")


def _too_late(appointment: Appointment, now: datetime) -> Problem:
    if appointment.status == "booked" and appointment.starts_at - now > timedelta(0):
        detail = "It is too late to move this visit online: cancel it, or call the practice."
    else:
        detail = "This visit cannot be moved any more."
    return Problem(HTTPStatus.CONFLICT, "not-moved", detail)
