"""What the pages do, a program does by /api/v1: once for a key, a page at a time, with problem details."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from portal_api.access import Role
from portal_api.scheduling import appointments
from tests.support import bookings as steps
from tests.support.portals import CEDAR

if TYPE_CHECKING:
    import httpx

    from tests.support.portals import Portal, Visitor

SINCE, UNTIL = "2026-11-18T00:00:00Z", "2026-11-20T00:00:00Z"


@pytest.fixture
def pat(portal: Portal) -> Visitor:
    """Return the first patient's program."""
    return _program(portal.patient())


def _program(visitor: Visitor) -> Visitor:
    visitor.headers.update({"Accept": "application/json", "X-CSRF-Token": visitor.csrf})
    return visitor


def _kind(visitor: Visitor, kind: str = "intake") -> str:
    offer = visitor.get("/api/v1/bookable").json()
    return str(next(each["id"] for each in offer["visit_types"] if each["kind"] == kind))


def _slots(visitor: Visitor, **more: Any) -> dict[str, Any]:
    asked = {"visit_type_id": _kind(visitor), "state": "NY", "since": SINCE, "until": UNTIL, **more}
    answer = visitor.get("/api/v1/slots", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _hold(visitor: Visitor, slot: dict[str, Any], key: str = "", **more: Any) -> httpx.Response:
    asked = {
        "visit_type_id": _kind(visitor),
        "payer_id": "PAY-7KQ2",
        "state": "NY",
        "time_zone": "America/New_York",
        "calendar_id": slot["calendar_id"],
        "starts": [slot["starts_at"]],
        **more,
    }
    return visitor.post("/api/v1/holds", json=asked, headers={"Idempotency-Key": key} if key else {})


def test_a_program_books_moves_and_cancels(pat: Visitor) -> None:
    free = _slots(pat)["items"]
    held = _hold(pat, free[0])
    assert held.status_code == 201
    (mine,) = held.json()["items"]
    assert mine["terms"]["patient_pays_cents"] == 4350
    assert [each["id"] for each in pat.get("/api/v1/holds").json()["items"]] == [mine["id"]]
    (booked,) = pat.post(f"/api/v1/holds/{mine['id']}/confirm").json()["items"]
    assert (booked["status"], booked["state"], booked["terms"]) == ("booked", "scheduled", mine["terms"])
    moved = pat.post(f"/api/v1/visits/{mine['id']}/move", json={"starts_at": free[4]["starts_at"]}).json()
    assert (moved["starts_at"], moved["moves"]) == (free[4]["starts_at"], 1)
    assert [each["id"] for each in pat.get("/api/v1/visits").json()["items"]] == [mine["id"]]
    assert pat.post(f"/api/v1/visits/{mine['id']}/cancel").json()["state"] == "cancelled"
    again = pat.post(f"/api/v1/visits/{mine['id']}/cancel")
    assert again.json()["state"] == "cancelled"
    assert pat.get("/api/v1/visits").json() == {"items": [], "next": None}


def test_a_key_does_it_once(portal: Portal, pat: Visitor) -> None:
    slot, other = _slots(pat)["items"][1:5:3]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _hold(pat, slot, "a-key-of-mine"), range(4)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.text for each in answers}) == 1
    assert sorted("Idempotency-Replayed" in each.headers for each in answers) == [False, True, True, True]
    reused = _hold(pat, other, "a-key-of-mine")
    assert (reused.status_code, reused.json()["type"]) == (422, "urn:trueup:problem:key-reused")
    taken = _hold(pat, slot, "another-key")
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:trueup:problem:time-taken")
    (held,) = answers[0].json()["items"]
    assert pat.delete(f"/api/v1/holds/{held['id']}").status_code == 204
    assert _hold(pat, slot, "another-key").status_code == 201  # what failed under a key was not kept
    robin = _program(portal.patient(email="robin@example.com"))
    assert _hold(robin, other, "a-key-of-mine").status_code == 201  # a key is one person's


def test_slots_and_visits_come_a_page_at_a_time(portal: Portal, pat: Visitor) -> None:
    whole = _slots(pat)["items"]
    found, since = [], SINCE
    while since:
        page = _slots(pat, since=since, limit=5)
        found += page["items"]
        since = page["next"]
    assert found == whole
    with portal.at() as here:
        many = steps.patient(here, "many")
        ids = [steps.book(here, many, 20 + number).id for number in range(3)]
        pages = [appointments.booked(here, many, is_past=False, most=2)]
        last = pages[0][-1]
        pages.append(appointments.booked(here, many, is_past=False, after=(last.starts_at, last.id), most=2))
    assert [[each.id for each in page] for page in pages] == [ids[:2], ids[2:]]


