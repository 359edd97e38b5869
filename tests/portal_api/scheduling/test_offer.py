"""An administrator sets what can be booked, and patients see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.rules.visit_fields import OWED_BY
from portal_api.access import Role
from portal_api.identity import people
from portal_api.scheduling import catalog, offering, slots, terms
from tests.support import bookings as steps
from tests.support.portals import CEDAR, program

if TYPE_CHECKING:
    from tests.support.portals import Portal

TYPE = {
    "name": "Check-in", "charge": "$120.50", "service_code": "99213", "for_whom": "anyone", "minutes": "20",
    "buffer_before": "0", "buffer_after": "5", "step": "20", "capacity": "1", "lead_minutes": "0",
    "horizon_days": "30", "is_active": "yes",
}  # fmt: skip


def test_a_visit_type_a_payer_and_a_provider_are_added(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    with portal.at() as here:
        people.add_staff(here, "new@harbor.example", "Mia Lund, PhD", {Role.PROVIDER}, "prov_harbor_lund")
    assert admin.submit("/staff/offer/visit-types/new", **TYPE).status_code == 303
    with portal.at() as here:
        kind = next(each for each in catalog.visit_types(here) if each.name == "Check-in")
    assert (kind.charge_cents, kind.minutes, kind.kind) == (12050, 20, "follow_up")
    payer = {"payer_id": "PAY-NEW", "label": "New Plan", f"estimate_{kind.id}": "30"}
    assert admin.submit("/staff/offer/payers/new", **payer).status_code == 303
    assert "Give Mia Lund, PhD a calendar" in admin.get("/staff/offer").text
    path = admin.submit("/staff/offer/providers", provider="prov_harbor_lund").headers["location"].partition("?")[0]
    lund = {"name": "Mia Lund", "credentials": "PhD", "time_zone": "America/Chicago", "licences": "ny 2027-01-31\n\n"}
    more = {"visit_type": str(kind.id), "payer": "PAY-NEW", "accepts_new": "yes", "is_active": "yes"}
    assert admin.submit(path, **lund, **more).status_code == 303
    assert "NY 2027-01-31" in admin.get(path).text
    with portal.at() as here:
        found = next(each for each in offering.providers(here) if each.ledger_id == "prov_harbor_lund")
        assert (found.visit_types, found.payers, found.time_zone) == ([kind.id], ["PAY-NEW"], "America/Chicago")
    week = {f"{day}_{side}_0": "" for day in range(1, 8) for side in ("begins", "ends")}
    hours = week | {"2_begins_0": "09:00", "2_ends_0": "10:00"}
    assert admin.submit(f"/staff/hours/{found.calendar_id}/week", **hours).status_code == 303
    with portal.at() as here:
        wish = slots.Wish(kind.id, "PAY-NEW", "NY", "America/New_York")
        asker = slots.asker(here, wish, steps.patient(here, "checked"))
        free = steps.open_slots(here, asker, 0.5)
        assert [each.starts_at.hour for each in free] == [15, 15, 15]  # nine in Chicago
        assert terms.quoted(here, kind.id, "PAY-NEW").patient_pays_cents == 3000
    assert admin.submit(f"/staff/offer/visit-types/{kind.id}", **{**TYPE, "is_active": ""}).status_code == 303
    with portal.at() as here:
        assert catalog.visit_type(here, kind.id) is None


def test_what_is_wrong_is_said(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    answer = admin.submit("/staff/offer/visit-types/new", **{**TYPE, "minutes": "1", "name": "Kept as written"})
    assert answer.status_code == 400
    assert "whole number from 5 to 480" in answer.text
    assert "Kept as written" in answer.text
    assert "in dollars" in admin.submit("/staff/offer/visit-types/new", **{**TYPE, "charge": "free"}).text
    with portal.at() as here:
        path = f"/staff/offer/providers/{offering.providers(here)[0].id}"
    wrong = {"name": "Somebody", "time_zone": "America/New_York", "licences": "New York"}
    assert "the state and its last day" in admin.submit(path, **wrong).text
    assert "time zone from the list" in admin.submit(path, **{**wrong, "licences": "", "time_zone": "EST"}).text


def test_what_the_books_would_not_take_is_not_offered(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    for word in sorted(OWED_BY):
        answer = admin.submit("/staff/offer/payers/new", payer_id=word, label="Some Plan")
        assert answer.status_code == 400
        assert "payer id of its claims" in answer.text
        assert "Some Plan" in answer.text
        assert program(admin)("PUT", f"/offer/payers/{word}", {"label": "Some Plan"}).status_code == 422
    for code in ("9921", "992133", "ABCDE", ""):
        answer = admin.submit("/staff/offer/visit-types/new", **{**TYPE, "service_code": code})
        assert answer.status_code == 400
    assert admin.submit("/staff/offer/visit-types/new", **{**TYPE, "service_code": "g2012"}).status_code == 303
    with portal.at() as here:
        assert not OWED_BY & {each.id for each in catalog.payers(here)}
        assert {"G2012"} < {each["service_code"] for each in offering.visit_types(here)}


def test_saved_twice_it_is_one_visit_type(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    made = re.search(r'name="id" value="([^"]+)"', admin.get("/staff/offer/visit-types/new").text)
    assert made
    for _ in range(2):
        admin.submit("/staff/offer/visit-types/new", **{**TYPE, "id": made[1], "name": "Clicked twice"})
    with portal.at() as here:
        assert sum(each["name"] == "Clicked twice" for each in offering.visit_types(here)) == 1


def test_what_was_written_beside_a_mistake_is_kept(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    with portal.at() as here:
        provider, kind = offering.providers(here)[0], catalog.visit_types(here)[0]
    wrong = {"name": "Somebody", "time_zone": "America/New_York", "licences": "New York", "visit_type": str(kind.id)}
    text = admin.submit(f"/staff/offer/providers/{provider.id}", **wrong).text
    assert f'value="{kind.id}" checked' in text
    assert ">New York</textarea>" in text
    estimate = {f"estimate_{kind.id}": "twenty"}
    text = admin.submit("/staff/offer/payers/new", payer_id="PAY-9", label="Plan Nine", **estimate).text
    assert all(f'value="{each}"' in text for each in ("PAY-9", "Plan Nine", "twenty"))


def test_a_new_payer_takes_nobody_elses_place(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    with portal.at() as here:
        known = catalog.payers(here)[0]
    answer = admin.submit("/staff/offer/payers/new", payer_id=known.id, label="Another name")
    assert answer.status_code == 400
    with portal.at() as here:
        assert known in catalog.payers(here)


def test_only_an_administrator_of_the_practice(portal: Portal) -> None:
    with portal.at() as here:
        path = f"/staff/offer/providers/{offering.providers(here)[0].id}"
    assert portal.staff(Role.FRONT_DESK).get("/staff/offer").status_code == 403
    other = portal.staff(Role.PRACTICE_ADMIN, CEDAR)
    assert other.get(path).status_code == 404
    assert other.submit(path, name="Taken over", time_zone="America/New_York").status_code == 404
    assert other.submit("/staff/offer/providers", provider="prov_harbor_reed").status_code == 404
    assert other.get("/staff/offer/payers/NONE").status_code == 404


def test_where_nothing_can_be_booked_the_patient_is_told_whom_to_ask(portal: Portal) -> None:
    admin, visitor = portal.staff(Role.PRACTICE_ADMIN, CEDAR), portal.patient(CEDAR)
    assert "What kind of visit?" in visitor.get("/book").text
    with portal.at(CEDAR) as here:
        kinds = offering.visit_types(here)
    for kind in kinds:
        answer = admin.submit(
            f"/staff/offer/visit-types/{kind['id']}", **{**TYPE, "name": kind["name"], "is_active": ""}
        )
        assert answer.status_code == 303
    text = visitor.get("/book").text
    assert ("What kind of visit?" in text, "Call +1 503 555 0142" in text) == (False, True)
