"""Twilio's gateway against its stand-in: tokens for one room, rooms that record nothing, and what never leaves."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from starlette.datastructures import FormData

from ledger.gateways.egress import NotAdmitted
from ledger.gateways.mail import NotDelivered, Text
from ledger.gateways.twilio_gateway import NoToken, TwilioFailed, TwilioGateway
from ledger.rules.sms import NotASentence, Sms, number, said
from ledger.rules.twilio_account import TwilioAccount
from sandbox.twilio.serving import served
from sandbox.twilio.signing import signature, token_payload
from tests.support.twilio import CALLBACK, account_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.twilio.serving import Twilio

LINK = "https://harbor.portal.example.com/appointments"


@pytest.fixture(name="twilio", scope="module")
def _twilio() -> Iterator[Twilio]:
    with served() as running:
        yield running


@pytest.fixture(name="gateway", scope="module")
def _gateway(twilio: Twilio) -> TwilioGateway:
    return TwilioGateway(account_at(twilio))


def test_a_token_is_for_one_room_and_one_opaque_person(twilio: Twilio, gateway: TwilioGateway) -> None:
    room, identity = uuid4(), uuid4()
    account = twilio.account
    payload = token_payload(gateway.token(room, identity, 900), account.key_sid, account.key_secret, account.now())
    assert payload["grants"] == {"identity": str(identity), "video": {"room": str(room)}}
    assert payload["exp"] - account.now() == pytest.approx(900, abs=3)
    assert payload["sub"] == account.account_sid


@pytest.mark.parametrize("seconds", [0, 59, 12 * 3600 + 1, 1_000_000])
def test_a_token_without_bounds_is_not_made(gateway: TwilioGateway, seconds: int) -> None:
    with pytest.raises(NoToken, match="lasts"):
        gateway.token(uuid4(), uuid4(), seconds)


@pytest.mark.parametrize(("room", "identity"), [("", uuid4()), (None, uuid4()), (uuid4(), ""), (uuid4(), "Ada")])
def test_a_token_for_any_room_or_for_nobody_is_not_made(gateway: TwilioGateway, room: object, identity: object) -> None:
    with pytest.raises(NoToken, match="one room"):
        gateway.token(room, identity, 900)  # type: ignore[arg-type] # what is tested


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("key_secret", "short", "under 32 bytes"),
        ("account_sid", "AC1", "account SID"),
        ("key_sid", "AC" + "0" * 32, "API key SID"),
        ("auth_token", "", "auth token"),
        ("callback_url", "https://portal.example.com/elsewhere?a=b", "public address"),
        ("url", "http://example.com", "on this machine"),
        ("sms_from", "Dr. Adams", "SMS"),
    ],
)
def test_an_account_that_cannot_be_is_refused_without_its_secrets(
    twilio: Twilio, field: str, value: str, sentence: str
) -> None:
    good = account_at(twilio)
    with pytest.raises(ValueError, match=sentence) as refused:
        replace(good, **{field: value})
    assert good.key_secret not in str(refused.value) + repr(good)
    assert isinstance(good, TwilioAccount)


def test_a_room_is_made_once_and_records_nothing(twilio: Twilio, gateway: TwilioGateway) -> None:
    name = uuid4()
    sid = gateway.room(name, 2, 3600)
    assert gateway.room(name, 2, 3600) == sid
    room = twilio.account.room(sid)
    assert (room.name, room.most, room.records, room.callback) == (str(name), 2, False, CALLBACK)
    gateway.record(sid, is_on=True)
    assert room.records
    gateway.record(sid, is_on=False)
    assert not room.records


def test_who_is_in_a_room_and_who_was(twilio: Twilio, gateway: TwilioGateway) -> None:
    name, first, second = uuid4(), uuid4(), uuid4()
    sid = gateway.room(name, 2, 3600)
    twilio.account.join(gateway.token(name, first, 900))
    gone = twilio.account.join(gateway.token(name, second, 900))
    gateway.remove(sid, gone.sid)
    people = gateway.participants(sid)
    assert [(each.identity, each.is_connected) for each in people] == [(str(first), True), (str(second), False)]
    assert people[0].joined_at is not None
    assert people[1].left_at is not None
    gateway.end(sid)
    assert [each.is_connected for each in gateway.participants(sid)] == [False, False]


def test_only_our_own_sentences_are_sent_to_a_telephone(twilio: Twilio, gateway: TwilioGateway) -> None:
    words = said(Sms.REMINDER, when="Tuesday, March 3, 2026, 3:30 PM EST", link=LINK)
    gateway.sms("+15551234567", words)
    assert twilio.account.messages[-1] == {"To": "+15551234567", "From": "+15550001111", "Body": words}
    before = len(twilio.account.messages)
    for body in (words + " Ada", "Your therapy with Dr. Adams is tomorrow.", f"Reminder: {LINK}?name=Ada"):
        with pytest.raises(NotAdmitted) as refused:
            gateway.sms("+15551234567", body)
        assert body not in str(refused.value)
    assert len(twilio.account.messages) == before


@pytest.mark.parametrize("slots", [{}, {"code": "Ada"}, {"code": "1234 5678", "name": "Ada"}, {"code": "12345678\n"}])
def test_a_slot_holds_its_kind_only(slots: dict[str, str]) -> None:
    assert said(Sms.CODE, code="1234 5678").startswith("Your code is 1234 5678.")
    with pytest.raises(NotASentence):
        said(Sms.CODE, **slots)


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("+1 617 555 0117", "+16175550117"),
        ("(617) 555-0117", "+16175550117"),
        ("1.617.555.0117", "+16175550117"),
        ("+44 20 7946 0000", "+442079460000"),
        ("555 0117", None),
        ("ask for Ada", None),
        ("", None),
    ],
)
def test_a_number_as_people_write_it(written: str, called: str | None) -> None:
    assert number(written) == called


def test_a_message_that_cannot_be_delivered_says_whether_to_try_again(twilio: Twilio, gateway: TwilioGateway) -> None:
    words = said(Sms.CODE, code="1234 5678")
    gateway.text(Text("(617) 555-0117", words))
    assert twilio.account.messages[-1]["To"] == "+16175550117"
    for recipient, body in (("none", words), ("+16175550117", "See you, Ada")):
        with pytest.raises(NotDelivered) as refused:
            gateway.text(Text(recipient, body))
        assert refused.value.is_final
    twilio.account.is_away = True
    with pytest.raises(NotDelivered) as away:
        gateway.text(Text("+16175550117", words))
    twilio.account.is_away = False
    assert not away.value.is_final


def test_every_sentence_we_can_say_may_leave(twilio: Twilio, gateway: TwilioGateway) -> None:
    at = "Wednesday, September 30, 2026, 12:05 PM +0530"
    slots = {"code": "1234 5678", "when": at, "until": at, "link": LINK}
    for sentence in Sms:
        gateway.sms(
            "+15551234567", said(sentence, **{name: slots[name] for name in slots if f"{{{name}}}" in sentence})
        )
    assert len(twilio.account.messages) >= len(Sms)


def test_no_other_call_leaves_whoever_asks_the_sdk(twilio: Twilio, gateway: TwilioGateway) -> None:
    calls = len(twilio.account.rooms)
    with pytest.raises(NotAdmitted):
        gateway._client.video.v1.rooms.create(unique_name="Ada's visit")
    with pytest.raises(NotAdmitted):
        gateway._client.chat.v2.services.list()
    assert len(twilio.account.rooms) == calls


def test_what_failed_says_its_number_and_no_value(
    twilio: Twilio, gateway: TwilioGateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(TwilioFailed) as refused:
        gateway.record("RM" + "0" * 32, is_on=True)
    assert (refused.value.code, refused.value.is_refusal) == (20404, True)
    wrong = TwilioGateway(replace(account_at(twilio), key_secret="x" * 32))
    with pytest.raises(TwilioFailed, match="20003"):
        wrong.room(uuid4(), 2, 3600)
    away = TwilioGateway(replace(account_at(twilio), url="http://127.0.0.1:9"))
    with pytest.raises(TwilioFailed) as gone:
        away.room(uuid4(), 2, 3600)
    assert (gone.value.code, gone.value.is_refusal) == (0, False)
    assert gateway.account.key_secret not in caplog.text


FIELDS = {"RoomSid": "RM1", "StatusCallbackEvent": "room-created", "SequenceNumber": "0"}


def test_a_callback_is_twilios_by_its_signature_over_the_public_address(twilio: Twilio, gateway: TwilioGateway) -> None:
    token = twilio.account.auth_token
    good = signature(token, CALLBACK, FIELDS)
    assert gateway.is_signed(FormData(FIELDS), good)
    assert not gateway.is_signed(FormData(FIELDS), None)
    assert not gateway.is_signed(FormData(FIELDS), "")
    assert not gateway.is_signed(FormData({**FIELDS, "SequenceNumber": "1"}), good)
    assert not gateway.is_signed(FormData([*FIELDS.items(), ("RoomSid", "RM2")]), good)
    assert not gateway.is_signed(FormData(FIELDS), signature(token, CALLBACK + "/", FIELDS))
    assert not gateway.is_signed(FormData(FIELDS), signature(twilio.account.key_secret, CALLBACK, FIELDS))
