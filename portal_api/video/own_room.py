"""A room of our own for two, where no Twilio account is set: it carries their texts to each other and keeps none.

Sound and picture go from browser to browser, so that both must reach each other: one machine, or one network. What is
said is opaque here. Rooms are in the memory of one process; when it ends, both come back by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from portal_api.video import callbacks
from portal_api.video.callbacks import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from portal_api.door import Door

LONGEST_TEXT = 1 << 16
"""Characters of a text at most; a description of a session has a few thousand."""
MOST_TEXTS = 2_000
"""Texts of one connection at most; a meeting has a few dozen."""
SECONDS_FOR_TICKET = 60.0
"""From when a ticket is given until it is shown."""
SECONDS_TO_SHOW = 10.0
REPLACED, OVER, REFUSED = 4001, 4002, 4003
"""Codes of closing: they joined elsewhere; the time is over; no ticket, or too much."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ticket:
    """Lets a person into a room once, for some seconds; `is_caller` begins the call."""

    practice_id: str
    room: UUID
    identity: UUID
    seconds: int
    is_caller: bool


@dataclass
class _Seat:
    ticket: Ticket
    socket: WebSocket
    sid: str = field(default_factory=lambda: f"own_{uuid4().hex}")


@dataclass
class _Room:
    sid: str = field(default_factory=lambda: f"own_{uuid4().hex}")
    seats: dict[bool, _Seat] = field(default_factory=dict)  # by is_caller
    meetings: int = 0
    events: int = 0


class OwnRooms:
    """The rooms of a process. `told` is called, in a thread, with the practice and what happened in a room."""

    def __init__(self, told: Callable[[str, Event], None], clock: Callable[[], datetime]) -> None:
        self._told, self._clock = told, clock
        self._tickets: dict[str, tuple[float, Ticket]] = {}
        self._lock = threading.Lock()  # tickets are given by threads
        self._rooms: dict[UUID, _Room] = {}

    def ticket(self, ticket: Ticket) -> str:
        """Return the secret that stands for a ticket, for one use soon."""
        secret = secrets.token_urlsafe(24)
        with self._lock:
            now = time.monotonic()
            self._tickets = {name: kept for name, kept in self._tickets.items() if kept[0] > now}
            self._tickets[secret] = (now + SECONDS_FOR_TICKET, ticket)
        return secret

    async def serve(self, socket: WebSocket) -> None:
        """Serve one browser: its first text is the secret, all others go to the other one."""
        await socket.accept()
        if not _is_own_page(socket) or (ticket := await self._shown(socket)) is None:
            await _close(socket, REFUSED)
            return
        seat = _Seat(ticket, socket)
        room = await self._sit(seat)
        code = OVER
        try:
            async with asyncio.timeout(ticket.seconds):
                code = await self._carry(room, seat)
        except TimeoutError:
            pass
        finally:
            await asyncio.shield(self._rise(room, seat))
        await _close(socket, code)

    async def _shown(self, socket: WebSocket) -> Ticket | None:
        try:
            async with asyncio.timeout(SECONDS_TO_SHOW):
                secret = await socket.receive_text()
        except (TimeoutError, WebSocketDisconnect, KeyError):
            return None
        with self._lock:
            until, ticket = self._tickets.pop(secret, (0.0, None))
        return ticket if until > time.monotonic() else None

    async def _sit(self, seat: _Seat) -> _Room:
        room = self._rooms.setdefault(seat.ticket.room, _Room())
        before = room.seats.get(seat.ticket.is_caller)
        room.seats[seat.ticket.is_caller] = seat
        if before:
            await _close(before.socket, REPLACED)
        await self._tell(room, seat, callbacks.CONNECTED)
        await _send(seat, "!in")
        other = room.seats.get(not seat.ticket.is_caller)
        if other and room.seats.get(seat.ticket.is_caller) is seat:
            room.meetings += 1
            for each in (other, seat):
                await _send(each, f"!peer {room.meetings}")
        return room

    async def _carry(self, room: _Room, seat: _Seat) -> int:
        """Carry texts until one of the two leaves or says too much; return the code to close with."""
        for _ in range(MOST_TEXTS):
            try:
                text = await seat.socket.receive_text()
            except (WebSocketDisconnect, KeyError, RuntimeError):
                return 1000
            if len(text) > LONGEST_TEXT or text.startswith("!"):
                break
            other = room.seats.get(not seat.ticket.is_caller)
            if other:
                await _send(other, text)
        return REFUSED

    async def _rise(self, room: _Room, seat: _Seat) -> None:
        if room.seats.get(seat.ticket.is_caller) is seat:
            del room.seats[seat.ticket.is_caller]
            for other in list(room.seats.values()):
                await _send(other, "!gone")
        await self._tell(room, seat, callbacks.DISCONNECTED)
        if not room.seats and self._rooms.get(seat.ticket.room) is room:
            del self._rooms[seat.ticket.room]

    async def _tell(self, room: _Room, seat: _Seat, kind: str) -> None:
        ticket = seat.ticket
        event = Event(room.sid, ticket.room, room.events, kind, self._clock(), seat.sid, ticket.identity)
        room.events += 1
        try:
            await run_in_threadpool(self._told, ticket.practice_id, event)
        except Exception as error:  # noqa: BLE001 - two people who talk are not cut off because a table is away
            _log.error("%s of a room of ours was not kept: %s", kind, type(error).__name__)


def own_rooms(door: Door) -> OwnRooms:
    """Return the rooms of a process, whose events are taken in as Twilio's are."""

    def told(practice_id: str, event: Event) -> None:
        with door.at(practice_id) as here:
            callbacks.take(here, None, event)

    return OwnRooms(told, door.clock)


def _is_own_page(socket: WebSocket) -> bool:
    return urlsplit(socket.headers.get("origin", "")).netloc.lower() == socket.headers.get("host", "").lower()


async def _send(seat: _Seat, text: str) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it has just gone
        await seat.socket.send_text(text)


async def _close(socket: WebSocket, code: int) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code)
