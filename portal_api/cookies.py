"""The cookies of a browser: whose session it is, which browser it is before that, and whether its owner is known."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from starlette.requests import Request
    from starlette.responses import Response

SESSION, BROWSER, KNOWN = "session", "browser", "known"
TOKEN_BYTES = 32


@dataclass(frozen=True)
class Jar:
    """Reads and sets cookies of one host.

    They are `__Host-` and Secure, but for loopback names over plain http, where browsers refuse both.
    """

    is_plain: bool

    def read(self, request: Request, name: str) -> str:
        """Return a cookie, or ''."""
        return request.cookies.get(self._name(name), "")

    def put(self, response: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
        """Set a cookie for so long, or until the browser is closed; of a session the server knows when it ends."""
        response.set_cookie(
            self._name(name),
            value,
            max_age=int(lasts.total_seconds()) if lasts else None,
            path="/",
            secure=not self.is_plain,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, name: str) -> None:
        """Take a cookie back."""
        response.delete_cookie(self._name(name), path="/", secure=not self.is_plain, httponly=True, samesite="lax")

    def _name(self, name: str) -> str:
        return name if self.is_plain else f"__Host-{name}"


def new_token() -> str:
    """Return 256 random bits for a cookie or a link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Tell whether a host name is this machine's own, as browsers hold it: those need no TLS."""
    return host in {"localhost", "127.0.0.1", "[::1]"} or host.endswith(".localhost")
