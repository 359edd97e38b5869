"""A program does what a patient's pages do before a visit: signs, gives insurance and a card, and sees what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from portal_api.identity import people
from portal_api.intake import insurance
from tests.portal_api.intake.test_cards import at_stripe, later, somebody
from tests.support import bookings as steps
from tests.support.portals import CEDAR, program

if TYPE_CHECKING:
    from sandbox.stripe.serving import Sandbox
    from tests.support.portals import Portal


def test_texts_are_signed_once_as_they_were_read(portal: Portal) -> None:
    ask = program(somebody(portal)[0])
    to_sign = ask("GET", "/consents").json()["to_sign"]
    path = f"/consents/texts/{to_sign[0]['id']}"
    assert ask("GET", path).json() == to_sign[0]
    unsigned = ask("POST", path, {"typed_name": "Some Body", "is_agreed": False})
    assert (unsigned.status_code, unsigned.json()["type"]) == (422, "urn:trueup:problem:not-signed")
    key = {"Idempotency-Key": "sign-once-and-no-more"}
    first, again = (ask("POST", path, {"typed_name": "Some Body", "is_agreed": True}, **key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert (first.json()["typed_name"], first.json()["text"]) == ("Some Body", to_sign[0])
    after = ask("GET", "/consents").json()
    assert len(after["to_sign"]) == len(to_sign) - 1
    assert ask("GET", f"/consents/{after['signed'][0]['id']}").json() == first.json()
    other = program(portal.patient(CEDAR))
    assert other("GET", f"/consents/{after['signed'][0]['id']}").status_code == 404
    assert other("GET", path).status_code == 404


def test_insurance_is_kept_for_a_payer_of_the_practice(portal: Portal) -> None:
    ask = program(somebody(portal)[0])
    said = {"member_number": " XQ-1 ", "group_number": "", "relation": "self", "holder_name": ""}
    assert ask("PUT", "/insurance/PAY-7KQ2", said).json()["member_number"] == "XQ-1"
    assert ask("PUT", "/insurance/PAY-7KQ2", said | {"member_number": "XQ-2"}).status_code == 200
    assert [each["member_number"] for each in ask("GET", "/insurance").json()["items"]] == ["XQ-2"]
    assert ask("PUT", "/insurance/PAY-NONE", said).status_code == 404
    nobodys = ask("PUT", "/insurance/PAY-7KQ2", said | {"relation": "spouse"})
    assert (nobodys.status_code, nobodys.json()["type"]) == (422, "urn:trueup:problem:no-holder")
    assert set(insurance.RELATIONS) == {"self", "spouse", "parent", "other"}  # those of the API's description


def test_a_card_is_saved_shown_and_removed(portal: Portal, stripe_sandbox: Sandbox) -> None:
    ask = program(somebody(portal)[0])
    assert ask("GET", "/card").json() == {"can_save": True, "card": None}
    name = str(uuid4())
    secrets = {ask("POST", "/card/setup", {"ask": name}).json()["client_secret"] for _ in range(2)}
    (secret,) = secrets
    unsaved = ask("PUT", "/card", {"setup_intent": secret.partition("_secret_")[0]})
    assert (unsaved.status_code, unsaved.json()["type"]) == (409, "urn:trueup:problem:not-saved")
    setup = at_stripe(stripe_sandbox, secret, "pm_card_visa")
    assert ask("PUT", "/card", {"setup_intent": setup}).json()["card"]["last4"] == "4242"
    assert program(somebody(portal)[0])("PUT", "/card", {"setup_intent": setup}).status_code == 404
    later(portal, stripe_sandbox)
    assert ask("DELETE", "/card").status_code == 204
    assert ask("GET", "/card").json()["card"] is None


def test_what_is_to_be_done_before_a_visit_is_ticked_off(portal: Portal) -> None:
    visitor, email = somebody(portal)
    ask = program(visitor)
    with portal.at() as here:
        found = people.patient_of_email(here, email)
        assert found is not None
        booked = steps.book(here, found.id, 3, kind="intake")
    path = f"/visits/{booked.id}"
    before = ask("GET", f"{path}/todo").json()["items"]
    assert not before[-1]["is_done"]
    assert ask("PUT", f"{path}/where", {"is_home": True, "state": "NY"}).status_code == 204
    assert ask("GET", f"{path}/todo").json()["items"][-1]["is_done"]
    assert program(somebody(portal)[0])("GET", f"{path}/todo").status_code == 404
