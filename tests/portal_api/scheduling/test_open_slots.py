"""The slot function of the database and a sweep in Python find the same slots, in every zone, at every clock change."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal_api.scheduling import wishes
from tests.support import agendas, slot_oracle
from tests.support.slot_oracle import Agenda, Asked, Kind, Session, Special, Taken

if TYPE_CHECKING:
    import psycopg

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
WHOLE_WEEK = tuple((weekday, 540, 1020) for weekday in range(1, 8))


def _agree(connection: psycopg.Connection, everyone: list[Agenda], kind: Kind, asked: Asked) -> int:
    """Compare both on these agendas; returns how many slots there are."""
    visit_type, patient = agendas.write(connection, everyone, kind, asked)
    found = agendas.open_slots(connection, everyone, visit_type, patient, asked)
    for agenda in everyone:
        expected = slot_oracle.open_slots(agenda, kind, asked)
        assert found[agenda.id] == sorted(expected), agenda.zone
    return sum(map(len, found.values()))


# Every zone, around each change of its clocks -----------------------------------------------------------------------


@cache
def _changes() -> dict[date, list[str]]:
    """Return the zones whose clocks change on a day (UTC); a year and a bit."""
    found = defaultdict(list)
    for name in sorted(name for name in available_timezones() if "/" in name):
        zone = slot_oracle.zone_called(name)
        before = None
        for number in range(400):
            day = datetime(2026, 6, 1, tzinfo=UTC) + number * DAY
            offset = day.astimezone(zone).utcoffset()
            if before is not None and offset != before:
                found[(day - DAY).date()].append(name)
            before = offset
    return dict(found)


def test_every_zone_at_every_change_of_its_clocks(inside: psycopg.Connection) -> None:
    nights = ((0, 90), (120, 150), (150, 240), (15, 1440), (1380, 1440), (61, 179))
    seen = 0
    for day, zones in _changes().items():
        at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        asked = Asked(at - timedelta(hours=6), at + timedelta(hours=36), at - DAY)
        weekdays = {(day + number * DAY).isoweekday() for number in (-1, 0, 1, 2)}
        weekly = tuple((weekday, *hours) for weekday in weekdays for hours in nights)
        with inside.transaction(force_rollback=True):
            seen += _agree(inside, [Agenda(zone=zone, weekly=weekly) for zone in zones], Kind(30, step=30), asked)
    assert len({zone for zones in _changes().values() for zone in zones}) > 150
    assert seen > 20_000


@pytest.mark.parametrize(
    ("day", "first"),
    [(date(2026, 3, 7), 14), (date(2026, 3, 8), 13), (date(2026, 10, 31), 13), (date(2026, 11, 1), 14)],
)
def test_nine_is_nine_before_and_after_a_change_of_the_clocks(
    inside: psycopg.Connection, day: date, first: int
) -> None:
    agenda = Agenda(weekly=WHOLE_WEEK)
    noon = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    asked = Asked(noon, noon + timedelta(hours=20), noon - DAY)
    visit_type, patient = agendas.write(inside, [agenda], Kind(60, step=60), asked)
    (found,) = agendas.open_slots(inside, [agenda], visit_type, patient, asked).values()
    assert [start.hour for start in found] == list(range(first, first + 8))


def test_pages_and_database_know_the_same_clocks(inside: psycopg.Connection) -> None:
    """Slots are made by the database's time zones and written on pages by Python's: here, those that pages offer."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + number * DAY for number in range(2 * 365)]
    query = "select day at time zone %s from unnest(%s::timestamptz []) with ordinality as t (day, n) order by n"
    for name in wishes.ZONES:
        shown = [day.astimezone(ZoneInfo(name)).replace(tzinfo=None) for day in days]
        assert [row[0] for row in inside.execute(query, (name, days))] == shown, name


# Everything at once, at random ---------------------------------------------------------------------------------------


@st.composite
def _spans(draw: st.DrawFn, most: int) -> list[tuple[datetime, datetime]]:
    """Spans that do not overlap, in quarter hours and five minutes, in a week."""
    cuts = sorted(draw(st.sets(st.integers(0, 7 * 24 * 12), max_size=2 * most)))
    return [
        (MONDAY + timedelta(minutes=5 * begins), MONDAY + timedelta(minutes=5 * min(ends, begins + 100)))
        for begins, ends in zip(cuts[::2], cuts[1::2], strict=False)
    ]


