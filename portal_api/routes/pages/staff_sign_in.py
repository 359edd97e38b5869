"""Staff sign in by password and authenticator; the first time, and after a reset, they set both up."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.responses import Response

from portal_api import audit
from portal_api.access import Kind
from portal_api.door import AtDoor
from portal_api.here import Here
from portal_api.identity import asks, entering, passwords, people, proofs, rates, staff_secrets, totp
from portal_api.identity.asks import Purpose
from portal_api.notices import Message, Notice, send
from portal_api.pages import onward, page
from portal_api.problems import not_found

router = APIRouter(prefix="/staff")
BY_ADDRESS = rates.Rate("staff sign-in by address", 20, timedelta(seconds=15))
BY_ACCOUNT = rates.Rate("staff sign-in by account", 5, timedelta(minutes=1))
CODES = rates.Rate("staff codes by account", 5, timedelta(minutes=1))
WRONG = "E-mail address or password is wrong."
WRONG_CODE = "That code is wrong, or it was used already. Wait for the next one."
PROOF = "password"


@router.get("/sign-in", response_class=HTMLResponse)
def ask(here: AtDoor, next: str = "/staff") -> HTMLResponse:  # noqa: A002 - the name in the address
    """Ask for e-mail address and password."""
    return page(here, "identity/staff_sign_in.html", next=entering.local(next), problem="")


@router.post("/sign-in", response_model=None)
def password_given(here: AtDoor) -> Response:
    """Check the password, and go on to the authenticator."""
    email, onwards = here.form.get("email"), entering.local(here.form.get("next") or "/staff")
    rates.spend(here, BY_ADDRESS, here.browser.address)
    rates.spend(here, BY_ACCOUNT, email)
    staff_id = staff_secrets.by_password(here, email, here.form.get("password"))
    if staff_id is None:
        audit.record(here, "sign_in.refused", _account(here, email))
        problem, status = WRONG, HTTPStatus.BAD_REQUEST
        return page(here, "identity/staff_sign_in.html", status=status, next=onwards, problem=problem)
    return _second_step(here, staff_id, onwards)


@router.post("/sign-in/code", response_model=None)
def code_given(here: AtDoor) -> Response:
    """Check the code of the authenticator, or a recovery code, and begin the session."""
    staff_id, onwards = UUID(proofs.taken(here, PROOF)), entering.local(here.form.get("next") or "/staff")
    rates.spend(here, CODES, str(staff_id))
    if not staff_secrets.has_authenticator(here, staff_id):
        raise not_found()
    code = here.form.get("code")
    if staff_secrets.by_authenticator(here, staff_id, code):
        return entering.signed_in(here, Kind.STAFF, staff_id, onwards)
    if staff_secrets.by_recovery_code(here, staff_id, code):
        audit.record(here, "recovery_code.used", f"staff/{staff_id}")
        return entering.signed_in(here, Kind.STAFF, staff_id, onwards)
    audit.record(here, "sign_in.refused", f"staff/{staff_id}")
    return _second_step(here, staff_id, onwards, WRONG_CODE)


@router.post("/authenticator", response_model=None)
def authenticator_given(here: AtDoor) -> Response:
    """Check the first code of a new authenticator; show the recovery codes once, signed in."""
    staff_id, onwards = UUID(proofs.taken(here, PROOF)), entering.local(here.form.get("next") or "/staff")
    rates.spend(here, CODES, str(staff_id))
    if staff_secrets.has_authenticator(here, staff_id):
        raise not_found()
    if not staff_secrets.by_authenticator(here, staff_id, here.form.get("code")):
        return _second_step(here, staff_id, onwards, WRONG_CODE)
    codes = staff_secrets.confirm_authenticator(here, staff_id)
    audit.record(here, "authenticator.confirmed", f"staff/{staff_id}")
    answer = page(here, "identity/recovery_codes.html", codes=codes, next=onwards)
    return entering.begun(here, Kind.STAFF, staff_id, answer)


@router.get("/forgot", response_class=HTMLResponse)
def forgot(here: AtDoor) -> HTMLResponse:
    """Ask where the link for a new password goes."""
    return page(here, "identity/forgot.html", is_sent=False)


@router.post("/forgot", response_model=None)
def forgotten(here: AtDoor) -> Response:
    """Mail a link for a new password; the answer is the same whether anybody has that address."""
    email = here.form.get("email")
    rates.spend(here, BY_ADDRESS, here.browser.address)
    rates.spend(here, BY_ACCOUNT, email)
    found = people.staff_of_email(here, email)
    if found and found.disabled_at is None:
        secret = asks.make(here, Purpose.SET_PASSWORD, found.email, found.id, is_bound=True)
        link = f"{here.origin}/staff/password/{secret.link}"
        send(here, Message(Notice.SET_PASSWORD, found.email, {"link": link}), expires_at=asks.expiry(here.now))
    audit.record(here, "password.asked", _account(here, email))
    return page(here, "identity/forgot.html", is_sent=True)


@router.get("/password/{token}", response_class=HTMLResponse)
def new_password(here: AtDoor, token: str) -> HTMLResponse:
    """Ask for a new password, and change nothing yet."""
    return page(here, "identity/set_password.html", token=token, problem="")


@router.post("/password", response_model=None)
def password_set(here: AtDoor) -> Response:
    """Set the password by the link; the authenticator stays, so the link alone lets nobody in."""
    rates.spend(here, BY_ADDRESS, here.browser.address)
    password, token = "".join(here.form.values.get("password", ())), here.form.get("token")
    about = (here.practice.name, here.practice.practice_id)
    if problem := passwords.objection(password, *about):
        return page(here, "identity/set_password.html", status=HTTPStatus.BAD_REQUEST, token=token, problem=problem)
    granted = asks.use_link(here, token, Purpose.SET_PASSWORD)
    if granted is None or granted.person_id is None:
        problem = "This link was used already or is too old. Ask for a new one."
        return page(here, "identity/set_password.html", status=HTTPStatus.BAD_REQUEST, token="", problem=problem)
    staff_secrets.set_password(here, granted.person_id, password)
    audit.record(here, "password.set", f"staff/{granted.person_id}")
    return onward("/staff/sign-in", "password_set")


def _second_step(here: Here, staff_id: UUID, onwards: str, problem: str = "") -> HTMLResponse:
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    known: dict[str, Any] = {"proof": proofs.give(here, PROOF, str(staff_id)), "next": onwards, "problem": problem}
    if staff_secrets.has_authenticator(here, staff_id):
        return page(here, "identity/staff_code.html", status=status, **known)
    secret, person = staff_secrets.new_authenticator(here, staff_id), people.staff(here, staff_id)
    picture = totp.qr_code(secret, person.email if person else "", here.practice.name)
    drawn = Markup(picture)  # noqa: S704 - drawn by ourselves
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return page(here, "identity/authenticator.html", status=status, picture=drawn, groups=groups, **known)


def _account(here: Here, email: str) -> str:
    found = people.staff_of_email(here, email)
    return f"staff/{found.id}" if found else "staff/unknown"
