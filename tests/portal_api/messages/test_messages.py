"""Messages between a patient and a provider: who sees them, how they are kept, and how they end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from ledger.rules.visit import Actor
from ledger.store import visits
from portal_api.access import Role
from portal_api.identity import people
from portal_api.messages import providers, retention, sealing
from tests.support.portals import CEDAR, HARBOR, program

if TYPE_CHECKING:
    from portal_api.here import Here
    from tests.support.portals import Portal, Visitor

DANA = "dana.reed@harbor.example"
WORDS = "The blue folder is under the stairs."


@pytest.fixture(scope="module", autouse=True)
def _pat_has_a_visit_with_dana(portal: Portal) -> None:
    with portal.at() as here:
        found = people.patient_of_email(here, HARBOR.patient.email)
        assert found is not None
        start = here.now + timedelta(days=1)
        visit = visits.Visit(
            visit_token=uuid4(),
            patient_token=found.patient_token,
            practice_id=HARBOR.practice.practice_id,
            provider_id="prov_harbor_reed",
            service_category=1,
            service_code="90834",
            place_of_service="10",
            scheduled_start=start,
            scheduled_end=start + timedelta(minutes=45),
            charge_cents=15_000,
            state_changed_at=here.now,
        )
        visits.book(here.books, visit, visits.Deed(f"book/{visit.visit_token}", Actor.PATIENT, here.now))


def thread_with(visitor: Visitor, name: str) -> str:
    options = {
        label: value for value, label in re.findall(r'<option value="([^"]+)">([^<]+)<', visitor.get("/messages").text)
    }
    return str(visitor.submit("/messages", to=options[name]).headers["location"])


def test_a_patient_writes_and_the_provider_reads_and_answers(portal: Portal) -> None:
    pat, dana = portal.patient(), portal.staff(Role.PROVIDER, email=DANA)
    place = thread_with(pat, "Dana Reed, LICSW")
    assert pat.submit(place, text=WORDS).status_code == 303
    told = portal.mail()
    assert DANA in told
    assert place in told
    assert "stairs" not in told
    assert "1 new" in dana.get("/messages").text
    assert WORDS in dana.get(place).text
    assert "1 new" not in dana.get("/messages").text
    assert ", read" in pat.get(place).text
    dana.submit(place, text="Thank you.\n<b>Bye</b>")
    assert "Thank you.\n&lt;b&gt;Bye&lt;/b&gt;" in pat.get(place).text


def test_a_form_that_is_sent_twice_is_one_message(portal: Portal) -> None:
    pat = portal.patient()
    place = thread_with(pat, "Dana Reed, LICSW")
    for _ in range(2):  # two loads of the page, of each the form twice
        (form,) = re.findall(r'name="form" value="([^"]+)"', pat.get(place).text)
        for _ in range(2):
            assert pat.submit(place, text="Once more, with the same words", form=form).status_code == 303
    assert pat.get(place).text.count("Once more, with the same words") == 2


@pytest.mark.parametrize("change", [{"disabled_at": datetime(2026, 11, 1, tzinfo=UTC)}, {"roles": ["billing"]}])
def test_nobody_writes_to_who_cannot_read_it(portal: Portal, change: dict[str, object]) -> None:
    pat = portal.patient()
    place = thread_with(pat, "Dana Reed, LICSW")
    pat.submit(place, text="Before")

    def become(**columns: object) -> None:
        with portal.at() as here:
            found = people.staff_of_email(here, DANA)
            assert found is not None
            people.change_staff(here, found.id, **columns)

    portal.mail()
    become(**change)
    try:
        shown = pat.get(place).text
        assert "Before" in shown
        assert "reads no messages here any more" in shown
        assert "<textarea" not in shown
        late = pat.submit(place, text="I feel worse")  # the form was open
        assert (late.status_code, "I feel worse" in late.text) == (409, True)
        api = f"/threads/{place.rpartition('/')[2]}/messages"
        assert program(pat)("POST", api, json={"text": "I feel worse"}).status_code == 409
        assert "Dana Reed" not in pat.get("/messages").text.partition("<select")[2]
        assert portal.mail() == ""
    finally:
        become(disabled_at=None, roles=["provider"])
    assert "I feel worse" not in pat.get(place).text


def test_programs_write_once_under_one_key_and_read(portal: Portal) -> None:
    pat = portal.patient()
    other = next(each for each in pat.get("/api/v1/threads").json()["correspondents"])
    headers = {"X-CSRF-Token": pat.csrf, "Idempotency-Key": str(uuid4())}
    thread = pat.post("/api/v1/threads", json={"to": other["id"]}, headers=headers).json()["id"]
    path, headers = f"/api/v1/threads/{thread}/messages", {**headers, "Idempotency-Key": str(uuid4())}
    sent = [pat.post(path, json={"text": "From a program"}, headers=headers).json() for _ in range(2)]
    assert sent[0] == sent[1]
    texts = [each["text"] for each in pat.get(path).json()["items"]]
    assert texts.count("From a program") == 1
    assert portal.patient(email="robin@example.com").get(path).status_code == 404


def test_several_messages_tell_the_other_one_once(portal: Portal) -> None:
    pat = portal.patient()
    place = thread_with(pat, "Dana Reed, LICSW")
    portal.staff(Role.PROVIDER, email=DANA).get(place)
    portal.mail()
    for number in range(3):
        pat.submit(place, text=f"Number {number}")
    assert portal.mail().count("A message for you") == 1


@pytest.mark.parametrize("text", ["", "   ", "x" * 5_001])
def test_a_text_that_cannot_be_sent_stays_in_its_field(portal: Portal, text: str) -> None:
    pat = portal.patient()
    answer = pat.submit(thread_with(pat, "Dana Reed, LICSW"), text=text)
    assert answer.status_code == 422
    assert "Nothing was sent" in answer.text
    assert f">{text.strip()}</textarea>" in answer.text


def test_nobody_else_finds_the_thread(portal: Portal) -> None:
    place = thread_with(portal.patient(), "Dana Reed, LICSW")
    strangers = [
        portal.patient(email="robin@example.com"),
        portal.staff(Role.PROVIDER, email="omar.haddad@harbor.example"),
        portal.patient(CEDAR),
        portal.staff(Role.PROVIDER, CEDAR),
    ]
    for stranger in strangers:
        assert stranger.get(place).status_code == 404
        assert stranger.submit(place, text="Hello").status_code == 404
    for role in (Role.FRONT_DESK, Role.PRACTICE_ADMIN, Role.BILLING):
        assert portal.staff(role).get(place).status_code == 403


def test_one_writes_only_to_whom_one_knows_by_a_visit(portal: Portal) -> None:
    robin = portal.patient(email="robin@example.com")
    assert "once you have booked a visit" in robin.get("/messages").text
    with portal.at() as here:
        dana = people.staff_of_email(here, DANA)
        assert dana is not None
    assert robin.submit("/messages", to=str(dana.id)).status_code == 404
    assert robin.submit("/messages", to="dana").status_code == 404


def test_more_than_twenty_at_once_are_too_many(portal: Portal) -> None:
    portal.clock.move(hours=2)
    pat = portal.patient()
    place = thread_with(pat, "Dana Reed, LICSW")
    answers = [pat.submit(place, text=f"Number {number}").status_code for number in range(21)]
    assert answers == [303] * 20 + [429]


def kept(here: Here) -> list[sa.Row[tuple[object, ...]]]:
    return list(here.db.execute(sa.text("select id, thread_id, week, sealed from portal.message order by ordinal")))


def test_the_database_holds_no_word_and_a_text_moved_elsewhere_does_not_open(portal: Portal) -> None:
    with portal.at() as here:
        first, second = kept(here)[:2]
        assert WORDS.encode() not in bytes(first.sealed)
        own = sealing.Place(first.thread_id, first.id)
        assert sealing.unseal(here, bytes(first.sealed), first.week, own) == WORDS
        for place in (sealing.Place(second.thread_id, second.id), sealing.Place(uuid4(), first.id)):
            with pytest.raises(InvalidTag):
                sealing.unseal(here, bytes(first.sealed), first.week, place)


def test_every_look_is_audited_and_no_word_of_it(portal: Portal) -> None:
    with portal.at() as here:
        entries = here.db.execute(
            sa.text("select action, subject from portal.audit_entry where action like 'message.%'")
        ).all()
        assert {row.action for row in entries} == {"message.read", "message.written"}
        assert {row.subject for row in entries} == {f"thread/{kept(here)[0].thread_id}"}


def test_a_message_ends_after_sixty_days_and_its_weeks_key_with_the_week(portal: Portal) -> None:
    """The clock moves on for the module: this test is the last one that reads the first week."""
    pat = portal.patient()
    place = thread_with(pat, "Dana Reed, LICSW")
    with portal.at() as here:
        week, thread = kept(here)[0].week, UUID(place.rpartition("/")[2])
        name = sealing.context(HARBOR.practice.practice_id, week)
        provider = providers.found(here.settings)
        copy = bytes(
            here.db.scalar(sa.text("select wrapped from portal.message_key where week = :week"), {"week": week})
        )
        assert {row.thread_id for row in kept(here)} == {thread}
    portal.clock.move(days=60, hours=-3)
    assert WORDS in portal.patient().get(place).text
    portal.clock.move(hours=4)
    assert WORDS not in portal.patient().get(place).text
    portal.do_chores()
    with portal.at() as here:
        assert kept(here) == []
        assert provider.unwrap(copy, name)  # the week is not over yet
    portal.clock.move(days=7)
    portal.do_chores()
    portal.clock.move(minutes=1)
    portal.do_chores()
    with pytest.raises(providers.KeyUnavailable, match="destroyed"):
        provider.unwrap(copy, name)
    with portal.at() as here:
        ended = retention.weeks(here)[-1]
        assert (ended.week, ended.messages) == (week, 0)
        assert ended.destroyed_at is not None
        assert ended.certificate == retention.certificate(here, week, provider.key_id, ended.destroyed_at)
        assert retention.hold(here, week, "too late") is False


def test_a_held_week_stays_until_the_hold_ends(portal: Portal) -> None:
    pat, admin = portal.patient(), portal.staff(Role.PRACTICE_ADMIN)
    place = thread_with(pat, "Dana Reed, LICSW")
    pat.submit(place, text="Kept for the court")
    week = sealing.week_of(portal.clock.now)
    assert admin.submit(f"/staff/retention/{week}/hold", reason="").status_code == 400
    assert admin.submit(f"/staff/retention/{week}/hold", reason="A court asked").status_code == 303
    assert admin.submit(f"/staff/retention/{week - timedelta(days=7000)}/hold", reason="None").status_code == 404
    portal.clock.move(days=80)
    portal.do_chores()
    with portal.at() as here:
        assert len(kept(here)) == 1
    admin = portal.staff(Role.PRACTICE_ADMIN)
    assert "held: A court asked" in admin.get("/staff/retention").text
    assert admin.submit(f"/staff/retention/{week}/release").status_code == 303
    portal.do_chores()
    with portal.at() as here:
        assert kept(here) == []
