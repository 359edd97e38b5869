"""A patient says where they are for a visit."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.care import whereabouts
from portal_api.door import AsPatient
from portal_api.pages import onward, page
from portal_api.problems import Problem, not_found
from portal_api.scheduling import appointments, wishes

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment

router = APIRouter()


@router.get("/visits/{appointment_id}/where", response_class=HTMLResponse)
def ask(here: AsPatient, appointment_id: UUID) -> HTMLResponse:
    """Ask where the patient will be, or is."""
    mine = _mine(here, appointment_id)
    return page(here, "care/where.html", mine=mine, told=whereabouts.said(here, mine.id), states=wishes.STATES)


@router.post("/visits/{appointment_id}/where", response_model=None)
def say(here: AsPatient, appointment_id: UUID) -> Response:
    """Keep where the patient says that they are; in another state than booked for, the visit has to be looked at."""
    mine = _mine(here, appointment_id)
    state, place = here.form["state"], here.form["place"]
    if state not in wishes.STATES or place not in {"home", "elsewhere"}:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-place", "Choose where you are, and in which state.")
    whereabouts.say(here, mine.id, is_home=place == "home", state=state)
    if state != mine.patient_state:
        return onward(f"/visits/{mine.id}/where", "other_state")
    return onward(f"/visits/{mine.id}", "saved")


def _mine(here: Here, appointment_id: UUID) -> Appointment:
    found = appointments.of_patient(here, here.me.id, appointment_id)
    if found is None or found.visit_token is None:
        raise not_found()
    return found
