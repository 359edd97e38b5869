"""Providers set their hours, and patients see it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portal_api.access import Role
from portal_api.scheduling import bookings, catalog, holds, hours, slots
from tests.support import bookings as steps
from tests.support.portals import CEDAR, program

if TYPE_CHECKING:
    from portal_api.scheduling.catalog import Calendar
    from tests.support.portals import Portal

WEEK = {f"{day}_{side}_0": "" for day in range(1, 8) for side in ("begins", "ends")}


def _calendar(portal: Portal, ledger_id: str = "prov_harbor_reed") -> Calendar:
    with portal.at() as here:
        return next(each for each in catalog.calendars(here) if each.ledger_id == ledger_id)


def _times(portal: Portal, day: str, calendar: Calendar) -> list[str]:
    patient = portal.patient()
    kind = steps.choices(patient.get("/book").text, "visit_type")[0]
    asked = {"visit_type": kind, "state": "NY", "zone": "America/New_York", "provider": calendar.id, "from": day}
    found = steps.choices(patient.get("/book/times", params=asked).text, "slot")
    return [each.partition("@")[2] for each in found if each.partition("@")[2].startswith(day.replace("-", ""))]


def test_a_provider_sets_a_week_days_and_time_off(portal: Portal) -> None:
    calendar = _calendar(portal)
    path = f"/staff/hours/{calendar.id}"
    reed = portal.staff(Role.PROVIDER)
    assert reed.get("/staff/hours").headers["location"] == path
    assert 'value="09:00"' in reed.get(path).text
    week = {**WEEK, "1_begins_0": "10:00", "1_ends_0": "12:00", "2_begins_0": "22:00", "2_ends_0": "00:00"}
    assert reed.submit(f"{path}/week", **week).status_code == 303
    assert _times(portal, "2026-11-23", calendar) == ["20261123T1500", "20261123T1530", "20261123T1600"]
    assert reed.submit(f"{path}/off", off_from="2026-11-23T10:30", off_to="2026-11-23T11:00").status_code == 303
    assert _times(portal, "2026-11-23", calendar) == ["20261123T1600"]
    added = reed.submit(f"{path}/days", on_date="2026-11-23", kind="also", begins="13:00", ends="14:00")
    assert added.status_code == 303
    assert _times(portal, "2026-11-23", calendar) == ["20261123T1600", "20261123T1800"]
    reed.submit(f"{path}/days", on_date="2026-11-30", kind="closed")
    assert _times(portal, "2026-11-30", calendar) == []
    with portal.at() as here:
        (off,) = hours.time_off(here, calendar.id)
        assert hours.week(here, calendar.id)[2] == [hours.Hours(1320, 1440)]
    assert reed.submit(f"{path}/remove/{off.id}").status_code == 303
    assert reed.submit(f"{path}/remove/{off.id}").status_code == 404
    assert len(_times(portal, "2026-11-23", calendar)) == 4


def test_what_is_booked_outside_of_new_hours_is_told(portal: Portal) -> None:
    calendar = _calendar(portal, "prov_harbor_haddad")
    haddad = portal.staff(Role.PROVIDER, email="omar.haddad@harbor.example")
    with portal.at() as here:
        patient = steps.patient(here, "left.alone")
        who = slots.asker(here, steps.wish(here), patient)
        span = slots.Span(here.now + timedelta(days=7), here.now + timedelta(days=14))
        first = next(each for each in slots.find(here, who, span) if each.calendar_id == calendar.id)
        (booked,) = bookings.confirm(here, holds.hold(here, who, calendar.id, first.starts_at))
    path, link = f"/staff/hours/{calendar.id}", f'href="/staff/visits/{booked.id}"'
    assert link not in haddad.get(path).text
    begins = booked.starts_at.astimezone(ZoneInfo(calendar.time_zone))
    until = begins + timedelta(minutes=10)
    haddad.submit(f"{path}/off", off_from=f"{begins:%Y-%m-%dT%H:%M}", off_to=f"{until:%Y-%m-%dT%H:%M}")
    assert link in haddad.get(path).text
    with portal.at() as here:
        (off,) = hours.time_off(here, calendar.id)
    haddad.submit(f"{path}/remove/{off.id}")
    assert link not in haddad.get(path).text
    haddad.submit(f"{path}/days", on_date=f"{begins:%Y-%m-%d}", kind="closed")
    assert link in haddad.get(path).text
    shown = program(haddad)("GET", f"/calendars/{calendar.id}").json()
    assert [each["id"] for each in shown["stranded"]] == [str(booked.id)]
    with portal.at() as here:
        bookings.cancel(here, booked)
    assert link not in haddad.get(path).text


def test_wrong_hours_are_said_and_what_was_written_stays(portal: Portal) -> None:
    path = f"/staff/hours/{_calendar(portal).id}"
    desk = portal.staff(Role.FRONT_DESK)
    answer = desk.submit(f"{path}/week", **WEEK, **{"3_begins_1": "15:00", "3_ends_1": "14:00"})
    assert answer.status_code == 400
    assert "15:00 to 14:00 do not" in answer.text
    assert 'value="15:00"' in answer.text
    assert "Choose a day." in desk.submit(f"{path}/days", kind="closed", on_date="").text
    assert (
        "Time off ends after it begins."
        in desk.submit(f"{path}/off", off_from="2026-11-23T10:30", off_to="2026-11-22T11:00").text
    )
    assert "Choose which group." in desk.submit(f"{path}/sessions", starts="2026-11-23T10:30").text


def test_hours_are_set_by_whose_they_are_and_by_the_office(portal: Portal) -> None:
    path = f"/staff/hours/{_calendar(portal).id}"
    other = portal.staff(Role.PROVIDER, email="omar.haddad@harbor.example")
    assert other.get(path).status_code == 404
    assert other.submit(f"{path}/week", **WEEK).status_code == 404
    assert portal.staff(Role.PRACTICE_ADMIN, CEDAR).get(path).status_code == 404
    assert portal.staff(Role.BILLING).get(path).status_code == 403
    assert portal.staff(Role.PRACTICE_ADMIN).get(path).status_code == 200


def test_staff_set_a_session_move_and_cancel_a_visit(portal: Portal) -> None:
    haddad = _calendar(portal, "prov_harbor_haddad")
    path = f"/staff/hours/{haddad.id}"
    desk = portal.staff(Role.FRONT_DESK)
    with portal.at() as here:
        group = steps.wish(here, "group").visit_type_id
        mine = steps.book(here, steps.patient(here, "staffed"), 6.5)
    assert desk.submit(f"{path}/sessions", visit_type=group, starts="2026-11-25T18:00").status_code == 303
    assert "0 of 6 seats taken" in desk.get(path).text
    assert (
        "something else is booked" in desk.submit(f"{path}/sessions", visit_type=group, starts="2026-11-25T18:30").text
    )
    visit = f"/staff/visits/{mine.id}"
    times = steps.choices(desk.get(visit, params={"calendar": haddad.id, "from": "2026-11-18"}).text, "slot")
    assert desk.submit(f"{visit}/move", slot=times[0]).status_code == 303
    with portal.at() as here:
        moved = bookings.appointments.get(here, mine.id)
        assert moved is not None
        assert moved.calendar_id == haddad.id
    assert portal.staff(Role.PROVIDER).get(visit).status_code == 404  # it is not hers any more
    assert desk.submit(f"{visit}/cancel", reason="The provider is ill").status_code == 303
    assert "cancelled" in desk.get(visit).text
