"""Patients and staff of a practice."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal_api import audit
from portal_api.access import FOR_ALL, Kind, Role
from portal_api.identity import asks, sessions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from portal_api.here import Here

MOST = 50
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
    sees_all_practices: bool

    @property
    def works_for_all(self) -> bool:
        """Whether they work on what belongs to no practice."""
        return self.sees_all_practices and not self.roles.isdisjoint(FOR_ALL)


_PATIENT = ", ".join(field.name for field in fields(Patient))
_STAFF = (
    "id, email, name, roles, provider_id, password_hash is not null as has_password,"
    " totp_confirmed_at is not null as has_totp, disabled_at, sees_all_practices"
)


def patient(here: Here, patient_id: UUID) -> Patient | None:
    """Return a patient."""
    return _patient(here, "id = :value", patient_id)


def patient_of_email(here: Here, email: str) -> Patient | None:
    """Return the patient whose address it is."""
    return _patient(here, "lower(email) = lower(:value)", email)


def patients_like(here: Here, text: str) -> list[Patient]:
    """Return the patients whose name or e-mail address has these letters, by name: the first MOST."""
    query = sa.text(
        f"select {_PATIENT} from portal.patient where practice_id = :practice_id and"
        " (strpos(lower(given_name || ' ' || family_name), lower(:text)) > 0 or strpos(lower(email), lower(:text)) > 0)"
        " order by lower(family_name), lower(given_name), id limit :most"
    )
    values = {"text": text, "practice_id": here.practice.practice_id, "most": MOST}
    return [Patient(**row) for row in here.db.execute(query, values).mappings()]


def add_patient(here: Here, email: str, given_name: str, family_name: str, **more: object) -> UUID:
    """Add a patient with an opaque token of their own; `more` are further columns. Returns the id."""
    values = _new_patient(here, email, given_name, family_name) | more
    here.db.execute(_insert("patient", values), values)
    return UUID(str(values["id"]))


def join(here: Here, email: str, given_name: str, family_name: str) -> UUID:
    """Return the patient of an address that was proved, made where there is none: of two at once one, for both."""
    values = _new_patient(here, email, given_name, family_name)
    here.db.execute(_insert("patient", values, " on conflict (practice_id, lower(email)) do nothing"), values)
    found = patient_of_email(here, email)
    if found is None:
        raise LookupError("The patient that was added is not seen.")
    audit.record(here, "patient.joined", f"patient/{found.id}")
    return found.id


def staff(here: Here, staff_id: UUID) -> Staff | None:
    """Return a member of staff."""
    return next(iter(_staff(here, "id = :value", staff_id)), None)


def staff_of_email(here: Here, email: str) -> Staff | None:
    """Return the member of staff whose address it is."""
    return next(iter(_staff(here, "lower(email) = lower(:value)", email)), None)


def all_staff(here: Here) -> list[Staff]:
    """Return the staff of the practice by name."""
    return _staff(here, "cast(:value as text) is null", None)


def can_be(roles: Iterable[str]) -> bool:
    """Tell whether one person may have all of these roles: one at least, and an auditor no other."""
    found = set(roles)
    return bool(found) and (Role.AUDITOR not in found or len(found) == 1)


def add_staff(  # noqa: PLR0913 - a person's columns
    here: Here,
    email: str,
    name: str,
    roles: Iterable[Role],
    provider_id: str | None = None,
    *,
    sees_all_practices: bool = False,
) -> UUID:
    """Add a member of staff, who has no password yet. Returns the id."""
    values = {
        "id": uuid4(),
        "practice_id": here.practice.practice_id,
        "email": email,
        "name": name,
        "roles": sorted(roles),
        "provider_id": provider_id,
        "sees_all_practices": sees_all_practices,
        "created_at": here.now,
    }
    here.db.execute(_insert("staff", values), values)
    return UUID(str(values["id"]))


def disable(here: Here, kind: Kind, person_id: UUID) -> bool:
    """Let a person in no more, end their sessions and their links now; tell whether they are of this practice."""
    sessions.end(here, kind, person_id)
    asks.void(here, person_id)
    return _set(here, kind, person_id, {"disabled_at": here.now})


def enable(here: Here, kind: Kind, person_id: UUID) -> bool:
    """Let a person in again; tell whether they are of this practice."""
    return _set(here, kind, person_id, {"disabled_at": None})


def change_patient(here: Here, patient_id: UUID, **columns: object) -> bool:
    """Change columns of a patient; tell whether there is one. Raises IntegrityError for an address that is taken."""
    return _set(here, Kind.PATIENT, patient_id, columns)


def change_staff(here: Here, staff_id: UUID, **columns: object) -> bool:
    """Change columns of a member of staff; tell whether there is one."""
    return _set(here, Kind.STAFF, staff_id, columns)


def _set(here: Here, kind: Kind, person_id: UUID, columns: dict[str, object]) -> bool:
    names = ", ".join(f"{name} = :{name}" for name in columns)
    query = sa.text(f"update portal.{kind.value} set {names} where id = :id and practice_id = :practice_id")
    values = {**columns, "id": person_id, "practice_id": here.practice.practice_id}
    return here.db.execute(query, values).rowcount == 1


def _patient(here: Here, condition: str, value: object) -> Patient | None:
    query = sa.text(f"select {_PATIENT} from portal.patient where {condition} and practice_id = :practice_id")
    values = {"value": value, "practice_id": here.practice.practice_id}
    row = here.db.execute(query, values).mappings().one_or_none()
    return Patient(**row) if row else None


def _staff(here: Here, condition: str, value: object) -> list[Staff]:
    query = (
        f"select {_STAFF} from portal.staff where {condition} and practice_id = :practice_id order by lower(name), id"
    )
    rows = here.db.execute(sa.text(query), {"value": value, "practice_id": here.practice.practice_id})
    return [Staff(**{**row, "roles": frozenset(map(Role, row["roles"]))}) for row in rows.mappings()]


def _new_patient(here: Here, email: str, given_name: str, family_name: str) -> dict[str, object]:
    return {
        "id": uuid4(),
        "practice_id": here.practice.practice_id,
        "patient_token": uuid4(),
        "email": email,
        "given_name": given_name,
        "family_name": family_name,
        "created_at": here.now,
    }


def _insert(table: str, values: dict[str, object], otherwise: str = "") -> sa.TextClause:
    names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    return sa.text(f"insert into portal.{table} ({names}) values ({places}){otherwise}")
