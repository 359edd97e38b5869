"""A provider closes visits out, which alone bills; staff put right what was closed out wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from ledger.rules.visit import State
from ledger.store import customers, visits
from portal_api.access import Role
from tests.support import bookings as steps
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from portal_api.here import Here
    from tests.support.portals import Portal, Visitor

PAYER = "PAY-7KQ2"  # leaves the patient 15 of a hundred: $24.75 of the follow-up's $165.00
NUMBERS = count()


class Booked:
    """A visit of a patient with a card, an hour of whose time is over."""

    def __init__(self, portal: Portal, payer: str | None = PAYER) -> None:
        portal.clock.now = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
        self.portal = portal
        with portal.at() as here:
            number = next(NUMBERS)
            patient = steps.patient(here, f"closing{number}")
            visit = steps.book(here, patient, number // 5, payer)
            assert visit.visit_token is not None
            self.id, self.token, self.provider_id = visit.id, visit.visit_token, visit.ledger_id
            customers.keep(
                here.books, _patient_token(here, self.token), here.practice.practice_id, f"cus_{uuid4().hex[:12]}"
            )
            self.starts_at, self.ends_at = visit.starts_at, visit.ends_at
        portal.clock.now = self.ends_at + timedelta(hours=1)

    @property
    def path(self) -> str:
        return f"/staff/closing/{self.token}"

    def provider(self, *, own: bool = True) -> Visitor:
        """Return the provider of the visit, or the practice's other one, signed in."""
        found = (each for each in HARBOR.people if each.provider_id and (each.provider_id == self.provider_id) is own)
        return self.portal.staff(Role.PROVIDER, email=next(found).email)

    def now(self) -> visits.Visit:
        with self.portal.at() as here:
            found = visits.get(here.books, self.token)
        assert found is not None
        return found

    def sent(self) -> list[tuple[str, int]]:
        with self.portal.at() as here:
            rows = here.books.execute(
                "select operation, (arguments ->> 'amount_cents')::bigint from ledger.outbox where visit_token = %s",
                (self.token,),
            )
            return [(row[0], row[1]) for row in rows]

    def events(self) -> int:
        with self.portal.at() as here:
            query = "select count(*) from ledger.visit_event where visit_token = %s"
            row = here.books.execute(query, (self.token,)).fetchone()
        assert row is not None
        return int(row[0])


def _patient_token(here: Here, visit_token: UUID) -> UUID:
    found = visits.get(here.books, visit_token)
    assert found is not None
    return found.patient_token


def test_a_completed_visit_asks_the_patient_for_the_estimate_once(portal: Portal) -> None:
    booked = Booked(portal)
    dana = booked.provider()
    assert "to close out" in dana.get(f"/staff/day?on={booked.starts_at.date()}").text
    for _ in range(2):  # one click twice
        answer = dana.submit(booked.path, outcome="completed", place="02")
        assert answer.headers["location"].endswith("said=closed_out")
    visit = booked.now()
    assert (visit.state, visit.place_of_service) == (State.COMPLETED, "02")
    assert (visit.started_at, visit.ended_at) == (booked.starts_at, booked.ends_at)
    assert booked.sent() == [("charge_visit", 2_475)]
    shown = dana.get(booked.path).text
    assert "$24.75, and no card is on file" in shown
    assert 'action="' not in shown.partition("<main")[2].partition("</main>")[0]  # nothing more to do for a provider


def test_a_visit_that_only_starts_bills_nothing(portal: Portal) -> None:
    booked = Booked(portal)
    with portal.at() as here:
        deed = visits.Deed(f"video/{booked.token}", visits.Actor.SYSTEM, here.now)
        visits.advance(here.books, booked.token, State.STARTED, deed)
    assert booked.sent() == []


