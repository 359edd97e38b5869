"""`trueup up`: dashboards, portal, Dagster UI and the watch over the drop folder, until Ctrl-C; all end with it."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from orchestration.commands import portal, workspace
from orchestration.commands.errors import WENT_WELL, CannotRun
from orchestration.commands.output import Json, Output, example, printable

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from ledger.settings import Settings

EPILOG = example("trueup up")
LOOPBACK = "127.0.0.1"  # no page here has a login of its own
SECONDS_TO_END = 10.0
SECONDS_BETWEEN_LOOKS = 0.3

Processes: TypeAlias = "dict[str, subprocess.Popen[bytes]]"
Servers: TypeAlias = "dict[str, uvicorn.Server]"


def up(as_json: Json = False) -> int:
    """Serve dashboards, portal and Dagster UI on this machine only and watch the drop folder, until Ctrl-C."""
    output = Output(as_json)
    with workspace.opened() as found:
        settings = _with_sandbox(found.settings)
        books = replace(found, settings=settings)
        _look_for(settings.drop_folder)
        # Dagster opens its own; a busy one is better said now.
        listening(settings.dagster_port, "TRUEUP_DAGSTER_PORT").close()
        has_samples = portal.with_samples(books)
        with (
            _served(books) as servers,
            _stripe_sandbox(settings, output) as sandbox,
            _twilio_sandbox(settings),
            _dagster(books) as processes,
        ):
            _tell(settings, sandbox, output)
            if has_samples:
                portal.tell_samples(books, output)
            output.line("Ctrl-C stops all.")
            with contextlib.suppress(KeyboardInterrupt):
                _watch(servers, processes)
    output.message("Stopped.")
    return WENT_WELL


def _look_for(folder: Path | None) -> None:
    if folder and not folder.is_dir():
        raise CannotRun(
            f"TRUEUP_DROP_FOLDER is {printable(folder)}, and no such folder is there: make it or correct it."
        )


def listening(port: int, setting: str) -> socket.socket:
    """Return an open door on loopback (port 0: a free one); CannotRun, naming the setting, where it is taken."""
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


def _tell(settings: "Settings", sandbox: str | None, output: Output) -> None:
    ports = {"dashboards": settings.dashboard_port, "portal": settings.portal_port, "dagster": settings.dagster_port}
    addresses = {name: f"http://{LOOPBACK}:{port}/" for name, port in ports.items()}
    folder, at = settings.drop_folder, settings.nightly_at
    endpoints = [f"{addresses['portal']}webhooks/stripe/{name}" for name in sorted(settings.webhook_secrets)]
    addresses["books"] = f"{addresses['portal']}books/"
    output.line(f"Dashboards: {addresses['dashboards']} (for this machine, without sign-in)")
    output.line(f"Books, for staff who sign in: {addresses['books']}")
    output.line(f"Dagster UI: {addresses['dagster']} (takes up to a minute to answer)")
    output.line(f"Stripe's webhooks: {', '.join(endpoints) or 'no secret is set (TRUEUP_STRIPE_WEBHOOK_SECRET_NAME)'}")
    if sandbox and sandbox == settings.stripe_url:
        output.line(f"Stripe sandbox: {sandbox} (no key of Stripe's is set: cards are saved and visits charged there)")
    elif sandbox:
        output.line(f"Stripe sandbox: {sandbox} (TRUEUP_STRIPE_URL={sandbox} with a key sk_test_… sends there)")
    if settings.twilio:
        there = settings.twilio.url or "Twilio"
        output.line(f"Video visits and text messages: {there} (callbacks come to {settings.twilio.callback_url})")
    if folder:
        output.line(f"Drop folder: {printable(folder)} (remittances put there are loaded and reconciled)")
    if at:
        output.line(f"Every night at {at:%H:%M} {settings.timezone}: reconcile; on the first, last month")
    nightly = at and f"{at:%H:%M}"
    places = {**addresses, "sandbox": sandbox, "webhooks": endpoints}
    output.result({**places, "drop_folder": folder, "nightly_at": nightly})


def _has_sandbox(settings: "Settings") -> bool:
    at_stripe = settings.stripe_key is not None and settings.is_at_stripe
    return not (settings.stripe_is_live or at_stripe or not settings.sandbox_port)


def _with_sandbox(settings: "Settings") -> "Settings":
    """Send to the sandbox, and hear it, where no key is set: of embedded books only, which somebody may be trying out.

    What was charged there counts as charged for ever, so that other books wait for a key.
    """
    from sandbox.stripe.spec import lacking

    if settings.stripe_key or settings.database_url or not _has_sandbox(settings) or lacking():
        return settings
    return replace(
        settings,
        stripe_key="sk_test_sandbox",
        stripe_url=f"http://{LOOPBACK}:{settings.sandbox_port}",
        webhook_secrets={**settings.webhook_secrets, "sandbox": secrets.token_hex()},
    )


@contextlib.contextmanager
def _stripe_sandbox(settings: "Settings", output: Output) -> Iterator[str | None]:
    """Serve Stripe's stand-in, with the portal's endpoints, unless a key of Stripe's own says that it is not wanted."""
    if not _has_sandbox(settings):
        yield None
        return
    from sandbox.stripe.spec import lacking

    if missing := lacking():
        output.message(f"Stripe sandbox: not served. {missing}")
        yield None
        return
    listening(settings.sandbox_port, "TRUEUP_SANDBOX_PORT").close()
    from sandbox.stripe.serving import served

    kept = None if settings.database_url else workspace.tried_out(settings)
    with served(settings.sandbox_port, ticking=True, kept=kept) as sandbox:
        for name, secret in settings.webhook_secrets.items():
            endpoint = f"http://{LOOPBACK}:{settings.portal_port}/webhooks/stripe/{name}"
            sandbox.control.endpoint(endpoint, secret)
        yield sandbox.url


