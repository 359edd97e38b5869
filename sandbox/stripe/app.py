"""The sandbox over HTTP: Stripe's API under /v1 and the control surface under /_sandbox."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.stripe.control import Control
from sandbox.stripe.errors import StripeError
from sandbox.stripe.resources.authentication import authenticated
from sandbox.stripe.service import Received, Service, headers_of

_SCRIPT = Path(__file__).with_name("stripe.js")
# A page of any origin may call, as at Stripe; it has a publishable key and client secrets, nothing else.
_ANYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization, content-type, idempotency-key, stripe-version",
    "Access-Control-Allow-Methods": "GET, POST",
}
_METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"]


class Cut(Response):
    """An answer that breaks off: the caller cannot know whether its call was done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Promise a body and close the connection before it."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})


def application(service: Service) -> FastAPI:
    """Return the app of a service."""
    app = FastAPI(openapi_url=None)
    control = Control(service)

    @app.api_route("/_sandbox/{name}", methods=["GET", "POST"])
    async def _control(name: str, request: Request) -> Response:
        raw = await request.body()
        return await run_in_threadpool(_controlled, control, name, raw)

    @app.get("/js/v3/")
    @app.get("/js/v3")
    async def _script() -> Response:
        return Response(_SCRIPT.read_bytes(), media_type="text/javascript", headers=_ANYWHERE)

    @app.post("/js/v3/authenticate")
    async def _authenticate(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        return await run_in_threadpool(_authenticated, service, form)

    @app.api_route("/{path:path}", methods=_METHODS)
    async def _call(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_ANYWHERE)
        received = Received(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            body=(await request.body()).decode("utf-8", "replace"),
            headers=headers_of(request.headers),
            at=time.time(),
        )
        return await run_in_threadpool(_answered, service, received)

    return app


def _answered(service: Service, received: Received) -> Response:
    answer = service.answer(received)
    return Cut() if answer.lost else JSONResponse(answer.body, answer.status, answer.headers | _ANYWHERE)


def _authenticated(service: Service, form: dict[str, str]) -> Response:
    """Let a cardholder answer the bank, who must hold the intent's client secret."""
    account, secret = service.account, form.get("client_secret", "")
    with account.lock:
        intent = account.objects.find(form.get("intent", ""))
        if intent is None or not secret or intent.get("client_secret") != secret:
            return JSONResponse({"error": {"message": "No such intent."}}, 404, _ANYWHERE)
        try:
            authenticated(account, intent["id"], passed=form.get("passed") == "true")
        except StripeError as error:
            return JSONResponse(error.body, error.status, _ANYWHERE)
        return JSONResponse({"status": intent["status"]}, headers=_ANYWHERE)


def _controlled(control: Control, name: str, raw: bytes) -> Response:
    try:
        done: Any = control.run(name, json.loads(raw or b"{}"))
    except StripeError as error:
        return JSONResponse(error.body, error.status)
    except (KeyError, TypeError, ValueError) as wrong:
        return JSONResponse({"error": {"message": f"No such control, or not with these values: {name}: {wrong}"}}, 400)
    return JSONResponse(done)
