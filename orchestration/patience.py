"""Goes on when the database went away in the middle: waits, longer each time, and does the same again."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from ledger.store.database import DatabaseUnavailable

T = TypeVar("T")

PAUSES = (1, 2, 4, 8, 15, 30)
"""Seconds before each further attempt: a server that restarts is back within a minute."""

_GONE = ("08", "57P")
"""SQLSTATE classes of a broken connection and of a server that shuts down (PostgreSQL, Appendix A)."""


def persistently(attempt: Callable[[], T], told: Callable[[str], None]) -> T:
    """Return what `attempt` returns; where the database goes away, wait and attempt it again, seven times in all.

    `attempt` must be safe to do again. Any other error, and the last one, is raised as it is.
    """
    for pause in PAUSES:
        try:
            return attempt()
        except Exception as error:
            if not went_away(error):
                raise
        told(f"The database went away. What was finished is kept; trying again in {pause} s.")
        time.sleep(pause)
    return attempt()


def went_away(error: BaseException) -> bool:
    """Tell whether an error, or what caused it, is a database that cannot be reached any more."""
    return any(_is_of_a_lost_server(cause) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        # SQLAlchemy keeps the error of the driver beside its own.
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__


def _is_of_a_lost_server(error: BaseException) -> bool:
    if isinstance(error, DatabaseUnavailable):
        return True
    # psycopg has `sqlstate`, psycopg2 (Dagster, Great Expectations) `pgcode`.
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if isinstance(state, str):
        return state.startswith(_GONE)
    driver = type(error).__module__.partition(".")[0] in {"psycopg", "psycopg2"}
    return driver and type(error).__name__ in {"OperationalError", "InterfaceError"}
