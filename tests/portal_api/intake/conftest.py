"""The portal beside a Stripe sandbox, both over HTTP, with all that the portal was sent."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from ledger.settings import Settings
from sandbox.stripe.serving import served as stripe_served
from tests.support.portals import Clock, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database
    from sandbox.stripe.serving import Sandbox
    from tests.support.portals import Portal

WEBHOOK_SECRET = "whsec_of_the_tests"


class Heard:
    """An application that keeps every byte of what it is sent, and passes it on."""

    def __init__(self, app: Any) -> None:
        self.app, self.bytes = app, bytearray()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for part in (scope.get("raw_path", b""), scope.get("query_string", b""), *sum(scope.get("headers", ()), ())):
            self.bytes += part + b"\n"

        async def listened() -> Any:
            message = await receive()
            self.bytes += message.get("body", b"")
            return message

        await self.app(scope, listened, send)


@pytest.fixture(scope="module")
def stripe_sandbox() -> Iterator[Sandbox]:
    """Yield an empty account whose clock stands where the portal's does."""
    with stripe_served() as opened:
        opened.control.clock(now=int(Clock().now.timestamp()), stopped=True)
        yield opened


@pytest.fixture(scope="module")
def portal(
    portal_database: Database, tmp_path_factory: pytest.TempPathFactory, stripe_sandbox: Sandbox
) -> Iterator[Portal]:
    """Yield the portal of the module, served, which saves cards at the sandbox and hears its webhooks when told to."""
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        database_url=portal_database.url,
        portal_key=base64.b64encode(bytes(32)).decode(),
        stripe_key="sk_test_portal",
        stripe_url=stripe_sandbox.url,
        webhook_secrets={"cards": WEBHOOK_SECRET},
    )
    with served(settings, portal_database) as opened:
        yield opened


@pytest.fixture(scope="module")
def heard(portal: Portal) -> Heard:
    """Return all that the portal is sent from now on."""
    listening = Heard(portal.app.build_middleware_stack())
    portal.app.middleware_stack = listening  # type: ignore[assignment] # any application will do
    return listening
