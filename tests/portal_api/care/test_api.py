"""Programs close visits out as the pages do: once under one key, and within a role."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from portal_api.access import Role
from tests.portal_api.care.test_closing import Booked

if TYPE_CHECKING:
    import httpx

    from tests.support.portals import Portal, Visitor


def send(visitor: Visitor, path: str, body: object, key: str | None = None) -> httpx.Response:
    headers = {"X-CSRF-Token": visitor.csrf, **({"Idempotency-Key": key} if key else {})}
    return visitor.post(f"/api/v1{path}", json=body, headers=headers)


def test_a_visit_is_closed_out_once_under_one_key(portal: Portal) -> None:
    booked = Booked(portal)
    dana, key = booked.provider(), str(uuid4())
    asked = {"outcome": "completed", "place_of_service": "02"}
    day = dana.get(f"/api/v1/agenda?on={booked.starts_at.date()}").json()
    assert str(booked.token) in [each["visit_token"] for each in day["to_close_out"]]
    first, again = (send(dana, f"/agenda/{booked.token}/close", asked, key) for _ in range(2))
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["patient_share_cents"]) == ("completed", 2_475)
    assert booked.sent() == [("charge_visit", 2_475)]
    other = send(dana, f"/agenda/{booked.token}/close", {**asked, "outcome": "abandoned", "reason": "None"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:trueup:problem:closed-out")


def test_what_the_pages_refuse_programs_are_refused(portal: Portal) -> None:
    booked = Booked(portal)
    asked = {"outcome": "partially_completed", "place_of_service": "10"}
    assert send(booked.provider(), f"/agenda/{booked.token}/close", asked).status_code == 422
    assert send(booked.provider(own=False), f"/agenda/{booked.token}/close", asked).status_code == 404
    assert send(portal.staff(Role.BILLING), f"/agenda/{booked.token}/close", asked).status_code == 403
    assert booked.events() == 1
    program = booked.provider()
    assert program.post(f"/api/v1/agenda/{booked.token}/close", json=asked).status_code == 403  # a cookie and no token
