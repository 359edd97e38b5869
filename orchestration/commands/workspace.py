"""The way in for every command that needs the books: settings, then the database, its migrations and the raw schema."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
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
    _not_mixed(settings)
    with store.opened(settings.database_url, settings.home) as database:
        schema.prepare(database)
        workspace = Workspace(settings, database)
        with workspace.connection() as connection:
            landing.ensure_schema(connection)
            connection.commit()
        yield workspace


def tried_out(settings: "Settings") -> Path:
    """Return the file that keeps the account of the sandbox in which embedded books were tried out."""
    return settings.home / "sandbox" / "stripe"


def _not_mixed(settings: "Settings") -> None:
    """Raise SettingsError for a key of Stripe's over books whose customers and charges only the sandbox knows."""
    from ledger.settings import SettingsError

    if settings.stripe_key and settings.is_at_stripe and not settings.database_url and tried_out(settings).exists():
        raise SettingsError(
            "TRUEUP_STRIPE_KEY is Stripe's, and these books were tried out with the sandbox: Stripe knows none of "
            "their customers. Begin books of their own with another TRUEUP_HOME, or leave the key out."
        )
