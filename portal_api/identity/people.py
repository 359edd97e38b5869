"""Patients and staff of a practice."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal_api.access import Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from portal_api.here import Here

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}\Z")


@dataclass(frozen=True)
class Patient:
    """A patient. `patient_token` is what the books, the processor and video know of them."""

    id: UUID
    patient_token: UUID
    email: str
    phone: str
    given_name: str
    family_name: str
    born_on: date | None
    time_zone: str | None
    home_state: str | None
    is_established: bool
    disabled_at: datetime | None

    @property
    def name(self) -> str:
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True)
class Staff:
    """A member of staff; `provider_id` is what the visit ledger calls a provider."""

    id: UUID
    email: str
    name: str
    roles: frozenset[Role]
    provider_id: str | None
    has_password: bool
    has_totp: bool
    disabled_at: datetime | None


_PATIENT = ", ".join(field.name for field in fields(Patient))
_STAFF = (
    "id, email, name, roles, provider_id, password_hash is not null as has_password,"
    " totp_confirmed_at is not null as has_totp, disabled_at"
)


def patient(here: Here, patient_id: UUID) -> Patient | None:
    """Return a patient."""
    return _patient(here, "id = :value", patient_id)


def patient_of_email(here: Here, email: str) -> Patient | None:
    """Return the patient whose address it is."""
    return _patient(here, "lower(email) = lower(:value)", email)


def add_patient(here: Here, email: str, given_name: str, family_name: str, **more: object) -> UUID:
    """Add a patient with an opaque token of their own; `more` are further columns. Returns the id."""
    values = {
        "id": uuid4(),
        "practice_id": here.practice.practice_id,
        "patient_token": uuid4(),
        "email": email,
        "given_name": given_name,
        "family_name": family_name,
        "created_at": here.now,
        **more,
    }
    here.db.execute(_insert("patient", values), values)
    return UUID(str(values["id"]))


def staff(here: Here, staff_id: UUID) -> Staff | None:
    """Return a member of staff."""
    return next(iter(_staff(here, "where id = :value", staff_id)), None)


def staff_of_email(here: Here, email: str) -> Staff | None:
    """Return the member of staff whose address it is."""
    return next(iter(_staff(here, "where lower(email) = lower(:value)", email)), None)


def all_staff(here: Here) -> list[Staff]:
    """Return the staff of the practice by name."""
    return _staff(here, "where cast(:value as text) is null order by lower(name), id", None)


def add_staff(here: Here, email: str, name: str, roles: Iterable[Role], provider_id: str | None = None) -> UUID:
    """Add a member of staff, who has no password yet. Returns the id."""
    values = {
        "id": uuid4(),
        "practice_id": here.practice.practice_id,
        "email": email,
        "name": name,
        "roles": sorted(roles),
        "provider_id": provider_id,
        "created_at": here.now,
    }
    here.db.execute(_insert("staff", values), values)
    return UUID(str(values["id"]))


def _patient(here: Here, condition: str, value: object) -> Patient | None:
    query = sa.text(f"select {_PATIENT} from portal.patient where {condition}")
    row = here.db.execute(query, {"value": value}).mappings().one_or_none()
    return Patient(**row) if row else None


def _staff(here: Here, where: str, value: object) -> list[Staff]:
    rows = here.db.execute(sa.text(f"select {_STAFF} from portal.staff {where}"), {"value": value})
    return [Staff(**{**row, "roles": frozenset(map(Role, row["roles"]))}) for row in rows.mappings()]


def _insert(table: str, values: dict[str, object]) -> sa.TextClause:
    names = ", ".join(values)
    return sa.text(f"insert into portal.{table} ({names}) values ({', '.join(f':{name}' for name in values)})")
