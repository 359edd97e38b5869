"""A report from outside moves the same visit through the same states as our own pages do: once, whoever tells it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from ledger.rules import claim_ref
from ledger.rules.place_of_service import AT_HOME
from ledger.rules.visit import BILLING_STATES, CANCELLATIONS, Actor, NotAllowed, Phase, State, phase_of
from ledger.store import visits
from portal_api import audit
from portal_api.ehr.report import Event, Report, Unusable
from portal_api.scheduling import terms

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.store.visits import Visit
    from portal_api.here import Here

CLOCKS_DIFFER = timedelta(minutes=5)
_KNOW = """
insert into portal.{table} (practice_id, system_id, ref, {column}) values (:practice_id, :system_id, :ref, :token)
on conflict (practice_id, system_id, ref) do nothing
"""
_KNOWN = "select {column} from portal.{table} where system_id = :system_id and ref = :ref"
_TYPE = sa.text(
    "select id, minutes from portal.visit_type where service_code = :code and is_active order by name, id limit 1"
)
_PROVIDER = sa.text("select from portal.provider where ledger_id = :id and is_active")
_TOOK_PLACE = BILLING_STATES | {State.ABANDONED, State.DISPUTED}
# Reports come late and in any order: when the newest was true that said for when and what the visit is booked.
_NEWEST = "select max(at) from ledger.visit_event where visit_token = %s"
_PAYER = sa.text("select from portal.payer where id = :id")


def take(here: Here, system_id: UUID, report: Report) -> Visit:
    """Do what a report says to the visit it is about, and book that first where it is not known yet.

    Told again, or by two systems' worth of reports of one visit, nothing is done twice. Raises Unusable with a sentence
    for a report that lacks what booking needs, that is of a time to come, or that contradicts what became of the visit.
    """
    if report.at is not None and report.at > here.now + CLOCKS_DIFFER:
        raise Unusable("The report is of something that has yet to happen: its time is after now. Correct the time.")
    token = _token(here, system_id, "outside_visit", "visit_token", report.visit_ref)
    visit = visits.get(here.books, token) or _booked(here, system_id, token, report)
    try:
        visit = _moved(here, visit, report)
        visit = _followed(here, visit, report)
    except NotAllowed as refused:
        raise Unusable(str(refused)) from None
    audit.record(here, f"report.{report.event.value}", f"visit/{token}")
    return visit


def _token(here: Here, system_id: UUID, table: str, column: str, ref: str) -> UUID:
    """Return our token for an id of theirs, which may be a chart's number: of it only a MAC is kept."""
    values = {
        "practice_id": here.practice.practice_id,
        "system_id": system_id,
        "ref": here.keys.mac("outside", here.practice.practice_id, str(system_id), table, ref),
        "token": uuid4(),
    }
    here.db.execute(sa.text(_KNOW.format(table=table, column=column)), values)
    return UUID(str(here.db.scalar(sa.text(_KNOWN.format(table=table, column=column)), values)))


def _booked(here: Here, system_id: UUID, token: UUID, report: Report) -> Visit:
    if report.patient_ref is None or report.provider_id is None or report.service_code is None:
        raise Unusable("A visit that is not known yet needs a patient, a practitioner and a service code to be booked.")
    minutes, price = _offered(here, report.service_code, report.payer_id)
    starts, ends = _times(report, timedelta(minutes=minutes))
    visit = visits.Visit(
        visit_token=token,
        patient_token=_token(here, system_id, "outside_patient", "patient_token", report.patient_ref),
        practice_id=here.practice.practice_id,
        provider_id=_provider(here, report.provider_id),
        service_code=report.service_code,
        place_of_service=AT_HOME,  # until somebody says otherwise
        scheduled_start=starts,
        scheduled_end=ends,
        state_changed_at=here.now,
        **price,
    )
    return visits.book(here.books, visit, visits.Deed(f"outside/{token}/book", Actor.SYSTEM, _told_at(here, report)))


def _provider(here: Here, provider_id: str) -> str:
    if here.db.execute(_PROVIDER, {"id": provider_id}).first() is None:
        raise Unusable("The practitioner is no provider of this practice: their id must be the provider's id here.")
    return provider_id


def _offered(here: Here, service_code: str, payer_id: str | None) -> tuple[int, dict[str, Any]]:
    """Return how many minutes a service lasts, and what it costs whom: fields of the visit."""
    kind = here.db.execute(_TYPE, {"code": service_code}).one_or_none()
    if kind is None:
        raise Unusable("The practice has no visit type with this service code: add one, or correct the code.")
    if payer_id is not None and here.db.execute(_PAYER, {"id": payer_id}).first() is None:
        raise Unusable("payer_id names no payer of this practice: add it, or leave it out.")
    price = terms.quoted(here, kind.id, payer_id)
    return kind.minutes, {
        "payer_id": payer_id,
        "charge_cents": price.charge_cents,
        "patient_estimate_cents": price.patient_estimate_cents,
        "claim_ref": claim_ref.issue() if payer_id else None,
    }


