"""The way in for every command that needs the books: settings, then the database, its migrations and the raw schema."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

    from ledger.settings import Settings
    from ledger.store.database import Database


@dataclass(frozen=True)
class Workspace:
    """Settings and an open, migrated database."""

    settings: "Settings"
    database: "Database"

    @contextlib.contextmanager
    def connection(self) -> Iterator["psycopg.Connection"]:
        """Give a connection that is rolled back and closed at the end: whoever wants to keep a thing commits it."""
        from ledger.store.database import connect

        with contextlib.closing(connect(self.database)) as connection:
            yield connection


@contextlib.contextmanager
def opened() -> Iterator[Workspace]:
    """Open the workspace of the environment; the embedded server stops when its last user leaves.

    Raises SettingsError, DatabaseUnavailable and the errors of the system; orchestration.commands.errors explains them.
    """
    from ingestion import landing
    from ledger.settings import Settings
    from ledger.store import database as store
    from ledger.store import schema

    settings = Settings.from_environment()
    with store.opened(settings.database_url, settings.home) as database:
        schema.prepare(database)
        workspace = Workspace(settings, database)
        with workspace.connection() as connection:
            landing.ensure_schema(connection)
            connection.commit()
        yield workspace
