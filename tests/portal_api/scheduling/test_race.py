"""Everybody wants the same time at once: one has it, nobody overlaps, nobody meets an error but that it is taken."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from ledger.store import visits
from portal_api.door import Door
from portal_api.identity import people
from portal_api.problems import Problem
from portal_api.scheduling import appointments, bookings, holds, slots, waiting
from tests.support import bookings as steps
from tests.support.portals import HARBOR, START, Portal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from ledger.store.database import Database
    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment
    from portal_api.scheduling.slots import Slot

WRITERS = 32
OVERLAPS = """
select count(*) from portal.appointment as a inner join portal.appointment as b
on a.calendar_id = b.calendar_id and a.id < b.id and a.busy && b.busy
where a.status <> 'released' and b.status <> 'released' and a.session_id is null and b.session_id is null
"""


@pytest.fixture(scope="module")
def wide_door(portal: Portal, portal_database: Database) -> Iterator[Door]:
    """Yield a door that lets everybody in at once."""
    door = Door(portal.door.settings, portal_database, portal.door.keys, portal.clock, connections=WRITERS)
    yield door
    door.close()


@pytest.fixture(scope="module")
def crowd(portal: Portal) -> list[UUID]:
    """Return patients who are known to the practice."""
    with portal.at() as here:
        return [
            people.add_patient(here, f"crowd{number}@example.com", "A", "Patient", is_established=True)
            for number in range(WRITERS)
        ]


def _open(portal: Portal, days: int) -> list[Slot]:
    """Return the open slots of the first provider on one day."""
    with portal.at() as here:
        who = slots.Asker(steps.wish(here), None, is_new=False)
        since = START + timedelta(days=days)
        found = slots.find(here, who, slots.Span(since, since + timedelta(days=1)))
        return [each for each in found if each.calendar_id == found[0].calendar_id]


def _at_once(door: Door, works: list[Callable[[Here], object]]) -> Counter[str]:
    """Do each work in a transaction of its own, all at once; returns how each ended."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[Here], object]) -> str:
        barrier.wait()
        try:
            with door.at(HARBOR.practice.practice_id) as here:
                work(here)
        except Problem as problem:
            return problem.name
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Counter(pool.map(run, works))


def _booking(patient: UUID, calendar: UUID, starts: list[datetime]) -> Callable[[Here], object]:
    def work(here: Here) -> None:
        held = holds.hold_all(here, steps.asker(here, patient), calendar, starts)
        bookings.confirm(here, held[0])

    return work


def _overlaps(portal: Portal) -> int:
    with portal.at() as here:
        return here.db.scalar(sa.text(OVERLAPS))


def test_of_32_on_one_time_one_has_it(portal: Portal, wide_door: Door, crowd: list[UUID]) -> None:
    slot = _open(portal, 7)[0]
    ended = _at_once(wide_door, [_booking(patient, slot.calendar_id, [slot.starts_at]) for patient in crowd])
    assert ended == {"done": 1, "time-taken": WRITERS - 1}
    assert _overlaps(portal) == 0


def test_of_32_on_times_that_overlap_nobody_overlaps(portal: Portal, wide_door: Door, crowd: list[UUID]) -> None:
    starts = [each.starts_at for each in _open(portal, 8)]
    calendar = _open(portal, 8)[0].calendar_id
    works = [_booking(patient, calendar, [starts[place % 8]]) for place, patient in enumerate(crowd)]
    ended = _at_once(wide_door, works)
    assert set(ended) == {"done", "time-taken"}
    assert 1 <= ended["done"] <= 3  # of 45 minutes and 10 between, in under two hours and three quarters
    assert _overlaps(portal) == 0


def test_series_from_both_directions_do_not_lock_each_other_out(
    portal: Portal, wide_door: Door, crowd: list[UUID]
) -> None:
    slot = _open(portal, 9)[0]
    weeks = [slot.starts_at + timedelta(days=7 * number) for number in range(4)]
    works = [
        _booking(patient, slot.calendar_id, weeks if place % 2 else weeks[::-1]) for place, patient in enumerate(crowd)
    ]
    assert _at_once(wide_door, works) == {"done": 1, "time-taken": WRITERS - 1}
    assert _overlaps(portal) == 0


def test_one_patient_at_two_places_at_once(portal: Portal, wide_door: Door, crowd: list[UUID]) -> None:
    with portal.at() as here:
        since = START + timedelta(days=9)
        found = slots.find(here, steps.asker(here, crowd[0]), slots.Span(since, since + timedelta(days=2)))
    by_time: dict[datetime, set[UUID]] = {}
    for each in found:
        by_time.setdefault(each.starts_at, set()).add(each.calendar_id)
    starts_at, calendars = next((at, ids) for at, ids in by_time.items() if len(ids) == 2)
    ended = _at_once(wide_door, [_booking(crowd[0], calendar, [starts_at]) for calendar in sorted(calendars) * 8])
    assert ended["done"] == 1
    assert set(ended) <= {"done", "time-taken", "too-many-holds"}


def test_moves_bookings_and_lapsed_holds_together(portal: Portal, wide_door: Door, crowd: list[UUID]) -> None:
    """What was held lapses, booked visits move onto its time and each other's, others book it, chores expire it."""
    free = _open(portal, 14)
    calendar, times = free[0].calendar_id, [each.starts_at for each in free]
    lasts = [times[0], times[4], times[12], times[16]]
    booked = []
    for patient, at in zip(crowd, lasts, strict=False):
        with portal.at() as here:
            held = holds.hold(here, steps.asker(here, patient), calendar, at)
            booked += bookings.confirm(here, held)
    with portal.at() as here:
        holds.hold(here, steps.asker(here, crowd[9]), calendar, times[8])
    portal.clock.move(minutes=11)

    def moving(mine: Appointment, to: datetime) -> Callable[[Here], object]:
        def work(here: Here) -> None:
            bookings.move(steps.as_patient(here, mine.patient_id), mine, calendar, to)

        return work

    moves = [moving(mine, at) for place, mine in enumerate(booked) for at in (times[8], times[20], lasts[place - 3])]
    works = moves + [_booking(patient, calendar, [times[8]]) for patient in crowd[10:30]] + [waiting.expire]
    ended = _at_once(wide_door, works)
    assert set(ended) == {"done", "time-taken"}
    assert _overlaps(portal) == 0
    with portal.at() as here:
        for mine in booked:
            now, visit = appointments.get(here, mine.id), visits.get(here.books, mine.visit_token)
            assert (now.starts_at, now.ends_at) == (visit.scheduled_start, visit.scheduled_end)
        there = sa.text(
            "select count(*) from portal.appointment where busy @> cast(:at as timestamptz) and status = 'booked'"
        )
        assert here.db.scalar(there, {"at": times[8]}) == 1
        assert sum(each.moves for each in [appointments.get(here, mine.id) for mine in booked] if each) >= 1