@contextlib.contextmanager
def _twilio_sandbox(settings: "Settings") -> Iterator[None]:
    """Serve Twilio's stand-in for the account of the settings, where its address is on this machine."""
    if settings.twilio is None or not settings.twilio.url:
        yield
        return
    from sandbox.twilio.account import Account
    from sandbox.twilio.serving import served

    mine, port = settings.twilio, urlsplit(settings.twilio.url).port or 80
    listening(port, "TRUEUP_TWILIO_URL").close()
    with served(
        Account(mine.account_sid, mine.auth_token, mine.key_sid, mine.key_secret), port, ticking=True
    ) as twilio:
        twilio.delivers_to = f"http://{LOOPBACK}:{settings.portal_port}"
        yield


@contextlib.contextmanager
def _served(books: workspace.Workspace) -> Iterator["Servers"]:
    """Serve dashboards, and portal with books, each on its door."""
    from orchestration import serving
    from portal_api.app import create_app

    settings, database = books.settings, books.database
    portal = create_app(settings, database, does_chores=True)
    with (
        listening(settings.dashboard_port, "TRUEUP_DASHBOARD_PORT") as pages,
        listening(settings.portal_port, "TRUEUP_PORTAL_PORT") as door,
        in_thread("dashboards", serving.for_this_machine(settings, database), pages) as dashboards,
        in_thread("portal", serving.with_books(portal, settings, database), door) as own,
    ):
        yield {"dashboards": dashboards, "portal": own}


@contextlib.contextmanager
def in_thread(name: str, app: "ASGIApp", door: socket.socket) -> Iterator["uvicorn.Server"]:
    """Serve the app on the door in a thread, until the block ends."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    # In a thread uvicorn leaves the signals alone, so that one place decides when both servers end.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name=name, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(SECONDS_TO_END)


@contextlib.contextmanager
def _dagster(books: workspace.Workspace) -> Iterator["Processes"]:
    """Run Dagster's processes, each with its log in logs/: the daemon only for a drop folder, the clock or sending."""
    from orchestration import dagster_home

    environment = dagster_home.environment(books.settings, books.database)
    logs = books.settings.home / "logs"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        # A folder of its own: open to its owner alone, and short enough for the address of a socket.
        socket = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trueup-"))) / "code"
        processes: Processes = {}

        def start(name: str, command: Sequence[str]) -> None:
            processes[name] = stack.enter_context(_process(command, environment, logs / f"{name}.log"))

        start("dagster-code-server", dagster_home.code_server(socket))
        start("dagster-webserver", dagster_home.webserver(books.settings.dagster_port, socket))
        if books.settings.drop_folder or books.settings.nightly_at or books.settings.stripe_key:
            # A daemon that finds no code server when it starts looks for it again only a minute later.
            while not socket.exists():
                _look_after(processes)
                time.sleep(SECONDS_BETWEEN_LOOKS)
            start("dagster-daemon", dagster_home.daemon(socket))
        yield processes


@contextlib.contextmanager
def _process(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    # A session of its own: Ctrl-C reaches us alone, and what it starts in turn ends with it.
    with (
        log.open("ab") as words,
        subprocess.Popen(  # noqa: S603 - the command is made by orchestration.dagster_home
            command, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            _end(process)


def _end(server: "subprocess.Popen[bytes]") -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(SECONDS_TO_END)


def _watch(servers: "Servers", processes: "Processes") -> None:
    while not (ended := [name for name, server in servers.items() if server.should_exit]):
        _look_after(processes)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise CannotRun(f"The {ended[0]} ended by itself.")


def _look_after(processes: "Processes") -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise CannotRun(f"{name} ended by itself; its last words are in logs/{name}.log under TRUEUP_HOME.")
