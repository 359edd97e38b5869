"""What is done before a visit: consents in versions, insurance that is sealed, and the list that the video asks."""

from __future__ import annotations

import contextlib
import hashlib
import html
import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from ledger.store.database import connect
from portal_api.access import Role
from portal_api.intake import consents, insurance, todo
from portal_api.scheduling import appointments
from tests.portal_api.intake.test_cards import saved, somebody
from tests.support import bookings
from tests.support.portals import CEDAR

if TYPE_CHECKING:
    from uuid import UUID

    from ledger.store.database import Database
    from sandbox.stripe.serving import Sandbox
    from tests.support.portals import Portal, Visitor

PAYER = "PAY-7KQ2"


def id_of(portal: Portal, email: str) -> UUID:
    with portal.at() as here:
        found = bookings.people.patient_of_email(here, email)
        assert found is not None
        return found.id


def unsigned(visitor: Visitor) -> list[str]:
    """Return the paths of what a patient is asked to sign."""
    return re.findall(r'href="(/consents/texts/[^"?]+)"', visitor.get("/consents").text)


def sign_all(visitor: Visitor) -> None:
    for path in unsigned(visitor):
        answer = visitor.submit(path, agree="yes", typed_name="Some Body", next="/consents")
        assert answer.status_code == 303, answer.text


def left(portal: Portal, appointment_id: UUID) -> list[str]:
    with portal.at() as here:
        found = appointments.get(here, appointment_id)
        assert found is not None
        return [each.words for each in todo.left(here, found)]


def test_what_is_signed_is_kept_as_it_was_read(portal: Portal, portal_database: Database) -> None:
    visitor, email = somebody(portal)
    paths = unsigned(visitor)
    assert len(paths) == len(consents.KINDS)
    refused = visitor.submit(paths[0], typed_name="Some Body")
    assert (refused.status_code, "tick that you agree" in refused.text, "Some Body" in refused.text) == (
        422,
        True,
        True,
    )
    assert visitor.submit(paths[0], agree="yes").status_code == 422
    for _ in range(2):  # the second time changes nothing
        assert visitor.submit(paths[0], agree="yes", typed_name="Some Body").status_code == 303
    with portal.at() as here:
        (kept,) = consents.signed(here, id_of(portal, email))
    text = kept.text
    assert text.sha256 == hashlib.sha256(f"{text.title}\n\n{text.body}".encode()).hexdigest()
    assert (kept.typed_name, kept.address, kept.signed_at) == ("Some Body", "127.0.0.1", portal.clock.now)
    assert kept.browser.startswith("python-httpx")
    page = visitor.get(f"/consents/{kept.id}").text
    assert text.sha256 in page
    assert portal.patient().get(f"/consents/{kept.id}").status_code == 404
    assert portal.patient(CEDAR).get(f"/consents/{kept.id}").status_code == 404
    with (
        contextlib.closing(connect(portal_database)) as owner,
        pytest.raises(psycopg.errors.RestrictViolation),
    ):
        owner.execute("update portal.consent set typed_name = 'another'")


def test_a_text_is_asked_again_only_when_its_version_changed(portal: Portal) -> None:
    visitor, email = somebody(portal)
    sign_all(visitor)
    assert unsigned(visitor) == []
    admin = portal.staff(Role.PRACTICE_ADMIN, CEDAR)
    assert admin.submit("/staff/consents", kind="privacy", title="A", body="Of Cedar's").status_code == 303
    assert unsigned(visitor) == []  # another practice's is none of theirs
    with portal.at() as here:
        before = next(each for each in consents.current(here) if each.kind == "privacy")
    ours = portal.staff(Role.PRACTICE_ADMIN)
    ours.submit("/staff/consents", kind="privacy", title=before.title, body=before.body)
    assert unsigned(visitor) == []  # the same words
    ours.submit("/staff/consents", kind="privacy", title=before.title, body=f"{before.body}\n\nMore.")
    (again,) = unsigned(visitor)
    late = visitor.submit(f"/consents/texts/{before.id}", agree="yes", typed_name="Some Body")
    assert (late.status_code, "newer version" in late.text) == (409, True)
    sign_all(visitor)
    with portal.at() as here:
        versions = [
            each.text.version for each in consents.signed(here, id_of(portal, email)) if each.text.kind == "privacy"
        ]
    assert sorted(versions) == [1, 2]  # the first can still be read
    assert again
    assert portal.patient().submit("/staff/consents", kind="privacy", title="x", body="y").status_code == 403


