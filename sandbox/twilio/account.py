"""One Twilio account: its rooms with who is in them, its messages, and the callbacks that were not yet delivered."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.twilio.signing import token_payload

Obj = dict[str, Any]
RECORD_NOTHING = [{"type": "exclude", "all": True}]


class Refused(Exception):  # noqa: N818 - named for what the caller is told
    """An answer of Twilio's that is an error: HTTP status, Twilio's number, words."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(words)
        self.status, self.code = status, code


@dataclass
class Participant:
    """Somebody who is or was in a room."""

    sid: str
    identity: str
    joined_at: float
    left_at: float | None = None


@dataclass
class Room:
    """A room: who was in it, what it records, and how many callbacks it has made."""

    sid: str
    name: str
    most: int
    callback: str
    rules: list[Obj] = field(default_factory=lambda: list(RECORD_NOTHING))
    people: list[Participant] = field(default_factory=list)
    is_over: bool = False
    sequence: int = 0

    @property
    def present(self) -> list[Participant]:
        """Who is in it."""
        return [person for person in self.people if person.left_at is None]

    @property
    def records(self) -> bool:
        """Whether anything in it is recorded."""
        return any(rule["type"] == "include" for rule in self.rules)


@dataclass(frozen=True)
class Callback:
    """A status callback: where it goes and its form."""

    url: str
    fields: dict[str, str]


class Account:
    """The state behind the API. `now` tells the time in seconds since 1970, as tokens and rooms have it."""

    def __init__(
        self, account_sid: str, auth_token: str, key_sid: str, key_secret: str, now: Callable[[], float] = time.time
    ) -> None:
        self.account_sid, self.auth_token, self.key_sid, self.key_secret = account_sid, auth_token, key_sid, key_secret
        self.now = now
        self.lock = threading.RLock()
        self.rooms: dict[str, Room] = {}
        self.messages: list[Obj] = []
        self.callbacks: list[Callback] = []
        self.is_away = False

    def create(self, name: str, most: int, callback: str, rules: list[Obj]) -> Room:
        """Make a room; a name is of one room in progress."""
        if any(room.name == name and not room.is_over for room in self.rooms.values()):
            raise Refused(400, 53113, "Room exists")
        room = Room(f"RM{secrets.token_hex(16)}", name, most, callback, rules)
        self.rooms[room.sid] = room
        self._tell(room, "room-created")
        return room

    def room(self, sid_or_name: str) -> Room:
        """Return a room by its SID, or by its name while it is in progress."""
        for room in self.rooms.values():
            if room.sid == sid_or_name or (room.name == sid_or_name and not room.is_over):
                return room
        raise Refused(404, 20404, "The requested resource was not found")

    def join(self, token: str) -> Participant:
        """Connect as a browser with a token does. Raises ValueError with Twilio's number when it may not."""
        with self.lock:
            grants = token_payload(token, self.key_sid, self.key_secret, self.now())["grants"]
            try:
                room = self.room(grants["video"]["room"])
            except Refused as error:
                raise ValueError("53106: there is no such room, and clients do not make one.") from error
            for other in room.present:
                if other.identity == grants["identity"]:
                    self.leave(other.sid)  # error 53205 over there
            if len(room.present) >= room.most:
                raise ValueError("53105: the room is full.")
            person = Participant(f"PA{secrets.token_hex(16)}", grants["identity"], self.now())
            room.people.append(person)
            self._tell(room, "participant-connected", person)
            return person

    def leave(self, participant_sid: str) -> None:
        """Disconnect somebody; who has left stays so."""
        with self.lock:
            for room in self.rooms.values():
                for person in room.present:
                    if person.sid == participant_sid:
                        person.left_at = self.now()
                        self._tell(room, "participant-disconnected", person)

    def end(self, room: Room) -> None:
        """End a room: everybody is out of it."""
        for person in room.present:
            self.leave(person.sid)
        if not room.is_over:
            room.is_over = True
            self._tell(room, "room-ended")

    def _tell(self, room: Room, event: str, person: Participant | None = None) -> None:
        fields = {
            "AccountSid": self.account_sid,
            "RoomSid": room.sid,
            "RoomName": room.name,
            "RoomStatus": "completed" if room.is_over else "in-progress",
            "RoomType": "group",
            "StatusCallbackEvent": event,
            "SequenceNumber": str(room.sequence),
            "Timestamp": moment(self.now()),
        }
        if person:
            fields |= {
                "ParticipantSid": person.sid,
                "ParticipantIdentity": person.identity,
                "ParticipantStatus": "connected" if person.left_at is None else "disconnected",
            }
        room.sequence += 1
        if room.callback:
            self.callbacks.append(Callback(room.callback, fields))


def moment(at: float) -> str:
    """Write a time as callbacks have it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
