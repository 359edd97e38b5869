"""Open slots and bookings over 800,000 appointments, beside the bare query.

    python -m bench.slots [--providers 200] [--days 540] [--seconds 10] [--out docs/benchmarks.md]

On an embedded server of its own that waits for the disk at every commit. Questions are asked as the portal asks them:
as its role, under row-level security, each in a transaction. The bare query reads the busy times of one calendar for
the same two weeks, by itself, as the owner without row-level security: less cannot be read.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import statistics
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from bench import appointments, page
from bench.machine import described
from ledger.settings import Settings
from ledger.store.database import connect, opened
from portal_api.door import Door
from portal_api.keys import Keys
from portal_api.problems import Problem
from portal_api.scheduling import bookings, holds, slots
from portal_api.scheduling.slots import Asker, Span, Wish
from portal_api.store import schema
from portal_api.store.guard import ROLE, SETTING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psycopg

    from ledger.store.database import Database

WORKERS = (1, 4, 8)
BUSY = (
    "select busy_from, busy_to from portal.appointment where calendar_id = %s and busy_from > %s and busy_from < %s"
    " and (status = 'booked' or (status = 'held' and hold_expires_at > %s)) and session_id is null"
)
BARE_HOLD = """
insert into portal.appointment (
    practice_id, id, calendar_id, visit_type_id, patient_id, visit, busy, status, hold_expires_at, patient_state,
    patient_time_zone, charge_cents, cancel_hours, late_cancel_fee_cents, no_show_fee_cents, partial_visit
)
select
    given.practice, gen_random_uuid(), given.calendar, md5('kind')::uuid, md5('patient' || given.patient)::uuid,
    tstzrange(at, at + interval '1 minute'), tstzrange(at, at + interval '1 minute'), 'held', at, 'NY',
    'America/New_York', 16500, 24, 5000, 7500, 'pro_rata'
from (select %s::uuid as calendar, %s::text as practice, %s::int as patient, %s::int as number) as given
cross join lateral (select timestamptz '1900-01-01' + make_interval(mins => given.number) as at) as t
on conflict do nothing returning id
"""
BARE_BOOK = (
    "update portal.appointment set status = 'booked', hold_expires_at = null, visit_token = gen_random_uuid(),"
    " accepted_at = now() where id = %s"
)
OPEN = "select count(*) from portal.open_slots(%s, %s, %s, %s, %s, null, 'NY', false, null, null)"


class Timed(NamedTuple):
    """Milliseconds of many questions, how many rows the last one had, and the server's processor time for one."""

    name: str
    times: list[float]
    rows: int
    cpu: float

    def row(self) -> tuple[str, ...]:
        """Return it as a row of the page."""
        ordered = sorted(self.times)
        p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.95, 0.99))
        numbers = (statistics.median(ordered), p95, p99)
        return (self.name, f"{len(ordered)}", f"{self.rows:,}", *(f"{each:.2f}" for each in (self.cpu, *numbers)))


class Booked(NamedTuple):
    """What so many workers booked: hold and confirmation, a transaction each, with the visit in the books.

    `bare`: the rows of two commits a booking, of as many workers in the same time, by themselves.
    """

    workers: int
    bare: float
    a_second: float
    times: list[float]
    refused: int
    cpu: float


def main() -> None:
    """Fill a database, ask, book, and write the page."""
    parser = argparse.ArgumentParser(description="Open slots and bookings over a big practice.")
    parser.add_argument("--providers", type=int, default=200)
    parser.add_argument("--days", type=int, default=540)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    machine = described([])
    with _database() as database:
        with contextlib.closing(connect(database, autocommit=True)) as connection:
            began = time.monotonic()
            written = appointments.fill(connection, given.providers, given.days)
            filled = time.monotonic() - began
            asked = list(_questions(connection, given.providers))
        booked = [_bookings(database, workers, given.seconds) for workers in WORKERS]
    text = _page(written, filled, asked, booked, machine)
    sys.stdout.write(text)
    if given.out:
        page.put(given.out, "slots", text)


@contextlib.contextmanager
def _database() -> Iterator[Database]:
    home = Path(tempfile.mkdtemp(prefix="tu-"))
    home.chmod(0o711)
    with opened(None, home) as database:
        schema.prepare(database)
        yield database
    shutil.rmtree(home)


def _questions(connection: psycopg.Connection, providers: int) -> Iterator[Timed]:
    calendars = [row[0] for row in connection.execute("select id from portal.calendar order by id")]
    kind = UUID(str(connection.execute("select id from portal.visit_type").fetchall()[0][0]))
    since, until = appointments.horizon(14)

    def busy(number: int) -> int:
        calendar = calendars[number % providers]
        return len(connection.execute(BUSY, (calendar, since, until, appointments.NOW)).fetchall())

    def ask(count: int, days: int) -> Callable[[int], int]:
        begins, ends = appointments.horizon(days)

        def work(number: int) -> int:
            some = [calendars[(number * count + place) % providers] for place in range(count)]
            row = connection.execute(OPEN, (some, kind, begins, ends, appointments.NOW)).fetchone()
            return int(row[0]) if row else 0

        return work

    timed = partial(_timed, connection.info.backend_pid)
    yield timed("bare query of what is busy, 1 calendar, 14 days, owner", 400, busy)
    yield timed("open slots, 1 provider, 14 days, owner", 400, ask(1, 14))
    with connection.transaction():
        connection.execute(f"set local role {ROLE}".encode())
        connection.execute("select set_config(%s, %s, true)", (SETTING, appointments.PRACTICE))
        yield timed("the bare query under row-level security", 400, busy)
        yield timed("**open slots, 1 provider, 14 days, row-level security**", 400, ask(1, 14))
        yield timed("**open slots, 50 providers, 14 days, row-level security**", 60, ask(min(50, providers), 14))
        yield timed("open slots, 50 providers, 30 days, row-level security", 30, ask(min(50, providers), 30))
        yield timed("open slots, all providers, 60 days, row-level security", 5, ask(providers, 60))


