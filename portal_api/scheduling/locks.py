"""Whoever writes into calendars takes their locks first, in one order, so that no two ever wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import psycopg
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from portal_api.here import Here

_T = TypeVar("_T")
# By the hashed key and not by the id: two ids of one hash would invert the order.
_TAKE = sa.text("""
select pg_advisory_xact_lock(k.key) from (
    select distinct hashtextextended(cast(id as text), 8350001) as key
    from unnest(cast(:ids as uuid [])) as given (id) order by key
) as k
""")
_TRY_AGAIN = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


def take(here: Here, ids: Iterable[UUID | None]) -> None:
    """Lock calendars, and patients, whose visits may stand in several, until the transaction ends."""
    here.db.execute(_TAKE, {"ids": [each for each in ids if each is not None]})


def once_more(here: Here, work: Callable[[], _T]) -> _T:
    """Do work that may meet a deadlock of somebody else's making; once more where it does, with nothing kept of it."""
    try:
        with here.db.begin_nested():
            return work()
    except sa.exc.DBAPIError as error:
        if not isinstance(error.orig, _TRY_AGAIN):
            raise
        with here.db.begin_nested():
            return work()