_minutes = st.tuples(st.integers(0, 95), st.integers(1, 96)).filter(lambda both: both[0] < both[1])
_hours = _minutes.map(lambda both: (both[0] * 15, both[1] * 15))
_days = st.integers(-1, 8).map(lambda number: (MONDAY + number * DAY).date())
_expiries = st.sampled_from([None, None, MONDAY - DAY, MONDAY + 9 * DAY])


@st.composite
def _special(draw: st.DrawFn) -> Special:
    kind = draw(st.sampled_from(["instead", "also", "closed"]))
    hours = (None, None) if kind == "closed" else draw(_hours)
    return Special(draw(_days), kind, *hours)


@st.composite
def _agendas(draw: st.DrawFn, kind: Kind) -> Agenda:
    busy = draw(_spans(6))
    before, after = timedelta(minutes=kind.before), timedelta(minutes=kind.after)
    taken = [
        Taken((b + before, e - after) if e - b > before + after else (b, e), (b, e), draw(_expiries)) for b, e in busy
    ]
    sessions = [Session(span, kind.capacity, tuple(draw(st.lists(_expiries, max_size=3)))) for span in busy]
    zones = ("America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu")
    weekly = [(draw(st.integers(1, 7)), *hours) for hours in draw(st.lists(_hours, max_size=8))]
    licences = draw(st.dictionaries(st.sampled_from(["NY", "CT"]), _days))
    return Agenda(
        zone=draw(st.sampled_from(zones)),
        weekly=(*weekly, *WHOLE_WEEK[:3]),
        special=tuple(draw(st.lists(_special(), max_size=4))),
        off=tuple(draw(_spans(2))),
        taken=() if kind.capacity > 1 else tuple(taken),
        sessions=tuple(sessions) if kind.capacity > 1 else (),
        licences={"NY": date(2099, 1, 1)} | licences,
        payers=draw(st.frozensets(st.sampled_from(["payer-1", "payer-2"]))),
        accepts_new=draw(st.booleans()),
        is_active=draw(st.integers(0, 9)) > 0,
        offers=draw(st.integers(0, 9)) > 0,
    )


_kinds = st.builds(
    Kind,
    minutes=st.sampled_from([20, 25, 45, 50, 60, 120]),
    before=st.sampled_from([0, 5, 10]),
    after=st.sampled_from([0, 10, 15]),
    step=st.sampled_from([15, 20, 30, 60]),
    for_whom=st.sampled_from(["anyone", "anyone", "new", "established"]),
    capacity=st.sampled_from([1, 1, 1, 3]),
    lead=st.sampled_from([0, 120, 4320]),
    horizon=st.sampled_from([2, 60]),
)


@st.composite
def _questions(draw: st.DrawFn) -> Asked:
    since = MONDAY + timedelta(minutes=draw(st.integers(0, 5 * 1440)))
    return Asked(
        since,
        since + timedelta(minutes=draw(st.integers(1, 3 * 1440))),
        MONDAY - timedelta(minutes=draw(st.integers(-4000, 4000))),
        payer=draw(st.sampled_from([None, "payer-1"])),
        is_new=draw(st.booleans()),
        elsewhere=tuple(draw(_spans(2))),
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
def test_both_find_the_same_and_every_hidden_slot_has_a_reason(inside: psycopg.Connection, data: st.DataObject) -> None:
    kind, asked = data.draw(_kinds), data.draw(_questions())
    everyone = data.draw(st.lists(_agendas(kind), min_size=1, max_size=2))
    with inside.transaction(force_rollback=True):
        visit_type, patient = agendas.write(inside, everyone, kind, asked)
        found = agendas.open_slots(inside, everyone, visit_type, patient, asked)
        for agenda in everyone:
            assert found[agenda.id] == sorted(slot_oracle.open_slots(agenda, kind, asked))
            reasons = agendas.why_not(inside, agenda, visit_type, patient, asked)
            assert sorted(start for start, why in reasons.items() if not why) == found[agenda.id]