def _timed(server: int, name: str, times: int, work: Callable[[int], int]) -> Timed:
    """Ask so many times; `server` is the number of the process that answers."""
    for number in range(5):
        work(number)
    taken, rows, before = [], 0, _processor_time(server)
    for number in range(times):
        began = time.perf_counter()
        rows = work(number)
        taken.append((time.perf_counter() - began) * 1000)
    return Timed(name, taken, rows, (_processor_time(server) - before) / times)


def _processor_time(process: int) -> float:
    """Return the milliseconds that a process has had of the processors."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _bookings(database: Database, workers: int, seconds: int) -> Booked:
    """Have workers book open times of many providers, each for patients of their own, for so many seconds."""
    door = Door(
        Settings(home=Path("/nonexistent")), database, Keys(bytes(32)), lambda: appointments.NOW, connections=workers
    )
    with door.at(appointments.PRACTICE) as here:
        kind = UUID(str(here.db.exec_driver_sql("select id from portal.visit_type").scalar_one()))
        patients = [row[0] for row in here.db.exec_driver_sql("select id from portal.patient order by md5(id::text)")]
        who = Asker(Wish(kind, None, "NY", "America/New_York"), None, is_new=False)
        free = slots.find(here, who, Span(*appointments.horizon(40)))
    chosen = free[workers::23]  # far enough apart to be there when their turn comes, mostly
    bare = _bare(database, workers, seconds)
    times: list[list[float]] = [[] for _ in range(workers)]
    refused = [0] * workers
    began, cpu = time.monotonic(), time.process_time()

    def work(place: int) -> None:
        mine = zip(chosen[place::workers], patients[place::workers], strict=False)
        for slot, patient in mine:
            if time.monotonic() - began > seconds:
                return
            at = time.perf_counter()
            try:
                with door.at(appointments.PRACTICE) as here:
                    asker = slots.asker(here, who.wish, patient)
                    held = holds.hold(here, asker, slot.calendar_id, slot.starts_at)
                with door.at(appointments.PRACTICE) as here:
                    bookings.confirm(here, held)
            except Problem:
                refused[place] += 1
            else:
                times[place].append((time.perf_counter() - at) * 1000)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = [each for of_one in times for each in of_one]
    spent = (time.process_time() - cpu) * 1000 / len(whole)
    result = Booked(workers, bare, len(whole) / (time.monotonic() - began), whole, sum(refused), spent)
    door.close()
    return result


def _bare(database: Database, workers: int, seconds: int) -> float:
    """Return how many bookings a second there could be at most: two commits each, of one row through the constraints.

    Of a time long past, a minute after the other in a calendar of each worker's own; nothing is looked up.
    """
    counts = [0] * workers
    until = time.monotonic() + seconds

    def work(place: int) -> None:
        with contextlib.closing(connect(database, autocommit=True)) as connection:
            calendar = connection.execute("select id from portal.calendar order by id offset %s", (place,)).fetchone()
            mine = (*(calendar or ()), appointments.PRACTICE, place + 1)
            while time.monotonic() < until:
                held = connection.execute(BARE_HOLD, (*mine, workers * 1_000_000 + counts[place])).fetchone()
                connection.execute(BARE_BOOK, held)
                counts[place] += 1

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(place,)) for place in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def _page(
    written: int, filled: float, asked: Sequence[Timed], booked: Sequence[Booked], machine: dict[str, str]
) -> str:
    questions = page.table(
        ("question", "times", "rows", "CPU ms", "median ms", "p95 ms", "p99 ms"),
        (each.row() for each in asked),
        "lrrrrrr",
    )
    rates = page.table(
        (
            "workers",
            "bookings a second",
            "bare rows",
            "ratio",
            "median ms",
            "p95 ms",
            "CPU ms of the portal",
            "refused",
        ),
        (
            (
                str(each.workers),
                f"{each.a_second:,.0f}",
                f"{each.bare:,.0f}",
                f"{each.a_second / each.bare:.2f}",
                f"{statistics.median(each.times):.1f}",
                f"{sorted(each.times)[int(len(each.times) * 0.95)]:.1f}",
                f"{each.cpu:.1f}",
                f"{each.refused:,}",
            )
            for each in booked
        ),
        "rrrrrrrr",
    )
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.items() if name != "peers")
    return f"""\
## Open slots and bookings

{written:,} appointments, written through both exclusion constraints in {filled:,.0f} s. Open slots are one function of
the database; a row of it is a time that one patient can have. Written by

    python -m bench.slots {shlex.join(sys.argv[1:])}

{facts}

*CPU* is the processor time of the server for one question, which is firm where others are at work on the machine and
wall times are not.

{questions}
A booking is a hold and its confirmation: two transactions, each committed to the disk, with locks, the look whether the
time is open, the visit in the books with its event, the notice and the audit; at providers by turns, in threads of one
Python process, whose processor time for one booking is shown; the server's comes on top. *Refused*: another worker's
booking was too near. *Bare rows*: pairs of commits a second, of as many workers, that insert such an appointment
through both constraints and change its status, and do nothing else: no booking can be quicker.

{rates}"""


if __name__ == "__main__":
    main()