def test_the_waiting_list(pat: Visitor) -> None:
    asked = {
        "visit_type_id": _kind(pat),
        "state": "NY",
        "time_zone": "America/New_York",
        "since": SINCE,
        "until": UNTIL,
    }
    made = pat.post("/api/v1/waiting", json=asked)
    assert (made.status_code, made.json()["status"]) == (201, "waiting")
    assert pat.get("/api/v1/waiting").json() == [made.json()]
    assert pat.delete(f"/api/v1/waiting/{made.json()['id']}").status_code == 204
    assert pat.get("/api/v1/waiting").json() == []


@pytest.mark.parametrize(
    ("path", "params", "status", "name"),
    [
        ("slots", {"state": "NY", "since": SINCE, "until": UNTIL}, 422, "invalid"),
        ("slots", {"visit_type_id": str(CEDAR), "state": "NY", "since": SINCE, "until": UNTIL}, 422, "invalid"),
        ("visits", {"after": "no cursor"}, 400, "no-cursor"),
        ("visits", {"when": "tomorrow"}, 422, "invalid"),
        ("visits/00000000-0000-4000-8000-000000000000", {}, 404, "not-found"),
        ("visits/nobody", {}, 404, "not-found"),
    ],
)
def test_what_is_wrong_is_a_problem(pat: Visitor, path: str, params: dict[str, str], status: int, name: str) -> None:
    answer = pat.get(f"/api/v1/{path}", params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["type"] == f"urn:trueup:problem:{name}"


def test_nobody_elses(portal: Portal, pat: Visitor) -> None:
    (held,) = _hold(pat, _slots(pat)["items"][8]).json()["items"]
    for other in (_program(portal.patient(email="robin@example.com")), _program(portal.patient(CEDAR))):
        assert other.get(f"/api/v1/visits/{held['id']}").status_code == 404
        assert other.post(f"/api/v1/holds/{held['id']}/confirm").status_code == 404
        assert other.delete(f"/api/v1/holds/{held['id']}").status_code == 404
    nobody = portal.visitor()
    nobody.headers["Accept"] = "application/json"
    assert nobody.get("/api/v1/holds").status_code == 401


def test_staff_set_hours_and_ask_why(portal: Portal) -> None:
    desk = _program(portal.staff(Role.FRONT_DESK))
    path = next(
        f"/api/v1/calendars/{each['id']}"
        for each in desk.get("/api/v1/calendars").json()
        if each["provider"] == "Omar Haddad, MD"
    )
    week = {"days": {"1": [{"begins": "09:00", "ends": "11:00"}], "2": [{"begins": "22:00", "ends": "00:00"}]}}
    put = desk.put(f"{path}/week", json=week).json()
    assert put["week"]["1"] == week["days"]["1"]
    assert put["week"]["3"] == []
    off = {"begins": "2026-11-23T10:00", "ends": "2026-11-23T11:00"}
    made = [desk.post(f"{path}/time-off", json=off, headers={"Idempotency-Key": "an-hour-off"}) for _ in range(2)]
    assert made[0].json() == made[1].json()
    assert len(made[0].json()["time_off"]) == 1
    desk.post(f"{path}/days", json={"on_date": "2026-11-25", "kind": "closed"})
    wrong = desk.post(f"{path}/days", json={"on_date": "2026-11-25", "kind": "closed", "hours": week["days"]["1"][0]})
    assert (wrong.status_code, wrong.json()["type"]) == (400, "urn:trueup:problem:no-hours")
    with portal.at() as here:
        kind = steps.wish(here).visit_type_id
    asked = {"visit_type_id": kind, "state": "NY", "since": "2026-11-23T14:00Z", "until": "2026-11-23T16:00Z"}
    found = desk.get(f"{path}/why", params=asked).json()
    too_long = ["outside_hours", "time_off"]
    assert [each["reasons"] for each in found] == [[], [], *[["time_off"]] * 4, too_long, too_long]
    assert desk.delete(f"{path}/time-off/{made[0].json()['time_off'][0]['id']}").status_code == 204
    reed = _program(portal.staff(Role.PROVIDER))
    assert reed.get(path).status_code == 404
    assert reed.put(f"{path}/week", json=week).status_code == 404
    assert _program(portal.patient()).get(path).status_code == 403
