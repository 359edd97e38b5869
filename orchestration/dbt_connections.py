"""dbt's connections kept from one node to the next: it opens one for each, and that took longer than a small model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def kept() -> Iterator[None]:
    """Let each thread of dbt keep its connection while a command of dbt's runs; dbt closes them all at its end."""
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    closing = PostgresConnectionManager.release

    def release(self: Any) -> None:
        """Leave no transaction behind; close a connection only where it is of no use any more."""
        connection = self.get_if_exists()
        if connection is None or connection.state != "open" or connection.handle.closed:
            closing(self)
            return
        connection.handle.rollback()
        connection.transaction_open = False

    PostgresConnectionManager.release = release  # type: ignore[method-assign] # dbt has no setting for it
    try:
        yield
    finally:
        PostgresConnectionManager.release = closing  # type: ignore[method-assign] # as it was
