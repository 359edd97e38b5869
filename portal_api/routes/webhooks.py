"""`POST /webhooks/stripe/{endpoint}`: signed, bounded, taken in once; answered only when it is committed."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import psycopg
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ledger.rules.stripe_events import Event, EventRefused, ThinEvent, read
from ledger.rules.webhook_signature import NotSigned, verify
from ledger.store import inbox
from ledger.store.database import DatabaseUnavailable
from portal_api.gathering import Gathering
from portal_api.problems import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ledger.settings import Settings
    from portal_api.dependencies import Edge

LARGEST_BODY = 1 << 20
"""Bytes of an event at most; Stripe's largest, of an invoice with its first lines, are a few hundred thousand."""

_log = logging.getLogger(__name__)


def add_to(app: FastAPI, settings: Settings, edge: Edge) -> None:
    """Add the route, before all others: one endpoint for each secret that is set, no other."""
    gathering = Gathering(edge, inbox.receive_all)

    async def receive(request: Request) -> Response:
        endpoint: str = request.path_params["endpoint"]
        secret = settings.webhook_secrets.get(endpoint)
        if not secret:
            raise Problem(HTTPStatus.NOT_FOUND, "no-endpoint", "There is no such endpoint.")
        body = await _body(request)
        event = _read(_signed(request, body, secret))
        if event.is_live is not settings.stripe_is_live:
            return JSONResponse(_of_other_mode(event))
        return JSONResponse({"received": await _taken(edge, gathering, endpoint, event)})

    # Not FastAPI's own kind of route: it would look for fields in a body that is read raw, at a tenth of the time.
    app.add_route("/webhooks/stripe/{endpoint}", receive, methods=["POST"])


async def _body(request: Request) -> bytes:
    """Read the raw body, and no more of it than an event has; the signature is over these very bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"An event has at most {LARGEST_BODY:,} bytes."
            )
    return bytes(body)


def _signed(request: Request, body: bytes, secret: str) -> bytes:
    try:
        verify(request.headers.get("stripe-signature"), body, secret, int(time.time()))
    except NotSigned as refusal:
        raise Problem(HTTPStatus.BAD_REQUEST, "not-signed", str(refusal)) from None
    return body


def _read(body: bytes) -> Event:
    try:
        return read(body)
    except ThinEvent as refusal:
        raise Problem(HTTPStatus.BAD_REQUEST, "thin-event", str(refusal)) from None
    except EventRefused as refusal:
        raise Problem(HTTPStatus.BAD_REQUEST, "no-event", str(refusal)) from None


async def _taken(
    edge: Edge, gathering: Gathering[tuple[str, Event], inbox.Received], endpoint: str, event: Event
) -> str:
    try:
        received = await gathering.committed((endpoint, event))
    except (psycopg.OperationalError, DatabaseUnavailable):
        raise  # the database is away: Stripe sends it again, and nothing can be kept
    except Exception as error:
        reason = inbox.described(error)
        _log.error("webhook %s of %s failed: %s", event.event_id, endpoint, reason)
        await run_in_threadpool(edge.committed, lambda connection: inbox.bury(connection, endpoint, event, reason))
        raise Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "effect-failed", "What follows from the event failed; it is kept aside."
        ) from error
    if received is inbox.Received.REFUSED:
        _log.warning("webhook %s of %s is refused: %s", event.event_id, endpoint, event.refusal)
    return received.value


def _of_other_mode(event: Event) -> dict[str, str]:
    """Let a test event pass unkept, which Stripe also sends to live endpoints of Connect; refuse real money here."""
    if event.is_live:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "live-event",
            "This is an event of live mode and TRUEUP_STRIPE_MODE is test: nothing was kept.",
        )
    return {"received": "ignored"}
