"""A visit is recorded only while everybody in the room has agreed: in whatever order things happen and are told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal_api.access import Kind, Role
from portal_api.tenants import practices
from portal_api.video import recording
from portal_api.video.rooms import Person
from tests.support import meetings
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    from sandbox.twilio.account import Callback, Room
    from sandbox.twilio.serving import Twilio
    from tests.support.meetings import Booked
    from tests.support.portals import Portal, Visitor

PEOPLE = ("pat@example.com", "robin@example.com", "provider")


@pytest.fixture(name="records", scope="module", autouse=True)
def _records(portal: Portal) -> None:
    allow(portal, is_allowed=True)


def allow(portal: Portal, *, is_allowed: bool) -> None:
    """Say whether the practice records."""
    with portal.at() as here:
        policies = replace(here.practice.policies, video_recording=is_allowed)
        practices.keep(here.db, replace(here.practice, policies=policies))


@dataclass
class World:
    """A group's visit of two patients and a provider, as far as it has come; and what must be true of it always."""

    portal: Portal
    twilio: Twilio
    visitors: dict[str, Visitor]
    session: Booked
    tokens: dict[str, str] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)  # by participant's SID
    agreed: set[str] = field(default_factory=set)
    told: list[Callback] = field(default_factory=list)

    def do(self, deed: str, who: str, number: int) -> None:
        """Do one thing; what cannot be done at the moment is not."""
        getattr(self, deed)(who, number)
        assert self.room is None or not self.room.records or set(self.inside.values()) <= self.agreed

    def be_let_in(self, who: str, _: int) -> None:
        answer = self._post(who, "join")
        assert answer.status_code == 200, answer.text
        self.tokens[who] = answer.json()["token"]

    def come(self, who: str, _: int) -> None:
        if who in self.tokens:
            person = self.twilio.account.join(self.tokens[who])
            self.inside[person.sid] = who

    def arrive(self, who: str, number: int) -> None:
        self.be_let_in(who, number)
        self.come(who, number)

    def go(self, _who: str, number: int) -> None:
        if self.inside:
            sid = list(self.inside)[number % len(self.inside)]
            self.twilio.account.leave(sid)
            del self.inside[sid]

    def agree(self, who: str, _: int) -> None:
        self.agreed.add(who)
        assert self.visitors[who].submit(f"{self.session.path}/recording", agreed="yes").status_code == 303

    def change_mind(self, who: str, _: int) -> None:
        self.agreed.discard(who)
        assert self.visitors[who].submit(f"{self.session.path}/recording", agreed="no").status_code == 303

    def tell(self, _who: str, number: int) -> None:
        """Deliver any callback, once more or for the first time."""
        self.told += self.twilio.account.callbacks
        self.twilio.account.callbacks.clear()
        if self.told:
            assert self.twilio.send(self.told[number % len(self.told)]) == 200

    def look_after(self, _who: str, _: int) -> None:
        self.portal.do_chores()

    @property
    def room(self) -> Room | None:
        with self.portal.at() as here:
            query = sa.text("select room_sid from portal.video_room where meeting_id = :id")
            sid = here.db.scalar(query, {"id": self.session.id})
        return self.twilio.account.rooms.get(str(sid))

    def _post(self, who: str, what: str) -> Any:
        visitor = self.visitors[who]
        return visitor.post(f"{self.session.path}/{what}", headers={"X-CSRF-Token": visitor.csrf})


@pytest.fixture(name="visitors", scope="module")
def _visitors(portal: Portal) -> dict[str, Visitor]:
    patients = {email: portal.patient(email=email) for email in PEOPLE[:2]}
    return {**patients, "provider": portal.staff(Role.PROVIDER)}


def new_world(portal: Portal, twilio: Twilio, visitors: dict[str, Visitor]) -> World:
    """Open a session in a room of its own; the one before is called off, so that its time is free again."""
    with portal.at() as here:
        here.db.execute(sa.text("update portal.appointment set status = 'released' where status = 'booked'"))
        here.db.execute(
            sa.text("update portal.video_room set ended_at = :now where ended_at is null"), {"now": here.now}
        )
        here.db.execute(sa.text("delete from portal.rate"))
    session = meetings.group(portal)
    for email in PEOPLE[:2]:
        meetings.book(portal, email=email, session=session)
    twilio.account.callbacks.clear()
    return World(portal, twilio, visitors, session)


