"""A time is held, booked with the terms that were shown, moved and cancelled, and the books know of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from icalendar import Calendar

from ledger.store import visits
from portal_api.access import Role
from portal_api.problems import Problem
from portal_api.scheduling import appointments, bookings, catalog, groups, holds, slots, terms
from portal_api.tenants import practices
from tests.support import bookings as steps
from tests.support.portals import CEDAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal_api.here import Here
    from tests.support.portals import Portal


@pytest.fixture
def here(portal: Portal) -> Iterator[Here]:
    """Yield the first practice, where all that a test does is undone."""
    with portal.at() as opened:
        with opened.db.begin_nested() as undone:
            yield opened
            undone.rollback()
        opened.deeds.entries.clear()


@pytest.fixture
def known(here: Here) -> UUID:
    """Return a patient who is established."""
    return steps.patient(here, "known", phone="+12125550100")


# By the pages -----------------------------------------------------------------------------------------------------


def test_a_new_patient_books_without_scripts(portal: Portal) -> None:
    pat = portal.patient()
    path = steps.hold(pat, zone="America/Chicago", **{"from": "2026-11-18"})
    shown = pat.get(path).text
    assert "$290.00" in shown
    assert "$43.50, an estimate" in shown
    assert "8:00 AM CST" in shown
    assert "9:00 AM EST for your provider" in shown
    assert "until Tuesday, November 17, 2026, 8:00 AM CST (24 hours before)" in shown
    assert "9 minutes from now" in shown or "10 minutes from now" in shown
    refused = pat.submit(f"{path}/confirm")
    assert refused.status_code == 400
    assert "tick that you agree" in refused.text
    booked = pat.submit(f"{path}/confirm", accept="yes")
    visit = booked.headers["location"].partition("?")[0]
    assert "Your visit is booked" in pat.get(booked.headers["location"]).text
    assert pat.get(path).headers["location"] == visit
    mail = portal.mail()
    assert "Wednesday, November 18, 2026, 8:00 AM CST" in mail
    assert not any(word in mail for word in ("Reed", "First visit", "therap", "90791"))
    times = steps.choices(pat.get(f"{visit}/move?from=2026-11-18").text, "slot")
    assert pat.submit(f"{visit}/move", slot=times[3]).headers["location"].endswith("said=moved")
    (event,) = Calendar.from_ical(pat.get(f"{visit}/calendar.ics").text).walk("VEVENT")
    assert event.decoded("sequence") == 1
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(hours=1)
    assert event["uid"] == f"{visit.rsplit('/', 1)[1]}@prac_harbor.portal"
    assert "It costs nothing until" in pat.get(f"{visit}/cancel").text
    assert pat.submit(f"{visit}/cancel").headers["location"] == "/visits?said=cancelled"
    for page in ("move", "cancel"):  # the way back
        assert pat.get(f"{visit}/{page}").headers["location"] == visit
    assert "Cancelled" in pat.get(visit).text


def test_a_time_that_is_clicked_twice_is_held_once(portal: Portal) -> None:
    pat = portal.patient(email="robin@example.com")
    kind = steps.choices(pat.get("/book").text, "visit_type")[0]
    said = {"visit_type": kind, "payer": "", "state": "NY", "zone": steps.ZONE, "provider": ""}
    slot = steps.choices(pat.get("/book/times", params=said).text, "slot")[-1]
    first, again = (pat.submit("/book/holds", slot=slot, **said).headers.get("location") for _ in range(2))
    assert first == again
    other = pat.submit("/book/holds", slot=slot, **{**said, "payer": "PAY-7KQ2"})
    assert (other.status_code, "can no longer be had" in other.text) == (409, True)
    pat.submit(f"{first}/release")


def test_what_is_wrong_is_said_in_a_sentence(portal: Portal) -> None:
    pat = portal.patient()
    asked = pat.get("/book/times")
    assert asked.status_code == 400
    assert "Choose what kind of visit you need." in asked.text
    kind = steps.choices(pat.get("/book").text, "visit_type")[0]
    nowhere = pat.get("/book/times", params={"visit_type": kind, "state": "NY", "zone": "EST"})
    assert "Choose your time zone from the list." in nowhere.text
    far = {"visit_type": kind, "state": "CA", "zone": "America/Los_Angeles"}
    assert "There is none in the two months after either." in pat.get("/book/times", params=far).text
    assert pat.submit("/book/holds", **far, slot="no@time").status_code == 400


def test_whose_time_was_faster_sees_what_is_open(portal: Portal) -> None:
    pat, robin = portal.patient(), portal.patient(email="robin@example.com")
    kind = steps.choices(pat.get("/book").text, "visit_type")[0]
    said = {"visit_type": kind, "payer": "", "state": "NY", "zone": steps.ZONE, "from": "2026-11-23"}
    slot = steps.choices(pat.get("/book/times", params=said).text, "slot")[0]
    assert pat.submit("/book/holds", slot=slot, **said).status_code == 303
    late = robin.submit("/book/holds", slot=slot, **said)
    assert late.status_code == 409
    assert "can no longer be had" in late.text
    assert slot not in steps.choices(late.text, "slot")
    portal.clock.move(minutes=11)
    assert slot in steps.choices(robin.get("/book/times", params=said).text, "slot")


def test_a_visit_that_is_moved_by_a_double_click_is_moved_once(portal: Portal) -> None:
    with portal.at() as here:
        patient = steps.patient(here, "twice")
        visit = steps.book(here, patient, 28)
    visitor = portal.patient(email="twice@example.com")
    portal.mail()
    path = f"/visits/{visit.id}/move"
    slot = steps.choices(visitor.get(path, params={"from": f"{visit.starts_at:%Y-%m-%d}"}).text, "slot")[-1]
    answers = [visitor.submit(path, slot=slot) for _ in range(2)]
    assert [each.headers.get("location") for each in answers] == [f"/visits/{visit.id}?said=moved"] * 2
    assert portal.mail().count("twice@example.com") == 1
    with portal.at() as here:
        moved = appointments.get(here, visit.id)
    assert moved is not None
    assert (moved.moves, moved.starts_at > visit.starts_at) == (1, True)


def test_a_hold_that_lapsed_while_its_terms_were_read_leads_back_to_the_times(portal: Portal) -> None:
    visitor = portal.patient(email="twice@example.com")
    path = steps.hold(visitor, payer="")
    portal.clock.move(minutes=11)
    late = visitor.submit(f"{path}/confirm", accept="yes")
    assert late.status_code == 410
    assert 'href="/book">Choose again' in late.text
    portal.clock.move(minutes=-11)


def test_what_is_not_yours_does_not_exist(portal: Portal) -> None:
    pat, robin, kim = portal.patient(), portal.patient(email="robin@example.com"), portal.patient(CEDAR)
    path = steps.hold(pat, **{"from": "2026-11-30"})
    for other in (robin, kim):
        assert other.get(path).status_code == 404
        assert other.submit(f"{path}/confirm", accept="yes").status_code == 404
        assert other.submit(f"{path}/release").status_code == 404
    booked = pat.submit(f"{path}/confirm", accept="yes").headers["location"].partition("?")[0]
    for other in (robin, kim):
        for page in ("", "/move", "/cancel", "/calendar.ics"):
            assert other.get(booked + page).status_code == 404
        assert other.submit(f"{booked}/cancel").status_code == 404
    assert portal.staff(Role.PROVIDER).get(booked).status_code == 403
    with portal.at(CEDAR) as there:
        elsewhere = catalog.calendars(there)[0].id
    with portal.at() as here:
        who = steps.asker(here, steps.patient(here, "elsewhere"))
        with pytest.raises(Problem, match="not yours to see"):
            holds.hold(here, who, elsewhere, here.now + timedelta(days=3))


# Terms --------------------------------------------------------------------------------------------------------------


def test_terms_stay_as_they_were_accepted_and_the_late_fee_is_theirs(here: Here, known: UUID) -> None:
    booked = steps.book(here, known, 0.2)
    assert booked.is_late(here.now)
    changed = replace(here.practice, policies=replace(here.practice.policies, late_cancel_fee_cents=99900))
    practices.keep(here.db, changed)
    cancelled = bookings.cancel(replace(here, practice=changed), booked)
    assert (cancelled.status, cancelled.visit_state) == ("released", "late_cancelled")
    assert booked.visit_token is not None
    closed = visits.close_out(here.books, booked.visit_token)
    assert closed is not None
    assert closed.verdict.target_cents == 5000
    assert terms.of_visit(here, booked.visit_token) == booked.terms


def test_a_visit_whose_time_has_come_is_not_cancelled_any_more(here: Here, known: UUID) -> None:
    booked = steps.book(here, known, 0.2)
    over = replace(here, now=booked.ends_at)
    for who in (over, replace(over, now=booked.starts_at)):
        with pytest.raises(Problem, match="has begun or is over"):
            bookings.cancel(who, booked)
    found = appointments.get(here, booked.id)
    assert found is not None
    assert (found.status, found.visit_state) == ("booked", "scheduled")


def test_cancelled_in_time_it_costs_nothing_and_the_time_is_free_again(here: Here, known: UUID) -> None:
    booked = steps.book(here, known, 7)
    who = steps.asker(here, known)
    assert not slots.is_open(here, who, booked.calendar_id, booked.starts_at)
    cancelled = bookings.cancel(here, booked)
    assert cancelled.visit_state == "cancelled"
    assert booked.visit_token is not None
    closed = visits.close_out(here.books, booked.visit_token)
    assert closed is not None
    assert closed.verdict.target_cents == 0
    assert slots.is_open(here, who, booked.calendar_id, booked.starts_at)


def test_staff_may_waive_the_fee(here: Here, known: UUID) -> None:
    assert bookings.cancel(here, steps.book(here, known, 0.2), is_waived=True).visit_state == "cancelled"


def test_the_book_knows_what_was_booked(here: Here, known: UUID) -> None:
    booked = steps.book(here, known, 7, payer="PAY-7KQ2")
    assert booked.visit_token is not None
    visit = visits.get(here.books, booked.visit_token)
    assert visit is not None
    assert (visit.charge_cents, visit.patient_estimate_cents, visit.payer_id) == (16500, 2475, "PAY-7KQ2")
    assert (visit.provider_id, visit.service_code, visit.place_of_service) == ("prov_harbor_reed", "90834", "10")
    assert visit.claim_ref is not None
    assert bookings.confirm(here, booked) == [booked]  # a second click


def test_a_moved_visit_keeps_its_terms_and_the_books_its_new_time(here: Here, known: UUID) -> None:
    booked = steps.book(here, known, 7)
    other = steps.open_slots(here, steps.asker(here, known), 8)[2]
    here = steps.as_patient(here, known)
    moved = bookings.move(here, booked, other.calendar_id, other.starts_at)
    assert (moved.starts_at, moved.moves, moved.terms) == (other.starts_at, 1, booked.terms)
    assert booked.visit_token is not None
    visit = visits.get(here.books, booked.visit_token)
    assert visit is not None
    assert (visit.scheduled_start, visit.scheduled_end) == (moved.starts_at, moved.ends_at)
    a_bit = bookings.move(here, moved, moved.calendar_id, moved.starts_at + timedelta(minutes=15))
    assert a_bit.starts_at == moved.starts_at + timedelta(minutes=15)  # it does not stand in its own way


def test_a_lapsed_hold_cannot_be_booked(here: Here, known: UUID) -> None:
    slot = steps.open_slots(here, steps.asker(here, known), 7)[0]
    held = holds.hold(here, steps.asker(here, known), slot.calendar_id, slot.starts_at)
    later = replace(here, now=here.now + timedelta(minutes=10))
    with pytest.raises(Problem, match="not any more"):
        bookings.confirm(later, held)


def test_nobody_hoards_times(here: Here, known: UUID) -> None:
    who = steps.asker(here, known)
    for day in (7, 8, 9):
        slot = steps.open_slots(here, who, day)[0]
        holds.hold(here, who, slot.calendar_id, slot.starts_at)
    slot = steps.open_slots(here, who, 10)[0]
    with pytest.raises(Problem, match="You hold 3 times already"):
        holds.hold(here, who, slot.calendar_id, slot.starts_at)


# Series and groups --------------------------------------------------------------------------------------------------


def test_a_series_keeps_its_local_time_through_a_change_of_the_clocks(here: Here) -> None:
    first = datetime(2027, 3, 2, 14, tzinfo=UTC)  # nine in New York
    found = holds.weekly(here, first, "America/New_York", 1, 3)
    assert [each.hour for each in found] == [14, 14, 13]


def test_a_series_is_booked_whole_or_not_at_all(here: Here, known: UUID) -> None:
    taken = steps.book(here, steps.patient(here, "another"), 14)
    who = steps.asker(here, known)
    weeks = [taken.starts_at + timedelta(days=7 * number) for number in (-1, 0, 1)]
    with pytest.raises(Problem, match="can no longer be had"):
        holds.hold_all(here, who, taken.calendar_id, weeks)
    assert appointments.held(here, known) == []
    bookings.cancel(here, taken)
    held = holds.hold_all(here, who, taken.calendar_id, weeks)
    booked = bookings.confirm(here, held[1])
    assert [each.starts_at for each in booked] == weeks
    assert len({each.visit_token for each in booked}) == 3


def test_a_group_has_as_many_seats_as_it_has(here: Here) -> None:
    calendar = catalog.calendars(here)[0]
    wanted = steps.wish(here, "group")
    groups.add(here, calendar.id, wanted.visit_type_id, datetime(2026, 11, 25, 18))  # noqa: DTZ001 - local
    crowd = [steps.patient(here, f"seat{number}") for number in range(7)]
    (slot,) = steps.open_slots(here, steps.asker(here, crowd[0], "group"), 8.5)
    booked = [
        bookings.confirm(here, holds.hold(here, steps.asker(here, each, "group"), calendar.id, slot.starts_at))[0]
        for each in crowd[:6]
    ]
    assert [each.taken for each in groups.sessions(here, calendar.id)] == [6]
    with pytest.raises(Problem, match="can no longer be had"):
        holds.hold(here, steps.asker(here, crowd[6], "group"), calendar.id, slot.starts_at)
    bookings.cancel(here, booked[0])
    assert holds.hold(here, steps.asker(here, crowd[6], "group"), calendar.id, slot.starts_at).session_id is not None
    (session,) = groups.sessions(here, calendar.id)
    with pytest.raises(Problem, match="Patients have seats"):
        groups.remove(here, calendar.id, session.id)


def test_an_unknown_group_session_is_none(here: Here) -> None:
    with pytest.raises(Problem, match="not yours to see"):
        groups.remove(here, catalog.calendars(here)[0].id, uuid4())


def test_it_is_too_late_for_a_patient_to_move_what_would_cost_a_fee(here: Here, known: UUID) -> None:
    booked = steps.book(here, known, 0.2)
    later = booked.starts_at + timedelta(days=7)
    with pytest.raises(Problem, match="too late to move this visit online"):
        bookings.move(steps.as_patient(here, known), booked, booked.calendar_id, later)
