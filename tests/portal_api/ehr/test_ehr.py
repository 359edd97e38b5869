"""A scheduling system outside reports visits by signed FHIR resources and by files: the same states, billed once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count, permutations
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ledger.rules.visit import State
from ledger.rules.webhook_signature import sign
from ledger.store import visits
from portal_api.access import Role
from portal_api.ehr import systems
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    import httpx

    from tests.support.portals import Portal

START = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
END = START + timedelta(minutes=45)
NUMBERS = count(1)


class Outside:
    """A system outside that a practice hears."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        with portal.at() as here:
            self.id, self.secret = systems.add(here, "Charts Ltd")
        self.visitor = portal.visitor()
        self.visitor.cookies.clear()

    def send(self, resource: object, **change: Any) -> httpx.Response:
        body = json.dumps(resource).encode()
        at = str(int(self.portal.clock.now.timestamp()))
        header = f"t={at},v1={sign(body, change.get('secret', self.secret), at)}"
        path = f"/api/v1/ehr/{change.get('id', self.id)}"
        content = change.get("body", body)
        return self.visitor.post(path, content=content, headers={systems.HEADER: header, "Accept": "*/*"})

    def visit(self, answer: httpx.Response) -> visits.Visit:
        with self.portal.at() as here:
            found = visits.get(here.books, UUID(answer.json()["visit_token"]))
        assert found is not None
        return found


@pytest.fixture(scope="module")
def outside(portal: Portal) -> Outside:
    return Outside(portal)


@pytest.fixture(autouse=True)
def _after_the_visits(portal: Portal) -> None:
    portal.clock.now = END + timedelta(hours=2)


