"""A program does what an admin's pages do: people, settings, the offer, texts, messages' weeks, systems outside."""

from __future__ import annotations

import base64
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from portal_api.access import Role
from portal_api.identity import people
from portal_api.routes.api.practice import PaletteShown, PoliciesShown, TextsShown
from portal_api.tenants.palette import Palette
from portal_api.tenants.practices import Policies, Texts
from tests.portal_api.test_settings import png
from tests.support.portals import CEDAR, program

if TYPE_CHECKING:
    from tests.support.portals import Ask, Portal


@pytest.fixture(name="admin")
def _admin(portal: Portal) -> Ask:
    return program(portal.staff(Role.PRACTICE_ADMIN))


def test_people_are_added_given_roles_and_shut_out(portal: Portal, admin: Ask) -> None:
    who = {"email": "api@harbor.example", "name": "Ada Pi", "roles": ["billing"]}
    key = {"Idempotency-Key": "one-person-is-added"}
    first, again = (admin("POST", "/staff", who, **key) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert portal.mail().count("mail to api@harbor.example") == 1
    assert admin("POST", "/staff", who).json()["type"] == "urn:trueup:problem:known"
    path = f"/staff/{first.json()['id']}"
    assert admin("PUT", f"{path}/roles", {"roles": ["finance", "billing"]}).json()["roles"] == ["billing", "finance"]
    assert admin("PUT", f"{path}/roles", {"roles": ["provider"]}).status_code == 400
    assert admin("PUT", f"{path}/roles", {"roles": ["auditor", "billing"]}).status_code == 400
    assert admin("PUT", f"{path}/roles", {"roles": ["patient"]}).status_code == 400
    assert admin("POST", f"{path}/disable").json()["disabled_at"] is not None
    assert admin("POST", f"{path}/enable").json()["disabled_at"] is None
    assert admin("DELETE", f"{path}/sessions").status_code == 204
    assert admin("DELETE", f"{path}/authenticator").status_code == 204
    mine = admin("GET", "/session").json()["id"]
    assert admin("POST", f"/staff/{mine}/disable").json()["type"] == "urn:trueup:problem:last-admin"
    assert mine in {each["id"] for each in admin("GET", "/staff").json()["items"]}
    for other in (portal.staff(Role.FRONT_DESK), portal.patient()):
        assert program(other)("GET", "/staff").status_code == 403
    assert program(portal.staff(Role.PRACTICE_ADMIN, CEDAR))("POST", f"{path}/disable").status_code == 404


def test_who_lets_people_in_proves_it_when_the_last_proof_is_old(portal: Portal, admin: Ask) -> None:
    portal.clock.move(minutes=11)
    who = {"email": "late@harbor.example", "name": "La Te", "roles": ["billing"]}
    refused = admin("POST", "/staff", who)
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:trueup:problem:proof-needed")
    assert admin("POST", "/session/proof", {"code": "123456", "password": "x"}).status_code == 400
    patient = program(portal.patient())
    portal.clock.move(minutes=11)
    contact = {"email": "pat@example.com", "phone": "+1 617 555 0190", "time_zone": "America/New_York"}
    assert patient("PUT", "/patient/contact", contact).status_code == 401
    portal.mail()
    assert patient("POST", "/session/proof/code").status_code == 202
    (code,) = re.findall(r"\b\d{4} \d{4}\b", portal.mail())
    assert patient("POST", "/session/proof", {"code": "0000 0000"}).status_code == 400
    assert patient("POST", "/session/proof", {"code": code}).status_code == 204
    assert patient("PUT", "/patient/contact", contact).json() == {"is_code_sent": False}
    portal.mail()
    assert patient("PUT", "/patient/contact", contact | {"email": "pat2@example.com"}).json() == {"is_code_sent": True}
    (code,) = re.findall(r"\b\d{4} \d{4}\b", portal.mail())
    assert patient("POST", "/patient/email", {"code": "0000 0000"}).status_code == 400
    assert patient("POST", "/patient/email", {"code": code}).status_code == 204
    assert patient("GET", "/patient").json()["email"] == "pat2@example.com"
    with portal.at() as here:
        people.change_patient(here, UUID(patient("GET", "/patient").json()["id"]), email="pat@example.com")


def test_settings_are_those_of_the_page(portal: Portal, admin: Ask) -> None:
    before = admin("GET", "/practice/settings").json()
    assert program(portal.patient())("GET", "/practice").json()["name"] == before["name"]
    about = {name: before[name] for name in ("name", "time_zone", "email", "phone", "address", "texts")}
    assert (
        admin("PUT", "/practice/settings/about", about | {"phone": "+1 617 555 0100"}).json()["phone"].endswith("100")
    )
    assert admin("PUT", "/practice/settings/about", about | {"time_zone": "Mars/Olympus"}).status_code == 400
    palette = before["palette"] | {"brand": "#5B2A86"}
    assert admin("PUT", "/practice/settings/colors", palette).json()["palette"]["brand"] == "#5b2a86"
    unreadable = admin("PUT", "/practice/settings/colors", palette | {"quiet": "#999999"})
    assert (unreadable.status_code, "contrast of 2.84 to 1" in unreadable.json()["detail"]) == (400, True)
    policies = before["policies"] | {"cancel_hours": 48, "partial_visit": "none"}
    assert admin("PUT", "/practice/settings/policies", policies).json()["policies"] == policies
    reminders = before["reminders"] | {"quiet_from": "21:30", "days_apart": 5}
    assert admin("PUT", "/practice/settings/reminders", reminders).json()["reminders"] == reminders
    picture = {"png": base64.b64encode(png()).decode(), "alt": "Harbor"}
    assert admin("PUT", "/practice/settings/logo", picture).status_code == 204
    assert program(portal.patient())("GET", "/practice").json()["has_logo"]
    assert admin("PUT", "/practice/settings/logo", picture | {"png": "AAAA"}).status_code == 400
    assert admin("DELETE", "/practice/settings/logo").status_code == 204


@pytest.mark.parametrize(
    ("shape", "kept"), [(PoliciesShown, Policies), (PaletteShown, Palette), (TextsShown, Texts)], ids=str
)
def test_the_api_names_every_setting_there_is(shape: Any, kept: Any) -> None:
    assert set(shape.model_fields) == {each.name for each in fields(kept)}


def test_the_offer_is_set_and_can_be_booked(portal: Portal, admin: Ask) -> None:
    kind = {
        "name": "Long talk", "service_code": "90837", "charge_cents": 21_000, "minutes": 60, "buffer_before": 0,
        "buffer_after": 10, "step": 15, "capacity": 1, "lead_minutes": 60, "horizon_days": 30,
    }  # fmt: skip
    made = admin("POST", "/offer/visit-types", kind).json()
    assert (made["kind"], made["for_whom"]) == ("follow_up", "anyone")
    changed = admin("PUT", f"/offer/visit-types/{made['id']}", kind | {"charge_cents": 22_000, "for_whom": "new"})
    assert (changed.json()["kind"], changed.json()["charge_cents"]) == ("intake", 22_000)
    assert admin("POST", "/offer/visit-types", kind | {"minutes": 4}).status_code == 422
    payer = {"label": "Plan Three", "estimates": {made["id"]: 3_000}}
    assert admin("PUT", "/offer/payers/PAY-THREE", payer).json() == payer | {"id": "PAY-THREE"}
    whole = admin("GET", "/offer").json()
    provider = whole["providers"][0]
    asked = {name: provider[name] for name in ("name", "credentials", "time_zone", "accepts_new", "is_active")}
    asked |= {
        "visit_types": [*provider["visit_types"], made["id"]],
        "payers": ["PAY-THREE"],
        "licenses": [{"state": "NY", "expires_on": "2030-12-31"}],
    }
    path = f"/offer/providers/{provider['id']}"
    kept = admin("PUT", path, asked).json()
    assert (set(kept["visit_types"]), kept["licenses"]) == (set(asked["visit_types"]), asked["licenses"])
    assert admin("PUT", path, asked | {"payers": ["PAY-NONE"]}).status_code == 422
    assert admin("PUT", path, asked | {"licenses": [{"state": "XX", "expires_on": "2030-12-31"}]}).status_code == 422
    since = portal.clock.now.isoformat()
    until = portal.clock.now.replace(day=portal.clock.now.day + 7).isoformat()
    wish = {"visit_type_id": made["id"], "payer_id": "PAY-THREE", "state": "NY", "since": since, "until": until}
    found = portal.patient().get("/api/v1/slots", params=wish).json()["items"]
    assert {each["calendar_id"] for each in found} == {provider["calendar_id"]}
    assert program(portal.staff(Role.PRACTICE_ADMIN, CEDAR))("PUT", path, asked).status_code == 404


def test_staff_move_a_visit_to_another_provider_and_cancel_it(portal: Portal) -> None:
    patient, desk = portal.patient(), program(portal.staff(Role.FRONT_DESK))
    ask = program(patient)
    kinds = ask("GET", "/bookable").json()["visit_types"]
    kind = next(each["id"] for each in kinds if each["name"] == "First visit")
    begins = portal.clock.now
    span = {"since": begins.isoformat(), "until": begins.replace(day=begins.day + 7).isoformat()}
    slots = patient.get("/api/v1/slots", params={"visit_type_id": kind, "state": "NY", **span}).json()["items"]
    wanted = {"visit_type_id": kind, "state": "NY", "time_zone": "America/New_York"}
    held = ask("POST", "/holds", wanted | {"calendar_id": slots[0]["calendar_id"], "starts": [slots[0]["starts_at"]]})
    visit = ask("POST", f"/holds/{held.json()['items'][0]['id']}/confirm").json()["items"][0]
    path = f"/staff/visits/{visit['id']}"
    as_staff = desk("GET", path).json()
    assert visit.items() <= as_staff.items()
    assert (as_staff["patient"], as_staff["patient_state"], as_staff["said"]) == ("Pat Moreno", "NY", None)
    ask("PUT", f"/visits/{visit['id']}/where", {"is_home": False, "state": "TX"})
    assert desk("GET", path).json()["said"] == {"is_home": False, "state": "TX", "is_licensed": False}
    other = next(each for each in slots if each["calendar_id"] != visit["calendar_id"])
    query = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in span.items())
    there = desk("GET", f"{path}/slots?{query}&calendar_id={other['calendar_id']}").json()["items"]
    moved = desk("POST", f"{path}/move", {"starts_at": there[-1]["starts_at"], "calendar_id": other["calendar_id"]})
    assert (moved.json()["calendar_id"], moved.json()["moves"]) == (other["calendar_id"], 1)
    assert ask("POST", f"{path}/cancel", {}).status_code == 403
    assert program(portal.staff(Role.FRONT_DESK, CEDAR))("POST", f"{path}/cancel", {}).status_code == 404
    cancelled = desk("POST", f"{path}/cancel", {"reason": "The provider is ill."})
    assert (cancelled.json()["status"], cancelled.json()["state"]) == ("released", "cancelled")


