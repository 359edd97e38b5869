"""`POST /webhooks/twilio`: what rooms at Twilio tell, signed over the public address, taken in once."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from ledger.gateways.twilio_gateway import TwilioFailed
from portal_api.problems import Problem
from portal_api.video import callbacks, joining, rooms

if TYPE_CHECKING:
    from ledger.gateways.twilio_gateway import TwilioGateway
    from ledger.settings import Settings
    from portal_api.door import Door
    from portal_api.video.callbacks import Event

LARGEST_BODY = 1 << 14
MOST_FIELDS = 100


def router(settings: Settings, door: Door) -> APIRouter:
    """Return the route; without an account at Twilio there is none."""
    routes = APIRouter()
    twilio = joining.gateway(settings)

    async def receive(request: Request) -> Response:
        if twilio is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no-endpoint", "There is no such endpoint.")
        fields = await _fields(request)
        if not twilio.is_signed(fields, request.headers.get("x-twilio-signature")):
            raise Problem(HTTPStatus.FORBIDDEN, "not-signed", "The signature is missing or does not fit.")
        try:
            event = callbacks.read(fields)
        except callbacks.NotRead as refusal:
            raise Problem(HTTPStatus.BAD_REQUEST, "no-event", str(refusal)) from None
        return JSONResponse({"received": await run_in_threadpool(_taken, door, twilio, event)})

    routes.add_route("/webhooks/twilio", receive, methods=["POST"])
    return routes


def _taken(door: Door, twilio: TwilioGateway, event: Event) -> str:
    practice_id = door.ask(lambda db: rooms.practice_of(db, event.room_name))
    if practice_id is None:
        return "ignored"
    try:
        with door.at(practice_id) as here:
            return "new" if callbacks.take(here, twilio, event) else "known"
    except TwilioFailed:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "video-away", "Twilio did not answer; nothing was kept. Send it again."
        ) from None


async def _fields(request: Request) -> FormData:
    """Read the form with its repeated fields, bounded: all of them are signed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"A callback has at most {LARGEST_BODY:,} bytes."
            )
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-form", "The form could not be read.") from None
    return FormData([*pairs])
