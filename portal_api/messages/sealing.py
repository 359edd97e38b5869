"""Texts under the data key of their practice and week; a text that was moved elsewhere does not open."""

from __future__ import annotations

import contextlib
import logging
import secrets
from datetime import date, timedelta
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal_api.messages import providers
from portal_api.messages.providers import KeyUnavailable
from portal_api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from ledger.settings import Settings
    from portal_api.here import Here

_log = logging.getLogger(__name__)
VERSION = b"\x01"
NONCE_BYTES = 12
DATA_KEY_BYTES = 32
# An unwrapped data key stays in the process so long: a key store is not asked once a message, and a key that was
# destroyed is gone from every process soon after.
AT_HAND_SECONDS = 600.0

_KEEP = sa.text(
    "insert into portal.message_key (practice_id, week, key_id, wrapped, created_at)"
    " values (:practice_id, :week, :key_id, :wrapped, :now) on conflict (practice_id, week) do nothing"
)
_WRAPPED = sa.text("select wrapped from portal.message_key where week = :week")


class Place(NamedTuple):
    """Where a sealed text belongs."""

    thread_id: UUID
    message_id: UUID


def week_of(now: datetime) -> date:
    """Return the Monday of the ISO week (UTC) whose key seals what is written now."""
    today = now.date()
    return today - timedelta(days=today.weekday())


def seal(here: Here, text: str, place: Place) -> tuple[date, bytes]:
    """Return the week whose key sealed the text, and version, nonce and ciphertext (29 bytes more than the text)."""
    week = week_of(here.now)
    nonce = secrets.token_bytes(NONCE_BYTES)
    key = _key(here, week) or _made(here, week)
    return week, VERSION + nonce + AESGCM(key).encrypt(nonce, text.encode(), _aad(here, place))


def unseal(here: Here, sealed: bytes, week: date, place: Place) -> str:
    """Return the text; raises InvalidTag where it was not sealed there, LookupError when its key is destroyed."""
    key = _key(here, week)
    if key is None:
        raise LookupError(f"The key of the week of {week} is destroyed.")
    body = sealed[len(VERSION) :]
    return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _aad(here, place)).decode()


def context(practice_id: str, week: date) -> str:
    """Name what a data key is for, as its provider knows it."""
    return f"messages/{practice_id}/{week}"


def _key(here: Here, week: date) -> bytes | None:
    wrapped = here.db.scalar(_WRAPPED, {"week": week})
    if wrapped is None:
        return None
    with _told():
        return _unwrapped(here.settings, bytes(wrapped), context(here.practice.practice_id, week))


def _made(here: Here, week: date) -> bytes:
    """Make the week's data key; of two that do so at once the one that is kept first counts for both."""
    practice_id = here.practice.practice_id
    with _told():
        provider = providers.found(here.settings)
        wrapped = provider.wrap(secrets.token_bytes(DATA_KEY_BYTES), context(practice_id, week))
    values = {"practice_id": practice_id, "week": week, "key_id": provider.key_id, "wrapped": wrapped, "now": here.now}
    here.db.execute(_KEEP, values)
    key = _key(here, week)
    if key is None:
        raise LookupError(f"The key of the week of {week} is destroyed; a clock that went back cannot use it again.")
    return key


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KeyUnavailable as error:
        _log.error("%s", error)
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "messages-closed",
            "Messages cannot be opened now. Try again soon.",
        ) from None


_at_hand: dict[tuple[bytes, str], tuple[float, bytes]] = {}


def forget(named: str = "") -> None:
    """Forget the data keys that have been at hand too long, and those of a context whose key is destroyed."""
    for known, (until, _) in list(_at_hand.items()):
        if until <= monotonic() or known[1] == named:
            _at_hand.pop(known, None)


def _unwrapped(settings: Settings, wrapped: bytes, named: str) -> bytes:
    forget()
    if (known := _at_hand.get((wrapped, named))) is not None:
        return known[1]
    key = providers.found(settings).unwrap(wrapped, named)
    _at_hand[wrapped, named] = (monotonic() + AT_HAND_SECONDS, key)
    return key


def _aad(here: Here, place: Place) -> bytes:
    return f"{here.practice.practice_id}|{place.thread_id}|{place.message_id}|{VERSION[0]}".encode()
