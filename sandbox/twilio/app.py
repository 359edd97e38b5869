"""The operations of Twilio's REST API that are here, over HTTP."""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio.account import Account, Obj, Participant, Refused, Room

Form = dict[str, str]
_CREATE = {
    *("UniqueName", "MaxParticipants", "MaxParticipantDuration", "RecordingRules", "StatusCallback"),
    *("StatusCallbackMethod", "RecordParticipantsOnConnect", "TranscribeParticipantsOnConnect"),
}


def application(account: Account) -> Starlette:
    """Serve an account. Both of Twilio's hosts are one here: their paths differ."""
    routes = [
        _route(account, "POST", "/v1/Rooms", _create, _CREATE),
        _route(account, "GET", "/v1/Rooms/{room}", _read, set()),
        _route(account, "POST", "/v1/Rooms/{room}", _end, {"Status"}),
        _route(account, "POST", "/v1/Rooms/{room}/RecordingRules", _record, {"Rules"}),
        _route(account, "GET", "/v1/Rooms/{room}/Participants", _list, {"Status", "PageSize"}),
        _route(account, "POST", "/v1/Rooms/{room}/Participants/{person}", _remove, {"Status"}),
        _route(
            account,
            "POST",
            "/2010-04-01/Accounts/{account}/Messages.json",
            _message,
            {"To", "From", "MessagingServiceSid", "Body"},
        ),
        Route("/{rest:path}", _not_here, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    return Starlette(routes=routes)


def _route(
    account: Account, method: str, path: str, work: Callable[[Account, Obj, Form], Obj], known: set[str]
) -> Route:
    async def answer(request: Request) -> Response:
        if account.is_away:
            return _error(Refused(503, 20503, "Service unavailable"))
        async with request.form() as form:
            given = {str(name): str(text) for name, text in (*request.query_params.items(), *form.items())}
        try:
            _known(account, request, given, known)
            with account.lock:
                made = work(account, request.path_params, given)
        except Refused as error:
            return _error(error)
        return JSONResponse(made, HTTPStatus.CREATED if method == "POST" else HTTPStatus.OK)

    handler: Callable[[Request], Awaitable[Response]] = answer
    return Route(path, handler, methods=[method])


def _known(account: Account, request: Request, given: Form, known: set[str]) -> None:
    scheme, _, pair = request.headers.get("authorization", "").partition(" ")
    try:
        who = base64.b64decode(pair).decode()
    except (binascii.Error, UnicodeDecodeError):
        who = ""
    if scheme.lower() != "basic" or who != f"{account.key_sid}:{account.key_secret}":
        raise Refused(401, 20003, "Authenticate")
    if unknown := sorted(given.keys() - known):
        raise Refused(400, 20001, f"The sandbox has no parameter {unknown[0]} of {request.method} {request.url.path}")


async def _not_here(request: Request) -> Response:
    return _error(Refused(501, 20501, f"The sandbox has no {request.method} {request.url.path}"))


def _error(error: Refused) -> Response:
    said = {"code": error.code, "message": str(error), "more_info": "", "status": error.status}
    return JSONResponse(said, error.status)


def _create(account: Account, _path: Obj, given: Form) -> Obj:
    rules = json.loads(given.get("RecordingRules", '[{"type": "exclude", "all": true}]'))
    most = int(given.get("MaxParticipants", "50"))
    return _room(account.create(given["UniqueName"], most, given.get("StatusCallback", ""), rules))


def _read(account: Account, path: Obj, _given: Form) -> Obj:
    return _room(account.room(path["room"]))


def _end(account: Account, path: Obj, given: Form) -> Obj:
    room = account.room(path["room"])
    if given.get("Status") != "completed" or room.is_over:
        raise Refused(400, 53112, "Invalid Room status")
    account.end(room)
    return _room(room)


def _record(account: Account, path: Obj, given: Form) -> Obj:
    room = account.room(path["room"])
    if room.is_over:
        raise Refused(400, 53112, "Invalid Room status")
    room.rules = json.loads(given["Rules"])
    return {"room_sid": room.sid, "rules": room.rules, "date_created": None, "date_updated": None}


def _list(account: Account, path: Obj, given: Form) -> Obj:
    room = account.room(path["room"])
    people = [each for each in room.people if (each.left_at is None) == (given.get("Status") == "connected")]
    return {
        "participants": [_person(room, each) for each in people],
        "meta": {"key": "participants", "next_page_url": None},
    }


def _remove(account: Account, path: Obj, given: Form) -> Obj:
    room = account.room(path["room"])
    person = next((each for each in room.present if each.sid == path["person"]), None)
    if person is None or given.get("Status") != "disconnected":
        raise Refused(404, 20404, "The requested resource was not found")
    account.leave(person.sid)
    return _person(room, person)


def _message(account: Account, path: Obj, given: Form) -> Obj:
    if path["account"] != account.account_sid:
        raise Refused(404, 20404, "The requested resource was not found")
    account.messages.append(dict(given))
    return {"sid": f"SM{len(account.messages):032x}", "status": "queued", "to": given["To"], "body": given["Body"]}


def _room(room: Room) -> Obj:
    return {
        "sid": room.sid,
        "unique_name": room.name,
        "status": "completed" if room.is_over else "in-progress",
        "type": "group",
        "max_participants": room.most,
        "status_callback": room.callback,
    }


def _person(room: Room, person: Participant) -> Obj:
    return {
        "sid": person.sid,
        "room_sid": room.sid,
        "identity": person.identity,
        "status": "connected" if person.left_at is None else "disconnected",
        "start_time": _second(person.joined_at),
        "end_time": _second(person.left_at) if person.left_at is not None else None,
    }


def _second(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
