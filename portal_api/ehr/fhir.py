"""FHIR R4 Appointment and Encounter as reports (HL7 FHIR 4.0.1, value sets appointmentstatus and encounter-status)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal_api.ehr.report import Event, Report, Unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Not there: nothing has become of the visit yet (proposed, pending, waitlist), or another resource says it (fulfilled
# is said before the documentation is done; the Encounter's finished is what closes out).
APPOINTMENT = {
    "booked": Event.BOOKED,
    "arrived": Event.BOOKED,
    "checked-in": Event.BOOKED,
    "fulfilled": Event.BOOKED,
    "noshow": Event.MISSED,
    "cancelled": Event.CANCELLED,
    "entered-in-error": Event.VOIDED,
    "proposed": None,
    "pending": None,
    "waitlist": None,
}
ENCOUNTER = {
    "in-progress": Event.STARTED,
    "onleave": Event.STARTED,
    "finished": Event.FINISHED,
    "cancelled": Event.CANCELLED,
    "entered-in-error": Event.VOIDED,
    "planned": None,
    "arrived": None,
    "triaged": None,
    "unknown": None,
}
# Reasons of the patient's (code system appointment-cancellation-reason) begin like this; who died cancelled nothing.
REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
OF_PATIENTS, DIED = "pat", "pat-dec"


def read(resource: object) -> Report | None:
    """Return what a resource reports, None for one that reports nothing yet.

    Raises Unusable with a sentence for any other resource, and for one that lacks what every report has.
    """
    if not isinstance(resource, dict):
        raise Unusable("The body is no FHIR resource: send one Appointment or Encounter as a JSON object.")
    kinds = {"Appointment": (APPOINTMENT, _appointment), "Encounter": (ENCOUNTER, _encounter)}
    if (kind := kinds.get(str(resource.get("resourceType")))) is None:
        raise Unusable("resourceType must be Appointment or Encounter.")
    events, reader = kind
    status = resource.get("status")
    if not isinstance(status, str) or status not in events:
        raise Unusable(f"{resource['resourceType']}.status must be one of: {', '.join(events)}.")
    event = events[status]
    return reader(resource, event) if event else None


def _appointment(resource: Mapping[str, Any], event: Event) -> Report:
    return Report(
        event,
        _id(resource, "Appointment.id"),
        at=_time(_in(resource, "meta"), "lastUpdated", "Appointment.meta.lastUpdated"),
        patient_ref=_actor(resource, "actor", "Patient"),
        provider_id=_actor(resource, "actor", "Practitioner"),
        service_code=_code(resource),
        starts_at=_time(resource, "start", "Appointment.start"),
        ends_at=_time(resource, "end", "Appointment.end"),
        is_patients=event is Event.CANCELLED and _is_patients(resource),
    )


def _encounter(resource: Mapping[str, Any], event: Event) -> Report:
    period = _in(resource, "period")
    starts, ends = _time(period, "start", "Encounter.period.start"), _time(period, "end", "Encounter.period.end")
    if event is Event.FINISHED and (starts is None or ends is None):
        raise Unusable("Encounter.period must say when a finished encounter began and ended.")
    booked_as = _referred(_list(resource, "appointment"), "Appointment")
    subject = _in(resource, "subject")
    return Report(
        event,
        booked_as or f"Encounter/{_id(resource, 'Encounter.id')}",
        at=_happened(resource, event, starts, ends),
        patient_ref=_referred([subject], "Patient"),
        provider_id=_actor(resource, "individual", "Practitioner"),
        service_code=_code(resource),
        starts_at=starts,
        ends_at=ends,
    )


def _happened(
    resource: Mapping[str, Any], event: Event, starts: datetime | None, ends: datetime | None
) -> datetime | None:
    """Return when it came about: of one that was cancelled the period says only when it would have been."""
    if event in {Event.CANCELLED, Event.VOIDED}:
        return _time(_in(resource, "meta"), "lastUpdated", "Encounter.meta.lastUpdated")
    return ends if event is Event.FINISHED else starts


def _id(resource: Mapping[str, Any], place: str) -> str:
    found = resource.get("id")
    if not isinstance(found, str) or not found:
        raise Unusable(f"{place} is missing: without it the same visit cannot be told of twice.")
    return found


def _actor(resource: Mapping[str, Any], name: str, kind: str) -> str | None:
    return _referred((_in(each, name) for each in _list(resource, "participant")), kind)


def _referred(references: Iterable[Mapping[str, Any]], kind: str) -> str | None:
    """Return the id of the first reference to a kind of resource, be it relative or an address."""
    for each in references:
        *_, found, name = ["", "", *str(each.get("reference", "")).split("/")]
        if found == kind and name:
            return name
    return None


def _code(resource: Mapping[str, Any]) -> str | None:
    """Return the first code of the service: a list in an Appointment, one concept in an Encounter."""
    given = resource.get("serviceType")
    for concept in given if isinstance(given, list) else [given]:
        for coding in _list(concept, "coding") if isinstance(concept, dict) else []:
            if isinstance(code := coding.get("code"), str):
                return code
    return None


def _is_patients(resource: Mapping[str, Any]) -> bool:
    """Tell whether the reason of a cancellation is the patient's own. Without one nobody knows: then it is not."""
    for coding in _list(_in(resource, "cancelationReason"), "coding"):
        code = str(coding.get("code", ""))
        if coding.get("system", REASONS) == REASONS and code.split("-", maxsplit=1)[0] == OF_PATIENTS:
            return code != DIED
    return False


def _time(holder: Mapping[str, Any], name: str, place: str) -> datetime | None:
    given = holder.get(name)
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise Unusable(f"{place} must be a FHIR instant such as 2026-11-17T14:00:00-05:00.") from None
    if found.tzinfo is None:
        raise Unusable(f"{place} has no offset: nobody can tell when that is.")
    return found


def _in(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _list(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = holder.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
