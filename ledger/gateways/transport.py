"""How calls reach Stripe: the SDK's own client behind the egress table, paced, each call once."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from ledger.gateways import egress

if TYPE_CHECKING:
    from collections.abc import Mapping

# Stripe takes 25 calls a second to an endpoint, in its own sandbox in all.
CALLS_A_SECOND = 20
SECONDS_TO_CONNECT = 10
SECONDS_TO_ANSWER = 30


class Guarded(stripe.RequestsClient):
    """Sends nothing that the egress table does not list, whoever asked the SDK for it."""

    name = "requests"

    def __init__(self) -> None:
        super().__init__(timeout=(SECONDS_TO_CONNECT, SECONDS_TO_ANSWER))
        self._pace = _Pace(CALLS_A_SECOND)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Send one call, when it is admitted and its turn has come."""
        place = urlsplit(url)
        body = post_data.decode() if isinstance(post_data, bytes) else post_data or ""
        fields = [*_pairs(place.query), *_pairs(body)]
        egress.admit(method, place.path, fields)
        kept = egress.headers(headers or {})
        if getattr(self._thread_local, "session", None) is None:
            self._thread_local.session = self.requests.Session()
            self._thread_local.session.max_redirects = 0  # a call goes to the one address it was made for
        self._pace.wait()
        return super().request(method, url, kept, post_data)

    def request_stream(self, *_: Any, **__: Any) -> Any:
        """Refuse: no call of ours streams."""
        raise egress.NotAdmitted("a call the table does not list: nothing was sent.")

    async def request_async(self, *_: Any, **__: Any) -> Any:
        """Refuse: every call of ours is made in its turn."""
        raise egress.NotAdmitted("a call the table does not list: nothing was sent.")


def client(key: str, url: str) -> stripe.StripeClient:
    """Return a client that tries each call once: who tries again knows what came of the first time."""
    # At DEBUG the SDK logs what it was given, before anybody looked at it.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0, http_client=Guarded())


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))


class _Pace:
    """Spaces calls evenly, over all threads that share it."""

    def __init__(self, calls_a_second: int) -> None:
        self._apart = 1 / calls_a_second
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._apart
        time.sleep(turn - now)
