"""What programs send is bounded before anybody reads it: a body that is too large is refused while it comes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from portal_api.forms import LARGEST_BODY
from portal_api.problems import response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLACE = "/api/"


class WithBounds:
    """The application, which gets the bodies of /api whole and not longer than LARGEST_BODY bytes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http" or not scope["path"].startswith(PLACE):
            return await self._app(scope, receive, send)
        body = await _whole(receive)
        if body is None:
            sentence = f"A body has at most {LARGEST_BODY:,} bytes."
            refused = response(None, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", sentence)
            return await refused(scope, receive, send)
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def received() -> Message:
            return waiting.pop() if waiting else await receive()

        return await self._app(scope, received, send)


async def _whole(receive: Receive) -> bytes | None:
    """Return the body; None for one that is too long, of which no more is taken, and b'' where the client is gone."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)