DEEDS = ("arrive", "be_let_in", "come", "go", "agree", "change_mind", "tell", "look_after")
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from(PEOPLE), st.integers(0, 9)), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ready=st.sets(st.sampled_from(PEOPLE), max_size=2), steps=STEPS)
def test_nobody_is_recorded_who_did_not_agree_in_any_order(
    portal: Portal, twilio: Twilio, visitors: dict[str, Visitor], ready: set[str], steps: list[tuple[str, str, int]]
) -> None:
    world = new_world(portal, twilio, visitors)
    for who in sorted(ready):  # so that recording is often on when things begin to happen
        for deed in ("agree", "be_let_in", "come"):
            world.do(deed, who, 0)
    for _ in range(2):
        world.do("look_after", "provider", 0)
    assert world.room is None or world.room.records is bool(ready)
    for deed, who, number in steps:
        world.do(deed, who, number)


def test_a_late_joiner_turns_it_off_before_coming_in(
    portal: Portal, twilio: Twilio, visitors: dict[str, Visitor]
) -> None:
    world = new_world(portal, twilio, visitors)
    for who in ("pat@example.com", "provider"):
        for deed in ("agree", "be_let_in", "come"):
            world.do(deed, who, 0)
    world.do("look_after", "provider", 0)
    world.do("look_after", "provider", 0)
    assert world.room is not None
    assert world.room.records
    assert "This visit is being recorded" in visitors["provider"].get(world.session.path).text
    world.do("be_let_in", "robin@example.com", 0)
    assert not world.room.records
    world.do("come", "robin@example.com", 0)
    world.do("agree", "robin@example.com", 0)
    world.do("look_after", "provider", 0)
    world.do("look_after", "provider", 0)
    assert world.room.records


def test_the_callback_turns_it_off_too_before_it_keeps_anything(
    portal: Portal, twilio: Twilio, visitors: dict[str, Visitor]
) -> None:
    world = new_world(portal, twilio, visitors)
    for who in PEOPLE[:2]:
        world.do("be_let_in", who, 0)
    world.do("come", "robin@example.com", 0)
    room = world.room
    assert room is not None
    with portal.at() as here:  # as if it had been begun by a hand in Twilio's console, and we knew
        here.db.execute(
            sa.text("update portal.video_room set recording = 'on' where meeting_id = :id"), {"id": world.session.id}
        )
    room.rules = [{"type": "include", "all": True}]
    callback = twilio.account.callbacks[-1]
    twilio.account.is_away = True
    assert twilio.send(callback) == 503  # it could not be turned off: nothing else is done
    with portal.at() as here:
        kept = here.db.scalar(
            sa.text("select count(*) from portal.video_event where meeting_id = :id"), {"id": world.session.id}
        )
    assert kept == 0
    twilio.account.is_away = False
    assert twilio.send(callback) == 200
    assert not room.records


def test_a_practice_that_does_not_record_asks_nobody(
    portal: Portal, twilio: Twilio, visitors: dict[str, Visitor]
) -> None:
    world = new_world(portal, twilio, visitors)
    allow(portal, is_allowed=False)
    try:
        visitor = visitors["provider"]
        assert '<h2 id="recording-heading">' not in visitor.get(world.session.path).text
        assert visitor.submit(f"{world.session.path}/recording", agreed="yes").status_code == 404
    finally:
        allow(portal, is_allowed=True)
    assert HARBOR.practice.policies.video_recording is False


PERSON = st.builds(Person, st.sampled_from(Kind), st.sampled_from([UUID(int=1), UUID(int=2), UUID(int=3)]))


@given(let_in=st.sets(PERSON), agreed=st.sets(PERSON))
def test_everybody_means_each_one(let_in: set[Person], agreed: set[Person]) -> None:
    assert recording.may_record(let_in, agreed) == (len(let_in) > 0 and all(person in agreed for person in let_in))
