"""Twilio: tokens for one room, rooms and their recording, who was there, callbacks that are Twilio's, and SMS.

The only importer of the SDK. Names of rooms and people are random UUIDs; what else may leave is one table.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from requests import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VideoGrant
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from ledger.gateways import egress, twilio_egress
from ledger.gateways.mail import NotDelivered
from ledger.rules import opaque
from ledger.rules.sms import number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from twilio.http.response import Response

    from ledger.gateways.mail import Text
    from ledger.rules.twilio_account import TwilioAccount

SHORTEST_SECONDS, LONGEST_SECONDS = 60, 12 * 3600
"""How long a token lasts: the longest visit is eight hours, and Twilio takes no more than 24."""
SECONDS_TO_ANSWER = 10.0
ROOM_EXISTS = 53113
_HOSTS = frozenset({"video.twilio.com", "api.twilio.com"})
_MOST_LISTED = 100
_log = logging.getLogger(__name__)


class TwilioFailed(Exception):  # noqa: N818 - named for what happened
    """A call had no good answer; the text has Twilio's number for it and never a value.

    `is_refusal`: what was asked for cannot be had, however often it is asked.
    """

    def __init__(self, call: str, error: Exception) -> None:
        status = int(error.status) if isinstance(error, TwilioRestException) else 0
        self.code = int(error.code or status) if isinstance(error, TwilioRestException) else 0
        self.is_refusal = status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}
        super().__init__(f"Twilio: {call} failed ({self.code or type(error).__name__}).")


class NoToken(ValueError):  # noqa: N818 - named for what is not given
    """A token would let in more than one person into one room for a while; the text says in which way."""


class Participant(NamedTuple):
    """Somebody who is or was in a room."""

    sid: str
    identity: str
    is_connected: bool
    joined_at: datetime | None
    left_at: datetime | None


class Guarded(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Sends nothing that the egress table does not list, and to a sandbox on this machine where there is one."""

    def __init__(self, url: str = "") -> None:
        # At INFO the SDK logs what it was given, before anybody looked at it.
        logging.getLogger("twilio").setLevel(logging.WARNING)
        super().__init__(timeout=SECONDS_TO_ANSWER)
        self._url = url

    def request(  # noqa: PLR0913, PLR0917 - the base class's arguments
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: ARG002 - a call goes to the one address it was made for
    ) -> Response:
        """Send one call, when it is admitted."""
        place = urlsplit(url)
        if place.scheme != "https" or place.hostname not in _HOSTS:
            raise egress.NotAdmitted("a call to another host than Twilio's: nothing was sent.")
        fields = [*parse_qsl(place.query, keep_blank_values=True), *_pairs(params), *_pairs(data)]
        egress.admit(method, place.path, fields, twilio_egress.CALLS)
        kept = {name: text for name, text in (headers or {}).items() if name in {"Content-Type", "Accept"}}
        own = place._replace(scheme="", netloc="").geturl()
        sent_to = f"{self._url}{own}" if self._url else url
        return super().request(method, sent_to, params, data, kept | {"User-Agent": "trueup"}, auth, timeout)


