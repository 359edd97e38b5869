"""The sandbox served on loopback: for a test, or until Ctrl-C."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import uvicorn

from sandbox.stripe import keeping
from sandbox.stripe.app import application
from sandbox.stripe.checks import Checker
from sandbox.stripe.control import Control
from sandbox.stripe.service import Service
from sandbox.stripe.spec import Specification, specification

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 10
_TICK_SECONDS = 1


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: its base address, and its controls for who is in the same process."""

    url: str
    control: Control
    service: Service


@cache
def _checker(document: Specification) -> Checker:
    # Validators take a second to make and know nothing of an account: all sandboxes of a process share them.
    return Checker(document)


def new_service() -> Service:
    """Return the service of an empty account."""
    document = specification()
    return Service(document, _checker(document))


def _tick(service: Service, over: threading.Event, kept: Path | None) -> None:
    while not over.wait(_TICK_SECONDS):
        with service.account.lock:
            service.account.pass_time()
        if kept:
            keeping.keep(service, kept)


@contextlib.contextmanager
def served(port: int = 0, *, ticking: bool = False, kept: Path | None = None) -> Iterator[Sandbox]:
    """Serve an account on loopback (port 0 is a free one) in a thread, until the block ends: an empty one, or `kept`'s.

    What falls due is done when a call or a control comes; ticking, every second too, for who waits and calls nothing.
    What the account holds is written to the file `kept` at each tick and at the end. Raises keeping.NotKept.
    """
    service = new_service()
    if kept:
        keeping.restore(service, kept)
    over = threading.Event()
    config = uvicorn.Config(application(service), log_config=None, lifespan="off", ws="none", access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server((LOOPBACK, port)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        if ticking:
            threading.Thread(target=_tick, args=(service, over, kept), daemon=True).start()
        try:
            yield Sandbox(f"http://{LOOPBACK}:{listening.getsockname()[1]}", Control(service), service)
        finally:
            over.set()
            server.should_exit = True
            thread.join(_STOP_SECONDS)
            service.deliveries.close()
            if kept:
                keeping.keep(service, kept)
