"""Staff sign in by password and authenticator; the first time, and after a reset, they set both up."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.responses import Response

from portal_api.access import Kind
from portal_api.door import AtDoor
from portal_api.here import Here
from portal_api.identity import entering, people, proofs, staff_secrets, staff_sign_in, totp
from portal_api.pages import onward, page
from portal_api.problems import not_found

router = APIRouter(prefix="/staff")
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
    onwards = entering.local(here.form.get("next") or "/staff")
    staff_id = staff_sign_in.by_password(here, here.form.get("email"), here.form.get("password"))
    if staff_id is None:
        problem, status = WRONG, HTTPStatus.BAD_REQUEST
        return page(here, "identity/staff_sign_in.html", status=status, next=onwards, problem=problem)
    return _second_step(here, staff_id, onwards)


@router.post("/sign-in/code", response_model=None)
def code_given(here: AtDoor) -> Response:
    """Check the code of the authenticator, or a recovery code, and begin the session."""
    staff_id, onwards = _proved(here, is_set_up=True)
    if not staff_sign_in.by_code(here, staff_id, here.form.get("code")):
        return _second_step(here, staff_id, onwards, WRONG_CODE)
    return entering.signed_in(here, Kind.STAFF, staff_id, onwards)


@router.post("/authenticator", response_model=None)
def authenticator_given(here: AtDoor) -> Response:
    """Check the first code of a new authenticator; show the recovery codes once, signed in."""
    staff_id, onwards = _proved(here, is_set_up=False)
    codes = staff_sign_in.set_up(here, staff_id, here.form.get("code"))
    if not codes:
        return _second_step(here, staff_id, onwards, WRONG_CODE)
    answer = page(here, "identity/recovery_codes.html", codes=codes, next=onwards)
    return entering.begun(here, Kind.STAFF, staff_id, answer)


@router.get("/forgot", response_class=HTMLResponse)
def forgot(here: AtDoor) -> HTMLResponse:
    """Ask where the link for a new password goes."""
    return page(here, "identity/forgot.html", is_sent=False)


@router.post("/forgot", response_model=None)
def forgotten(here: AtDoor) -> Response:
    """Mail a link for a new password; the answer is the same whether anybody has that address."""
    staff_sign_in.forgotten(here, here.form.get("email"))
    return page(here, "identity/forgot.html", is_sent=True)


@router.get("/password/{token}", response_class=HTMLResponse)
def new_password(here: AtDoor, token: str) -> HTMLResponse:
    """Ask for a new password, and change nothing yet."""
    return page(here, "identity/set_password.html", token=token, problem="")


@router.post("/password", response_model=None)
def password_set(here: AtDoor) -> Response:
    """Set the password by the link."""
    password, token = "".join(here.form.values.get("password", ())), here.form.get("token")
    if problem := staff_sign_in.set_password(here, token, password):
        left = "" if problem == staff_sign_in.USED else token
        return page(here, "identity/set_password.html", status=HTTPStatus.BAD_REQUEST, token=left, problem=problem)
    return onward("/staff/sign-in", "password_set")


def _proved(here: Here, *, is_set_up: bool) -> tuple[UUID, str]:
    """Return whose password was given a moment ago, with the authenticator set up or not yet, and where they go on."""
    staff_id = UUID(proofs.taken(here, PROOF))
    if staff_secrets.has_authenticator(here, staff_id) is not is_set_up:
        raise not_found()
    return staff_id, entering.local(here.form.get("next") or "/staff")


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
