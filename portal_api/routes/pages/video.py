"""`/call/…`: the page of a video visit, what lets a person in, agreeing to be recorded, and who was there."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.responses import Response
from starlette.websockets import WebSocket

from portal_api import audit
from portal_api.door import AsWorker, SignedIn
from portal_api.pages import onward, page
from portal_api.problems import not_found
from portal_api.video import attendance, entering, gates, joining, meetings, recording

router = APIRouter()
# Where twilio-video 2.36.0 connects with its defaults (realm us1, region gll), and where it tells how that went.
TWILIO_SOURCES = "wss://global.vss.twilio.com wss://sdkgw.us1.twilio.com"


@router.get("/call/{appointment_id}", response_class=HTMLResponse)
def call(here: SignedIn, appointment_id: UUID) -> HTMLResponse:
    """Show the page of a meeting: the devices, and the way in while it is open."""
    side = entering.side(here, appointment_id)
    zone = side.seat.time_zone if side.seat else here.practice.zone
    own = here.origin.replace("http", "ws", 1)  # some browsers take 'self' for http alone
    places = f"'self' {own} {TWILIO_SOURCES}" if here.settings.twilio else f"'self' {own}"
    return page(
        here,
        "video/call.html",
        csp={"script-src": "'self'", "connect-src": places, "media-src": "'self' blob:"},
        headers={"Permissions-Policy": "camera=(self), microphone=(self), geolocation=()"},
        side=side,
        meeting=side.meeting,
        zone=zone,
        closed=joining.closed(here, side, zone),
        is_over=side.meeting.window.is_over(here.now) or not side.is_going_on,
        lacks=gates.lacks(here, side),
        recording=recording.standing(here, side),
    )


@router.post("/call/{appointment_id}/join", response_model=None)
def join(here: SignedIn, appointment_id: UUID, request: Request) -> Response:
    """Let the person in: a token of Twilio's for one room, or a ticket for a room of ours."""
    return JSONResponse(entering.passed(here, appointment_id, request.app.state.own_rooms))


@router.get("/call/{appointment_id}/here", response_model=None)
def stay(here: SignedIn, appointment_id: UUID) -> Response:
    """Keep the session of who is in the visit: it does not end for idleness while they talk."""
    entering.side(here, appointment_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/call/{appointment_id}/recording", response_model=None)
def agree(here: SignedIn, appointment_id: UUID) -> Response:
    """Keep whether the person agrees that the meeting is recorded."""
    entering.answered(here, appointment_id, is_given=here.form["agreed"] == "yes")
    return onward(f"/call/{appointment_id}", "saved")


@router.get("/staff/call/{appointment_id}", response_class=HTMLResponse)
def who_was_there(here: AsWorker, appointment_id: UUID) -> HTMLResponse:
    """Show the practice who was in a meeting, from when until when."""
    meeting = meetings.of(here, appointment_id)
    if meeting is None:
        raise not_found()
    names = {seat.patient_id: seat.patient_name for seat in meeting.seats}
    audit.record(here, "attendance.read", f"appointment/{meeting.id}")
    stays = attendance.stays(here, meeting.id)
    return page(here, "video/attendance.html", meeting=meeting, stays=stays, names=names)


@router.websocket("/call/signals")
async def signals(socket: WebSocket) -> None:
    """Carry texts between the two of a room of ours."""
    await socket.app.state.own_rooms.serve(socket)
