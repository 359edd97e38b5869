"""Who is let into a video visit, when, and with what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal_api.access import Role
from portal_api.identity import people
from portal_api.video import gates
from portal_api.video.gates import Lack
from portal_api.video.window import RECONNECTION, window
from sandbox.twilio.signing import token_payload
from tests.support import meetings
from tests.support.portals import CEDAR, HARBOR

if TYPE_CHECKING:
    import httpx

    from sandbox.twilio.serving import Twilio
    from tests.support.meetings import Booked
    from tests.support.portals import Portal, Visitor

REED, HADDAD = "dana.reed@harbor.example", "omar.haddad@harbor.example"


def join(visitor: Visitor, visit: Booked) -> httpx.Response:
    """Ask to be let in, as the page's script does."""
    return visitor.post(f"{visit.path}/join", headers={"X-CSRF-Token": visitor.csrf, "Accept": "application/json"})


def said(twilio: Twilio, answer: httpx.Response) -> Any:
    account = twilio.account
    assert answer.status_code == 200, answer.text
    return token_payload(answer.json()["token"], account.key_sid, account.key_secret, account.now())


def test_both_sides_get_one_room_and_each_an_identity_for_this_once(portal: Portal, twilio: Twilio) -> None:
    visit = meetings.book(portal)
    patient, provider = portal.patient(), portal.staff(Role.PROVIDER, email=REED)
    tokens = [said(twilio, join(each, visit)) for each in (patient, provider, patient)]
    rooms = {token["grants"]["video"]["room"] for token in tokens}
    identities = {token["grants"]["identity"] for token in tokens}
    assert (len(rooms), len(identities)) == (1, 3)
    with portal.at() as here:
        ids = {
            str(row[0])
            for row in here.db.execute(sa.text("select id from portal.patient union select id from portal.staff"))
        }
        kept = here.db.execute(
            sa.text("select person_kind from portal.video_join where meeting_id = :id order by given_at, person_kind"),
            {"id": visit.id},
        )
        assert [row[0] for row in kept] == ["patient", "patient", "staff"]
    known = ids | {str(visit.id), str(visit.visit_token)}
    assert not known & (rooms | identities)
    room = twilio.account.room(rooms.pop())
    assert (room.most, room.records) == (2, False)


def test_who_is_no_provider_any_more_has_no_place_in_the_visits_they_had(portal: Portal, twilio: Twilio) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(days=2), email="robin@example.com")
    portal.clock.move(days=2)
    reed = portal.staff(Role.PROVIDER, email=REED)
    said(twilio, join(reed, visit))

    def become(*roles: Role) -> None:
        with portal.at() as here:
            found = people.staff_of_email(here, REED)
            assert found is not None
            people.change_staff(here, found.id, roles=sorted(roles))

    become(Role.BILLING)
    try:
        assert join(reed, visit).status_code == 404
    finally:
        become(Role.PROVIDER)
        portal.clock.move(days=-2)


def test_a_token_lasts_for_the_rest_of_the_visit_and_coming_back(portal: Portal, twilio: Twilio) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(hours=3), email="robin@example.com")
    portal.clock.move(hours=3, minutes=40)
    token = said(twilio, join(portal.patient(email="robin@example.com"), visit))
    # 3:00 to 3:45, open until 4:15, and 5 minutes more: at 3:40 it is 40 minutes.
    assert token["exp"] - twilio.account.now() == pytest.approx(40 * 60, abs=5)


@pytest.mark.parametrize(
    ("minutes", "is_open"), [(-16, False), (-15, True), (0, True), (45 + 29, True), (45 + 30, False), (600, False)]
)
def test_the_door_is_open_in_the_window_only(portal: Portal, minutes: int, is_open: bool) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(days=1))
    portal.clock.move(days=1, minutes=minutes)
    visitor = portal.patient()
    page, answer = visitor.get(visit.path), join(visitor, visit)
    assert (answer.status_code == 200) is is_open
    assert ('id="join"' in page.text) is is_open
    if not is_open:
        assert answer.json()["type"] == "urn:trueup:problem:not-open"
        assert ("You can join from" in page.text) is (minutes < 0)


def test_whoever_has_no_place_in_it_finds_nothing(portal: Portal) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(hours=5))
    strangers = [
        portal.patient(email="robin@example.com"),
        portal.staff(Role.PROVIDER, email=HADDAD),
        portal.staff(Role.FRONT_DESK),
        portal.patient(CEDAR),
        portal.staff(Role.PROVIDER, CEDAR),
    ]
    for stranger in strangers:
        assert stranger.get(visit.path).status_code == 404
        assert join(stranger, visit).status_code == 404
        assert stranger.submit(f"{visit.path}/recording", agreed="yes").status_code == 404
    nobody = portal.visitor()
    assert nobody.get(visit.path).status_code == 303
    assert join(nobody, visit).status_code in {401, 403}
    assert portal.patient().post(f"{visit.path}/join").status_code == 403  # without the token of its forms


