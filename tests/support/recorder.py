"""An HTTP server that keeps every byte it receives, answers through a function, and can fail or kill on demand."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, object]]]


class HangUp(Exception):  # noqa: N818 - named for what the server does
    """Ends the connection without a word."""


@dataclass
class Recorder:
    """What was received, raw; `before` and `after` the answer is worked out are told its number, from 1, and its path.

    Either may raise HangUp, or kill whoever asks.
    """

    answer: Answer
    url: str = ""
    received: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    before: Callable[[int, str], None] = lambda _number, _path: None
    after: Callable[[int, str], None] = lambda _number, _path: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def everything(self) -> bytes:
        """Return all bytes received so far."""
        return b"\n".join(self.received)

    def keep(self, line: str, headers: dict[str, str], body: bytes, path: str) -> int:
        """Keep one request; return its number."""
        with self.lock:
            said = [line, *(f"{name}: {value}" for name, value in headers.items())]
            self.received.append("\n".join(said).encode() + b"\n\n" + body)
            self.paths.append(path)
            return len(self.received)


@contextlib.contextmanager
def recording(answer: Answer) -> Iterator[Recorder]:
    """Serve on loopback while the block runs."""
    recorder = Recorder(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = dict(self.headers.items())
            number = recorder.keep(self.requestline, headers, body, f"{self.command} {self.path.partition('?')[0]}")
            try:
                recorder.before(number, self.path)
                status, document = recorder.answer(self.command.lower(), self.path, headers, body)
                recorder.after(number, self.path)
            except HangUp:
                self.close_connection = True
                return
            written = json.dumps(document).encode()
            with contextlib.suppress(ConnectionError):  # who asked may have been killed
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    recorder.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
