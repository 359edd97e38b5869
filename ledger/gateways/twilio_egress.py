"""What may leave for Twilio: rooms by opaque names, fixed rules, our own callback, and our own sentences by SMS."""

from __future__ import annotations

from ledger.gateways.egress import Call
from ledger.rules import opaque
from ledger.rules.opaque import one_of
from ledger.rules.sms import SENTENCE

RECORD_NOTHING = '[{"type": "exclude", "all": true}]'
RECORD_ALL = '[{"type": "include", "all": true}]'
_FALSE = one_of("false")
_SENDER = {"From": opaque.PHONE, "MessagingServiceSid": opaque.MESSAGING_SID}

CALLS = (
    Call(
        "create_room",
        "post",
        ("Rooms",),
        {
            "UniqueName": opaque.TOKEN,
            "MaxParticipants": opaque.COUNT,
            "MaxParticipantDuration": opaque.ROOM_SECONDS,
            "RecordParticipantsOnConnect": _FALSE,
            "TranscribeParticipantsOnConnect": _FALSE,
            "RecordingRules": one_of(RECORD_NOTHING),
            "StatusCallback": opaque.CALLBACK_URL,
            "StatusCallbackMethod": one_of("POST"),
        },
    ),
    Call("read_room_of_name", "get", ("Rooms", opaque.TOKEN), {}),
    Call("read_room", "get", ("Rooms", opaque.ROOM_SID), {}),
    Call("end_room", "post", ("Rooms", opaque.ROOM_SID), {"Status": one_of("completed")}),
    Call("record", "post", ("Rooms", opaque.ROOM_SID, "RecordingRules"), {"Rules": one_of(RECORD_NOTHING, RECORD_ALL)}),
    Call(
        "list_participants",
        "get",
        ("Rooms", opaque.ROOM_SID, "Participants"),
        {"Status": one_of("connected", "disconnected"), "PageSize": opaque.COUNT},
    ),
    Call(
        "remove_participant",
        "post",
        ("Rooms", opaque.ROOM_SID, "Participants", opaque.PARTICIPANT_SID),
        {"Status": one_of("disconnected")},
    ),
    Call(
        "send_sms",
        "post",
        ("Accounts", opaque.ACCOUNT_SID, "Messages.json"),
        {**_SENDER, "To": opaque.PHONE, "Body": SENTENCE},
        version="2010-04-01",
    ),
)