def test_a_visit_that_is_over_or_cancelled_cannot_be_joined(portal: Portal) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(days=1))
    with portal.at() as here:
        here.db.execute(
            sa.text("update ledger.visit set state = 'cancelled' where visit_token = :token"),
            {"token": visit.visit_token},
        )
    visitor = portal.patient()
    assert "over or was cancelled" in visitor.get(visit.path).text
    assert join(visitor, visit).json()["type"] == "urn:trueup:problem:not-open"


def test_gates_come_first_and_are_the_patients(portal: Portal, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(minutes=10), email="robin@example.com", provider=1)
    monkeypatch.setattr(gates, "GATES", [lambda *_: [Lack("sign the consent", "/consents")], lambda *_: []])
    patient, provider = portal.patient(email="robin@example.com"), portal.staff(Role.PROVIDER, email=HADDAD)
    page, answer = patient.get(visit.path), join(patient, visit)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:trueup:problem:not-ready")
    assert '<a href="/consents">sign the consent</a>' in page.text
    assert 'id="join"' not in page.text
    assert said(twilio, join(provider, visit))


def test_a_group_meets_in_one_room_with_a_place_for_each(portal: Portal, twilio: Twilio) -> None:
    at = portal.clock.now + timedelta(days=3)
    session = meetings.group(portal, at)
    emails = ("pat@example.com", "robin@example.com")
    seats = [meetings.book(portal, at, email=email, session=session) for email in emails]
    portal.clock.move(days=3)
    answers = [join(portal.patient(email=email), seat) for email, seat in zip(emails, seats, strict=True)]
    answers.append(join(portal.staff(Role.PROVIDER, email=REED), session))
    rooms = {said(twilio, answer)["grants"]["video"]["room"] for answer in answers}
    assert join(portal.patient(), seats[1]).status_code == 200  # the seat of another is the same meeting
    assert len(rooms) == 1
    assert twilio.account.room(rooms.pop()).most == 7


def test_twilio_away_lets_nobody_in_and_keeps_nothing(portal: Portal, twilio: Twilio) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(hours=2), email="robin@example.com", provider=1)
    portal.clock.move(hours=2)
    twilio.account.is_away = True
    try:
        answer = join(portal.patient(email="robin@example.com"), visit)
    finally:
        twilio.account.is_away = False
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:trueup:problem:video-away")
    with portal.at() as here:
        assert (
            here.db.scalar(sa.text("select count(*) from portal.video_room where meeting_id = :id"), {"id": visit.id})
            == 0
        )


def test_only_the_page_of_a_call_may_use_camera_and_microphone(portal: Portal) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(days=5))
    visitor = portal.patient()
    page = visitor.get(visit.path)
    assert "Video needs JavaScript" in page.text
    call, home = page.headers, visitor.get("/").headers
    assert call["permissions-policy"] == "camera=(self), microphone=(self), geolocation=()"
    assert home["permissions-policy"] == "camera=(), microphone=(), geolocation=()"
    assert "connect-src" not in home["content-security-policy"]
    policy = dict(part.split(" ", 1) for part in call["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"].split() == [
        "'self'",
        f"ws://{HARBOR.hosts[0]}:{portal.address.rpartition(':')[2]}",
        "wss://global.vss.twilio.com",
        "wss://sdkgw.us1.twilio.com",
    ]


def test_a_program_joins_as_the_page_does(portal: Portal, twilio: Twilio) -> None:
    visit = meetings.book(portal, portal.clock.now + timedelta(days=6))
    visitor, path = portal.patient(), f"/api/v1/calls/{visit.id}"
    before = visitor.get(path).json()
    assert (before["is_open"], before["why_not"][:17], before["is_recording_offered"]) == (
        False,
        "You can join from",
        False,
    )
    headers = {"X-CSRF-Token": visitor.csrf, "Accept": "application/json"}
    assert visitor.post(f"{path}/joins", headers=headers).status_code == 409
    portal.clock.move(days=6)
    visitor = portal.patient()
    headers = {"X-CSRF-Token": visitor.csrf, "Accept": "application/json"}
    assert visitor.get(path).json()["is_open"] is True
    answer = visitor.post(f"{path}/joins", headers=headers)
    assert answer.status_code == 201
    person = twilio.account.join(answer.json()["token"])
    twilio.deliver()
    assert visitor.put(f"{path}/recording", json={"is_agreed": True}, headers=headers).status_code == 404
    stays = portal.staff(Role.FRONT_DESK).get(f"{path}/attendance").json()["items"]
    assert [(stay["kind"], stay["left_at"]) for stay in stays] == [("patient", None)]
    assert portal.patient(email="robin@example.com").get(path).status_code == 404
    twilio.account.leave(person.sid)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds have none


@given(starts_at=MOMENTS, minutes=st.integers(5, 480), now=MOMENTS)
def test_a_token_given_in_the_window_ends_soon_after_it(starts_at: datetime, minutes: int, now: datetime) -> None:
    one = window(starts_at, starts_at + timedelta(minutes=minutes))
    assert one.opens_at < starts_at < one.closes_at
    if one.is_open(now):
        assert not one.is_over(now)
        assert 60 <= one.seconds_left(now) <= 12 * 3600
        assert now + timedelta(seconds=one.seconds_left(now)) <= one.closes_at + RECONNECTION