def _times(report: Report, lasts: timedelta) -> tuple[datetime, datetime]:
    if report.starts_at is None:
        raise Unusable("A visit that is not known yet needs a start.")
    ends = report.ends_at or report.starts_at + lasts
    if ends <= report.starts_at:
        raise Unusable("The visit ends before it starts.")
    return report.starts_at, ends


def _moved(here: Here, visit: Visit, report: Report) -> Visit:
    """Change a visit that is booked otherwise now: for another time, with somebody else, for another service."""
    if report.event is not Event.BOOKED or phase_of(visit.state) is not Phase.BEFORE:
        return visit
    told_at = _told_at(here, report)
    if told_at < here.books.execute(_NEWEST, (visit.visit_token,)).fetchall()[0][0]:
        return visit  # overtaken on its way by a newer one
    changes = _changes(here, visit, report)
    if not changes:
        return visit
    deed = visits.Deed(f"outside/{visit.visit_token}/change/{visit.state_changed_at}", Actor.PROVIDER, told_at)
    return visits.edit(here.books, visit.visit_token, changes, deed)


def _changes(here: Here, visit: Visit, report: Report) -> dict[str, Any]:
    """Return the fields that a report of a booked visit says otherwise; what it leaves out stays."""
    changes: dict[str, Any] = {}
    if report.starts_at is not None:
        starts, ends = _times(report, visit.scheduled_end - visit.scheduled_start)
        changes |= {"scheduled_start": starts, "scheduled_end": ends}
    if report.provider_id not in {None, visit.provider_id}:
        changes["provider_id"] = _provider(here, str(report.provider_id))
    code, payer = report.service_code or visit.service_code, report.payer_id or visit.payer_id
    if (code, payer) != (visit.service_code, visit.payer_id):  # else the price stays that of the booking
        changes |= {"service_code": code, **_offered(here, code, payer)[1]}
        changes["claim_ref"] = visit.claim_ref or changes["claim_ref"]
    return {name: value for name, value in changes.items() if getattr(visit, name) != value}


def _told_at(here: Here, report: Report) -> datetime:
    """Return when a report was true, which is not after now."""
    return min(report.at or here.now, here.now)


def _followed(here: Here, visit: Visit, report: Report) -> Visit:
    if report.event is Event.STARTED:
        return _advanced(here, visit, State.STARTED, report) if visit.state is State.SCHEDULED else visit
    if report.event is Event.FINISHED:
        return _finished(here, visit, report)
    if report.event is Event.MISSED:
        return visit if visit.state is State.NO_SHOW else _missed(here, visit, report)
    over = {Event.CANCELLED: CANCELLATIONS, Event.VOIDED: {State.CANCELLED}}.get(report.event)
    if over is None or visit.state in over:
        return visit
    # Only what the patient cancels can be late: the ledger says whether it is.
    return _advanced(here, visit, State.CANCELLED, report)


def _finished(here: Here, visit: Visit, report: Report) -> Visit:
    """Close a visit out that took place; how much of it did, a provider may have said here already."""
    if visit.state in _TOOK_PLACE:
        return visit
    started = report.starts_at or visit.started_at or visit.scheduled_start
    ended = report.ends_at or report.at or here.now
    if not started < ended <= here.now:
        raise NotAllowed("A visit that took place began before it ended, and ended by now.")
    if visit.state is State.SCHEDULED:
        deed = visits.Deed(f"outside/{visit.visit_token}/started", Actor.SYSTEM, started)
        visit = visits.advance(here.books, visit.visit_token, State.STARTED, deed)
    deed = visits.Deed(f"outside/{visit.visit_token}/completed", Actor.SYSTEM, ended)
    return visits.advance(here.books, visit.visit_token, State.COMPLETED, deed)


def _missed(here: Here, visit: Visit, report: Report) -> Visit:
    if here.now < visit.scheduled_start:
        raise NotAllowed("A visit that has yet to begin cannot have been missed.")
    return _advanced(here, visit, State.NO_SHOW, report)


def _advanced(here: Here, visit: Visit, to: State, report: Report) -> Visit:
    why = "The scheduling system outside says so." if to is not State.STARTED else None
    actor = Actor.PATIENT if report.is_patients else Actor.SYSTEM
    deed = visits.Deed(f"outside/{visit.visit_token}/{report.event.value}", actor, _told_at(here, report), why)
    return visits.advance(here.books, visit.visit_token, to, deed)
