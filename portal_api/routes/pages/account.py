"""One's own account: contact details, and where one is signed in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from portal_api import audit
from portal_api.access import Kind
from portal_api.door import AsPatient, SignedIn, fresh
from portal_api.here import Here
from portal_api.identity import asks, entering, patient_sign_in, people, rates, sessions, staff_secrets
from portal_api.identity.asks import Purpose
from portal_api.identity.people import Patient
from portal_api.notices import Message, Notice, send
from portal_api.pages import onward, page
from portal_api.problems import not_found
from portal_api.routes.pages import sign_in, staff_sign_in

router = APIRouter(prefix="/account")


@router.get("", response_class=HTMLResponse)
def account(here: SignedIn) -> HTMLResponse:
    """Show the account and its sessions."""
    return _shown(here)


@router.post("/sessions/{session_id}/end", response_model=None)
def end_session(here: SignedIn, session_id: UUID) -> Response:
    """End one of one's own sessions."""
    if not sessions.end(here, here.me.kind, here.me.id, session_id):
        raise not_found()
    audit.record(here, "session.ended", f"session/{session_id}")
    return onward("/account", "ended")


@router.post("/contact", response_model=None)
def contact(here: AsPatient) -> Response:
    """Change phone and time zone at once, and the e-mail address when the code that goes to the new one is typed."""
    fresh(here)
    mine, email = _myself(here), here.form["email"]
    phone, zone = here.form.get("phone")[:40], here.form.get("time_zone")
    if zone not in available_timezones() or not people.EMAIL.match(email):
        return _shown(here, "Please choose a time zone and write an e-mail address, such as name@example.com.")
    people.change_patient(here, here.me.id, phone=phone, time_zone=zone)
    audit.record(here, "contact.changed", f"patient/{here.me.id}")
    if phone != mine.phone:
        send(here, Message(Notice.CONTACT_CHANGED, mine.email, {"what": "phone number"}))
    if email.lower() == mine.email.lower():
        return onward("/account", "saved")
    rates.spend(here, patient_sign_in.BY_ACCOUNT, email)
    secret = asks.make(here, Purpose.CHANGE_EMAIL, email, here.me.id)
    message = Message(Notice.CHANGE_EMAIL, email, {"code": secret.spaced})
    send(here, message, expires_at=asks.expiry(here.now))
    return onward("/account/email", "code_sent")


@router.get("/email", response_class=HTMLResponse)
def email_code(here: AsPatient) -> HTMLResponse:
    """Ask for the code that went to the new address."""
    return page(here, "identity/email_code.html", problem="")


@router.post("/email", response_model=None)
def email_changed(here: AsPatient) -> Response:
    """Change the e-mail address, and tell the old one."""
    rates.spend(here, patient_sign_in.CODES, here.browser.address)
    granted, before = asks.use_code(here, here.form.get("code"), Purpose.CHANGE_EMAIL), _myself(here).email
    problem = "" if granted and granted.person_id == here.me.id else sign_in.REFUSED
    if granted and not problem:
        try:
            with here.db.begin_nested():
                people.change_patient(here, here.me.id, email=granted.email)
        except IntegrityError:
            problem = "This address cannot be used here. Please ask your practice."
    if problem:
        return page(here, "identity/email_code.html", status=HTTPStatus.BAD_REQUEST, problem=problem)
    send(here, Message(Notice.CONTACT_CHANGED, before, {"what": "e-mail address"}))
    audit.record(here, "email.changed", f"patient/{here.me.id}")
    return onward("/account", "email_changed")


@router.get("/prove", response_class=HTMLResponse)
def prove(here: SignedIn, next: str = "/account", *, sent: bool = False) -> HTMLResponse:  # noqa: A002
    """Ask whoever is signed in to prove once more that it is them."""
    return page(here, "identity/prove.html", next=_back(next), sent=sent, problem="")


@router.post("/prove/code", response_model=None)
def mail_a_code(here: AsPatient) -> Response:
    """Mail a patient a code to prove it with."""
    mine = _myself(here)
    rates.spend(here, patient_sign_in.BY_ACCOUNT, mine.email)
    secret = asks.make(here, Purpose.PROVE, mine.email, mine.id)
    send(here, Message(Notice.PROVE, mine.email, {"code": secret.spaced}), expires_at=asks.expiry(here.now))
    return onward(f"/account/prove?sent=true&next={_back(here.form.get('next'))}", "code_sent")


@router.post("/prove", response_model=None)
def proved(here: SignedIn) -> Response:
    """Take the proof: a patient's code; of staff, password and authenticator."""
    rates.spend(here, staff_sign_in.CODES, str(here.me.id))
    onwards = _back(here.form.get("next"))
    if not _is_proved(here):
        problem, status = "That did not work. Please try again.", HTTPStatus.BAD_REQUEST
        audit.record(here, "proof.refused", f"{here.me.kind.value}/{here.me.id}")
        return page(here, "identity/prove.html", status=status, next=onwards, sent=True, problem=problem)
    sessions.prove(here)
    audit.record(here, "proof.given", f"{here.me.kind.value}/{here.me.id}")
    return onward(onwards, "proved")


def _is_proved(here: Here) -> bool:
    if here.me.kind is Kind.PATIENT:
        granted = asks.use_code(here, here.form.get("code"), Purpose.PROVE)
        return granted is not None and granted.person_id == here.me.id
    found = people.staff(here, here.me.id)
    is_right = found and staff_secrets.by_password(here, found.email, here.form.get("password")) == here.me.id
    return bool(is_right) and staff_secrets.by_authenticator(here, here.me.id, here.form.get("code"))


def _back(path: str) -> str:
    """Return the page to go back to; of what a form did, the page that shows it."""
    there = entering.local(path or "/account")
    return "/account" if there.startswith("/account/") else there


def _shown(here: Here, problem: str = "") -> HTMLResponse:
    mine = sessions.of_person(here, here.me.kind, here.me.id)
    patient = people.patient(here, here.me.id) if here.me.kind is Kind.PATIENT else None
    zone = ZoneInfo(patient.time_zone) if patient and patient.time_zone else here.practice.zone
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    values: dict[str, Any] = {
        "sessions": mine,
        "patient": patient,
        "zone": zone,
        "zones": sorted(available_timezones()),
    }
    return page(here, "identity/account.html", status=status, problem=problem, **values)


def _myself(here: Here) -> Patient:
    found = people.patient(here, here.me.id)
    if found is None:
        raise not_found()
    return found
