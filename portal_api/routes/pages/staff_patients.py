"""The office finds a patient: contact, insurance, what was signed, and whether they are established."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.door import needs
from portal_api.here import Here
from portal_api.intake import records
from portal_api.navigation import OFFICE
from portal_api.pages import onward, page
from portal_api.problems import not_found

router = APIRouter()
AsOffice = Annotated[Here, needs(*OFFICE)]


@router.get("/staff/patients", response_class=HTMLResponse)
def ask(here: AsOffice) -> HTMLResponse:
    """Ask for whom to look."""
    return page(here, "intake/patients.html", text="", found=None, shortest=records.SHORTEST)


@router.post("/staff/patients", response_class=HTMLResponse)
def find(here: AsOffice) -> HTMLResponse:
    """Show who has the letters in their name; a form, since a name has no place in an address."""
    text = here.form.get("text")
    return page(here, "intake/patients.html", text=text, found=records.found(here, text), shortest=records.SHORTEST)


@router.get("/staff/patients/{patient_id}", response_class=HTMLResponse)
def show(here: AsOffice, patient_id: UUID) -> HTMLResponse:
    """Show a patient."""
    return page(here, "intake/patient.html", record=records.read(here, patient_id))


@router.get("/staff/patients/{patient_id}/consents/{consent_id}", response_class=HTMLResponse)
def consent(here: AsOffice, patient_id: UUID, consent_id: UUID) -> HTMLResponse:
    """Show a text as a patient signed it."""
    signed = next((each for each in records.read(here, patient_id).consents if each.id == consent_id), None)
    if signed is None:
        raise not_found()
    return page(here, "intake/signed.html", consent=signed, back=f"/staff/patients/{patient_id}")


@router.post("/staff/patients/{patient_id}/established", response_model=None)
def mark(here: AsOffice, patient_id: UUID) -> Response:
    """Say that a patient had care here before, or take that back."""
    records.mark(here, patient_id, is_established=here.form.get("is_established") == "yes")
    return onward(f"/staff/patients/{patient_id}", "saved")