def test_half_a_visit_paid_by_oneself_costs_half(portal: Portal) -> None:
    booked = Booked(portal, payer=None)
    zone = portal_zone(portal)
    began = booked.starts_at.astimezone(zone)
    given = {"outcome": "partially_completed", "place": "10", "began": began.strftime("%H:%M")}
    ended = (booked.starts_at + (booked.ends_at - booked.starts_at) / 3).astimezone(zone).strftime("%H:%M")
    dana = booked.provider()
    unsaid = dana.submit(booked.path, **given, ended=ended)
    assert unsaid.status_code == 422
    assert "needs a reason" in unsaid.text
    assert f'value="{ended}"' in unsaid.text
    assert booked.events() == 1  # nothing of a refused close-out is kept
    assert dana.submit(booked.path, **given, ended=ended, reason="The line broke").status_code == 303
    assert booked.sent() == [("charge_visit", 5_500)]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"outcome": "completed", "began": "14:00", "ended": "13:00"}, "correct the two times"),
        ({"outcome": "completed", "began": "25:00"}, "no time of day"),
        ({"outcome": "completed", "place": "11"}, "at home (10) or elsewhere (02)"),
        ({"outcome": "disputed"}, "Choose what became of the visit"),
        ({"outcome": "cancelled"}, "cannot become cancelled"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(portal: Portal, given: dict[str, str], sentence: str) -> None:
    booked = Booked(portal)
    answer = booked.provider().submit(booked.path, **given)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert booked.events() == 1


def test_a_missed_visit_costs_the_fee_that_was_agreed_to(portal: Portal) -> None:
    booked = Booked(portal)
    with portal.at() as here:
        fee = here.practice.policies.no_show_fee_cents
    assert booked.provider().submit(booked.path, outcome="no_show").status_code == 303
    assert booked.sent() == ([("charge_visit", fee)] if fee else [])


def test_staff_put_an_outcome_right_with_a_reason_and_nothing_more_is_sent(portal: Portal) -> None:
    booked = Booked(portal)
    booked.provider().submit(booked.path, outcome="completed", place="10")
    assert booked.provider().submit(f"{booked.path}/correct", outcome="no_show", key="a").status_code == 403
    desk = portal.staff(Role.FRONT_DESK)
    assert desk.submit(f"{booked.path}/correct", outcome="no_show", place="10", key="a").status_code == 422
    for _ in range(2):
        given = {"outcome": "abandoned", "place": "02", "reason": "It never took place", "key": "a"}
        assert desk.submit(f"{booked.path}/correct", **given).status_code == 303
    assert (booked.now().state, booked.now().place_of_service) == (State.ABANDONED, "02")
    assert booked.sent() == [("charge_visit", 2_475)]


def test_a_correction_is_named_within_its_visit(portal: Portal) -> None:
    for booked in (Booked(portal), Booked(portal)):
        portal.clock.now = max(portal.clock.now, booked.ends_at + timedelta(hours=1))
        desk = portal.staff(Role.FRONT_DESK)
        booked.provider().submit(booked.path, outcome="completed", place="10")
        given = {"outcome": "abandoned", "place": "10", "reason": "It never took place", "key": "the same"}
        assert desk.submit(f"{booked.path}/correct", **given).status_code == 303
        assert booked.now().state is State.ABANDONED


def test_where_the_patient_says_they_are_is_what_the_form_proposes(portal: Portal) -> None:
    booked = Booked(portal)
    with portal.at() as here:
        patient = steps.bookings.appointments.get(here, booked.id)
        assert patient is not None
        email = here.db.exec_driver_sql(
            "select email from portal.patient where id = %s", (patient.patient_id,)
        ).scalar_one()
    mine = portal.patient(email=email)
    assert mine.submit(f"/visits/{booked.id}/where", state="NY", place="moon").status_code == 422
    assert (
        mine.submit(f"/visits/{booked.id}/where", state="NY", place="elsewhere").headers["location"].endswith("saved")
    )
    other = mine.submit(f"/visits/{booked.id}/where", state="TX", place="elsewhere")
    assert "has no license there" in mine.get(other.headers["location"]).text
    shown = booked.provider().get(booked.path).text
    assert "The patient said: not at home, in TX" in shown
    assert 'id="place-02" name="place" value="02" checked' in shown


def test_a_visit_is_closed_out_by_its_own_provider_and_practice(portal: Portal) -> None:
    booked = Booked(portal)
    for stranger in (
        booked.provider(own=False),
        portal.staff(Role.PROVIDER, CEDAR),
        portal.staff(Role.PRACTICE_ADMIN, CEDAR),
    ):
        assert stranger.get(booked.path).status_code == 404
        assert stranger.submit(booked.path, outcome="completed").status_code == 404
    assert portal.patient().get(booked.path).status_code == 403
    assert portal.staff(Role.BILLING).submit(booked.path, outcome="completed").status_code == 403
    assert booked.events() == 1


def portal_zone(portal: Portal) -> ZoneInfo:
    with portal.at() as here:
        return here.practice.zone
