"""Headers of every answer: what a browser may load, who may frame it, and that nothing of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

DIRECTIVES = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def policy(added: Mapping[str, str] | None = None) -> str:
    """Return the content security policy, with sources added to some of its directives."""
    whole = dict(DIRECTIVES)
    for name, sources in (added or {}).items():
        before = whole.get(name, "'none'")
        whole[name] = sources if before == "'none'" else f"{before} {sources}"
    return "; ".join(f"{name} {sources}" for name, sources in whole.items())


HEADERS = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser's forms say that they come from nowhere.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # protected data: no copy stays in the browser or a proxy
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Ignored over plain http, where it has no meaning.
    "Strict-Transport-Security": "max-age=31536000",
}


class WithHeaders:
    """The application, with each of the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and its answer back with the headers."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)
