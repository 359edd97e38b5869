"""What the office knows of a patient: how to reach them, their insurance for claims, and what they signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal_api import audit
from portal_api.identity import people
from portal_api.intake import consents, insurance
from portal_api.problems import not_found
from portal_api.scheduling import catalog, slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from portal_api.here import Here
    from portal_api.identity.people import Patient
    from portal_api.intake.consents import Consent
    from portal_api.intake.insurance import Insurance

SHORTEST = 2
"""Letters of a name that are looked for: fewer would list the practice's patients."""


@dataclass(frozen=True)
class Record:
    """A patient as the office sees them; `is_new` decides which visit types they can book."""

    patient: Patient
    is_new: bool
    insurances: Sequence[Insurance]
    consents: Sequence[Consent]
    payers: Mapping[str, str]


def found(here: Here, text: str) -> list[Patient]:
    """Return the patients whose name or e-mail address has these letters, by name."""
    if len(text.strip()) < SHORTEST:
        return []
    audit.record(here, "patients.searched", "patient/of_practice")
    return people.patients_like(here, text.strip())


def read(here: Here, patient_id: UUID) -> Record:
    """Return a patient. Raises Problem 404."""
    patient = _known(here, patient_id)
    audit.record(here, "patient.read", f"patient/{patient_id}")
    return Record(
        patient,
        slots.is_new(here, patient_id),
        insurance.of_patient(here, patient_id),
        consents.signed(here, patient_id),
        {each.id: each.label for each in catalog.payers(here)},
    )


def mark(here: Here, patient_id: UUID, *, is_established: bool) -> None:
    """Say that a patient had care here before the portal knew them, or take that back. Raises Problem 404."""
    _known(here, patient_id)
    people.change_patient(here, patient_id, is_established=is_established)
    audit.record(here, "patient.established" if is_established else "patient.not_established", f"patient/{patient_id}")


def _known(here: Here, patient_id: UUID) -> Patient:
    patient = people.patient(here, patient_id)
    if patient is None:
        raise not_found()
    return patient
