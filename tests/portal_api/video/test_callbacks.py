"""What rooms at Twilio tell: signed, taken in once, in any order; visits that start, and who was there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from ledger.gateways.twilio_gateway import TwilioGateway
from ledger.rules.visit import State
from ledger.store import visits
from portal_api.access import Kind, Role
from portal_api.routes.video_callbacks import LARGEST_BODY
from portal_api.video import attendance
from sandbox.twilio.account import Callback
from sandbox.twilio.signing import signature
from tests.support import meetings
from tests.support.portals import CEDAR, served
from tests.support.twilio import CALLBACK, account_at

if TYPE_CHECKING:
    from ledger.store.database import Database
    from sandbox.twilio.account import Participant
    from sandbox.twilio.serving import Twilio
    from tests.support.meetings import Booked
    from tests.support.portals import Portal, Visitor


class Joined(NamedTuple):
    """A visit with both sides' tokens."""

    visit: Booked
    patient: str
    provider: str


def token(visitor: Visitor, visit: Booked) -> str:
    answer = visitor.post(f"{visit.path}/join", headers={"X-CSRF-Token": visitor.csrf})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


@pytest.fixture(name="meeting")
def _meeting(portal: Portal, twilio: Twilio) -> Joined:
    portal.clock.move(days=1)
    visit = meetings.book(portal)
    made = Joined(visit, token(portal.patient(), visit), token(portal.staff(Role.PROVIDER), visit))
    twilio.account.callbacks.clear()
    return made


def state(portal: Portal, visit: Booked) -> State:
    with portal.at() as here:
        found = visits.get(here.books, UUID(str(visit.visit_token)))
    assert found is not None
    return found.state


def stays(portal: Portal, visit: Booked) -> list[attendance.Stay]:
    with portal.at() as here:
        return attendance.stays(here, visit.id)


def events(portal: Portal, visit: Booked) -> int:
    with portal.at() as here:
        query = sa.text("select count(*) from portal.video_event where meeting_id = :id")
        return int(here.db.scalar(query, {"id": visit.id}) or 0)


def post(portal: Portal, fields: dict[str, str], signed: str | None) -> httpx.Response:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        **({"X-Twilio-Signature": signed} if signed else {}),
    }
    return httpx.post(f"{portal.address}/webhooks/twilio", content=urlencode(fields), headers=headers)


