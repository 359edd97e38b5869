"""/api/v1/staff: a practice's admin adds people, gives roles, ends sessions and shuts out, as on the page."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from portal_api.access import STAFF_ROLES, Role
from portal_api.door import AsAdmin, fresh
from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.identity import people, staffing
from portal_api.identity.people import Staff
from portal_api.problems import not_found
from portal_api.routes.api.shapes import Email, Name, Shape

router = APIRouter(prefix="/api/v1/staff", tags=["people"])


class PersonShown(BaseModel):
    """A member of staff; `provider_id` is what the books call a provider."""

    id: UUID
    email: str
    name: str
    roles: list[Role]
    provider_id: str | None
    has_password: bool
    has_authenticator: bool
    disabled_at: datetime | None


class People(BaseModel):
    """The staff of the practice, by name."""

    items: list[PersonShown]


class RolesAsked(Shape):
    """What somebody may do."""

    roles: set[Role] = Field(min_length=1, description=f"Of: {', '.join(sorted(STAFF_ROLES))}.")


class PersonAsked(RolesAsked):
    """Somebody new; a provider needs their id in the books."""

    email: Email
    name: Name
    provider_id: str | None = Field(None, max_length=80, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")


@router.get("", response_model=People)
def listed(here: AsAdmin) -> People:
    """Return the staff."""
    return People(items=[_shown(each) for each in people.all_staff(here)])


@router.post("", status_code=HTTPStatus.CREATED, response_model=PersonShown)
def add(here: AsAdmin, asked: PersonAsked, key: Key = None) -> JSONResponse:
    """Add somebody, who is mailed a link to choose a password; wants a fresh proof (401). 409 for who is here."""
    fresh(here)

    def added() -> PersonShown:
        return _one(here, staffing.add(here, asked.email, asked.name, asked.roles, asked.provider_id))

    return once(here, key, ["staff", asked.model_dump(mode="json")], added)


@router.put("/{staff_id}/roles", response_model=PersonShown)
def roles(here: AsAdmin, staff_id: UUID, asked: RolesAsked) -> PersonShown:
    """Give somebody other roles, from their next request on; 409 where the practice would have no admin."""
    staffing.change_roles(here, staff_id, asked.roles)
    return _one(here, staff_id)


@router.post("/{staff_id}/disable", status_code=HTTPStatus.OK, response_model=PersonShown)
def disable(here: AsAdmin, staff_id: UUID) -> PersonShown:
    """Let somebody in no more; their sessions end now. 409 where the practice would have no admin."""
    staffing.disable(here, staff_id)
    return _one(here, staff_id)


@router.post("/{staff_id}/enable", status_code=HTTPStatus.OK, response_model=PersonShown)
def enable(here: AsAdmin, staff_id: UUID) -> PersonShown:
    """Let somebody in again."""
    staffing.enable(here, staff_id)
    return _one(here, staff_id)


@router.delete("/{staff_id}/sessions", status_code=HTTPStatus.NO_CONTENT)
def end_sessions(here: AsAdmin, staff_id: UUID) -> Response:
    """End somebody's sessions."""
    staffing.end_sessions(here, staff_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.delete("/{staff_id}/authenticator", status_code=HTTPStatus.NO_CONTENT)
def reset_authenticator(here: AsAdmin, staff_id: UUID) -> Response:
    """Have somebody who lost the phone set up another authenticator; wants a fresh proof (401)."""
    fresh(here)
    staffing.reset_authenticator(here, staff_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _one(here: Here, staff_id: UUID) -> PersonShown:
    found = people.staff(here, staff_id)
    if found is None:
        raise not_found()
    return _shown(found)


def _shown(each: Staff) -> PersonShown:
    known = {name: getattr(each, name) for name in PersonShown.model_fields if hasattr(each, name)}
    return PersonShown(**{**known, "roles": sorted(each.roles), "has_authenticator": each.has_totp})
