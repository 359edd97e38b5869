"""Loads Stripe objects, one JSON object a line as the API returns it; an event is unwrapped into its object."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import orjson

from ingestion import landing
from ingestion.feed import FeedFile, Load, Progress, load_file, take_in
from ingestion.landing import FeedUnreadable, Quarantined, Receipt
from ledger.rules.stripe_events import canonical
from ledger.rules.stripe_fields import SHAPES, allowed
from ledger.rules.stripe_values import LAST_SECOND, FieldRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

KIND = "stripe"
_STORED = (
    "object_id",
    "object_type",
    "version_at",
    "object_sha256",
    "event_id",
    "payload",
    "file_sha256",
    "line_number",
    "load_id",
)
_ID = re.compile(r"[A-Za-z0-9_\-.]{1,255}")
_TYPE = re.compile(r"[a-z0-9_.]{1,64}")
_ROWS_IN_A_BLOCK = 1_000
_NULL = r"\N"
# orjson makes floats of numbers beyond 64 bits and spells floats in its own way: such a line is read the slow way.
_BEYOND_ORJSON = re.compile(rb"[:,\[][ \t\r\n]*-?(?:[0-9]{19}|[0-9]+[.eE])")


class _Version(NamedTuple):
    """One version of an object, and the event that carried it, if one did; `at` is ISO text."""

    source: dict[str, Any]
    at: str
    event_id: str | None


def load(connection: landing.Connection, path: Path, progress: Progress | None = None) -> Receipt:
    """Load one file of Stripe objects (JSON Lines), allow-listed fields only, and commit nothing.

    A version is of the time of its event, else of the load: that of the caller's transaction, one for the whole file.
    Raises FeedUnreadable when not one line is a JSON object.
    """
    return load_file(connection, KIND, path, _keep, progress)


def load_listed(connection: landing.Connection, file: FeedFile, places: Sequence[str]) -> Receipt:
    """Load lines that were read from the API as `load` does those of a file; a place names each line in quarantine."""
    return take_in(connection, KIND, file, lambda load: _keep(load, lambda number: places[number - 1]), None)


def _quick_canonical(source: dict[str, Any]) -> bytes:
    """Give the same bytes for what `_quickly` read."""
    try:
        return orjson.dumps(source, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # nested too deep for it
        return canonical(source)


def _line(number: int) -> str:
    return f"line {number}"


def _keep(load: Load, place: Callable[[int], str] = _line) -> int:
    reading = _Reading(load, place)
    key = "object_id, version_at, object_sha256"
    kept = landing.copy_text(load.connection, "raw.stripe_object", _STORED, reading.blocks(), key)
    if not reading.json_objects:
        raise FeedUnreadable(f"{load.file.name} holds no JSON object. It must be JSON Lines: one Stripe object a line.")
    load.notes.append(f"{kept} versions of objects are new, {reading.read - kept} were known already.")
    if reading.unknown:
        named = ", ".join(f"{name} ({count})" for name, count in sorted(reading.unknown.items()))
        load.notes.append(f"Types that nothing is made of, kept as they are without text: {named}.")
    if reading.tokens_left_out:
        load.notes.append(f"{reading.tokens_left_out} metadata.visit_token were no UUID and were left out.")
    return kept


class _Reading:
    """One pass over the lines of a file, with what is counted on the way."""

    def __init__(self, load: Load, place: Callable[[int], str]) -> None:
        self._load = load
        self._place = place
        self._loaded_at = _transaction_time(load.connection).isoformat()
        self.json_objects = 0
        self.read = 0
        self.tokens_left_out = 0
        self.unknown: Counter[str] = Counter()

    def blocks(self) -> Iterator[bytes]:
        """Yield the rows of raw.stripe_object in the text format of COPY; lines that cannot be kept are refused."""
        rows: list[str] = []
        for number, line in enumerate(self._load.watched(self._load.file.content), start=1):
            if not line.strip():
                continue
            try:
                rows.append(self._row(number, line))
            except FieldRefused as fault:
                place = self._place(number)
                message = f"{place[0].upper()}{place[1:]}: {fault.field} {fault.message}."
                self._load.refused.append(Quarantined(place, f"{KIND}.{fault.field}", fault.value, message))
            if len(rows) == _ROWS_IN_A_BLOCK:
                yield "".join(rows).encode()
                rows.clear()
        yield "".join(rows).encode()

    def _row(self, number: int, line: bytes) -> str:
        whole = _quickly(line)
        write = _quick_canonical
        if whole is None:
            whole, write = _json_object(line), canonical
        self.json_objects += 1
        version = _unwrapped(whole, self._loaded_at)
        object_type = _word(version.source, "object", _TYPE)
        object_id = _word(version.source, "id", _ID)
        payload = allowed(object_type, version.source)
        self.read += 1
        self.tokens_left_out += _lost_token(version.source, payload)
        if object_type not in SHAPES:
            self.unknown[object_type] += 1
        # A backslash is COPY's own sign; JSON has no tab and no line end that is not written with one.
        text = _payload_text(payload).replace("\\", "\\\\")
        digest = hashlib.sha256(write(version.source)).hexdigest()
        return (
            f"{object_id}\t{object_type}\t{version.at}\t{digest}\t{version.event_id or _NULL}\t{text}"
            f"\t{self._load.file.sha256}\t{number}\t{self._load.load_id}\n"
        )


def _payload_text(payload: dict[str, object]) -> str:
    try:
        return orjson.dumps(payload).decode()
    except TypeError:  # a whole number beyond 64 bits, of an unknown type
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _transaction_time(connection: landing.Connection) -> datetime:
    row = connection.execute("select now()").fetchone()
    if row is None:
        raise AssertionError("select now() always has one row")
    moment: datetime = row[0]
    return moment


def _quickly(line: bytes) -> dict[str, Any] | None:
    """Read a line that orjson reads just as `json` does; None for any other, of which `json` has the word."""
    if _BEYOND_ORJSON.search(line):
        return None
    try:
        whole = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return whole if isinstance(whole, dict) else None


def _json_object(line: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FieldRefused("json", None, "cannot be read; write one whole JSON object a line") from None
    if not isinstance(whole, dict):
        raise FieldRefused("json", None, "is no object; write one JSON object a line")
    return whole


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unwrapped(whole: dict[str, Any], loaded_at: str) -> _Version:
    if whole.get("object") != "event":
        return _Version(whole, loaded_at, None)
    data, created = whole.get("data"), whole.get("created")
    carried = data.get("object") if isinstance(data, dict) else None
    if not isinstance(carried, dict):
        raise FieldRefused("data.object", None, "of the event is missing; give the event whole, as the API returns it")
    if type(created) is not int or not 0 <= created <= LAST_SECOND:
        raise FieldRefused("created", None, "of the event is not a whole number of seconds since 1970")
    return _Version(carried, datetime.fromtimestamp(created, UTC).isoformat(), _word(whole, "id", _ID))


def _word(source: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise FieldRefused(
            name, None, "is missing or not as Stripe writes it; give the object whole, as the API returns it"
        )
    return value


def _lost_token(source: dict[str, Any], payload: dict[str, object]) -> bool:
    metadata, kept = source.get("metadata"), payload.get("metadata")
    given = isinstance(metadata, dict) and bool(metadata.get("visit_token"))
    return given and not (isinstance(kept, dict) and "visit_token" in kept)