def test_insurance_is_sealed_and_opens_in_its_own_row_alone(portal: Portal, portal_database: Database) -> None:
    visitor, email = somebody(portal)
    said = {"payer": PAYER, "member_number": "MEMBER-90210", "group_number": "G-1", "relation": "parent"}
    refused = visitor.submit("/insurance", **said)
    assert (refused.status_code, "MEMBER-90210" in refused.text) == (422, True)
    assert visitor.submit("/insurance", **said, holder_name="Old Body").status_code == 303
    assert "MEMBER-90210" in visitor.get("/insurance").text
    assert visitor.submit("/insurance", **{**said, "payer": "PAY-OF-NOBODY"}).status_code == 422
    patient_id = id_of(portal, email)
    with portal.at() as here:
        (kept,) = insurance.of_patient(here, patient_id)
        assert (kept.group_number, kept.relation, kept.holder_name) == ("G-1", "parent", "Old Body")
    with contextlib.closing(connect(portal_database)) as owner:
        owner.execute("set row_security = off")
        row = owner.execute("select sealed from portal.insurance where patient_id = %s", (patient_id,)).fetchone()
    assert row is not None
    assert b"90210" not in bytes(row[0])


def test_the_list_before_a_visit_goes_down_to_none(portal: Portal, stripe_sandbox: Sandbox) -> None:
    visitor, email = somebody(portal)
    with portal.at() as here:
        patient_id = id_of(portal, email)
        here.db.exec_driver_sql(f"update portal.patient set is_established = true where id = '{patient_id}'")
    with portal.at() as here:
        visit = bookings.book(bookings.as_patient(here, patient_id), patient_id, 3, PAYER)
    assert len(left(portal, visit.id)) == 6
    page = visitor.get(f"/visits/{visit.id}").text
    assert "Before your visit: 6 things to do" in page
    assert "Before your visit: 6 things to do" in visitor.get("/").text
    assert "Read and sign" in visitor.get(f"/call/{visit.id}").text
    sign_all(visitor)
    assert left(portal, visit.id) == ["Give your insurance details", "Save a card", "Tell us where you will be"]
    visitor.submit("/insurance", payer="PAY-M4TD", member_number="OF-ANOTHER", relation="self")
    (asked,) = re.findall(r'href="(/insurance[^"]+)"', visitor.get(f"/visits/{visit.id}").text)
    form = visitor.get(html.unescape(asked)).text
    assert (f'value="{PAYER}" selected' in form, "OF-ANOTHER" in form) == (True, False)
    visitor.submit("/insurance", payer=PAYER, member_number="1", relation="self")
    saved(portal, stripe_sandbox, visitor)
    visitor.submit(f"/visits/{visit.id}/where", place="home", state="NY")
    assert left(portal, visit.id) == []
    there = visitor.submit(f"/visits/{visit.id}/where", place="elsewhere", state="TX").headers["location"]
    assert "has no license there" in visitor.get(there).text
    (words,) = left(portal, visit.id)
    assert words.startswith("You said that you will be in Texas, where your provider has no license")
    assert words.partition(",")[0] in visitor.get(f"/call/{visit.id}").text
    visitor.submit(f"/visits/{visit.id}/where", place="elsewhere", state="MA")
    assert left(portal, visit.id) == []
    assert "You will be in Massachusetts" in visitor.get(f"/visits/{visit.id}").text
    assert "You are ready for your visit" in visitor.get(f"/visits/{visit.id}").text
    assert "Before you can join" not in visitor.get(f"/call/{visit.id}").text
