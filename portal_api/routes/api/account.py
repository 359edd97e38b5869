"""/api/v1: one's own account: contact details, and the proof that one is still oneself."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from portal_api.door import AsPatient, SignedIn, fresh
from portal_api.identity import accounts
from portal_api.routes.api.identity import refused
from portal_api.routes.api.shapes import Email, Shape

router = APIRouter(prefix="/api/v1", tags=["identity"])


class Contact(Shape):
    """How the practice reaches the patient."""

    email: Email
    phone: str = Field("", max_length=accounts.LONGEST_PHONE, pattern=r"^[^\x00]*$")
    time_zone: str = Field(max_length=64, description="An IANA name, such as America/New_York.")


class ContactKept(BaseModel):
    """Whether a code went to a new e-mail address, which counts once that is sent back."""

    is_code_sent: bool


class Code(Shape):
    """The code of the mail."""

    code: str = Field(max_length=20)


class Proof(Code):
    """A patient's code of the mail; of staff the authenticator's, and the password."""

    password: str = Field("", max_length=400)


@router.put("/patient/contact", response_model=ContactKept)
def contact(here: AsPatient, asked: Contact) -> Response:
    """Change phone and time zone at once, and mail a code to a new e-mail address; wants a fresh proof (401)."""
    fresh(here)
    is_sent = accounts.change(here, asked.email, asked.phone, asked.time_zone)
    answer = JSONResponse(ContactKept(is_code_sent=is_sent).model_dump())
    here.browser.keep(answer)
    return answer


@router.post("/patient/email", status_code=HTTPStatus.NO_CONTENT, response_model=None)
def email(here: AsPatient, given: Code) -> Response:
    """Change the e-mail address by the code that went there; every other session ends."""
    problem = accounts.change_email(here, given.code)
    return refused(problem) if problem else Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/session/proof/code", status_code=HTTPStatus.ACCEPTED, response_model=None)
def proof_code(here: AsPatient) -> Response:
    """Mail a patient a code to prove it with; keep the cookie of the answer."""
    accounts.mail_proof(here)
    answer = JSONResponse({}, HTTPStatus.ACCEPTED)
    here.browser.keep(answer)
    return answer


@router.post("/session/proof", status_code=HTTPStatus.NO_CONTENT, response_model=None)
def proof(here: SignedIn, given: Proof) -> Response:
    """Prove to be still oneself, for ten minutes: what changes contacts or lets people in asks for it."""
    if accounts.prove(here, given.code, given.password):
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return refused("That did not work. Please try again.")
