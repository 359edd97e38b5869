"""A mail server of a few commands, in this process, that keeps what it takes and can be asked to wait or be watched."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Server(socketserver.ThreadingTCPServer):
    """Refuses what is sent to refused@…. `watch` is told when it hears of a recipient (RCPT) and has TAKEN a mail."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mail: list[str] = []
        self.watch: Callable[[str], None] = lambda _step: None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class Conversation(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.upper()[:4]
            if word == "DATA":
                self._say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                self.server.mail.append(text)
                self.server.watch("TAKEN")
                self._say("250 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                if word == "RCPT":
                    self.server.watch(word)
                self._say("550 nobody" if word == "RCPT" and "refused@" in line else "250 well")

    def _say(self, words: str) -> None:
        with contextlib.suppress(OSError):  # whoever was killed hears nothing
            self.wfile.write(f"{words}\r\n".encode())


@contextlib.contextmanager
def mail_server() -> Iterator[Server]:
    """Serve mail on a free port of this machine."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
