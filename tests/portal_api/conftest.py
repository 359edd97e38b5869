"""The portal with two practices: a database a module, cloned from one a session, served over HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from ledger.settings import Settings
from portal_api import sample
from portal_api.door import Door
from portal_api.keys import Keys
from portal_api.store import schema
from tests.support.databases import fresh
from tests.support.portals import Clock, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database
    from tests.support.portals import Portal


SECRET = bytes(32)
SECRET_TEXT = base64.b64encode(SECRET).decode()


@pytest.fixture(scope="session")
def portal_template(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield a database with the portal's schema and the two sample practices, to be cloned and never written to."""
    with fresh(template) as made:
        schema.prepare(made)
        door = Door(Settings(home=tmp_path_factory.mktemp("home")), made, Keys(SECRET), Clock())
        sample.fill(door)
        door.close()
        yield made


@pytest.fixture(scope="module")
def portal_database(portal_template: Database) -> Iterator[Database]:
    """Yield a database with the two sample practices, for all tests of a module."""
    with fresh(portal_template) as made:
        yield made


@pytest.fixture(scope="module")
def portal_settings(portal_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of the module's portal."""
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, database_url=portal_database.url, portal_key=SECRET_TEXT)


@pytest.fixture(scope="module")
def portal(portal_settings: Settings, portal_database: Database) -> Iterator[Portal]:
    """Yield the portal of the module, served."""
    with served(portal_settings, portal_database) as opened:
        yield opened
