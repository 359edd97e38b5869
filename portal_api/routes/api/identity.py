"""/api/v1: a program signs in, sees and ends sessions, and says who it is, as the pages do."""

from __future__ import annotations

from datetime import date, datetime
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from portal_api import audit
from portal_api.access import Kind
from portal_api.door import AsPatient, AtDoor, SignedIn
from portal_api.here import Here
from portal_api.identity import entering, patient_sign_in, people, proofs, sessions
from portal_api.problems import not_found, response
from portal_api.routes.api.shapes import Email, Name, Shape

router = APIRouter(prefix="/api/v1", tags=["identity"])
WRONG = "That did not work. A code works once, for ten minutes, and only where it was asked for."


class Where(Shape):
    """Where the code goes."""

    email: Email


class Code(Shape):
    """The code of the mail."""

    code: str = Field(max_length=20)


class Joining(Shape):
    """Who somebody new is; `proof` came with the code."""

    proof: str = Field(max_length=2_000)
    given_name: Name
    family_name: Name


class Begun(BaseModel):
    """A session's token, to be sent as `Authorization: Bearer`; or, for somebody new, the proof to join with."""

    token: str | None = None
    proof: str | None = None


class SessionShown(BaseModel):
    """Where one is signed in."""

    id: UUID
    signed_in_at: datetime
    seen_at: datetime
    address: str
    agent: str
    is_this: bool


class Sessions(BaseModel):
    """One's sessions, the newest first."""

    items: list[SessionShown]


class Me(BaseModel):
    """Who is signed in. `csrf` goes into X-CSRF-Token of a write that is sent with a cookie."""

    kind: str
    id: UUID
    name: str
    roles: list[str]
    practice_id: str
    csrf: str


class PatientShown(BaseModel):
    """A patient's own data."""

    id: UUID
    email: str
    phone: str
    given_name: str
    family_name: str
    born_on: date | None
    time_zone: str | None


@router.post("/sign-in", status_code=HTTPStatus.ACCEPTED, response_model=None)
def ask(here: AtDoor, asked: Where) -> Response:
    """Mail a code; keep the cookie of the answer, which the code is bound to."""
    patient_sign_in.ask(here, asked.email)
    answer = JSONResponse({}, HTTPStatus.ACCEPTED)
    here.browser.keep(answer)
    return answer


@router.post("/sign-in/code", response_model=Begun)
def enter(here: AtDoor, given: Code) -> Response:
    """Sign in by the code."""
    granted = patient_sign_in.by_code(here, given.code)
    found = people.patient_of_email(here, granted.email) if granted else None
    if granted is None or (found and found.disabled_at):
        return refused(WRONG)
    if found is None:
        return JSONResponse(Begun(proof=proofs.give(here, "join", granted.email)).model_dump())
    return begun(here, Kind.PATIENT, found.id)


@router.post("/patients", response_model=Begun, status_code=HTTPStatus.CREATED)
def join(here: AtDoor, who: Joining) -> Response:
    """Make the account of a new patient, and sign in; the same proof again signs in to the same account."""
    email = proofs.taken(here, "join", who.proof)
    found = people.patient_of_email(here, email)
    patient_id = found.id if found else people.join(here, email, who.given_name.strip(), who.family_name.strip())
    return begun(here, Kind.PATIENT, patient_id, HTTPStatus.CREATED)


@router.get("/session", response_model=Me)
def me(here: SignedIn) -> Me:
    """Return who is signed in."""
    who = here.me
    return Me(
        kind=who.kind,
        id=who.id,
        name=who.name,
        roles=sorted(who.roles),
        practice_id=here.practice.practice_id,
        csrf=here.browser.csrf,
    )


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def leave(here: SignedIn) -> None:
    """End this session."""
    _end(here, here.me.session_id)


@router.get("/sessions", response_model=Sessions)
def listed(here: SignedIn) -> Sessions:
    """Return one's sessions."""
    mine = sessions.of_person(here, here.me.kind, here.me.id)
    return Sessions(items=[SessionShown(**vars(each), is_this=each.id == here.me.session_id) for each in mine])


@router.delete("/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT)
def end(here: SignedIn, session_id: UUID) -> None:
    """End one of one's sessions."""
    _end(here, session_id)


@router.get("/patient", response_model=PatientShown)
def patient(here: AsPatient) -> PatientShown:
    """Return the patient's own data."""
    found = people.patient(here, here.me.id)
    if found is None:
        raise not_found()
    audit.record(here, "patient.read", f"patient/{found.id}")
    return PatientShown(**{name: getattr(found, name) for name in PatientShown.model_fields})


def begun(here: Here, kind: Kind, person_id: UUID, status: HTTPStatus = HTTPStatus.OK, **more: object) -> JSONResponse:
    """Begin a session and answer with its token; keep the cookie of the answer: strangers' attempts hold it not up."""
    audit.record(here, "session.begun", f"{kind.value}/{person_id}")
    answer = JSONResponse(Begun(token=sessions.begin(here, kind, person_id)).model_dump() | more, status)
    entering.known_as(here, kind, person_id, answer)
    return answer


def refused(sentence: str) -> Response:
    """Answer what was tried to no good: not raised, for it counts."""
    return response(None, HTTPStatus.BAD_REQUEST, "refused", sentence)


def _end(here: Here, session_id: UUID) -> None:
    if not sessions.end(here, here.me.kind, here.me.id, session_id):
        raise not_found()
    audit.record(here, "session.ended", f"session/{session_id}")
