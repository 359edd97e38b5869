"""What every route works with: one transaction a request, committed here and nowhere else."""

from __future__ import annotations

import contextlib
import queue
from typing import TYPE_CHECKING, TypeVar

import psycopg

from ledger.store.database import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.store.database import Database

_T = TypeVar("_T")
CONNECTIONS = 8
SECONDS_TO_WAIT = 10.0


class Edge:
    """The edge of the web door: runs the work of a request in a transaction of its own, on one of a few connections.

    A route answers with what `committed` returns: whatever it then says of success is true of the database.
    """

    def __init__(self, database: Database, connections: int = CONNECTIONS) -> None:
        self._database = database
        self._idle: queue.LifoQueue[psycopg.Connection | None] = queue.LifoQueue()
        for _ in range(connections):
            self._idle.put(None)  # opened when it is first needed

    def committed(self, work: Callable[[psycopg.Connection], _T]) -> _T:
        """Do the work and commit; whatever it raises is rolled back and raised.

        Raises DatabaseUnavailable when there is no database, psycopg.OperationalError when it went away or is too busy.
        """
        with self._connection() as connection, connection.pipeline(), connection.transaction():
            return work(connection)

    def close(self) -> None:
        """Close what is idle."""
        while not self._idle.empty():
            if connection := self._idle.get():
                connection.close()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        try:
            connection = self._idle.get(timeout=SECONDS_TO_WAIT)
        except queue.Empty:
            raise psycopg.OperationalError("Every connection is busy.") from None
        try:
            if connection is None or connection.closed:
                connection = connect(self._database, autocommit=True)
            yield connection
        finally:
            self._idle.put(connection if connection and not connection.closed else None)
