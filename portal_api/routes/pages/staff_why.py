"""Why is there no time? Staff see every time of a day with what hides it."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from portal_api.pages import page
from portal_api.problems import Problem
from portal_api.routes.pages.staff_hours import AsPlanner, mine
from portal_api.scheduling import catalog, days, slots, wishes
from portal_api.scheduling.slots import Asker

router = APIRouter()


@router.get("/staff/why", response_class=HTMLResponse)
def why(  # noqa: PLR0913, PLR0917 - what stands in the address
    here: AsPlanner,
    calendar: str = "",
    visit_type: str = "",
    payer: str = "",
    state: str = "",
    who: str = "new",
    on: Annotated[str, Query()] = "",
) -> HTMLResponse:
    """Show the times of a provider's day for a patient like this one, each with its reasons."""
    calendars = mine(here)
    chosen = next((each for each in calendars if str(each.id) == calendar), None)
    problem, times, day = "", [], here.now.astimezone(here.practice.zone).date()
    if calendar and chosen:
        zone = ZoneInfo(chosen.time_zone)
        day = days.read(on, here.now.astimezone(zone).date())
        try:
            asker = _asker(wishes.read(here, visit_type, payer, state, chosen.time_zone), who)
            times = slots.why(here, asker, chosen.id, days.span(day, 1, zone))
        except Problem as wrong:
            problem = wrong.detail
    elif calendar:
        problem = "Choose a provider from the list."
    return page(
        here,
        "scheduling/why.html",
        status=HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        problem=problem,
        calendars=calendars,
        chosen=chosen,
        times=times,
        counted=Counter(reason for _, reasons in times for reason in reasons).most_common(),
        open_count=sum(not reasons for _, reasons in times),
        reasons=slots.REASONS,
        asked={"visit_type": visit_type, "payer": payer, "state": state, "who": who, "on": day},
        visit_types=catalog.visit_types(here),
        payers=catalog.payers(here),
        states=wishes.STATES,
        zone=ZoneInfo(chosen.time_zone) if chosen else None,
    )


def _asker(wish: slots.Wish, who: str) -> Asker:
    return Asker(wish, None, is_new=who != "established")
