"""/api/v1/staff/patients: the office finds a patient, with contact, insurance and what they signed, as on the page."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from portal_api.here import Here
from portal_api.intake import records
from portal_api.routes.api.intake import ConsentShown, InsuranceShown, consent_shown
from portal_api.routes.api.shapes import Line, Shape
from portal_api.routes.pages.staff_patients import AsOffice

router = APIRouter(prefix="/api/v1/staff/patients", tags=["patients"])


class Wanted(Shape):
    """Letters of a name or an e-mail address; fewer than two find nobody."""

    text: Line


class PatientShown(BaseModel):
    """A patient, and how to reach them."""

    id: UUID
    name: str
    email: str
    phone: str


class Found(BaseModel):
    """Patients by name."""

    items: list[PatientShown]


class EstablishedAsked(Shape):
    """Whether the practice knows the patient from before the portal."""

    is_established: bool


class RecordShown(PatientShown):
    """A patient as the office sees them; `is_new` decides which visit types they can book."""

    home_state: str | None
    is_new: bool
    is_established: bool = Field(description="Marked so; care of the last three years makes established too.")
    insurances: list[InsuranceShown]
    consents: list[ConsentShown]


@router.post("/search", status_code=HTTPStatus.OK, response_model=Found)
def find(here: AsOffice, asked: Wanted) -> Found:
    """Return the patients with the letters in name or e-mail; they are in the body, not in an address."""
    return Found(
        items=[
            PatientShown(id=each.id, name=each.name, email=each.email, phone=each.phone)
            for each in records.found(here, asked.text)
        ]
    )


@router.get("/{patient_id}", response_model=RecordShown)
def show(here: AsOffice, patient_id: UUID) -> RecordShown:
    """Return a patient."""
    return _shown(here, patient_id)


@router.put("/{patient_id}/established", response_model=RecordShown)
def mark(here: AsOffice, patient_id: UUID, asked: EstablishedAsked) -> RecordShown:
    """Say that a patient had care here before, or take that back."""
    records.mark(here, patient_id, is_established=asked.is_established)
    return _shown(here, patient_id)


def _shown(here: Here, patient_id: UUID) -> RecordShown:
    record = records.read(here, patient_id)
    known = {name: getattr(record.patient, name) for name in RecordShown.model_fields if hasattr(record.patient, name)}
    return RecordShown(
        **known,
        is_new=record.is_new,
        insurances=[InsuranceShown(**vars(each)) for each in record.insurances],
        consents=[consent_shown(each) for each in record.consents],
    )
