"""Webhooks for tests: events as Stripe writes them, their signatures, and the portal served on loopback."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn

from ledger.rules.webhook_signature import sign
from portal_api.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.settings import Settings
    from ledger.store.database import Database

SECRETS = {"payments": "whsec_of_payments", "connect": "whsec_of_connect"}
CREATED = 1_790_000_000


def charge(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a charge as the API returns it, with what must never be kept of it."""
    return {
        "id": f"ch_{number:08d}",
        "object": "charge",
        "amount": 2_500,
        "billing_details": {"name": "Ada Lovelace", "email": "ada@example.com"},
        "created": CREATED,
        "currency": "usd",
        "metadata": {},
        "status": "succeeded",
        **fields,
    }


def event(number: int = 1, carried: dict[str, Any] | None = None, **head: Any) -> bytes:
    """Return the body of a webhook."""
    whole = {
        "id": f"evt_{number:08d}",
        "object": "event",
        "api_version": "2026-05-27.dahlia",
        "created": CREATED + number,
        "livemode": False,
        "type": "charge.updated",
        "data": {"object": charge() if carried is None else carried},
    }
    return json.dumps(whole | head).encode()


def signed(body: bytes, endpoint: str = "payments", away: int = 0) -> dict[str, str]:
    """Return the headers of a webhook of so many seconds from now."""
    at = str(int(time.time()) + away)
    return {"Stripe-Signature": f"t={at},v1={sign(body, SECRETS[endpoint], at)}", "Content-Type": "application/json"}


@contextlib.contextmanager
def portal(settings: Settings, database: Database) -> Iterator[str]:
    """Serve the portal on loopback in a thread, and yield its address."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings, database), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