def appointment(number: int, status: str = "booked", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": f"a{number}",
        "status": status,
        "serviceType": [{"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "90834"}]}],
        "start": START.isoformat(),
        "end": END.isoformat(),
        "participant": [
            {"actor": {"reference": f"Patient/p{number}"}, "status": "accepted"},
            {"actor": {"reference": "Practitioner/prov_harbor_reed"}, "status": "accepted"},
        ],
        **more,
    }


def encounter(number: int, status: str = "finished", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": f"e{number}",
        "status": status,
        "class": {"code": "VR"},
        "serviceType": {"coding": [{"code": "90834"}]},
        "subject": {"reference": f"https://charts.example/fhir/Patient/p{number}"},
        "appointment": [{"reference": f"Appointment/a{number}"}],
        "participant": [{"individual": {"reference": "Practitioner/prov_harbor_reed"}}],
        "period": {"start": START.isoformat(), "end": END.isoformat()},
        **more,
    }


def events(portal: Portal, token: UUID) -> list[str]:
    with portal.at() as here:
        query = "select to_state from ledger.visit_event where visit_token = %s order by ordinal"
        return [row[0] for row in here.books.execute(query, (token,))]


def test_an_appointment_and_its_encounter_are_one_visit_closed_out_once(portal: Portal, outside: Outside) -> None:
    number = next(NUMBERS)
    booked = outside.send(appointment(number))
    assert booked.json() == {"report": "taken", "visit_token": booked.json()["visit_token"], "state": "scheduled"}
    done = outside.send(encounter(number))
    visit = outside.visit(done)
    assert done.json()["visit_token"] == booked.json()["visit_token"]
    assert (visit.state, visit.started_at, visit.ended_at) == (State.COMPLETED, START, END)
    assert (visit.provider_id, visit.service_code, visit.charge_cents) == ("prov_harbor_reed", "90834", 16_500)
    before = events(portal, visit.visit_token)
    for again in (appointment(number), encounter(number), encounter(number, meta={"versionId": "2"})):
        assert outside.send(again).status_code == 200
    assert events(portal, visit.visit_token) == before == ["scheduled", "started", "completed"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_any_order_gives_the_same_visit(outside: Outside, order: tuple[int, ...]) -> None:
    number = next(NUMBERS)
    told = [
        appointment(number),
        encounter(number, "in-progress", period={"start": START.isoformat()}),
        encounter(number),
    ]
    answers = [outside.send(told[place]) for place in order]
    assert {answer.status_code for answer in answers} == {200}
    visit = outside.visit(answers[0])
    assert (visit.state, visit.started_at, visit.ended_at) == (State.COMPLETED, START, END)


def test_missed_and_cancelled_visits(outside: Outside) -> None:
    missed, early, late = (next(NUMBERS) for _ in range(3))
    assert outside.visit(outside.send(appointment(missed, "noshow"))).state is State.NO_SHOW
    for number, days, state in ((early, 3, State.CANCELLED), (late, 0, State.LATE_CANCELLED)):
        outside.send(appointment(number))
        told = appointment(number, "cancelled", meta=told_at(days=days), cancelationReason=reason("pat-fb"))
        assert outside.visit(outside.send(told)).state is state
        again = outside.send(told | {"meta": told_at(days=days) | {"versionId": "2"}})
        assert (again.json()["report"], outside.visit(again).state) == ("taken", state)


def told_at(**before: float) -> dict[str, str]:
    return {"lastUpdated": (START - timedelta(hours=1, **before)).isoformat()}


def reason(code: str, system: str = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason") -> object:
    return {"coding": [{"code": "other", "system": "urn:own"}, {"code": code, "system": system}]}


@pytest.mark.parametrize(
    "why",
    [
        {},
        {"cancelationReason": reason("prov-pers")},
        {"cancelationReason": reason("pat-dec")},
        {"cancelationReason": reason("patience")},
        {"cancelationReason": reason("pat", "urn:own")},
        {"cancelationReason": [{"coding": [{"code": "pat"}]}]},
    ],
)
def test_what_the_patient_did_not_cancel_is_never_late(outside: Outside, why: dict[str, Any]) -> None:
    number = next(NUMBERS)
    outside.send(appointment(number))
    answer = outside.send(appointment(number, "cancelled", meta=told_at(), **why))
    assert outside.visit(answer).state is State.CANCELLED


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_an_encounter_that_is_cancelled_or_in_error_costs_nobody_anything(outside: Outside, status: str) -> None:
    number = next(NUMBERS)
    outside.send(appointment(number))
    assert outside.visit(outside.send(encounter(number, status, meta=told_at()))).state is State.CANCELLED


def test_what_contradicts_the_end_of_a_visit_is_refused_and_changes_nothing(outside: Outside) -> None:
    for end, then in (
        (appointment(0, "cancelled"), encounter(0)),
        (appointment(0, "noshow"), encounter(0)),
        (encounter(0), appointment(0, "noshow")),
        (encounter(0), appointment(0, "cancelled")),
        (appointment(0, "cancelled", cancelationReason=reason("pat")), appointment(0, "entered-in-error")),
    ):
        number = next(NUMBERS)
        numbered = [
            json.loads(json.dumps(each).replace('"a0"', f'"a{number}"').replace("/a0", f"/a{number}"))
            for each in (appointment(0), end, then)
        ]
        outside.send(numbered[0])
        over = outside.send(numbered[1])
        refused = outside.send(numbered[2])
        assert (refused.status_code, "staff" in refused.json()["detail"]) == (422, True), refused.text
        assert outside.visit(over).state.value == over.json()["state"]


def test_what_has_yet_to_happen_has_not_happened(portal: Portal, outside: Outside) -> None:
    number = next(NUMBERS)
    outside.send(appointment(number))
    now = portal.clock.now
    for ahead, status in ((timedelta(minutes=4), 200), (timedelta(minutes=6), 422)):
        at = {"lastUpdated": (now + ahead).isoformat()}
        answer = outside.send(appointment(number, "cancelled", meta=at))
        assert answer.status_code == status
        number = next(NUMBERS)
        outside.send(appointment(number))
    begun = outside.send(encounter(number, "in-progress", period={"start": (now + timedelta(days=1)).isoformat()}))
    assert (begun.status_code, "yet to happen" in begun.text) == (422, True)


def test_nobody_missed_a_visit_that_has_yet_to_begin(portal: Portal, outside: Outside) -> None:
    portal.clock.now = START - timedelta(hours=1)
    number = next(NUMBERS)
    assert outside.send(appointment(number)).status_code == 200
    refused = outside.send(appointment(number, "noshow"))
    assert refused.status_code == 422
    assert "has yet to begin" in refused.text
    portal.clock.now = START
    assert outside.visit(outside.send(appointment(number, "noshow"))).state is State.NO_SHOW


def test_a_visit_that_is_moved_there_moves_here(outside: Outside) -> None:
    number = next(NUMBERS)
    outside.send(appointment(number))
    later = {"start": (START + timedelta(hours=1)).isoformat(), "end": (END + timedelta(hours=1)).isoformat()}
    assert outside.visit(outside.send(appointment(number, **later))).scheduled_start == START + timedelta(hours=1)
    back = outside.send(appointment(number, meta={"versionId": "3"}))
    assert outside.visit(back).scheduled_start == START


def test_a_report_that_was_overtaken_moves_nothing_back(outside: Outside) -> None:
    later = {"start": (START + timedelta(hours=1)).isoformat(), "end": (END + timedelta(hours=1)).isoformat()}
    for first, then in ((3, 2), (2, 3)):  # days before: the news, and what it was before
        number = next(NUMBERS)
        told = {2: appointment(number, meta=told_at(days=2), **later), 3: appointment(number, meta=told_at(days=3))}
        outside.send(told[first])
        visit = outside.visit(outside.send(told[then]))
        assert visit.scheduled_start == START + timedelta(hours=1), (first, then)
        back = outside.send(appointment(number, meta=told_at(days=1)))
        assert outside.visit(back).scheduled_start == START


def test_another_practitioner_or_service_is_whose_the_visit_is_and_what_it_costs(outside: Outside) -> None:
    number = next(NUMBERS)
    outside.send(appointment(number))
    actors = [{"actor": {"reference": name}} for name in (f"Patient/p{number}", "Practitioner/prov_harbor_haddad")]
    intake = [{"coding": [{"code": "90791"}]}]
    changed = outside.visit(outside.send(appointment(number, participant=actors, serviceType=intake)))
    with outside.portal.at() as here:
        query = "select charge_cents from portal.visit_type where service_code = '90791'"
        price = here.db.exec_driver_sql(query).scalar()
    assert (changed.provider_id, changed.service_code) == ("prov_harbor_haddad", "90791")
    assert changed.charge_cents == price != 16_500
    gone = [{"actor": {"reference": "Practitioner/unheard-of"}}]
    assert outside.send(appointment(number, participant=gone)).status_code == 422
    assert outside.visit(outside.send(encounter(number))).provider_id == "prov_harbor_haddad"


def test_what_has_not_come_about_yet_is_ignored(outside: Outside) -> None:
    for resource in (appointment(999, "proposed"), encounter(999, "planned")):
        assert outside.send(resource).json() == {"report": "ignored", "visit_token": None, "state": None}


@pytest.mark.parametrize(
    ("resource", "sentence"),
    [
        ([], "no FHIR resource"),
        ({"resourceType": "Patient", "id": "1"}, "must be Appointment or Encounter"),
        (appointment(998, "unheard"), "Appointment.status must be one of"),
        ({**appointment(998), "id": None}, "Appointment.id is missing"),
        ({**appointment(998), "start": "2026-11-17T15:00:00"}, "Appointment.start has no offset"),
        ({**appointment(998), "start": "noon"}, "Appointment.start must be a FHIR instant"),
        ({**appointment(998), "end": START.isoformat()}, "ends before it starts"),
        ({**appointment(998), "participant": []}, "needs a patient, a practitioner and a service code"),
        (
            {**appointment(998), "serviceType": [{"coding": [{"code": "99999"}]}]},
            "no visit type with this service code",
        ),
        (
            {
                **appointment(998),
                "participant": [{"actor": {"reference": name}} for name in ("Patient/p", "Practitioner/unheard-of")],
            },
            "no provider of this practice",
        ),
        ({**encounter(998), "period": {}}, "Encounter.period must say when"),
    ],
)
def test_what_cannot_be_used_is_said_without_its_value_and_nothing_is_kept(
    outside: Outside, resource: object, sentence: str
) -> None:
    answer = outside.send(resource)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert "unheard-of" not in answer.text
    with outside.portal.at() as here:
        ref = here.keys.mac("outside", HARBOR.practice.practice_id, str(outside.id), "outside_visit", "a998")
        assert here.db.exec_driver_sql("select from portal.outside_visit where ref = %s", (ref,)).first() is None


def test_only_the_system_itself_is_heard(outside: Outside) -> None:
    number = next(NUMBERS)
    assert outside.send(appointment(number), secret="another").status_code == 400
    assert outside.send(appointment(number), body=b"{}").status_code == 400
    assert outside.send(appointment(number), id="00000000-0000-4000-8000-000000000000").status_code == 404
    own = outside.visitor.headers["host"]
    outside.visitor.headers["host"] = own.replace("harbor", "cedar")
    assert outside.send(appointment(number)).status_code == 404
    outside.visitor.headers["host"] = own
    assert outside.send(appointment(number)).status_code == 200


def test_a_file_is_taken_in_row_by_row(portal: Portal) -> None:
    admin, other = portal.staff(Role.PRACTICE_ADMIN), portal.staff(Role.PRACTICE_ADMIN, CEDAR)
    shown = admin.submit("/staff/systems", name="Old charts").text
    system = shown.partition("/api/v1/ehr/")[2][:36]
    rows = (
        "event,visit_ref,at,patient_ref,provider_id,service_code,starts_at,ends_at,payer_id,cancelled_by\n"
        f"booked,r1,,p1,prov_harbor_reed,90834,{START.isoformat()},{END.isoformat()},PAY-7KQ2,\n"
        f"finished,r1,{END.isoformat()},,,,{START.isoformat()},{END.isoformat()},,\n"
        "booked,r2,,p1,prov_harbor_reed,90834,yesterday,,,\n"
        "eaten,r3,,,,,,,,\n"
        "booked,r4\n"
        f"booked,r5,,p5,prov_harbor_reed,90834,{START.isoformat()},,,\n"
        f"cancelled,r5,{START.isoformat()},,,,,,,patient\n"
        f"cancelled,r6,{START.isoformat()},p6,prov_harbor_reed,90834,{START.isoformat()},,,the dog\n"
    )
    for _ in range(2):
        answer = send_file(admin, system, rows)
        assert "4 rows are taken in" in answer
        assert "<td>9</td><td>cancelled_by must be patient or practice" in answer
        assert "the dog" not in answer
        assert "<td>4</td><td>starts_at must be a time" in answer
        assert "<td>5</td><td>event must be one of" in answer
        assert "another number of fields" in answer
        assert "yesterday" not in answer
    assert "has no column visit_ref" in send_file(admin, system, "event\nbooked\n")
    assert "Column 3 is not one of" in send_file(admin, system, "event,visit_ref,name\n")
    data = {"csrf": other.csrf}
    assert other.post(f"/staff/systems/{system}/file", data=data, files={"file": ("a.csv", rows)}).status_code == 404
    with portal.at() as here:
        query = "select state, patient_estimate_cents from ledger.visit where payer_id = 'PAY-7KQ2'"
        assert here.books.execute(query).fetchall() == [("completed", 2_475)]
        ref = here.keys.mac("outside", HARBOR.practice.practice_id, system, "outside_visit", "r5")
        query = "select state from ledger.visit join portal.outside_visit using (visit_token) where ref = %s"
        assert here.books.execute(query, (ref,)).fetchall() == [("late_cancelled",)]


def test_an_insured_visit_has_the_reference_that_its_remittance_comes_back_with(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    system = admin.submit("/staff/systems", name="Claims").text.partition("/api/v1/ehr/")[2][:36]
    header = "event,visit_ref,patient_ref,provider_id,service_code,starts_at,payer_id\n"
    row = f"booked,c1,p1,prov_harbor_reed,90834,{START.isoformat()}"
    for payer, has_reference in (("", False), ("PAY-7KQ2", True)):
        send_file(admin, system, f"{header}{row},{payer}\n")
        with portal.at() as here:
            ref = here.keys.mac("outside", HARBOR.practice.practice_id, system, "outside_visit", "c1")
            query = (
                "select claim_ref, payer_id, patient_estimate_cents"
                " from ledger.visit join portal.outside_visit using (visit_token) where ref = %s"
            )
            (found,) = here.books.execute(query, (ref,)).fetchall()
        assert (bool(found[0]), found[1:]) == (has_reference, (payer, 2_475) if payer else (None, None))


def send_file(visitor: Any, system: str, text: str) -> str:
    answer = visitor.post(
        f"/staff/systems/{system}/file", data={"csrf": visitor.csrf}, files={"file": ("reports.csv", text)}
    )
    return str(answer.text).replace("&#39;", "'")
