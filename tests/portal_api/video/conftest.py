"""A portal with an account at Twilio's stand-in, which delivers its callbacks to it when a test says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.settings import Settings
from sandbox.twilio.serving import new_account
from sandbox.twilio.serving import served as serve_twilio
from tests.support.portals import Clock, served
from tests.support.twilio import account_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database
    from sandbox.twilio.serving import Twilio
    from tests.support.portals import Portal


@pytest.fixture(scope="module")
def twilio() -> Iterator[Twilio]:
    """Yield the stand-in."""
    with serve_twilio(new_account()) as running:
        yield running


@pytest.fixture(scope="module")
def portal(portal_database: Database, tmp_path_factory: pytest.TempPathFactory, twilio: Twilio) -> Iterator[Portal]:
    """Yield a portal with the account, at the time that it is: tokens are signed with it."""
    settings = Settings(
        home=tmp_path_factory.mktemp("home"), database_url=portal_database.url, twilio=account_at(twilio)
    )
    clock = Clock()
    with served(settings, portal_database, clock) as opened:
        twilio.delivers_to = opened.address
        yield opened
