"""Every hidden time has its reason, and staff see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from portal_api.access import Role
from portal_api.scheduling import catalog, slots
from tests.support import agendas
from tests.support import bookings as steps
from tests.support.slot_oracle import Agenda, Asked, Kind, Session, Special, Taken

if TYPE_CHECKING:
    import psycopg

    from tests.support.portals import Portal

DAY = datetime(2026, 11, 2, tzinfo=UTC)
NOON = DAY + timedelta(hours=12)
AGENDA = Agenda(zone="UTC", weekly=((1, 9 * 60, 17 * 60),))
KIND = Kind(minutes=60, after=15, step=30)
ASKED = Asked(DAY, DAY + timedelta(days=1), DAY - timedelta(days=2))
HOUR, NINE = timedelta(hours=1), DAY + timedelta(hours=9)
AN_HOUR = (NOON, NOON + HOUR)
WITH_BUFFER = (NOON, NOON + HOUR * 1.25)
LATER = DAY + timedelta(days=9)


@pytest.mark.parametrize(
    ("agenda", "kind", "asked", "at", "reasons"),
    [
        (AGENDA, KIND, ASKED, NINE, []),
        (AGENDA, KIND, ASKED, NINE - HOUR, ["outside_hours"]),
        (AGENDA, KIND, ASKED, NINE + 7.5 * HOUR, ["outside_hours"]),  # it would end after the hours
        (replace(AGENDA, special=(Special(DAY.date(), "closed"),)), KIND, ASKED, NINE, ["outside_hours"]),
        (replace(AGENDA, off=(AN_HOUR,)), KIND, ASKED, NOON, ["time_off"]),
        (replace(AGENDA, taken=(Taken(AN_HOUR, WITH_BUFFER),)), KIND, ASKED, NOON, ["busy"]),
        (replace(AGENDA, taken=(Taken(AN_HOUR, WITH_BUFFER),)), KIND, ASKED, NOON + HOUR, ["buffer"]),
        (replace(AGENDA, taken=(Taken(AN_HOUR, WITH_BUFFER, LATER),)), KIND, ASKED, NOON, ["held"]),
        (replace(AGENDA, taken=(Taken(AN_HOUR, WITH_BUFFER, DAY - 3 * HOUR),)), KIND, replace(ASKED, at=DAY), NOON, []),
        (AGENDA, replace(KIND, lead=60), replace(ASKED, at=NINE), NINE, ["lead_time"]),
        (AGENDA, replace(KIND, horizon=2), ASKED, NINE, ["beyond_horizon"]),
        (AGENDA, KIND, replace(ASKED, payer="nobody"), NINE, ["insurance_not_accepted"]),
        (AGENDA, KIND, replace(ASKED, state="CA"), NINE, ["not_licensed"]),
        (replace(AGENDA, licences={"NY": date(2026, 11, 1)}), KIND, ASKED, NINE, ["not_licensed"]),
        (replace(AGENDA, licences={"NY": date(2026, 11, 2)}), KIND, ASKED, NINE, []),  # its last day
        (AGENDA, replace(KIND, for_whom="new"), ASKED, NINE, ["new_patients_only"]),
        (AGENDA, replace(KIND, for_whom="established"), replace(ASKED, is_new=True), NINE, ["not_for_new_patients"]),
        (replace(AGENDA, accepts_new=False), KIND, replace(ASKED, is_new=True), NINE, ["not_for_new_patients"]),
        (replace(AGENDA, offers=False), KIND, ASKED, NINE, ["not_offered"]),
        (AGENDA, KIND, replace(ASKED, elsewhere=(AN_HOUR,)), NOON, ["patient_is_elsewhere"]),
        (
            replace(AGENDA, sessions=(Session(AN_HOUR, 2, (None, None)),)),
            replace(KIND, capacity=2),
            ASKED,
            NOON,
            ["full"],
        ),
    ],
)
def test_each_reason(  # noqa: PLR0913, PLR0917 - a table
    inside: psycopg.Connection, agenda: Agenda, kind: Kind, asked: Asked, at: datetime, reasons: list[str]
) -> None:
    visit_type, patient = agendas.write(inside, [agenda], kind, asked)
    assert agendas.why_not(inside, agenda, visit_type, patient, asked)[at] == reasons


def test_every_reason_has_its_sentence_and_its_example() -> None:
    shown = {reason for mark in test_each_reason.pytestmark for case in mark.args[1] for reason in case[4]}
    assert shown == set(slots.REASONS)


def test_staff_see_what_hides_a_time(portal: Portal) -> None:
    with portal.at() as here:
        calendar = next(each for each in catalog.calendars(here) if each.ledger_id == "prov_harbor_haddad")
        asked = {
            "calendar": calendar.id,
            "visit_type": steps.wish(here).visit_type_id,
            "state": "CT",
            "on": "2026-11-18",
        }
    desk = portal.staff(Role.FRONT_DESK)
    page = desk.get("/staff/why", params={**asked, "who": "established", "payer": "PAY-M4TD"}).text
    assert "0 of " in page
    assert "This provider does not accept this insurance." in page
    assert "The provider has no license for this state on that day." in page
    page = desk.get("/staff/why", params={**asked, "who": "established", "state": "NY"}).text
    assert "Can be had" in page
    wrong = desk.get("/staff/why", params={**asked, "state": "XX"})
    assert wrong.status_code == 400
    assert "Choose the state" in wrong.text
    reed = portal.staff(Role.PROVIDER)
    assert "Choose a provider from the list." in reed.get("/staff/why", params=asked).text
    assert portal.patient().get("/staff/why").status_code == 403
