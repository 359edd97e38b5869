"""A room of our own, without an account at Twilio: two people, their texts, and nobody else."""

from __future__ import annotations

import json
import socket
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ledger.rules.visit import State
from ledger.settings import Settings
from ledger.store import visits
from portal_api.access import Kind, Role
from portal_api.video import attendance
from portal_api.video.own_room import LONGEST_TEXT
from tests.support import meetings
from tests.support.portals import HARBOR, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.store.database import Database
    from tests.support.meetings import Booked
    from tests.support.portals import Portal, Visitor


@pytest.fixture(name="portal", scope="module")
def _portal(portal_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    home: Path = tmp_path_factory.mktemp("home")
    with served(Settings(home=home, database_url=portal_database.url), portal_database) as opened:
        yield opened


@pytest.fixture(name="visit")
def _visit(portal: Portal) -> Booked:
    portal.clock.move(days=1)
    return meetings.book(portal)


def let_in(visitor: Visitor, visit: Booked) -> dict[str, Any]:
    answer = visitor.post(f"{visit.path}/join", headers={"X-CSRF-Token": visitor.csrf})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def opened(portal: Portal, origin: str = "") -> AbstractContextManager[ClientConnection]:
    port = portal.address.rpartition(":")[2]
    host = f"{HARBOR.hosts[0]}:{port}"
    return connect(
        f"ws://{host}/call/signals",
        sock=socket.create_connection(("127.0.0.1", int(port))),
        origin=origin or f"http://{host}",  # type: ignore[arg-type]  # any text is an origin
        open_timeout=20,
    )


def entered(stack: ExitStack, portal: Portal, ticket: str) -> ClientConnection:
    line = stack.enter_context(opened(portal))
    line.send(ticket)
    assert line.recv(20) == "!in"
    return line


def closed_with(line: ClientConnection) -> int:
    while True:
        try:
            line.recv(20)
        except ConnectionClosed:
            return line.close_code or 0


def test_two_meet_and_their_texts_go_to_each_other_only(portal: Portal, visit: Booked) -> None:
    provider, patient = let_in(portal.staff(Role.PROVIDER), visit), let_in(portal.patient(), visit)
    assert (provider["kind"], provider["calls"], patient["calls"]) == ("own", True, False)
    with ExitStack() as stack:
        first = entered(stack, portal, provider["ticket"])
        second = entered(stack, portal, patient["ticket"])
        assert first.recv(20) == second.recv(20) == "!peer 1"
        first.send(said := json.dumps({"number": 1, "description": {"type": "offer"}}))
        assert second.recv(20) == said
        second.send("anything at all, ünread")
        assert first.recv(20) == "anything at all, ünread"
        second.close()
        assert first.recv(20) == "!gone"
        again = entered(stack, portal, let_in(portal.patient(), visit)["ticket"])
        assert first.recv(20) == again.recv(20) == "!peer 2"
    with portal.at() as here:
        found = visits.get(here.books, UUID(str(visit.visit_token)))
        stays = attendance.stays(here, visit.id)
    assert found is not None
    assert found.state is State.STARTED
    assert sorted(stay.kind for stay in stays) == [Kind.PATIENT, Kind.PATIENT, Kind.STAFF]


def test_a_ticket_lets_in_once_from_our_own_page(portal: Portal, visit: Booked) -> None:
    ticket = let_in(portal.patient(), visit)["ticket"]
    with ExitStack() as stack:
        elsewhere = stack.enter_context(opened(portal, "https://evil.example"))
        assert closed_with(elsewhere) == 4003
        entered(stack, portal, ticket)
        for secret in (ticket, "", "x" * 32):
            again = stack.enter_context(opened(portal))
            again.send(secret)
            assert closed_with(again) == 4003


def test_who_joins_from_another_window_leaves_the_first(portal: Portal, visit: Booked) -> None:
    visitor = portal.patient()
    with ExitStack() as stack:
        provider = entered(stack, portal, let_in(portal.staff(Role.PROVIDER), visit)["ticket"])
        first = entered(stack, portal, let_in(visitor, visit)["ticket"])
        assert provider.recv(20) == "!peer 1"
        second = entered(stack, portal, let_in(visitor, visit)["ticket"])
        assert closed_with(first) == 4001
        assert provider.recv(20) == second.recv(20) == "!peer 2"


@pytest.mark.parametrize("text", ["!peer 7", "x" * (LONGEST_TEXT + 1)])
def test_who_speaks_for_the_room_or_without_end_is_cut_off(portal: Portal, visit: Booked, text: str) -> None:
    with ExitStack() as stack:
        provider = entered(stack, portal, let_in(portal.staff(Role.PROVIDER), visit)["ticket"])
        patient = entered(stack, portal, let_in(portal.patient(), visit)["ticket"])
        assert provider.recv(20) == "!peer 1"
        patient.send(text)
        assert closed_with(patient) == 4003
        assert provider.recv(20) == "!gone"


def test_two_meetings_do_not_hear_each_other(portal: Portal, visit: Booked) -> None:
    other = meetings.book(portal, email="robin@example.com", provider=1)
    with ExitStack() as stack:
        here = entered(stack, portal, let_in(portal.patient(), visit)["ticket"])
        there = entered(stack, portal, let_in(portal.patient(email="robin@example.com"), other)["ticket"])
        there.send("not for you")
        with pytest.raises(TimeoutError):
            here.recv(0.3)


def test_a_group_needs_an_account(portal: Portal) -> None:
    portal.clock.move(days=1)
    session = meetings.group(portal)
    meetings.book(portal, session=session)
    visitor = portal.staff(Role.PROVIDER)
    answer = visitor.post(f"{session.path}/join", headers={"X-CSRF-Token": visitor.csrf, "Accept": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:trueup:problem:no-group-video")


def test_a_session_does_not_end_for_idleness_within_a_visit(portal: Portal, visit: Booked) -> None:
    talking, silent = portal.staff(Role.PROVIDER), portal.staff(Role.PROVIDER)
    for _ in range(4):  # 40 minutes, of which staff may be idle for 15
        portal.clock.move(minutes=10)
        assert talking.get(f"{visit.path}/here").status_code == 204
    assert "sign-in" in silent.get("/staff/day").headers["location"]
    assert talking.get("/staff/day").status_code == 200