def test_texts_weeks_and_systems(portal: Portal, admin: Ask) -> None:
    text = {"kind": "privacy", "title": "Privacy", "body": "We keep it."}
    made = admin("POST", "/practice/consent-texts", text).json()
    assert admin("POST", "/practice/consent-texts", text).json() == made
    assert made["id"] in {each["id"] for each in admin("GET", "/practice/consent-texts").json()["items"]}
    assert admin("PUT", "/practice/retention/2020-01-06/hold", {"reason": "A lawsuit"}).status_code == 404
    assert admin("GET", "/practice/retention").json()["days"] == 60
    added = admin("POST", "/practice/systems", {"name": "Charts"}).json()
    assert added["address"].endswith(f"/api/v1/ehr/{added['id']}")
    rows = "event,visit_ref\nbooked,r1\neaten,r2\n"
    taken = admin("POST", f"/practice/systems/{added['id']}/files", {"csv": rows}).json()
    assert (taken["taken"], [each["line"] for each in taken["refused"]]) == (0, [2, 3])
    other = program(portal.staff(Role.PRACTICE_ADMIN, CEDAR))
    assert other("DELETE", f"/practice/systems/{added['id']}").status_code == 404
    assert admin("DELETE", f"/practice/systems/{added['id']}").status_code == 204
    assert admin("POST", f"/practice/systems/{added['id']}/files", {"csv": rows}).status_code == 404
