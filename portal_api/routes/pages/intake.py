"""Before a visit: consents to read and sign, and the patient's insurance."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit
from portal_api.door import AsAdmin, AsPatient
from portal_api.identity import entering
from portal_api.intake import consents, insurance
from portal_api.intake.insurance import Insurance
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found
from portal_api.scheduling import catalog

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.intake.consents import Text

router = APIRouter()


@router.get("/consents", response_class=HTMLResponse)
def list_consents(here: AsPatient) -> HTMLResponse:
    """Show what is to be signed, and what was signed."""
    return page(
        here,
        "intake/consents.html",
        unsigned=consents.unsigned(here, here.me.id),
        signed=consents.signed(here, here.me.id),
    )


@router.get("/consents/{consent_id}", response_class=HTMLResponse)
def signed(here: AsPatient, consent_id: UUID) -> HTMLResponse:
    """Show a text as it was signed."""
    found = next((each for each in consents.signed(here, here.me.id) if each.id == consent_id), None)
    if found is None:
        raise not_found()
    return page(here, "intake/signed.html", consent=found, back="")


@router.get("/consents/texts/{consent_text_id}", response_class=HTMLResponse)
def text(here: AsPatient, consent_text_id: UUID, next: str = "/consents") -> HTMLResponse:  # noqa: A002 - see the address
    """Show a text to be signed."""
    return _text(here, consents.text_of(here, consent_text_id), entering.local(next))


@router.post("/consents/texts/{consent_text_id}", response_model=None)
def sign(here: AsPatient, consent_text_id: UUID) -> Response:
    """Sign a text; without name or tick it is shown again."""
    found = consents.text_of(here, consent_text_id)
    onwards, name = entering.local(here.form.get("next", "/consents")), here.form.get("typed_name")
    try:
        consents.sign(here, found.id, name, is_agreed=here.form.get("agree") == "yes")
    except Problem as problem:
        return _text(here, found, onwards, problem)
    return onward(onwards, "signed")


@router.get("/insurance", response_class=HTMLResponse)
def ask_insurance(here: AsPatient, next: str = "/", payer: str = "") -> HTMLResponse:  # noqa: A002 - in the address
    """Ask for the insurance, of the payer of a visit where one is named; what is known stands in the form."""
    known = _known(here, payer)
    audit.record(here, "insurance.read", f"patient/{here.me.id}")
    return _insurance(here, known, entering.local(next))


@router.post("/insurance", response_model=None)
def keep_insurance(here: AsPatient) -> Response:
    """Keep the insurance; what will not do is shown again as it was typed."""
    form = here.form
    payer = form.get("payer")
    if payer not in {each.id for each in catalog.payers(here)}:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-payer", "Please choose your insurer.")
    names = ("member_number", "group_number", "relation", "holder_name")
    said = Insurance(payer, *(form.get(name) for name in names))
    onwards = entering.local(form.get("next", "/"))
    try:
        insurance.keep(here, said)
    except Problem as problem:
        return _insurance(here, said, onwards, problem)
    return onward(onwards, "saved")


@router.get("/staff/consents", response_class=HTMLResponse)
def texts(here: AsAdmin) -> HTMLResponse:
    """Show the practice's texts, each with the form of its next version."""
    return page(
        here, "intake/texts.html", texts={each.kind: each for each in consents.current(here)}, kinds=consents.KINDS
    )


@router.post("/staff/consents", response_model=None)
def publish(here: AsAdmin) -> Response:
    """Publish a new version of a text, which patients are asked to sign from now on."""
    consents.publish(here, here.form["kind"], here.form["title"], here.form["body"])
    return onward("/staff/consents", "saved")


def _known(here: Here, payer: str) -> Insurance | None:
    """Return what was given of a payer, or last of any."""
    said = insurance.of_patient(here, here.me.id)
    if payer:
        return next((each for each in said if each.payer_id == payer), Insurance(payer, "", "", "", ""))
    return next(iter(said), None)


def _text(here: Here, found: Text, onwards: str, problem: Problem | None = None) -> HTMLResponse:
    return page(
        here,
        "intake/text.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        text=found,
        next=onwards,
        typed_name=here.form.get("typed_name"),
    )


def _insurance(here: Here, said: Insurance | None, onwards: str, problem: Problem | None = None) -> HTMLResponse:
    return page(
        here,
        "intake/insurance.html",
        status=problem.status if problem else HTTPStatus.OK,
        problem=problem.detail if problem else "",
        known=said,
        payers=catalog.payers(here),
        relations=insurance.RELATIONS,
        next=onwards,
    )
