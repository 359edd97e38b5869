"""The sandbox over HTTP: Stripe's API under /v1 and the control surface under /_sandbox."""

import json
import time
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.stripe.control import Control
from sandbox.stripe.errors import StripeError
from sandbox.stripe.service import Received, Service, headers_of

_METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


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

    @app.api_route("/{path:path}", methods=_METHODS)
    async def _call(request: Request) -> Response:
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
    return Cut() if answer.lost else JSONResponse(answer.body, answer.status, answer.headers)


def _controlled(control: Control, name: str, raw: bytes) -> Response:
    try:
        done: Any = control.run(name, json.loads(raw or b"{}"))
    except StripeError as error:
        return JSONResponse(error.body, error.status)
    except (KeyError, TypeError, ValueError) as wrong:
        return JSONResponse({"error": {"message": f"No such control, or not with these values: {name}: {wrong}"}}, 400)
    return JSONResponse(done)
