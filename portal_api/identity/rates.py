"""How often something may be tried: kept in the database, so that it holds for all processes together."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from portal_api.here import Here

TWO_MINUTES = 120


@dataclass(frozen=True)
class Rate:
    """`burst` attempts at once, then one in every `every`."""

    name: str
    burst: int
    every: timedelta


# The generic cell rate algorithm: one time a key says it all, and one statement reads and writes it.
_SPEND = sa.text(
    "insert into portal.rate (practice_id, key, free_at) values (:practice_id, :key, :now + cast(:every as interval))"
    " on conflict (practice_id, key) do update"
    " set free_at = greatest(rate.free_at, excluded.free_at - cast(:every as interval)) + cast(:every as interval)"
    " where rate.free_at <= :now + cast(:ahead as interval) returning free_at"
)
_FREE = sa.text("select free_at from portal.rate where practice_id = :practice_id and key = :key")


def spend(here: Here, rate: Rate, subject: str) -> None:
    """Count an attempt by a subject (an address, an account); raise 429 with Retry-After when there were too many."""
    ahead = rate.every * (rate.burst - 1)
    values = {
        "practice_id": here.practice.practice_id,
        "key": here.keys.mac("rate", here.practice.practice_id, rate.name, subject.lower()),
        "now": here.now,
        "every": rate.every,
        "ahead": ahead,
    }
    if here.db.execute(_SPEND, values).one_or_none() is not None:
        return
    free_at: datetime = here.db.scalar(_FREE, values) or here.now
    seconds = max(1, ceil((free_at - ahead - here.now).total_seconds()))
    wait = f"{seconds} seconds" if seconds < TWO_MINUTES else f"{ceil(seconds / 60)} minutes"
    raise Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-attempts",
        f"There were too many attempts. Please wait {wait} and try again.",
        {"Retry-After": str(seconds)},
    )
