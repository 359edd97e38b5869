"""/api/v1/staff: a member of staff signs in, sets up the authenticator, and chooses another password."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from portal_api.access import Kind
from portal_api.door import AtDoor
from portal_api.here import Here
from portal_api.identity import people, staff_secrets, staff_sign_in, totp
from portal_api.problems import Problem
from portal_api.routes.api.identity import Begun, begun, refused
from portal_api.routes.api.shapes import Email, Shape

router = APIRouter(prefix="/api/v1/staff", tags=["identity"])
WRONG = "That did not work. A code works once, and all three must be right."


class Account(Shape):
    """E-mail address and password of a member of staff."""

    email: str = Field(max_length=254, pattern=r"^[^\x00]*$")
    password: str = Field(max_length=200)


class StaffSignIn(Account):
    """What a member of staff signs in by; `code` is the authenticator's, or a recovery code."""

    code: str = Field(max_length=20)


class Authenticator(BaseModel):
    """What an authenticator is set up with: the secret in base 32, or the whole address that apps read."""

    secret: str
    address: str


class RecoveryCodes(Begun):
    """A session's token, and the codes for when the phone is gone: they are shown this once."""

    recovery_codes: list[str]


class Forgotten(Shape):
    """Where the link goes."""

    email: Email


class NewPassword(Shape):
    """A new password, and the end of the link that was mailed."""

    token: str = Field(max_length=200)
    password: str = Field(max_length=400)


@router.post("/sign-in", response_model=Begun)
def sign_in(here: AtDoor, who: StaffSignIn) -> Response:
    """Sign in as staff whose authenticator is set up."""
    staff_id = staff_sign_in.by_password(here, who.email, who.password)
    if staff_id is None or not staff_sign_in.by_code(here, staff_id, who.code):
        return refused(WRONG)
    return begun(here, Kind.STAFF, staff_id)


@router.post("/authenticator", response_model=Authenticator)
def authenticator(here: AtDoor, who: Account) -> Response | Authenticator:
    """Return what an authenticator is set up with, the same until it is confirmed; 409 where one is set up."""
    staff_id = staff_sign_in.by_password(here, who.email, who.password)
    if staff_id is None:
        return refused(WRONG)
    _none_yet(here, staff_id)
    secret, person = staff_secrets.new_authenticator(here, staff_id), people.staff(here, staff_id)
    address = totp.address(secret, person.email if person else "", here.practice.name)
    return Authenticator(secret=secret, address=address)


@router.post("/authenticator/confirm", response_model=RecoveryCodes)
def confirm(here: AtDoor, who: StaffSignIn) -> Response:
    """Confirm the authenticator by its first code, and sign in; 409 where one is set up."""
    staff_id = staff_sign_in.by_password(here, who.email, who.password)
    if staff_id is None:
        return refused(WRONG)
    _none_yet(here, staff_id)
    codes = staff_sign_in.set_up(here, staff_id, who.code)
    return begun(here, Kind.STAFF, staff_id, recovery_codes=codes) if codes else refused(WRONG)


@router.post("/forgotten", status_code=HTTPStatus.ACCEPTED, response_model=None)
def forgotten(here: AtDoor, asked: Forgotten) -> JSONResponse:
    """Mail a link for a new password, if anybody has that address; keep the cookie of the answer."""
    staff_sign_in.forgotten(here, asked.email)
    answer = JSONResponse({}, HTTPStatus.ACCEPTED)
    here.browser.keep(answer)
    return answer


@router.post("/password", status_code=HTTPStatus.NO_CONTENT, response_model=None)
def password(here: AtDoor, given: NewPassword) -> Response:
    """Set the password by the link; every session of before ends."""
    problem = staff_sign_in.set_password(here, given.token, given.password)
    return refused(problem) if problem else Response(status_code=HTTPStatus.NO_CONTENT)


def _none_yet(here: Here, staff_id: UUID) -> None:
    if staff_secrets.has_authenticator(here, staff_id):
        raise Problem(HTTPStatus.CONFLICT, "set-up", "An authenticator is set up: sign in with its code.")