@dataclass(frozen=True)
class TwilioGateway:
    """Twilio, as one account."""

    account: TwilioAccount
    _client: Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the client, by the API key and not by the auth token, which can do anything."""
        mine = self.account
        client = Client(mine.key_sid, mine.key_secret, mine.account_sid, http_client=Guarded(mine.url))
        object.__setattr__(self, "_client", client)

    def token(self, room: UUID, identity: UUID, seconds: int) -> str:
        """Return what lets one identity into one room for some seconds. Raises NoToken for anything wider."""
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise NoToken(f"A token lasts from {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds.")
        if not (opaque.TOKEN.admits(str(room)) and opaque.TOKEN.admits(str(identity))) or room == identity:
            raise NoToken("A token is for one room and one person, each named by a UUID of its own.")
        grant = VideoGrant(room=str(room))
        mine = self.account
        token = AccessToken(
            mine.account_sid, mine.key_sid, mine.key_secret, [grant], identity=str(identity), ttl=seconds
        )
        return str(token.to_jwt())

    def room(self, name: UUID, people: int, seconds: int) -> str:
        """Return the SID of the room of a name, made if it is not there: recording nothing. Raises TwilioFailed."""
        try:
            made = self._client.video.v1.rooms.create(
                unique_name=str(name),
                max_participants=people,
                max_participant_duration=seconds,
                record_participants_on_connect=False,
                transcribe_participants_on_connect=False,
                recording_rules=[{"type": "exclude", "all": True}],
                status_callback=self.account.callback_url,
                status_callback_method="POST",
            )
        except TwilioRestException as error:
            if error.code != ROOM_EXISTS:
                raise TwilioFailed("create_room", error) from None
            return str(self._asked("read_room", lambda: self._client.video.v1.rooms(str(name)).fetch()).sid)
        except (TwilioException, RequestException) as error:
            raise TwilioFailed("create_room", error) from None
        return str(made.sid)

    def is_open(self, room_sid: str) -> bool:
        """Tell whether a room is in progress. Raises TwilioFailed."""
        try:
            return bool(self._client.video.v1.rooms(room_sid).fetch().status == "in-progress")
        except TwilioRestException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise TwilioFailed("read_room", error) from None
        except (TwilioException, RequestException) as error:
            raise TwilioFailed("read_room", error) from None

    def record(self, room_sid: str, *, is_on: bool) -> None:
        """Record everybody in a room from now on, or nobody. Raises TwilioFailed."""
        rules = [{"type": "include" if is_on else "exclude", "all": True}]
        self._asked("record", lambda: self._client.video.v1.rooms(room_sid).recording_rules.update(rules=rules))

    def participants(self, room_sid: str) -> list[Participant]:
        """Return who is in a room and who was. Raises TwilioFailed."""
        room = self._client.video.v1.rooms(room_sid)
        found = [
            each
            for status in ("connected", "disconnected")
            for each in self._asked(
                "list_participants",
                lambda status=status: room.participants.list(status=status, limit=_MOST_LISTED, page_size=_MOST_LISTED),
            )
        ]
        return [
            Participant(each.sid, each.identity, each.status == "connected", each.start_time, each.end_time)
            for each in found
        ]

    def remove(self, room_sid: str, participant_sid: str) -> None:
        """Put somebody out of a room. Raises TwilioFailed."""
        person = self._client.video.v1.rooms(room_sid).participants(participant_sid)
        self._asked("remove_participant", lambda: person.update(status="disconnected"))

    def end(self, room_sid: str) -> None:
        """End a room for everybody. Raises TwilioFailed."""
        self._asked("end_room", lambda: self._client.video.v1.rooms(room_sid).update(status="completed"))

    def sms(self, to: str, words: str) -> None:
        """Send one of our sentences to a telephone. Raises TwilioFailed, NotAdmitted for any other words."""
        sender = self.account.sms_from
        by = {"from_": sender} if sender.startswith("+") else {"messaging_service_sid": sender}
        self._asked("send_sms", lambda: self._client.messages.create(to=to, body=words, **by))

    def text(self, text: Text) -> None:
        """Deliver a text message; raises NotDelivered."""
        to = number(text.recipient)
        if to is None:
            raise NotDelivered("The telephone number is none.", is_final=True)
        try:
            self.sms(to, text.body)
        except TwilioFailed as failure:
            raise NotDelivered(str(failure), is_final=failure.is_refusal) from None
        except egress.NotAdmitted as refusal:
            raise NotDelivered(str(refusal), is_final=True) from None

    def is_signed(self, fields: Mapping[str, Any], signature: str | None) -> bool:
        """Tell whether a callback with these fields (a form that keeps repeated ones) is signed as Twilio signs.

        The address signed is the public one that Twilio was told, never the request's own.
        """
        validator = RequestValidator(self.account.auth_token)
        return signature is not None and bool(validator.validate(self.account.callback_url, fields, signature))

    def _asked(self, call: str, ask: Any) -> Any:
        try:
            return ask()
        except (TwilioException, RequestException) as error:
            failed = TwilioFailed(call, error)
            _log.warning("%s", failed)
            raise failed from None


def _pairs(fields: dict[str, object] | None) -> list[tuple[str, str]]:
    return [
        (name, str(each))
        for name, value in (fields or {}).items()
        for each in (value if isinstance(value, list) else [value])
    ]
