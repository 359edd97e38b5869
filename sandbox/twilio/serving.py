"""The sandbox served on loopback, and the callbacks it delivers."""

import contextlib
import http.client
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import uvicorn

from sandbox.twilio.account import Account, Callback
from sandbox.twilio.app import application
from sandbox.twilio.signing import signature

LOOPBACK = "127.0.0.1"
_SECONDS = 10
_TICK_SECONDS = 1


@dataclass
class Twilio:
    """A running sandbox. `delivers_to` is where callbacks really go: the public address is signed and not reached."""

    url: str
    account: Account
    delivers_to: str = ""

    def send(self, callback: Callback) -> int:
        """Deliver a callback, signed, whether it was before or not; return the HTTP status of the answer."""
        to = urlsplit(self.delivers_to or callback.url)
        host, port = to.hostname or LOOPBACK, to.port or 80
        connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature(self.account.auth_token, callback.url, callback.fields),
        }
        with contextlib.closing(connection):
            connection.request("POST", urlsplit(callback.url).path, urlencode(callback.fields), headers)
            return connection.getresponse().status

    def deliver(self) -> list[int]:
        """Deliver what waits, in order; return the answers."""
        with self.account.lock:
            waiting, self.account.callbacks = self.account.callbacks, []
        return [self.send(callback) for callback in waiting]


def _tick(running: Twilio, over: threading.Event) -> None:
    while not over.wait(_TICK_SECONDS):
        with contextlib.suppress(OSError, http.client.HTTPException):  # who is to be told is away
            running.deliver()


def new_account(now: Callable[[], float] = time.time) -> Account:
    """Return an account with keys of its own."""
    return Account(
        f"AC{secrets.token_hex(16)}", secrets.token_hex(16), f"SK{secrets.token_hex(16)}", secrets.token_hex(16), now
    )


@contextlib.contextmanager
def served(account: Account | None = None, port: int = 0, *, ticking: bool = False) -> Iterator[Twilio]:
    """Serve an account, or a new one, on loopback (port 0 is a free one) in a thread, until the block ends.

    Callbacks are delivered when who serves it says so; ticking, every second.
    """
    mine = account or new_account()
    config = uvicorn.Config(application(mine), log_config=None, lifespan="off", ws="none", access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server((LOOPBACK, port)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        running, over = Twilio(f"http://{LOOPBACK}:{listening.getsockname()[1]}", mine), threading.Event()
        if ticking:
            threading.Thread(target=_tick, args=(running, over), daemon=True).start()
        try:
            yield running
        finally:
            over.set()
            server.should_exit = True
            thread.join(_SECONDS)
