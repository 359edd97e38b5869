"""One's own account: sessions end, contact changes want a fresh proof, and the old address is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from portal_api.access import Kind, Role
from portal_api.identity import people
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    import httpx

    from tests.support.portals import Portal, Visitor

ZONE = "America/Chicago"


@pytest.fixture(autouse=True)
def _later(portal: Portal) -> None:
    portal.clock.move(days=1)  # past the limits and sessions of earlier tests
    portal.mail()


def contact(visitor: Visitor, email: str = HARBOR.patient.email, phone: str = "") -> httpx.Response:
    return visitor.submit("/account/contact", email=email, phone=phone, time_zone=ZONE)


def code_in(mail: str) -> str:
    return re.findall(r"\b\d{4} \d{4}\b", mail)[-1]


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/account").status_code == 200


def test_a_session_ends_when_it_idles_and_in_any_case_after_a_time(portal: Portal) -> None:
    visitor = portal.patient()
    for _ in range(3):
        portal.clock.move(minutes=29)
        assert is_in(visitor)
    portal.clock.move(minutes=30)
    assert not is_in(visitor)
    busy = portal.patient()
    for _ in range(24):
        assert is_in(busy)
        portal.clock.move(minutes=29, seconds=59)
    portal.clock.move(minutes=1)
    assert not is_in(busy)
    staff = portal.staff(Role.BILLING)
    portal.clock.move(minutes=15)
    assert not is_in(staff)


def test_one_sees_and_ends_ones_own_other_sessions_and_no_others(portal: Portal) -> None:
    here, there, other = portal.patient(), portal.patient(), portal.patient(email="robin@example.com")
    (session,) = re.findall(r"/account/sessions/([^/]+)/end", here.get("/account").text)
    assert other.submit(f"/account/sessions/{session}/end").status_code == 404
    assert is_in(there)
    assert here.submit(f"/account/sessions/{session}/end").status_code == 303
    assert (is_in(here), is_in(there)) == (True, False)


def test_who_is_disabled_is_out_at_once_and_stays_out(portal: Portal) -> None:
    visitor, email = portal.patient(CEDAR, "lee@example.com"), "lee@example.com"
    assert is_in(visitor)
    with portal.at(CEDAR) as here:
        found = people.patient_of_email(here, email)
        assert found is not None
        people.disable(here, Kind.PATIENT, found.id)
    assert not is_in(visitor)
    assert portal.visitor(CEDAR).submit("/sign-in", email=email).status_code == 303
    assert portal.mail() == ""


def test_a_contact_change_wants_a_proof_when_the_last_is_old(portal: Portal) -> None:
    visitor = portal.patient()
    portal.clock.move(minutes=11)
    refused = contact(visitor, phone="+1 617 555 0199")
    assert refused.headers["location"] == "/account/prove?next=%2Faccount%2Fcontact"
    assert "0199" not in visitor.get("/account").text
    assert visitor.submit("/account/prove/code", next="/account").status_code == 303
    code = code_in(portal.mail())
    assert portal.patient().submit("/account/prove", code=code).status_code == 400  # another browser
    assert (
        visitor.submit("/account/prove", code=code, next="https://evil.example").headers["location"] == "/?said=proved"
    )
    assert contact(visitor, phone="+1 617 555 0199").status_code == 303
    assert "0199" in visitor.get("/account").text
    assert "phone number of your account was changed" in portal.mail()


def test_the_address_changes_only_with_the_code_that_went_to_the_new_one(portal: Portal) -> None:
    visitor = portal.patient()
    assert contact(visitor, "pat.new@example.com").headers["location"].startswith("/account/email")
    mail = portal.mail()
    assert "mail to pat.new@example.com" in mail
    assert visitor.submit("/account/email", code="0000 0000").status_code == 400
    assert HARBOR.patient.email in visitor.get("/account").text
    assert visitor.submit("/account/email", code=code_in(mail)).status_code == 303
    assert "pat.new@example.com" in visitor.get("/account").text
    assert f"mail to {HARBOR.patient.email}: Your contact details" in portal.mail()
    with portal.at(HARBOR) as here:
        found = people.patient_of_email(here, "pat.new@example.com")
        assert found is not None
        people.change_patient(here, found.id, email=HARBOR.patient.email)


def test_a_new_address_ends_what_the_old_one_opened(portal: Portal) -> None:
    visitor, elsewhere, asker = portal.patient(), portal.patient(), portal.visitor()
    assert asker.submit("/sign-in", email=HARBOR.patient.email).status_code == 303
    link, _ = portal.link_and_code()
    assert contact(visitor, "pat.new@example.com").status_code == 303
    assert visitor.submit("/account/email", code=code_in(portal.mail())).status_code == 303
    assert (is_in(visitor), is_in(elsewhere)) == (True, False)
    assert asker.submit("/sign-in/link", token=link.rpartition("/")[2]).status_code == 400
    with portal.at(HARBOR) as here:
        found = people.patient_of_email(here, "pat.new@example.com")
        assert found is not None
        people.change_patient(here, found.id, email=HARBOR.patient.email)


def test_an_address_of_somebody_else_is_refused_only_to_who_reads_its_mail(portal: Portal) -> None:
    visitor = portal.patient()
    assert contact(visitor, "robin@example.com").status_code == 303
    answer = visitor.submit("/account/email", code=code_in(portal.mail()))
    assert "This address cannot be used here" in answer.text
    assert HARBOR.patient.email in visitor.get("/account").text


@pytest.mark.parametrize("asked", ["https://evil.example", "//evil.example", "/\\evil.example", "", "/a\nb"])
def test_nobody_is_led_to_another_site_after_signing_in(portal: Portal, asked: str) -> None:
    visitor = portal.visitor()
    assert visitor.submit("/sign-in", email=HARBOR.patient.email, next=asked).status_code == 303
    _, code = portal.link_and_code()
    assert visitor.submit("/sign-in/code", code=code, next=asked).headers["location"] == "/"
