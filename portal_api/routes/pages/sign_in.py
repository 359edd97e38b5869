"""Patients sign in by a link or a code from a mail; whoever is new says who they are after that."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit, cookies
from portal_api.access import Kind
from portal_api.door import AtDoor
from portal_api.identity import accounts, asks, entering, patient_sign_in, people, proofs, sessions
from portal_api.pages import onward, page
from portal_api.problems import not_found

if TYPE_CHECKING:
    from portal_api.here import Here

router = APIRouter()


@router.get("/sign-in", response_class=HTMLResponse)
def ask(here: AtDoor, next: str = "/") -> HTMLResponse:  # noqa: A002 - the name in the address
    """Ask for the address that the link goes to."""
    return page(here, "identity/sign_in.html", next=entering.local(next), problem="")


@router.post("/sign-in", response_model=None)
def asked(here: AtDoor) -> Response:
    """Mail a link and a code; the answer is the same whether anybody has that address."""
    email, onwards = here.form.get("email"), entering.local(here.form.get("next"))
    if not people.EMAIL.match(email):
        problem = "Please write an e-mail address, such as name@example.com."
        return page(here, "identity/sign_in.html", status=HTTPStatus.BAD_REQUEST, next=onwards, problem=problem)
    patient_sign_in.ask(here, email)
    return onward(f"/sign-in/code?next={onwards}")


@router.get("/sign-in/code", response_class=HTMLResponse)
def code(here: AtDoor, next: str = "/") -> HTMLResponse:  # noqa: A002 - the name in the address
    """Ask for the code."""
    return page(here, "identity/code.html", next=entering.local(next), problem="")


@router.post("/sign-in/code", response_model=None)
def code_given(here: AtDoor) -> Response:
    """Sign in by the code, in the browser that asked for it."""
    granted = patient_sign_in.by_code(here, here.form.get("code"))
    onwards = entering.local(here.form.get("next"))
    if granted is None:
        return page(here, "identity/code.html", status=HTTPStatus.BAD_REQUEST, next=onwards, problem=accounts.REFUSED)
    return _entered(here, granted, onwards)


@router.get("/sign-in/link/{token}", response_class=HTMLResponse)
def link(here: AtDoor, token: str) -> HTMLResponse:
    """Show a button, and change nothing: programs open the links of a mail before people do."""
    return page(here, "identity/link.html", token=token, problem="")


@router.post("/sign-in/link", response_model=None)
def link_followed(here: AtDoor) -> Response:
    """Sign in by the link, in the browser that asked for it."""
    granted = patient_sign_in.by_link(here, here.form.get("token"))
    if granted is None:
        return page(here, "identity/link.html", status=HTTPStatus.BAD_REQUEST, token="", problem=accounts.REFUSED)
    return _entered(here, granted, "/")


@router.post("/join", response_model=None)
def join(here: AtDoor) -> Response:
    """Make the account of a new patient, whose address was proved a moment ago in this browser."""
    email = proofs.taken(here, "join")
    found = people.patient_of_email(here, email)
    given, family = here.form.get("given_name")[:100], here.form.get("family_name")[:100]
    if found is None and not (given and family):
        problem = "Please write your first and your last name."
        return _join_page(here, email, HTTPStatus.BAD_REQUEST, problem)
    patient_id = found.id if found else people.join(here, email, given, family)
    return entering.signed_in(here, Kind.PATIENT, patient_id, "/" if found else "/?said=welcome")


@router.post("/sign-out", response_model=None)
def sign_out(here: AtDoor) -> Response:
    """End the session."""
    if here.who:
        sessions.end(here, here.who.kind, here.who.id, here.who.session_id)
        audit.record(here, "session.ended", f"session/{here.who.session_id}")
    response = onward("/", "signed_out")
    here.browser.jar.drop(response, cookies.SESSION)
    return response


def _entered(here: Here, granted: asks.Asked, onwards: str) -> Response:
    found = people.patient_of_email(here, granted.email)
    if found is None:
        return _join_page(here, granted.email)
    if found.disabled_at is not None:
        raise not_found()
    return entering.signed_in(here, Kind.PATIENT, found.id, onwards)


def _join_page(here: Here, email: str, status: HTTPStatus = HTTPStatus.OK, problem: str = "") -> HTMLResponse:
    proof = proofs.give(here, "join", email)
    return page(here, "identity/join.html", status=status, proof=proof, email=email, problem=problem)
