"""When a patient may be told: never at night by the practice's wall clock, not around a visit, not often."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.rules.demand import Message, Standing, message, standing
from ledger.rules.dunning import Dunning, Span, is_quiet, next_moment, out_of_quiet
from ledger.rules.outcome import Advice

ZONES = ["UTC", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]
# Around the days on which clocks are put on and back.
_DAYS = st.sampled_from([datetime(2026, *day, tzinfo=UTC) for day in ((3, 7), (3, 28), (10, 24), (10, 31))])
MOMENTS = st.builds(lambda day, minutes: day + timedelta(minutes=minutes), _DAYS, st.integers(0, 60 * 60))
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
POLICIES = st.builds(
    Dunning,
    st.sampled_from(ZONES),
    TIMES,
    TIMES,
    st.integers(0, 48),
    st.integers(1, 10),
    st.integers(0, 6),
)
SPANS = st.lists(
    st.builds(lambda start, minutes: Span(start, start + timedelta(minutes=minutes)), MOMENTS, st.integers(1, 3000)),
    max_size=4,
)
BERLIN = Dunning("Europe/Berlin", time(20), time(9))


@given(MOMENTS, POLICIES)
@example(datetime(2026, 10, 25, 0, 50, tzinfo=UTC), Dunning("Europe/Berlin", time(2, 45), time(2, 30)))
@example(datetime(2026, 3, 29, 1, 10, tzinfo=UTC), Dunning("Europe/Berlin", time(3), time(2, 30)))
def test_quiet_hours_end_whatever_the_clock_does(moment: datetime, dunning: Dunning) -> None:
    found = out_of_quiet(moment, dunning)
    assert not is_quiet(found, dunning)
    if not is_quiet(moment, dunning):
        assert found == moment
    else:
        assert moment < found <= moment + timedelta(hours=48)
        zone = ZoneInfo(dunning.timezone)
        if moment.astimezone(zone).utcoffset() == found.astimezone(zone).utcoffset():
            minutes = range(0, int((found - moment).total_seconds() // 60), 7)
            assert all(is_quiet(moment + timedelta(minutes=passed), dunning) for passed in minutes)


@pytest.mark.parametrize(
    ("local", "ends"),
    [
        ("2026-06-01T20:00", "2026-06-02T09:00"),
        ("2026-06-01T19:59", "2026-06-01T19:59"),
        ("2026-06-01T23:59", "2026-06-02T09:00"),
        ("2026-06-02T08:59", "2026-06-02T09:00"),
        ("2026-06-02T09:00", "2026-06-02T09:00"),
        ("2026-03-28T22:00", "2026-03-29T09:00"),  # the night that is an hour shorter
        ("2026-10-24T22:00", "2026-10-25T09:00"),  # and the one that is an hour longer
    ],
)
def test_the_wall_clock_of_the_practice_counts(local: str, ends: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    moment = datetime.fromisoformat(local).replace(tzinfo=zone)
    assert out_of_quiet(moment, BERLIN) == datetime.fromisoformat(ends).replace(tzinfo=zone)


@given(MOMENTS, POLICIES, SPANS, st.lists(MOMENTS, max_size=3), st.integers(0, 6))
def test_a_message_keeps_every_rule_and_never_comes_before_it_is_wanted(
    wanted: datetime, dunning: Dunning, visits: list[Span], told: list[datetime], of_this: int
) -> None:
    found = next_moment(wanted, dunning, visits=visits, told=told, of_this=of_this)
    assert (found is None) == (of_this >= dunning.most_notices)
    if found is None:
        return
    around = timedelta(hours=dunning.visit_hours)
    assert found >= wanted
    assert not is_quiet(found, dunning)
    assert all(found - before >= timedelta(days=dunning.days_apart) for before in told)
    if around:
        assert not any(visit.start - around < found < visit.end + around for visit in visits)
    assert found == next_moment(found, dunning, visits=visits, told=told, of_this=of_this)


@given(MOMENTS, POLICIES, SPANS, st.integers(1, 4))
def test_of_however_many_demands_a_patient_is_told_seldom_and_of_none_too_often(
    start: datetime, dunning: Dunning, visits: list[Span], demands: int
) -> None:
    told: list[datetime] = []
    for _ in range(demands):
        of_this = 0
        while at := next_moment(start, dunning, visits=visits, told=told[-1:], of_this=of_this):
            told.append(at)
            of_this += 1
        assert of_this == dunning.most_notices
    assert all(later - before >= timedelta(days=dunning.days_apart) for before, later in itertools.pairwise(told))


def test_a_message_waits_for_a_whole_day_after_a_visit_and_for_the_morning() -> None:
    visit = Span(datetime(2026, 6, 1, 20, 30, tzinfo=UTC), datetime(2026, 6, 1, 21, tzinfo=UTC))
    found = next_moment(visit.end, BERLIN, visits=[visit], told=[], of_this=0)
    assert found == datetime(2026, 6, 3, 7, tzinfo=UTC)  # 21:00 and a day is 23:00 in Berlin; then nine o'clock


@pytest.mark.parametrize("wrong", [{"visit_hours": 169}, {"days_apart": 0}, {"most_notices": -1}, {"visit_hours": -1}])
def test_what_no_practice_means_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="go from 0 to 168"):
        Dunning(**wrong)  # type: ignore[arg-type] # by name
    with pytest.raises(ZoneInfoNotFoundError):
        Dunning("Mars/Olympus")


@pytest.mark.parametrize(
    ("status", "scheduled", "asks", "advice", "expected", "said"),
    [
        ("draft", False, False, None, Standing.NOT_TRIED, None),
        ("paid", False, True, Advice.NEW_CARD, Standing.SETTLED, None),
        ("void", False, False, None, Standing.SETTLED, None),
        ("open", True, False, Advice.RETRY, Standing.RETRY, None),
        ("open", True, False, Advice.NEW_CARD, Standing.RETRY, None),
        ("open", False, False, Advice.RETRY, Standing.GIVEN_UP, Message.PAY),
        ("open", False, False, None, Standing.GIVEN_UP, Message.PAY),
        ("open", False, False, Advice.NEW_CARD, Standing.NEW_CARD, Message.NEW_CARD),
        ("open", False, False, Advice.NEVER, Standing.NEVER, None),
        ("open", False, False, Advice.AUTHENTICATE, Standing.AUTHENTICATE, Message.AUTHENTICATE),
        ("open", True, True, None, Standing.AUTHENTICATE, Message.AUTHENTICATE),
        ("uncollectible", False, False, Advice.RETRY, Standing.GIVEN_UP, Message.PAY),
    ],
)
def test_where_a_demand_stands_after_an_attempt(  # noqa: PLR0913, PLR0917 - a row of the table
    status: str, scheduled: bool, asks: bool, advice: Advice | None, expected: Standing, said: Message | None
) -> None:
    found = standing(status, attempted=True, is_scheduled=scheduled, asks_patient=asks, has_card=True, advice=advice)
    assert (found, message(found)) == (expected, said)
    assert found.is_stuck == (expected not in {Standing.SETTLED, Standing.NOT_TRIED, Standing.RETRY})


def test_an_open_invoice_that_was_not_tried_waits_and_one_without_a_card_needs_one() -> None:
    known = {"is_scheduled": False, "asks_patient": False, "advice": None}
    assert standing("open", attempted=False, has_card=True, **known) is Standing.NOT_TRIED  # type: ignore[arg-type] # by name
    assert standing("open", attempted=True, has_card=False, **known) is Standing.NEW_CARD  # type: ignore[arg-type] # by name
