"""The portal with two practices: a database a module, cloned from one a session, served over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.settings import Settings
from tests.support.databases import fresh
from tests.support.portals import SECRET_TEXT, filled, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database
    from tests.support.portals import Portal


@pytest.fixture(scope="session")
def portal_template(template: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield a database with the portal's schema and the two sample practices, to be cloned and never written to."""
    with filled(template, tmp_path_factory.mktemp("home")) as made:
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
