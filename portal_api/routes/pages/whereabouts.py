"""A patient says where they are for a visit."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api.care import whereabouts
from portal_api.door import AsPatient
from portal_api.pages import onward, page
from portal_api.problems import Problem
from portal_api.scheduling import appointments, wishes

router = APIRouter()


@router.get("/visits/{appointment_id}/where", response_class=HTMLResponse)
def ask(here: AsPatient, appointment_id: UUID) -> HTMLResponse:
    """Ask where the patient will be, or is."""
    mine = appointments.own_visit(here, appointment_id)
    return page(here, "care/where.html", mine=mine, told=whereabouts.said(here, mine.id), states=wishes.STATES)


@router.post("/visits/{appointment_id}/where", response_model=None)
def say(here: AsPatient, appointment_id: UUID) -> Response:
    """Keep where the patient says that they are; where the provider has no license it cannot take place."""
    mine = appointments.own_visit(here, appointment_id)
    state, place = here.form["state"], here.form["place"]
    if state not in wishes.STATES or place not in {"home", "elsewhere"}:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-place", "Choose where you are, and in which state.")
    whereabouts.say(here, mine, is_home=place == "home", state=state)
    if not whereabouts.may_be_seen(here, mine, state):
        return onward(f"/visits/{mine.id}/where", "other_state")
    return onward(f"/visits/{mine.id}", "saved")