def test_a_visit_starts_when_both_are_in_and_bills_nothing(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    twilio.account.join(meeting.patient)
    assert twilio.deliver() == [200]
    assert state(portal, meeting.visit) is State.SCHEDULED
    person = twilio.account.join(meeting.provider)
    assert twilio.deliver() == [200]
    assert state(portal, meeting.visit) is State.STARTED
    twilio.account.leave(person.sid)
    assert twilio.deliver() == [200]
    assert state(portal, meeting.visit) is State.STARTED
    who = stays(portal, meeting.visit)
    assert [(stay.kind, stay.is_present) for stay in who] == [(Kind.PATIENT, True), (Kind.STAFF, False)]
    with portal.at() as here:
        token = meeting.visit.visit_token
        assert visits.close_out(here.books, UUID(str(token))) is None
        assert here.books.execute("select count(*) from ledger.outbox").fetchone() == (0,)
        started = here.books.execute("select started_at from ledger.visit where visit_token = %s", (token,)).fetchone()
    assert started == (max(stay.joined_at for stay in who if stay.joined_at),)
    page = portal.staff(Role.FRONT_DESK).get(f"/staff/call/{meeting.visit.id}").text
    assert "Pat Moreno" in page
    assert "Dana Reed" in page
    assert "still there" in page


def test_a_callback_that_comes_again_or_late_changes_nothing(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    for each in (twilio.account.join(meeting.patient), twilio.account.join(meeting.provider)):
        twilio.account.leave(each.sid)
    waiting, twilio.account.callbacks = twilio.account.callbacks, []
    for callback in (*reversed(waiting), *waiting):
        assert twilio.send(callback) == 200
    assert events(portal, meeting.visit) == len(waiting) == 4
    assert [(stay.joined_at is None, stay.left_at is None) for stay in stays(portal, meeting.visit)] == [
        (False, False)
    ] * 2
    # They had left again before anybody was told that they had come: nobody was seen in there together.
    assert state(portal, meeting.visit) is State.SCHEDULED


def test_what_is_not_signed_by_the_account_is_refused(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    twilio.account.join(meeting.patient)
    fields, auth = twilio.account.callbacks[-1].fields, twilio.account.auth_token
    good = signature(auth, CALLBACK, fields)
    tries: list[tuple[dict[str, str], str | None]] = [
        (fields, None),
        (fields, "x"),
        (fields, signature("0" * 32, CALLBACK, fields)),
        (fields, signature(auth, f"{portal.address}/webhooks/twilio", fields)),
        (fields, signature(twilio.account.key_secret, CALLBACK, fields)),
        (fields | {"Extra": "1"}, good),
        (fields | {"SequenceNumber": "7"}, good),
    ]
    for sent, signed in tries:
        answer = post(portal, sent, signed)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:trueup:problem:not-signed")
    assert events(portal, meeting.visit) == 0
    assert post(portal, fields, good).json() == {"received": "new"}
    assert post(portal, fields, good).json() == {"received": "known"}


WRONG = [
    ("RoomSid", "RM1"),
    ("RoomName", "Ada"),
    ("SequenceNumber", "-1"),
    ("SequenceNumber", "9" * 30),
    ("Timestamp", "yesterday"),
    ("Timestamp", "2026-11-16T15:00:00"),
    ("ParticipantSid", ""),
    ("StatusCallbackEvent", ""),
]


def test_what_says_no_event_is_refused_by_name_alone(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    twilio.account.join(meeting.patient)
    for name, value in WRONG:
        fields = twilio.account.callbacks[-1].fields | {name: value}
        answer = post(portal, fields, signature(twilio.account.auth_token, CALLBACK, fields))
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:trueup:problem:no-event")
        assert name in answer.json()["detail"]
    assert events(portal, meeting.visit) == 0


def test_bounds(portal: Portal) -> None:
    large = {"RoomSid": "x" * LARGEST_BODY}
    assert post(portal, large, "x").status_code == 413
    many = {f"field{number}": "" for number in range(200)}
    assert post(portal, many, "x").status_code == 400


def test_a_room_that_is_not_ours_is_ignored(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    twilio.account.join(meeting.patient)
    fields = twilio.account.callbacks[-1].fields | {"RoomName": str(uuid4())}
    answer = post(portal, fields, signature(twilio.account.auth_token, CALLBACK, fields))
    assert (answer.status_code, answer.json()) == (200, {"received": "ignored"})


def test_a_stranger_in_the_room_is_put_out(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    with portal.at() as here:
        name = here.db.scalar(
            sa.text("select name from portal.video_room where meeting_id = :id"), {"id": meeting.visit.id}
        )
    stranger = twilio.account.join(TwilioGateway(account_at(twilio)).token(name, uuid4(), 600))
    assert twilio.deliver() == [200]
    assert stranger.left_at is not None
    twilio.deliver()
    assert stays(portal, meeting.visit) == []
    with portal.at() as here:
        seen = here.db.scalar(sa.text("select count(*) from portal.audit_entry where action = 'stranger.removed'"))
    assert seen == 1


def test_what_no_callback_brought_is_read_back(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    patient: Participant = twilio.account.join(meeting.patient)
    twilio.account.join(meeting.provider)
    twilio.account.callbacks.clear()  # all of them are lost
    portal.do_chores()
    assert state(portal, meeting.visit) is State.STARTED
    twilio.account.leave(patient.sid)
    portal.do_chores()
    assert [stay.is_present for stay in stays(portal, meeting.visit) if stay.kind is Kind.PATIENT] == [False]
    late = Callback(CALLBACK, twilio.account.callbacks[-1].fields)
    assert twilio.send(late) == 200  # and then it comes after all
    assert len(stays(portal, meeting.visit)) == 2


def test_a_room_ends_soon_after_its_window(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    person = twilio.account.join(meeting.patient)
    twilio.deliver()
    portal.clock.move(minutes=45 + 30 + 4)
    portal.do_chores()
    assert person.left_at is None
    portal.clock.move(minutes=1)
    portal.do_chores()
    assert person.left_at is not None
    assert all(stay.left_at is not None for stay in stays(portal, meeting.visit))
    twilio.deliver()
    rooms = len(twilio.account.rooms)
    portal.do_chores()
    assert len(twilio.account.rooms) == rooms


def test_chores_go_on_when_twilio_is_away(portal: Portal, twilio: Twilio, meeting: Joined) -> None:
    twilio.account.join(meeting.patient)
    twilio.account.is_away = True
    portal.do_chores()
    twilio.account.is_away = False
    assert stays(portal, meeting.visit) == []
    portal.do_chores()
    assert len(stays(portal, meeting.visit)) == 1


def test_without_an_account_there_is_no_such_address(portal_database: Database, portal: Portal) -> None:
    settings = replace(portal.door.settings, twilio=None)
    with served(settings, portal_database) as bare:
        assert post(bare, {"RoomSid": "x"}, "x").status_code == 404


def test_who_was_there_is_for_the_practice_alone(portal: Portal, meeting: Joined) -> None:
    assert portal.patient().get(f"/staff/call/{meeting.visit.id}").status_code == 403
    assert portal.staff(Role.PROVIDER, CEDAR).get(f"/staff/call/{meeting.visit.id}").status_code == 404
    assert "Nobody has joined" in portal.staff(Role.BILLING).get(f"/staff/call/{meeting.visit.id}").text
