"""The office finds a patient, sees what a claim needs and what was signed, and marks who is established."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import sqlalchemy as sa

from portal_api.access import Role
from portal_api.identity import people
from portal_api.scheduling import slots
from tests.portal_api.intake.test_before_the_visit import PAYER, id_of, sign_all
from tests.portal_api.intake.test_cards import somebody
from tests.support import bookings
from tests.support.portals import CEDAR, program

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.portals import Portal


def new(portal: Portal, family_name: str) -> UUID:
    with portal.at() as here:
        return people.add_patient(here, f"{uuid4().hex}@example.com", "Nina", family_name, phone="+1 617 555 0100")


def audited(portal: Portal, patient_id: UUID) -> list[str]:
    with portal.at() as here:
        query = sa.text("select action from portal.audit_entry where subject = :subject order by ordinal")
        return list(here.db.scalars(query, {"subject": f"patient/{patient_id}"}))


def test_billing_finds_what_a_claim_needs_and_what_was_signed(portal: Portal) -> None:
    visitor, email = somebody(portal)
    sign_all(visitor)
    said = {"payer": PAYER, "member_number": "MEMBER-90210", "group_number": "G-7", "relation": "parent"}
    visitor.submit("/insurance", **said, holder_name="Old Body")
    patient_id = id_of(portal, email)
    billing = portal.staff(Role.BILLING)
    found = billing.submit("/staff/patients", text=email[:12].upper())
    assert f'href="/staff/patients/{patient_id}"' in found.text
    page = billing.get(f"/staff/patients/{patient_id}").text
    assert all(words in page for words in ("MEMBER-90210", "G-7", "Old Body", "Sample Health Plan One", email))
    record = program(billing)("GET", f"/staff/patients/{patient_id}").json()
    assert record["insurances"][0]["member_number"] == "MEMBER-90210"
    assert len(record["consents"]) == 3
    signed = record["consents"][0]
    shown = billing.get(f"/staff/patients/{patient_id}/consents/{signed['id']}").text
    assert signed["text"]["sha256"] in shown
    assert "patient.read" in audited(portal, patient_id)


def test_a_patient_of_before_is_marked_and_can_book_a_follow_up(portal: Portal) -> None:
    patient_id = new(portal, "Quillfeather")
    desk = portal.staff(Role.FRONT_DESK)
    path = f"/staff/patients/{patient_id}"
    assert "as a new patient" in desk.get(path).text
    with portal.at() as here:
        assert bookings.open_slots(here, slots.asker(here, bookings.wish(here), patient_id), 3) == []
    assert desk.submit(f"{path}/established", is_established="yes").status_code == 303
    assert "as an established patient" in desk.get(path).text
    with portal.at() as here:
        assert bookings.open_slots(here, slots.asker(here, bookings.wish(here), patient_id), 3)
    taken_back = program(desk)("PUT", f"{path}/established", {"is_established": False}).json()
    assert (taken_back["is_new"], taken_back["is_established"]) == (True, False)
    assert [each for each in audited(portal, patient_id) if "established" in each] == [
        "patient.established",
        "patient.not_established",
    ]


def test_the_search_takes_letters_as_they_are_and_no_address_has_a_name(portal: Portal) -> None:
    new(portal, "O'Hara_100%")
    desk = portal.staff(Role.FRONT_DESK)

    def found(text: str) -> int:
        answer = program(desk)("POST", "/staff/patients/search", {"text": text})
        return sum("O'Hara" in each["name"] for each in answer.json()["items"])

    assert [found(text) for text in ("ohara", "o'hara_1", "nina o'h", "100%", "%%", "__", "x", " ")] == [
        *(0, 1, 1, 1, 0, 0, 0, 0)
    ]
    assert "Nobody of that name" in desk.submit("/staff/patients", text="ohara").text


def test_only_the_office_of_the_practice(portal: Portal) -> None:
    patient_id = new(portal, "Elsewhere")
    for role in (Role.PROVIDER, Role.FINANCE, Role.AUDITOR):
        email = {Role.FINANCE: "finance@harbor.example"}.get(role, "")
        assert portal.staff(role, email=email).get("/staff/patients").status_code == 403
    refused = portal.patient().get(f"/staff/patients/{patient_id}")
    assert (refused.status_code, "Not for you to see" in refused.text, "Sign in" in refused.text) == (403, True, False)
    other = portal.staff(Role.PRACTICE_ADMIN, CEDAR)
    assert other.get(f"/staff/patients/{patient_id}").status_code == 404
    assert other.submit(f"/staff/patients/{patient_id}/established", is_established="yes").status_code == 404
    assert "Nobody of that name" in other.submit("/staff/patients", text="Elsewhere").text
