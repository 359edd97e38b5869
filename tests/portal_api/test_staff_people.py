"""A practice's admin adds people, gives roles, ends sessions and shuts out; nobody else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal_api.access import Role
from portal_api.identity import people
from tests.support import bookings
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.portals import Portal, Sample


@pytest.fixture(autouse=True)
def _later(portal: Portal) -> None:
    portal.clock.move(days=1)
    portal.mail()


def id_of(portal: Portal, email: str, sample: Sample = HARBOR) -> UUID:
    with portal.at(sample) as here:
        found = people.staff_of_email(here, email)
        assert found is not None
        return found.id


def test_an_admin_adds_somebody_who_is_mailed_a_link(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    who = {"email": "new@harbor.example", "name": "Nadia New"}
    assert admin.submit("/staff/people", **who).status_code == 400
    assert admin.submit("/staff/people", **who, role="patient").status_code == 400
    assert admin.submit("/staff/people", **who, role="provider").status_code == 400
    assert admin.submit("/staff/people", **who, role=["billing", "finance"]).status_code == 303
    assert admin.submit("/staff/people", **who, role="billing").status_code == 400
    mail = portal.mail()
    assert mail.count("mail to new@harbor.example: Your access to Harbor Telehealth") == 1
    link = "/staff/password/" + mail.partition("/staff/password/")[2].split()[0]
    assert "Set the password" in portal.visitor().get(link).text


def test_the_admin_ends_sessions_disables_and_enables(portal: Portal) -> None:
    admin, desk = portal.staff(Role.PRACTICE_ADMIN), portal.staff(Role.FRONT_DESK)
    path = f"/staff/people/{id_of(portal, 'desk@harbor.example')}"
    assert desk.get("/staff").status_code == 200
    assert admin.submit(f"{path}/sessions/end").status_code == 303
    assert desk.get("/staff").status_code == 303
    again = portal.staff(Role.FRONT_DESK)
    assert admin.submit(f"{path}/disable").status_code == 303
    assert again.get("/staff").status_code == 303
    assert portal.staff(Role.FRONT_DESK).get("/staff").status_code == 303
    assert admin.submit(f"{path}/enable").status_code == 303
    assert portal.staff(Role.FRONT_DESK).get("/staff").status_code == 200


def test_whose_patients_would_wait_alone_is_said(portal: Portal) -> None:
    with portal.at() as here:
        patient = bookings.patient(here, "alone")
        visit = bookings.book(here, patient, 7)
    own = next(each for each in HARBOR.people if each.provider_id == visit.ledger_id)
    path = f"/staff/people/{id_of(portal, own.email)}"
    admin = portal.staff(Role.PRACTICE_ADMIN)
    assert "waits alone" not in admin.get("/staff/people").text
    admin.submit(f"{path}/disable")
    shown = admin.get("/staff/people").text
    assert "to come: move or cancel" in shown
    assert "Patients can still book them" in shown
    admin.submit(f"{path}/enable")
    assert "waits alone" not in admin.get("/staff/people").text


def test_a_role_holds_from_the_next_request_on(portal: Portal) -> None:
    admin, desk = portal.staff(Role.PRACTICE_ADMIN), portal.staff(Role.FRONT_DESK)
    path = f"/staff/people/{id_of(portal, 'desk@harbor.example')}/roles"
    assert desk.get("/staff/people").status_code == 403
    assert admin.submit(path, role=["front_desk", "practice_admin"]).status_code == 303
    assert desk.get("/staff/people").status_code == 200
    assert admin.submit(path, role="front_desk").status_code == 303
    assert desk.get("/staff/people").status_code == 403


def test_a_practice_keeps_an_admin(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    path = f"/staff/people/{id_of(portal, 'admin@harbor.example')}"
    assert admin.submit(f"{path}/disable").status_code == 409
    assert admin.submit(f"{path}/roles", role="billing").status_code == 409
    assert admin.get("/staff/people").status_code == 200


def test_whoever_is_no_admin_and_whoever_is_of_another_practice_does_nothing(portal: Portal) -> None:
    path = f"/staff/people/{id_of(portal, 'desk@harbor.example')}/disable"
    for role in (Role.FRONT_DESK, Role.BILLING, Role.PROVIDER):
        assert portal.staff(role).submit(path).status_code == 403
    assert portal.patient().submit(path).status_code == 403
    assert portal.staff(Role.PRACTICE_ADMIN, CEDAR).submit(path).status_code == 404
    assert portal.visitor().submit(path).status_code == 303
    assert portal.staff(Role.FRONT_DESK).get("/staff").status_code == 200


def test_adding_somebody_wants_a_fresh_proof(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    portal.clock.move(minutes=11)
    answer = admin.submit("/staff/people", email="x@harbor.example", name="X", role="billing")
    assert answer.headers["location"].startswith("/account/prove")


def test_an_auditor_is_nothing_else(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    who = {"email": "both@harbor.example", "name": "Bo Both"}
    assert admin.submit("/staff/people", **who, role=["auditor", "finance"]).status_code == 400
    assert admin.submit("/staff/people", **who, role="auditor").status_code == 303
    path = f"/staff/people/{id_of(portal, 'both@harbor.example')}/roles"
    assert admin.submit(path, role=["auditor", "finance"]).status_code == 400
    assert admin.submit(path, role="finance").status_code == 303


def test_who_sees_every_practice_is_no_one_practices_to_change(portal: Portal) -> None:
    admin, path = portal.staff(Role.PRACTICE_ADMIN), f"/staff/people/{id_of(portal, 'auditor@harbor.example')}"
    assert admin.submit(f"{path}/roles", role="finance").status_code == 403
    assert admin.submit(f"{path}/authenticator/reset").status_code == 403
    assert admin.submit(f"{path}/disable").status_code == 303
    assert admin.submit(f"{path}/enable").status_code == 403
