"""One's own account: contact details, and where one is signed in."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit
from portal_api.access import Kind
from portal_api.door import AsPatient, SignedIn, fresh
from portal_api.here import Here
from portal_api.identity import accounts, entering, people, sessions
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found

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
    try:
        is_mailed = accounts.change(here, here.form["email"], here.form.get("phone"), here.form.get("time_zone"))
    except Problem as wrong:
        if wrong.status is not HTTPStatus.BAD_REQUEST:
            raise
        return _shown(here, wrong.detail)
    return onward("/account/email", "code_sent") if is_mailed else onward("/account", "saved")


@router.get("/email", response_class=HTMLResponse)
def email_code(here: AsPatient) -> HTMLResponse:
    """Ask for the code that went to the new address."""
    return page(here, "identity/email_code.html", problem="")


@router.post("/email", response_model=None)
def email_changed(here: AsPatient) -> Response:
    """Change the e-mail address, and tell the old one."""
    if problem := accounts.change_email(here, here.form.get("code")):
        return page(here, "identity/email_code.html", status=HTTPStatus.BAD_REQUEST, problem=problem)
    return onward("/account", "email_changed")


@router.get("/prove", response_class=HTMLResponse)
def prove(here: SignedIn, next: str = "/account", *, sent: bool = False) -> HTMLResponse:  # noqa: A002 - see the address
    """Ask whoever is signed in to prove once more that it is them."""
    return page(here, "identity/prove.html", next=_back(next), sent=sent, problem="")


@router.post("/prove/code", response_model=None)
def mail_a_code(here: AsPatient) -> Response:
    """Mail a patient a code to prove it with."""
    accounts.mail_proof(here)
    return onward(f"/account/prove?sent=true&next={_back(here.form.get('next'))}", "code_sent")


@router.post("/prove", response_model=None)
def proved(here: SignedIn) -> Response:
    """Take the proof: a patient's code; of staff, password and authenticator."""
    onwards = _back(here.form.get("next"))
    if not accounts.prove(here, here.form.get("code"), here.form.get("password")):
        problem, status = "That did not work. Please try again.", HTTPStatus.BAD_REQUEST
        return page(here, "identity/prove.html", status=status, next=onwards, sent=True, problem=problem)
    return onward(onwards, "proved")


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
