"""`trueup up` serves Twilio's stand-in where the settings have its address on this machine; its callbacks come."""

from __future__ import annotations

import queue
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from uuid import uuid4

from ledger.gateways.twilio_gateway import TwilioGateway
from ledger.settings import Settings
from orchestration.commands import up
from sandbox.twilio.serving import Twilio, new_account
from tests.support.twilio import account_at

if TYPE_CHECKING:
    from pathlib import Path

told: queue.Queue[tuple[str, dict[str, list[str]]]] = queue.Queue()


class Door(BaseHTTPRequestHandler):
    """Takes what comes to the portal's port."""

    def do_POST(self) -> None:
        told.put((self.path, parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def test_the_stand_in_is_served_at_its_address_and_tells_the_portal(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    account = account_at(Twilio(url, new_account()))
    with HTTPServer(("127.0.0.1", 0), Door) as portal:
        threading.Thread(target=portal.serve_forever, daemon=True).start()
        settings = Settings(home=tmp_path, portal_port=portal.server_port, twilio=account)
        with up._twilio_sandbox(settings):
            sid = TwilioGateway(account).room(uuid4(), 2, 600)
            path, fields = told.get(timeout=20)
        portal.shutdown()
    assert (path, fields["RoomSid"], fields["StatusCallbackEvent"]) == ("/webhooks/twilio", [sid], ["room-created"])


def test_twilio_itself_needs_no_stand_in(tmp_path: Path) -> None:
    account = replace(account_at(Twilio("http://127.0.0.1:9", new_account())), url="")
    with up._twilio_sandbox(Settings(home=tmp_path, twilio=account)), up._twilio_sandbox(Settings(home=tmp_path)):
        assert told.empty()
