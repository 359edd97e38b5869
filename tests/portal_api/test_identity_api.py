"""Programs sign in as people do: the same codes, limits and sessions, under /api/v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from portal_api.access import Role
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    from tests.support.portals import Portal, Visitor


@pytest.fixture(name="program")
def _program(portal: Portal) -> Visitor:
    portal.clock.move(hours=1)
    portal.mail()
    program = portal.visitor()
    program.headers["accept"] = "application/json"
    program.cookies.clear()
    return program


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token_of(visitor: Visitor) -> str:
    return str(visitor.cookies["session"])


def entered(portal: Portal, program: Visitor, email: str) -> Any:
    assert program.post("/api/v1/sign-in", json={"email": email}).status_code == 202
    _, code = portal.link_and_code()
    return program.post("/api/v1/sign-in/code", json={"code": code}).json()


def test_a_program_signs_in_as_a_patient_and_leaves(portal: Portal, program: Visitor) -> None:
    token = entered(portal, program, HARBOR.patient.email)["token"]
    program.cookies.clear()
    me = program.get("/api/v1/session", headers=bearer(token)).json()
    assert (me["name"], me["roles"], me["practice_id"]) == ("Pat Moreno", ["patient"], "prac_harbor")
    assert program.get("/api/v1/patient", headers=bearer(token)).json()["email"] == HARBOR.patient.email
    assert program.delete("/api/v1/session", headers=bearer(token)).status_code == 204
    assert program.get("/api/v1/session", headers=bearer(token)).status_code == 401


def test_a_code_is_bound_to_who_asked_and_counts_when_wrong(portal: Portal, program: Visitor) -> None:
    assert program.post("/api/v1/sign-in", json={"email": HARBOR.patient.email}).status_code == 202
    _, code = portal.link_and_code()
    refused = portal.visitor().post("/api/v1/sign-in/code", json={"code": code})
    assert (refused.status_code, refused.json()["type"]) == (400, "urn:trueup:problem:refused")
    for _ in range(5):
        assert program.post("/api/v1/sign-in/code", json={"code": "0"}).status_code == 400
    assert program.post("/api/v1/sign-in/code", json={"code": code}).status_code == 400


def test_somebody_new_joins_once(portal: Portal, program: Visitor) -> None:
    answer = entered(portal, program, "api.new@example.com")
    assert answer["token"] is None
    who = {"proof": answer["proof"], "given_name": "Api", "family_name": "New"}
    tokens = [program.post("/api/v1/patients", json=who).json()["token"] for _ in range(2)]
    ids = {program.get("/api/v1/session", headers=bearer(token)).json()["id"] for token in tokens}
    assert len(ids) == 1
    assert program.post("/api/v1/patients", json=who | {"proof": "forged"}).status_code == 404
    assert portal.visitor(CEDAR).post("/api/v1/patients", json=who).status_code == 404


def test_sessions_are_listed_and_ended(portal: Portal, program: Visitor) -> None:
    mine, other = token_of(portal.patient()), token_of(portal.patient())
    items = program.get("/api/v1/sessions", headers=bearer(mine)).json()["items"]
    (this,) = [each["id"] for each in items if each["is_this"]]
    theirs = program.get("/api/v1/sessions", headers=bearer(other)).json()["items"]
    (that,) = [each["id"] for each in theirs if each["is_this"]]
    assert {this, that} <= {each["id"] for each in items}
    robin = token_of(portal.patient(email="robin@example.com"))
    assert program.delete(f"/api/v1/sessions/{that}", headers=bearer(robin)).status_code == 404
    assert program.delete(f"/api/v1/sessions/{that}", headers=bearer(mine)).status_code == 204
    assert program.get("/api/v1/session", headers=bearer(other)).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/sign-in", {"email": "nobody"}),
        ("/api/v1/sign-in", {"email": "a@b.example", "role": "practice_admin"}),
        ("/api/v1/sign-in", {"email": "a\u0000@b.example"}),
        ("/api/v1/sign-in/code", {}),
        ("/api/v1/staff/sign-in", {"email": "desk@harbor.example", "password": "x"}),
    ],
)
def test_what_does_not_fit_is_refused(program: Visitor, path: str, body: dict[str, str]) -> None:
    answer = program.post(path, json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:trueup:problem:invalid")


def test_staff_need_password_and_authenticator_and_are_limited(portal: Portal, program: Visitor) -> None:
    who = {"email": "Billing@harbor.example", "password": "x", "code": "000000"}
    said = [program.post("/api/v1/staff/sign-in", json=who) for _ in range(6)]
    assert [answer.status_code for answer in said] == [400] * 5 + [429]
    assert httpx.Headers(said[-1].headers)["retry-after"] == "60"
    refused = program.get("/api/v1/patient", headers=bearer(token_of(portal.staff(Role.BILLING))))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:trueup:problem:role-missing")
