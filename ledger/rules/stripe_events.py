"""What is read of an event of Stripe's: its head, and of the object it carries the allow-listed fields only."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from ledger.rules.stripe_fields import allowed_in_ledger, remains
from ledger.rules.stripe_values import LAST_SECOND, FieldRefused

_ID = re.compile(r"[A-Za-z0-9_\-.]{1,255}")
_TYPE = re.compile(r"[a-z0-9_.]{1,100}")
_THIN = "v2.core.event"


class EventRefused(ValueError):  # noqa: N818 - an event that breaks its contract is refused, which is no fault of ours
    """What came is no event that is read here; the text is a sentence, without a value of the event."""


class ThinEvent(EventRefused):
    """An event of Stripe's API v2, which names an object and does not carry it."""


@dataclass(frozen=True)
class Event:
    """An event with the object it carries. `payload` has the object's allow-listed fields.

    `object_id` is None where the object has no id, as the balance has none: then nothing can be kept of it.
    `object_sha256` is of the object's canonical JSON, all fields. `refusal` is a sentence where the object breaks the
    contract of its type: its payload is then what may be kept all the same.
    """

    event_id: str
    event_type: str
    api_version: str | None
    account: str | None
    is_live: bool
    created_at: datetime
    object_type: str
    object_id: str | None
    object_sha256: str
    payload: dict[str, object]
    refusal: str | None = None


def read(body: bytes) -> Event:
    """Read the body of a webhook. Raises ThinEvent for an event of API v2, EventRefused for what is no event."""
    return of_document(_json_object(body))


def of_document(whole: dict[str, Any]) -> Event:
    """Read an event that was parsed already, as `read` does."""
    if whole.get("object") == _THIN:
        raise ThinEvent(
            "This is a thin event of Stripe's API v2, which says that an object changed and not how. Only snapshot "
            "events (v1) are read here: create the endpoint with the payload style 'snapshot'."
        )
    if whole.get("object") != "event":
        raise EventRefused("This is no event of Stripe's: its 'object' is not 'event'.")
    data = whole.get("data")
    carried = data.get("object") if isinstance(data, dict) else None
    if not isinstance(carried, dict):
        raise EventRefused("The event carries no object in data.object.")
    object_type, object_id = carried.get("object"), carried.get("id")
    if not isinstance(object_type, str) or not _TYPE.fullmatch(object_type):
        raise EventRefused("The object of the event has no type that could be Stripe's.")
    payload, refusal = _kept(object_type, carried)
    return Event(
        event_id=_word(whole, "id", _ID),
        event_type=_word(whole, "type", _TYPE),
        api_version=_word_or_none(whole, "api_version"),
        account=_word_or_none(whole, "account"),
        is_live=_switch(whole, "livemode"),
        created_at=_moment(whole, "created"),
        object_type=object_type,
        object_id=object_id if isinstance(object_id, str) and _ID.fullmatch(object_id) else None,
        object_sha256=object_sha256(carried),
        payload=payload,
        refusal=refusal,
    )


def of_reading(event_id: str, source: dict[str, Any], at: datetime, *, is_live: bool) -> Event:
    """Return what Stripe answered of an object as an event of ours: a version of the time it was read, in seconds.

    Whole seconds, as Stripe's own events have: of a change in the same second its event is not taken for older.
    """
    payload, refusal = _kept(source["object"], source)
    return Event(
        event_id=event_id,
        event_type=f"{source['object']}.read",
        api_version=None,
        account=None,
        is_live=is_live,
        created_at=at.replace(microsecond=0),
        object_type=source["object"],
        object_id=source["id"],
        object_sha256=object_sha256(source),
        payload=payload,
        refusal=refusal,
    )


def object_sha256(source: dict[str, Any]) -> str:
    """Return the SHA-256 of an object's canonical JSON, which breaks ties between versions of the same time."""
    return hashlib.sha256(canonical(source)).hexdigest()


def canonical(source: dict[str, Any]) -> bytes:
    """Return an object's canonical JSON: all its fields, keys sorted, no blanks, UTF-8."""
    text = json.dumps(source, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "surrogatepass")


def _kept(object_type: str, carried: dict[str, Any]) -> tuple[dict[str, object], str | None]:
    try:
        return allowed_in_ledger(object_type, carried), None
    except FieldRefused as fault:
        return remains(object_type, carried), f"{object_type}.{fault.field} {fault.message}."


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise EventRefused("The body is no JSON.") from None
    if not isinstance(whole, dict):
        raise EventRefused("The body is no JSON object.")
    return whole


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _word(whole: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = whole.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise EventRefused(f"The event's '{name}' is missing or not as Stripe writes it.")
    return value


def _word_or_none(whole: dict[str, Any], name: str) -> str | None:
    return None if whole.get(name) is None else _word(whole, name, _ID)


def _switch(whole: dict[str, Any], name: str) -> bool:
    value = whole.get(name)
    if type(value) is not bool:
        raise EventRefused(f"The event's '{name}' is missing or neither true nor false.")
    return value


def _moment(whole: dict[str, Any], name: str) -> datetime:
    value = whole.get(name)
    if type(value) is not int or not 0 <= value <= LAST_SECOND:
        raise EventRefused(f"The event's '{name}' is missing or no time in whole seconds since 1970.")
    return datetime.fromtimestamp(value, UTC)
