"""Who waits is offered what comes free, in turn; reminders come in time and never at night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.problems import Problem
from portal_api.scheduling import appointments, bookings, holds, reminders, slots, waiting
from tests.support import bookings as steps
from tests.support.portals import CEDAR

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here
    from portal_api.scheduling.appointments import Appointment
    from tests.support.portals import Portal

NEW_YORK = ZoneInfo("America/New_York")


def _fill_a_day(here: Here, patient: UUID, days: int) -> list[Appointment]:
    """Book every time of a day, a visit after the other; returns them."""
    who, booked = steps.asker(here, patient), []
    since = here.now + timedelta(days=days)
    while found := slots.find(here, who, slots.Span(since, since + timedelta(days=1))):
        held = holds.hold(here, who, found[0].calendar_id, found[0].starts_at)
        booked += bookings.confirm(here, held)
    return booked


def test_who_waits_is_offered_what_comes_free_in_turn(portal: Portal) -> None:
    with portal.at() as here:
        first, second, busy = (steps.patient(here, name, phone="+12125550101") for name in ("first", "second", "busy"))
        booked = _fill_a_day(here, busy, 7)
        span = slots.Span(here.now + timedelta(days=7), here.now + timedelta(days=8))
        waiting.join(here, steps.wish(here), first, None, span)
    portal.clock.move(seconds=1)
    with portal.at() as here:
        waiting.join(here, steps.wish(here), second, None, span)
    portal.mail()
    portal.do_chores()
    assert portal.mail() == ""  # nothing is free
    with portal.at() as here:
        freed = bookings.cancel(here, booked[0])
    mail = portal.mail()
    assert "first@example.com" in mail
    assert "+12125550101" in mail
    assert "second@example.com" not in mail
    with portal.at() as here:
        (held,) = appointments.held(here, first)
        assert held.starts_at == freed.starts_at
        assert held.hold_expires_at == here.now + timedelta(minutes=60)
        assert [each.status for each in waiting.of_patient(here, first)] == ["offered"]
    portal.clock.move(minutes=61)  # the first lets it lapse
    assert "second@example.com" in portal.mail()
    visitor = portal.patient(email="second@example.com")
    path = f"/book/holds/{_held(portal, second).id}"
    assert path in visitor.get("/visits").text
    assert visitor.submit(f"{path}/confirm", accept="yes").status_code == 303
    with portal.at() as here:
        assert waiting.of_patient(here, second) == []
        assert [each.status for each in waiting.of_patient(here, first)] == ["waiting"]  # and keeps the place


def test_a_wish_behind_a_hundred_that_nobody_can_grant_is_offered_its_time(portal: Portal) -> None:
    with portal.at() as here:
        last = steps.patient(here, "behind")
        days = slots.Span(here.now + timedelta(days=2), here.now + timedelta(days=3))
        nights = slots.Span(days.until.replace(hour=2), days.until.replace(hour=3))
        for number in range(waiting.MOST_A_ROUND + 20):
            waiting.join(here, steps.wish(here), steps.patient(here, f"night{number}"), None, nights)
    portal.clock.move(seconds=1)
    with portal.at() as here:
        waiting.join(here, steps.wish(here), last, None, days)
        # Far ahead costs no more than near: no visit type is booked farther than a year ahead.
        far = here.now + timedelta(days=365 * 1000)
        waiting.join(here, steps.wish(here), last, None, slots.Span(far, far + timedelta(days=1)))
    portal.do_chores()
    assert _held(portal, last).waiting_id is not None


def _held(portal: Portal, patient: UUID) -> Appointment:
    with portal.at() as here:
        (held,) = appointments.held(here, patient)
        return held


def test_an_offer_that_is_declined_is_not_made_again(portal: Portal) -> None:
    with portal.at() as here:
        choosy, busy = steps.patient(here, "choosy"), steps.patient(here, "busier")
        booked = _fill_a_day(here, busy, 8)
        waiting.join(
            here, steps.wish(here), choosy, None, slots.Span(here.now + timedelta(days=8), here.now + timedelta(days=9))
        )
        bookings.cancel(here, booked[1])
    portal.do_chores()
    visitor = portal.patient(email="choosy@example.com")
    assert visitor.submit(f"/book/holds/{_held(portal, choosy).id}/release").status_code == 303
    portal.do_chores()
    with portal.at() as here:
        offered = {(each.calendar_id, each.starts_at) for each in appointments.held(here, choosy)}
        assert (booked[1].calendar_id, booked[1].starts_at) not in offered
        (place,) = waiting.of_patient(here, choosy)
    robin = portal.patient(email="robin@example.com")
    assert robin.submit(f"/book/waiting/{place.id}/leave").status_code == 404
    assert portal.patient(CEDAR).submit(f"/book/waiting/{place.id}/leave").status_code == 404
    assert visitor.submit(f"/book/waiting/{place.id}/leave").status_code == 303
    with portal.at() as here:
        assert waiting.of_patient(here, choosy) == []
        assert appointments.held(here, choosy) == []


def test_an_offer_that_lapses_under_somebody_elses_click_leaves_its_patient_in_the_line(portal: Portal) -> None:
    with portal.at() as here:
        slow, busy, quick = (steps.patient(here, name) for name in ("slow", "busiest", "quick"))
        booked = _fill_a_day(here, busy, 9)
        days = slots.Span(here.now + timedelta(days=9), here.now + timedelta(days=10))
        waiting.join(here, steps.wish(here), slow, None, days)
        bookings.cancel(here, booked[0])
    portal.do_chores()
    offered = _held(portal, slow)
    portal.clock.move(minutes=61)
    with portal.at() as here:  # before the chores come round
        taken = holds.hold(here, steps.asker(here, quick), offered.calendar_id, offered.starts_at)
        bookings.confirm(here, taken)
        assert [each.status for each in waiting.of_patient(here, slow)] == ["waiting"]
        bookings.cancel(here, booked[1])
    portal.do_chores()
    assert _held(portal, slow).starts_at == booked[1].starts_at


def test_waiting_has_its_bounds(portal: Portal) -> None:
    with portal.at() as here:
        late, past = steps.patient(here, "late"), slots.Span(here.now - timedelta(2), here.now)
        with pytest.raises(Problem, match="days to come"):
            waiting.join(here, steps.wish(here), late, None, past)
        for _ in range(waiting.MOST_OF_PATIENT):
            waiting.join(here, steps.wish(here), late, None, slots.Span(here.now, here.now + timedelta(1)))
        with pytest.raises(Problem, match="You wait 5 times already"):
            waiting.join(here, steps.wish(here), late, None, slots.Span(here.now, here.now + timedelta(1)))


def test_reminders_are_sent_once_each_and_again_for_a_new_time(portal: Portal) -> None:
    with portal.at() as here:
        patient = steps.patient(here, "reminded", phone="+12125550102")
        mine = steps.book(here, patient, 2.9, place=6)
    portal.mail()
    now = portal.clock.now
    portal.clock.now = mine.starts_at - timedelta(hours=25)
    assert "soon" not in portal.mail()
    portal.clock.now = mine.starts_at - timedelta(hours=24)
    mail = portal.mail()
    assert (mail.count("your appointment is soon"), mail.count("You have an appointment on")) == (1, 1)  # mail and SMS
    assert portal.mail() == ""
    portal.clock.now = mine.starts_at - timedelta(hours=1)
    assert portal.mail().count("You have an appointment") == 2
    portal.clock.now = now


def test_a_visit_booked_at_short_notice_has_no_reminder_of_yesterday(portal: Portal) -> None:
    with portal.at() as here:
        before = reminders.remind(here)
        mine = steps.book(here, steps.patient(here, "hasty"), 0.9)
        assert reminders.remind(here) == before
        assert reminders.remind(replace(here, now=mine.starts_at - timedelta(minutes=55))) >= 1


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - Hypothesis wants it so
    st.sampled_from(reminders.HOURS_BEFORE),
    st.sampled_from(["America/New_York", "Pacific/Honolulu", "Asia/Kathmandu", "Europe/Berlin"]),
)
def test_no_reminder_rings_at_night_nor_after_the_visit(starts: datetime, hours: int, zone: str) -> None:
    starts_at = starts.replace(tzinfo=UTC)
    due = reminders.due_at(starts_at, hours, ZoneInfo(zone))
    assert time(8) <= due.astimezone(ZoneInfo(zone)).time() < time(21)
    assert due < starts_at
    assert starts_at - due <= timedelta(hours=hours + 12)


@pytest.mark.parametrize(
    ("visit", "hours", "due"),
    [
        ((18, 14), 24, (17, 14)),  # by day: a day before
        ((18, 8, 30), 1, (18, 8)),  # at half past seven it is night still
        ((18, 8), 1, (17, 20, 59)),  # when the night ends it is too late: the evening before
        ((18, 22), 24, (18, 8)),  # ten in the evening: the morning after
    ],
)
def test_when_a_reminder_is_due(visit: tuple[int, ...], hours: int, due: tuple[int, ...]) -> None:
    def local(*at: int) -> datetime:
        return datetime(2026, 11, *at, tzinfo=NEW_YORK)

    assert reminders.due_at(local(*visit).astimezone(UTC), hours, NEW_YORK) == local(*due)


def test_days_that_cannot_be_are_said_beside_what_was_asked(portal: Portal) -> None:
    visitor = portal.patient()
    kind = steps.choices(visitor.get("/book").text, "visit_type")[0]
    asked = {"visit_type": kind, "payer": "", "state": "NY", "zone": steps.ZONE, "provider": ""}
    answer = visitor.submit("/book/waiting", **asked, first="2026-11-20", last="2026-11-19")
    assert answer.status_code == 400
    assert "Choose days to come" in answer.text
    assert "Put me on the waiting list" in answer.text
