"""Errors: problem details (RFC 9457) for programs, a friendly page for browsers; never a value of the request."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import psycopg
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import exc as database_errors
from starlette.exceptions import HTTPException

from ledger.store.database import DatabaseUnavailable
from portal_api import cookies
from portal_api.headers import HEADERS
from portal_api.templating import rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request
    from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
# What people read in place of the words of HTTP.
TITLES = {
    HTTPStatus.BAD_REQUEST: "Something is missing",
    HTTPStatus.FORBIDDEN: "Not for you to see",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.CONFLICT: "That cannot be done now",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something does not fit",
    HTTPStatus.TOO_MANY_REQUESTS: "Please wait a little",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.BAD_GATEWAY: "Please try again later",
    HTTPStatus.SERVICE_UNAVAILABLE: "Please try again later",
}


class Problem(Exception):  # noqa: N818 - named for what is answered
    """An answer that is an error: `name` is its type, told apart by programs; `detail` a sentence for a person."""

    def __init__(self, status: HTTPStatus, name: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.headers = status, name, detail, headers


class SignInNeeded(Problem):
    """Nobody is signed in, and somebody must be: a page leads to the sign-in, a program is told 401."""

    def __init__(self, sign_in: str, sentence: str = "Please sign in first.", name: str = "sign-in-needed") -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, name, sentence)
        self.sign_in = sign_in


def not_found() -> Problem:
    """Return the one answer for what is not there and for what is somebody else's."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "There is nothing here, or it is not yours to see.")


def add_to(app: FastAPI) -> None:
    """Answer every error of the app with problem details, or with a page where a browser asks for one."""
    app.exception_handler(SignInNeeded)(_sign_in)
    app.exception_handler(Problem)(_told)
    app.exception_handler(HTTPException)(_of_http)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(DatabaseUnavailable)(_away)
    app.exception_handler(psycopg.OperationalError)(_away)
    app.exception_handler(database_errors.OperationalError)(_away)
    app.exception_handler(database_errors.TimeoutError)(_away)
    app.exception_handler(database_errors.DataError)(_unstorable)
    app.exception_handler(database_errors.IntegrityError)(_contradicted)
    app.exception_handler(Exception)(_unforeseen)


def response(
    request: Request | None, status: HTTPStatus, name: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error as problem details, or as a page where the request is a browser's."""
    if request is not None and _wants_page(request):
        return rendered(
            "message.html",
            status,
            headers,
            practice=getattr(request.state, "practice", None),
            title=TITLES.get(status, status.phrase),
            sentence=detail,
            has_session=any(name.endswith(cookies.SESSION) for name in request.cookies),
        )
    document = {"type": f"urn:trueup:problem:{name}", "title": status.phrase, "status": status, "detail": detail}
    return JSONResponse(document, status, headers, media_type=MEDIA_TYPE)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _sign_in(request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInNeeded)  # noqa: S101 - FastAPI hands over what the handler is for
    if _wants_page(request):  # a form too: what was typed is lost, and nothing was done
        return RedirectResponse(error.sign_in, HTTPStatus.SEE_OTHER)
    return _told(request, error)


def _told(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - FastAPI hands over what the handler is for
    return response(request, problem.status, problem.name, problem.detail, problem.headers)


def _of_http(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND)
    if status is HTTPStatus.NOT_FOUND and _wants_page(request):
        return _told(request, not_found())
    return response(request, status, "http", f"{status.phrase}.")


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - FastAPI hands over what the handler is for
    if any(each["loc"][0] == "path" for each in error.errors()):
        return _told(request, not_found())
    places = ", ".join(sorted({".".join(map(str, each["loc"][1:])) or "body" for each in error.errors()}))
    return response(
        request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"What was sent does not fit the description: {places}."
    )


def _away(request: Request, _error: Exception) -> Response:
    return response(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database-away",
        "The database is away; nothing was kept. Send it again.",
    )


def _unstorable(request: Request, _error: Exception) -> Response:
    return response(
        request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "A value is out of range or cannot be kept; nothing was."
    )


def _contradicted(request: Request, error: Exception) -> Response:
    """Answer what the database would not let in: mostly somebody else did the same at this moment."""
    if isinstance(getattr(error, "orig", None), psycopg.errors.CheckViolation):
        return _unstorable(request, error)
    sentence = "Somebody changed the same at this moment, and nothing was kept. Look at it again, then try once more."
    return response(request, HTTPStatus.CONFLICT, "conflict", sentence)


def _unforeseen(request: Request, _error: Exception) -> Response:
    sentence = "Something unforeseen happened; nothing was kept."
    # With the headers: it is made outside of what adds them to every other answer.
    return response(request, HTTPStatus.INTERNAL_SERVER_ERROR, "unforeseen", sentence, HEADERS)
