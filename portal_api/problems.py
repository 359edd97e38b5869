"""Errors as problem details (RFC 9457): a type, a title, a status and a sentence, never a value of the request."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import psycopg
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ledger.store.database import DatabaseUnavailable

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - named for what is answered
    """An answer that is an error: `name` is its type, told apart by programs; `detail` a sentence for a person."""

    def __init__(self, status: HTTPStatus, name: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail = status, name, detail


def add_to(app: FastAPI) -> None:
    """Answer every error of the app with problem details."""
    app.exception_handler(Problem)(_told)
    app.exception_handler(HTTPException)(_of_http)
    app.exception_handler(DatabaseUnavailable)(_away)
    app.exception_handler(psycopg.OperationalError)(_away)
    app.exception_handler(Exception)(_unforeseen)


def response(status: HTTPStatus, name: str, detail: str) -> JSONResponse:
    """Return problem details as a response."""
    document = {"type": f"urn:trueup:problem:{name}", "title": status.phrase, "status": status, "detail": detail}
    return JSONResponse(document, status, media_type=MEDIA_TYPE)


def _told(_request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)  # noqa: S101 - FastAPI hands over what the handler is for
    return response(problem.status, problem.name, problem.detail)


def _of_http(_request: Request, error: Exception) -> JSONResponse:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND)
    return response(status, "http", f"{status.phrase}.")


def _away(_request: Request, _error: Exception) -> JSONResponse:
    return response(
        HTTPStatus.SERVICE_UNAVAILABLE, "database-away", "The database is away; nothing was kept. Send it again."
    )


def _unforeseen(_request: Request, _error: Exception) -> JSONResponse:
    return response(HTTPStatus.INTERNAL_SERVER_ERROR, "unforeseen", "Something unforeseen happened; nothing was kept.")
