"""Who is signed in, and in which roles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Role(StrEnum):
    """What a person may be in a practice; a member of staff may be several."""

    PATIENT = "patient"
    PROVIDER = "provider"
    FRONT_DESK = "front_desk"
    BILLING = "billing"
    FINANCE = "finance"
    PRACTICE_ADMIN = "practice_admin"
    AUDITOR = "auditor"


STAFF_ROLES = frozenset(Role) - {Role.PATIENT}
# Whoever is an auditor is nothing else: they read the books, and here no patient.
WORKERS = STAFF_ROLES - {Role.AUDITOR}
# Who reads the books.
READERS = frozenset({Role.BILLING, Role.FINANCE, Role.PRACTICE_ADMIN, Role.AUDITOR})
# Who works on what belongs to no practice, of those who see all.
FOR_ALL = READERS - {Role.AUDITOR}


class Kind(StrEnum):
    """Which of the two tables of people a person is in."""

    PATIENT = "patient"
    STAFF = "staff"


@dataclass(frozen=True)
class Who:
    """The person of a session. `id` is portal.patient's or portal.staff's; `proved_at` when last proved to be them.

    `sees_all_practices`: in the books; here everybody sees their own practice, and some what belongs to none.
    """

    kind: Kind
    id: UUID
    name: str
    roles: frozenset[Role]
    session_id: UUID
    signed_in_at: datetime
    proved_at: datetime
    patient_token: UUID | None = None
    provider_id: str | None = None
    sees_all_practices: bool = False

    @property
    def works_for_all(self) -> bool:
        """Whether they work on what belongs to no practice."""
        return self.sees_all_practices and self.has(*FOR_ALL)

    def has(self, *roles: Role) -> bool:
        """Tell whether the person has any of these roles."""
        return not self.roles.isdisjoint(roles)
