"""The dashboard's web door: routes, headers and what a reader sees when something is missing."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from uuid import UUID

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dashboards.pages import leak, memos, month, tieouts, visit
from dashboards.reading import Connection, restricted
from dashboards.templating import STATIC, page
from ledger.settings import Settings
from ledger.store.database import Database, DatabaseUnavailable, connect

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",  # protected data: no copy stays in the browser or a proxy
}
# The pages have no login of their own, so they answer only to this machine's names: a foreign page cannot read them
# by pointing its own name at the loopback address.
HOSTS = ["localhost", "127.0.0.1"]


def create_app(settings: Settings, database: Database) -> FastAPI:
    """Build the read-only dashboard over `database`; every page is one snapshot of the marts."""
    app = FastAPI(title="Trueup", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    app.middleware("http")(_with_headers)
    app.mount("/static", StaticFiles(directory=str(STATIC)), name="static")
    app.exception_handler(HTTPException)(_missing)
    app.exception_handler(DatabaseUnavailable)(_away)
    app.exception_handler(psycopg.OperationalError)(_away)
    app.exception_handler(psycopg.errors.UndefinedTable)(_unreconciled)
    app.exception_handler(psycopg.errors.InsufficientPrivilege)(_unreconciled)
    _add_routes(app, database)
    return app


def _add_routes(app: FastAPI, database: Database) -> None:
    timezone = app.state.settings.timezone

    @app.get("/", response_class=HTMLResponse)
    def newest_month() -> str:
        with _reader(database, timezone) as connection:
            return month.html(connection, None)

    @app.get("/months/{period}", response_class=HTMLResponse)
    def one_month(period: str) -> str:
        with _reader(database, timezone) as connection:
            return month.html(connection, period)

    @app.get("/months/{period}/leaks/{category}", response_class=HTMLResponse)
    def leaks_of(period: str, category: str, part: int = 1) -> str:
        with _reader(database, timezone) as connection:
            return leak.html(connection, period, category, part)

    @app.get("/visits/{token}", response_class=HTMLResponse)
    def one_visit(token: UUID) -> str:
        with _reader(database, timezone) as connection:
            return visit.html(connection, token)

    @app.get("/memos", response_class=HTMLResponse)
    def register(part: int = 1) -> str:
        with _reader(database, timezone) as connection:
            return memos.html(connection, part)

    @app.get("/tieouts", response_class=HTMLResponse)
    def ties() -> str:
        with _reader(database, timezone) as connection:
            return tieouts.html(connection)


@contextmanager
def _reader(database: Database, timezone: str) -> Iterator[Connection]:
    with connect(database) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with restricted(connection):
            connection.execute("select set_config('TimeZone', %s, true)", [timezone])
            yield connection


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _said(status: int, title: str, sentence: str) -> HTMLResponse:
    return HTMLResponse(page("message.html", title=title, sentence=sentence), status_code=status)


def _missing(_request: Request, error: Exception) -> HTMLResponse:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    detail = error.detail if isinstance(error, HTTPException) else ""
    return _said(status, "Nothing here", detail if detail != HTTPStatus(status).phrase else "There is no such page.")


def _away(_request: Request, _error: Exception) -> HTMLResponse:
    return _said(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database is away",
        "No connection to PostgreSQL. Check that it runs (trueup status) and reload the page; no figure was changed.",
    )


def _unreconciled(_request: Request, _error: Exception) -> HTMLResponse:
    return _said(
        HTTPStatus.NOT_FOUND,
        "Nothing is reconciled yet",
        "The tables this page reads do not exist. Load your files and run trueup reconcile, or run trueup demo.",
    )
