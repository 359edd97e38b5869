"""`trueup up`: the dashboards and the Dagster UI on loopback, until Ctrl-C; both end with the command."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.commands import workspace
from orchestration.commands.errors import WENT_WELL, CannotRun
from orchestration.commands.output import Json, Output, example

if TYPE_CHECKING:
    import uvicorn

EPILOG = example("trueup up")
LOOPBACK = "127.0.0.1"  # no page here has a login of its own
SECONDS_TO_END = 10.0
SECONDS_BETWEEN_LOOKS = 0.3


def up(as_json: Json = False) -> int:
    """Serve the dashboards and the Dagster UI on this machine only, until Ctrl-C."""
    output = Output(as_json)
    with workspace.opened() as books:
        ports = books.settings.dashboard_port, books.settings.dagster_port
        with _listening(ports[0], "TRUEUP_DASHBOARD_PORT") as door:
            _listening(ports[1], "TRUEUP_DAGSTER_PORT").close()  # Dagster opens its own; a busy one is better said now
            with _dashboards(books, door) as server, _dagster(books) as dagster:
                addresses = {
                    "dashboards": f"http://{LOOPBACK}:{ports[0]}/",
                    "dagster": f"http://{LOOPBACK}:{ports[1]}/",
                }
                output.line(f"Dashboards: {addresses['dashboards']}")
                output.line(f"Dagster UI: {addresses['dagster']} (takes up to a minute to answer)")
                output.line("Ctrl-C stops both.")
                output.result(addresses)
                with contextlib.suppress(KeyboardInterrupt):
                    _watch(server, dagster)
    output.message("Stopped.")
    return WENT_WELL


def _listening(port: int, setting: str) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((LOOPBACK, port))
        door.listen()
    except OSError as error:
        door.close()
        raise CannotRun(
            f"Port {port} is in use or forbidden: stop what listens there or set {setting} to another."
        ) from error
    return door


@contextlib.contextmanager
def _dashboards(books: workspace.Workspace, door: socket.socket) -> Iterator["uvicorn.Server"]:
    import uvicorn

    from dashboards.app import create_app

    app = create_app(books.settings, books.database)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    # In a thread uvicorn leaves the signals alone, so that one place decides when both servers end.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="dashboards", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(SECONDS_TO_END)


@contextlib.contextmanager
def _dagster(books: workspace.Workspace) -> Iterator["subprocess.Popen[bytes]"]:
    from orchestration import dagster_home

    command, environment = dagster_home.webserver(books.settings, books.database)
    log = books.settings.home / "logs" / "dagster-webserver.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A session of its own: Ctrl-C reaches us alone, and what it starts in turn ends with it.
    with (
        log.open("ab") as words,
        subprocess.Popen(  # noqa: S603 - the command is made by orchestration.dagster_home
            command, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True
        ) as server,
    ):
        try:
            yield server
        finally:
            _end(server)


def _end(server: "subprocess.Popen[bytes]") -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(SECONDS_TO_END)


def _watch(server: "uvicorn.Server", dagster: "subprocess.Popen[bytes]") -> None:
    while not server.should_exit:
        if dagster.poll() is not None:
            raise CannotRun(
                "The Dagster UI ended by itself; its last words are in logs/dagster-webserver.log under TRUEUP_HOME."
            )
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise CannotRun("The dashboards ended by themselves.")
