"""What the portal does by itself: each minute, for each practice, and notices as soon as there is one."""

from __future__ import annotations

import contextlib
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api import delivering, idempotency
from portal_api.collecting import seen, telling
from portal_api.messages import retention
from portal_api.scheduling import reminders, waiting
from portal_api.video import upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from portal_api.door import Door
    from portal_api.here import Here

SECONDS = 60.0
# Functions of Here: each is run in a transaction of its own, by one process at a time.
DUTIES: list[Callable[[Here], object]] = [
    waiting.expire,
    waiting.offer,
    reminders.remind,
    retention.enforce,
    idempotency.forget,
    upkeep.look_after_rooms,
    seen.settle_gone,
    telling.tell,
]

_log = logging.getLogger(__name__)
_LOCK = sa.text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


def run_once(door: Door, gateways: delivering.Gateways) -> None:
    """Do every chore that is due at every practice. One that fails is told of and keeps no other out."""
    for practice_id in door.practice_ids():
        for duty in DUTIES:
            _do(f"{_name(duty)} at {practice_id}", partial(_turn, door, practice_id, duty))
        _do(f"notices of {practice_id}", partial(delivering.deliver, door, practice_id, gateways))


@contextlib.contextmanager
def running(door: Door, gateways: delivering.Gateways) -> Iterator[None]:
    """Do the chores in a thread while the block runs."""
    stop = threading.Event()

    def rounds() -> None:
        while not stop.is_set():
            door.something_waits.clear()
            _do("a round", lambda: run_once(door, gateways))
            door.something_waits.wait(SECONDS)

    thread = threading.Thread(target=rounds, name="portal-chores", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        door.something_waits.set()
        thread.join()


def _turn(door: Door, practice_id: str, duty: Callable[[Here], object]) -> None:
    with door.at(practice_id) as here:
        if here.db.scalar(_LOCK, {"name": f"{_name(duty)}/{practice_id}"}):
            duty(here)


def _name(duty: Callable[[Here], object]) -> str:
    return f"{duty.__module__}.{getattr(duty, '__name__', '')}"


def _do(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the edge of the thread; a traceback would show values
        _log.error("%s failed: %s", name, type(getattr(error, "orig", error)).__name__)
