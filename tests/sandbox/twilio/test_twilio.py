"""Twilio's stand-in: who may join, what callbacks say, and that what it lacks is said aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from twilio.request_validator import RequestValidator

from ledger.gateways.twilio_gateway import TwilioGateway
from sandbox.twilio.serving import served
from sandbox.twilio.signing import signature
from tests.support.twilio import CALLBACK, account_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.twilio.serving import Twilio


@pytest.fixture(name="twilio", scope="module")
def _twilio() -> Iterator[Twilio]:
    with served() as running:
        yield running


def test_callbacks_are_signed_as_the_real_sdk_expects(twilio: Twilio) -> None:
    fields = {"b": "ü 1", "a": "", "RoomSid": "RM1"}
    signed = signature(twilio.account.auth_token, CALLBACK, fields)
    assert signed == RequestValidator(twilio.account.auth_token).compute_signature(CALLBACK, fields)


def test_a_room_is_joined_by_token_only_and_tells_of_it(twilio: Twilio) -> None:
    gateway, account, name = TwilioGateway(account_at(twilio)), twilio.account, uuid4()
    gateway.room(name, 1, 600)
    identity, other = uuid4(), uuid4()
    first = account.join(gateway.token(name, identity, 60))
    with pytest.raises(ValueError, match="53105"):
        account.join(gateway.token(name, other, 60))
    again = account.join(gateway.token(name, identity, 60))  # the same identity: the first is put out
    account.leave(again.sid)
    account.leave(again.sid)
    with pytest.raises(ValueError, match="53106"):
        account.join(gateway.token(uuid4(), identity, 60))
    told = [(each.fields["SequenceNumber"], each.fields["StatusCallbackEvent"]) for each in account.callbacks]
    names = ["room-created", "participant-connected", "participant-disconnected"]
    assert told == [(str(number), event) for number, event in enumerate([*names, *names[1:]])]
    assert {each.fields.get("ParticipantSid") for each in account.callbacks} == {None, first.sid, again.sid}
    assert {each.url for each in account.callbacks} == {CALLBACK}


@pytest.mark.parametrize(("change", "number"), [(lambda token: token[:-4] + "AAAA", "20107"), (lambda _: "x", "20101")])
def test_a_token_that_was_touched_lets_nobody_in(twilio: Twilio, change: object, number: str) -> None:
    token = TwilioGateway(account_at(twilio)).token(uuid4(), uuid4(), 60)
    assert callable(change)
    with pytest.raises(ValueError, match=number):
        twilio.account.join(change(token))


def test_a_token_ends(twilio: Twilio) -> None:
    gateway, name = TwilioGateway(account_at(twilio)), uuid4()
    gateway.room(name, 2, 600)
    token, real = gateway.token(name, uuid4(), 60), twilio.account.now
    twilio.account.now = lambda: real() + 62
    try:
        with pytest.raises(ValueError, match="20104"):
            twilio.account.join(token)
    finally:
        twilio.account.now = real


def test_what_it_lacks_is_said_aloud(twilio: Twilio) -> None:
    mine = twilio.account
    with httpx.Client(base_url=twilio.url, auth=(mine.key_sid, mine.key_secret)) as client:
        said = client.get("/v1/Compositions")
        assert (said.status_code, said.json()["message"]) == (501, "The sandbox has no GET /v1/Compositions")
        said = client.post("/v1/Rooms", data={"UniqueName": str(uuid4()), "AudioOnly": "true"})
        assert (said.status_code, "AudioOnly" in said.json()["message"]) == (400, True)
        assert client.get("/v1/Rooms/nowhere", auth=("a", "b")).status_code == 401
        assert client.get("/v1/Rooms/nowhere").json()["code"] == 20404
