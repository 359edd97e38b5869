"""The dashboard's web door: routes, headers and what a reader sees when something is missing."""

from http import HTTPStatus

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from dashboards.desk import Desk, Refused, SignInNeeded
from dashboards.door import Door, frame_of
from dashboards.headers import HEADERS, WithHeaders
from dashboards.reading import NotKnown
from dashboards.routes import ROUTERS
from dashboards.templating import STATIC, page
from ledger.settings import Settings
from ledger.store.database import Database, DatabaseUnavailable

# Without sign-in the pages answer only to this machine's names: a foreign page cannot read them by pointing its own
# name at the loopback address. Staff come by names of their practices, which whoever knows them checks.
HOSTS = ["localhost", "127.0.0.1"]


def create_app(settings: Settings, database: Database, desk: Desk | None = None) -> FastAPI:
    """Build the dashboard over `database`; every page is one snapshot of the marts."""
    app = FastAPI(title="Trueup", docs_url=None, redoc_url=None, openapi_url=None, default_response_class=HTMLResponse)
    app.state.door = Door(database, settings.timezone, desk or Desk())
    app.state.dagster = f"http://127.0.0.1:{settings.dagster_port}"  # it has no login: on this machine only
    if app.state.door.desk.staff is None:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    app.add_middleware(WithHeaders)
    app.mount("/static", StaticFiles(directory=str(STATIC)), name="static")
    app.exception_handler(HTTPException)(_missing)
    app.exception_handler(RequestValidationError)(_unreadable)
    app.exception_handler(psycopg.DataError)(_unreadable)
    app.exception_handler(SignInNeeded)(_sign_in)
    app.exception_handler(NotKnown)(_not_known)
    app.exception_handler(Refused)(_not_now)
    app.exception_handler(DatabaseUnavailable)(_away)
    app.exception_handler(psycopg.OperationalError)(_away)
    app.exception_handler(psycopg.errors.UndefinedTable)(_unreconciled)
    app.exception_handler(psycopg.errors.InsufficientPrivilege)(_refused)
    app.exception_handler(Exception)(_unforeseen)
    for router in ROUTERS:
        app.include_router(router)
    return app


def _said(request: Request, status: HTTPStatus, title: str, sentence: str) -> HTMLResponse:
    return HTMLResponse(page(frame_of(request), "message.html", title=title, sentence=sentence), status)


def _missing(request: Request, error: Exception) -> HTMLResponse:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND)
    detail = error.detail if isinstance(error, HTTPException) else ""
    if status is HTTPStatus.FORBIDDEN:
        _noted(request)
    title = "Nothing here" if status is HTTPStatus.NOT_FOUND else status.phrase
    return _said(request, status, title, detail if detail != status.phrase else "There is no such page.")


def _noted(request: Request) -> None:
    frame = frame_of(request)
    if frame.desk.staff:
        path = getattr(request.scope.get("route"), "path", "")
        frame.desk.staff.record(frame.reader, "access.refused", f"route/{request.method} {path}")


def _unreadable(request: Request, _error: Exception) -> HTMLResponse:
    return _said(request, HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing here", "This address cannot be read.")


def _sign_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)  # noqa: S101 - FastAPI hands over what the handler is for
    return RedirectResponse(error.location, HTTPStatus.SEE_OTHER)


def _not_now(request: Request, error: Exception) -> HTMLResponse:
    return _said(request, HTTPStatus.CONFLICT, "This cannot be done now", str(error))


def _not_known(request: Request, _error: Exception) -> HTMLResponse:
    return _said(
        request,
        HTTPStatus.NOT_FOUND,
        "Not known as of that time",
        "What this page shows is not kept by day, so nobody can say what it was then. Look at it as of now.",
    )


def _away(request: Request, _error: Exception) -> HTMLResponse:
    return _said(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database is away",
        "No connection to PostgreSQL. Check that it runs (trueup status) and reload the page; no figure was changed.",
    )


def _unforeseen(request: Request, _error: Exception) -> HTMLResponse:
    answer = _said(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong",
        "This page could not be made. No figure was changed; what happened stands where trueup up runs.",
    )
    # It is made outside of what adds them to every other answer.
    answer.headers.update(HEADERS)
    return answer


def _refused(request: Request, error: Exception) -> HTMLResponse:
    if frame_of(request).reader.practice_id is None:
        return _unreconciled(request, error)
    _noted(request)
    return _said(
        request,
        HTTPStatus.FORBIDDEN,
        "Not of one practice",
        "What this page shows is not kept by practice, and you see the figures of yours.",
    )


def _unreconciled(request: Request, _error: Exception) -> HTMLResponse:
    return _said(
        request,
        HTTPStatus.NOT_FOUND,
        "Nothing is reconciled yet",
        "The tables this page reads do not exist. Load your files and run trueup reconcile, or run trueup demo.",
    )
