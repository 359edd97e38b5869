"""What is counted of a practice: offered time like a sweep in Python says it, and figures by hand of a small month."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.store.database import connect
from portal_api.sample import CEDAR
from tests.support import agendas, slot_oracle
from tests.support.slot_oracle import Agenda, Asked, Kind, Session, Special, Taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database

DAY = timedelta(days=1)
MONDAY = date(2026, 3, 2)  # clocks of New York go forward on the Sunday of this week, Havana's too
DAYS = 14
HERE = agendas.PRACTICE
MINE, OWN, CALENDAR = "practice_id, calendar_id", "practice_id, id", "from portal.calendar where id = %(id)s"
LONG = "now() - interval '9 days', now() + interval '9 days'"
EVERY_DAY = tuple((weekday, 540, 1020) for weekday in range(1, 8))


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.fixture
def books(portal_database: Database) -> Iterator[psycopg.Connection]:
    """Yield a connection as the owner, whom no policy of the portal holds here; its changes are undone."""
    with contextlib.closing(connect(portal_database)) as connection:
        yield connection


def _write(connection: psycopg.Connection, *everyone: Agenda) -> None:
    agendas.write(connection, everyone, Kind(), Asked(_at(MONDAY, 0), _at(MONDAY, 1), _at(MONDAY, 0)))


def _since(connection: psycopg.Connection, day: date) -> None:
    # East of Greenwich a day may be over, and kept, that the server is still in.
    connection.execute("delete from portal.offered_day")
    connection.execute("update portal.calendar set offered_since = %s", (day,))


def _offered(connection: psycopg.Connection, until: datetime) -> dict[tuple[UUID, date], int]:
    rows = connection.execute(
        "select calendar_id, on_date, minutes from portal.offered_days(%s, %s)", (HERE, until)
    ).fetchall()
    return {(calendar, day): minutes for calendar, day, minutes in rows}


_minutes = st.tuples(st.integers(0, 95), st.integers(1, 96)).filter(lambda both: both[0] < both[1])
_hours = _minutes.map(lambda both: (both[0] * 15, both[1] * 15))
_specials = st.tuples(st.integers(0, DAYS), st.sampled_from(["instead", "also", "closed"]), _hours).map(
    lambda s: Special(MONDAY + s[0] * DAY, s[1], *((None, None) if s[1] == "closed" else s[2]))
)
_offs = st.tuples(st.integers(0, DAYS * 24), st.integers(1, 60)).map(
    lambda s: (_at(MONDAY, 0) + timedelta(hours=s[0]), _at(MONDAY, 0) + timedelta(hours=s[0] + s[1]))
)
_agendas = st.builds(
    Agenda,
    zone=st.sampled_from(["America/New_York", "America/Havana", "Asia/Kathmandu", "UTC"]),
    weekly=st.lists(st.tuples(st.integers(1, 7), _hours).map(lambda h: (h[0], *h[1])), max_size=8).map(tuple),
    special=st.lists(_specials, max_size=4).map(tuple),
    off=st.lists(_offs, max_size=3).map(tuple),
    is_active=st.sampled_from([True, True, True, False]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_agendas, min_size=1, max_size=3))
def test_offered_minutes_are_open_hours_less_time_off_on_every_day(
    inside: psycopg.Connection, everyone: list[Agenda]
) -> None:
    with inside.transaction(force_rollback=True):
        _write(inside, *everyone)
        _since(inside, MONDAY)
        found = _offered(inside, _at(MONDAY + DAYS * DAY, 12))
        for agenda in everyone:
            for number in range(DAYS - 1):
                day = MONDAY + number * DAY
                assert found[agenda.id, day] == slot_oracle.offered_minutes(agenda, day), (agenda, day)


@pytest.mark.parametrize(
    "change",
    [
        "delete from portal.weekly_hours where calendar_id = %(id)s",
        f"insert into portal.special_hours ({MINE}, on_date, kind) select {OWN}, current_date - 3, 'closed' {CALENDAR}",
        f"insert into portal.time_off ({MINE}, off_from, off_to) select {OWN}, {LONG} {CALENDAR}",
        "update portal.provider set is_active = false where id = %(id)s",
        "update portal.calendar set time_zone = 'Africa/Abidjan' where id = %(id)s",
    ],
    ids=["hours", "special", "off", "left", "moved"],
)
def test_what_was_offered_on_days_that_are_over_stays_when_hours_change(
    inside: psycopg.Connection, change: str
) -> None:
    agenda = Agenda(zone="UTC", weekly=EVERY_DAY)
    _write(inside, agenda)
    today = inside.execute("select (now() at time zone 'UTC')::date").fetchone()
    assert today
    _since(inside, today[0] - 10 * DAY)
    inside.execute(change.encode(), {"id": agenda.id})
    inside.execute(change.replace("current_date - 3", "current_date - 4").encode(), {"id": agenda.id})
    kept = inside.execute(
        "select on_date, minutes from portal.offered_day where calendar_id = %s order by on_date", (agenda.id,)
    ).fetchall()
    assert kept == [(today[0] - number * DAY, 480) for number in range(10, 0, -1)]
    left = inside.execute("select * from portal.offered_days(%s, now() + interval '1 day')", (HERE,)).fetchall()
    assert [row[2] for row in left if row[1] == agenda.id] == [today[0]]


def test_a_month_is_counted_as_it_is_by_hand(books: psycopg.Connection) -> None:
    one, another = Agenda(zone="UTC"), Agenda(zone="UTC")
    monday = date(2026, 5, 4)
    half = timedelta(minutes=30)
    spans = [(_at(monday, hour), _at(monday, hour) + half) for hour in (9, 10, 11)]
    group = (_at(monday, 14), _at(monday, 15))
    empty = (_at(monday, 16), _at(monday, 17))
    one = Agenda(
        id=one.id,
        zone="UTC",
        taken=tuple(Taken(span, span) for span in spans),
        sessions=(Session(group, 8, (None, None, None)), Session(empty, 8)),
    )
    _write(books, one, another)
    books.execute("update portal.appointment set status = 'released' where starts_at = %s", (spans[2][0],))
    _since(books, date(2026, 5, 1))
    for agenda, minutes in ((one, 240), (another, 60)):
        books.execute(
            "insert into portal.offered_day select %s, %s, d::date, %s"
            " from generate_series(date '2026-05-01', date '2026-05-31', interval '1 day') as d",
            (HERE, agenda.id, minutes),
        )
    _patients(books)
    rows = {
        (row[0], row[2]): row[3:]
        for row in books.execute("select * from ledger.practice_count where period in ('2026-05', '2026-06')")
        if row[1] in {None, str(one.id), str(another.id)} and row[0] == HERE and (row[1] is None) is (row[3] is None)
        for row in [(row[1], *row[1:])]
    }
    assert rows[str(one.id), "2026-05"] == (31 * 240, 2 * 30 + 60, None, None, None, None)
    assert rows[str(another.id), "2026-05"] == (31 * 60, 0, None, None, None, None)
    # Three signed up in May; first sessions after 3 days in May, after 29 and 33 in June; one never came.
    assert rows[None, "2026-05"][2:] == (4, 1, 3, 3)
    assert rows[None, "2026-06"][2:] == (0, 2, 62, 29)


def _patients(connection: psycopg.Connection) -> None:
    """Write four patients of May, with the visits that took place, and one that did not."""
    seen = [
        (date(2026, 5, 4), [("completed", date(2026, 5, 7)), ("completed", date(2026, 6, 1))]),
        (date(2026, 5, 4), [("no_show", date(2026, 5, 5)), ("partially_completed", date(2026, 6, 2))]),
        (date(2026, 5, 4), [("completed", date(2026, 6, 6))]),
        (date(2026, 5, 9), [("cancelled", date(2026, 5, 20))]),
    ]
    for signed_up, visits in seen:
        token = uuid4()
        row = {"id": uuid4(), "patient_token": token, "email": f"{token}@example.com", "given_name": "A"}
        more = {"family_name": "Patient", "phone": "", "is_established": False, "created_at": _at(signed_up, 15)}
        columns = ", ".join(row | more)
        connection.execute(
            f"insert into portal.patient (practice_id, {columns})"
            f" select '{HERE}', {columns} from json_populate_record(null::portal.patient, %s)".encode(),
            (json.dumps(row | more, default=str),),
        )
        for state, day in visits:
            connection.execute(
                "insert into ledger.visit (visit_token, patient_token, practice_id, provider_id, state,"
                " service_category, service_code, units, place_of_service, scheduled_start, scheduled_end,"
                " charge_cents, state_changed_at) values (%s, %s, %s, 'p', %s, 1, '90834', 1, '10', %s, %s, 1, %s)",
                (uuid4(), token, HERE, state, _at(day, 15), _at(day, 16), _at(day, 16)),
            )


def test_a_database_without_a_portal_counts_nothing(connection: psycopg.Connection) -> None:
    assert connection.execute("select count(*) from ledger.practice_count").fetchone() == (0,)


def test_a_practice_reads_no_counts_of_the_portal_and_they_leave_its_transaction_as_it_was(
    books: psycopg.Connection,
) -> None:
    books.execute("select set_config('app.practice_id', %s, true)", (CEDAR.practice.practice_id,))
    practices = {row[0] for row in books.execute("select practice_id from ledger.practice_count")}
    assert practices == {HERE, CEDAR.practice.practice_id}
    assert books.execute("select current_setting('app.practice_id')").fetchone() == (CEDAR.practice.practice_id,)
    for role in ("trueup_portal", "trueup_reader"):
        for query in ("select * from ledger.practice_count", "select ledger.practice_counts()"):
            books.execute(f"set role {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege), books.transaction():
                books.execute(query.encode())
            books.execute("reset role")
