"""`/theme.css` and `/logo`: the looks of the practice whose portal it is."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.door import AtDoor
from portal_api.here import Here
from portal_api.problems import not_found
from portal_api.tenants import logo

router = APIRouter()


@router.get("/theme.css")
def theme(request: Request, here: AtDoor) -> Response:
    """Return the practice's colours; asked again, a browser is told whether they are still the same."""
    return _unless_known(request, here, lambda: here.practice.palette.css().encode(), "text/css")


@router.get("/logo")
def picture(request: Request, here: AtDoor) -> Response:
    """Return the practice's logo."""
    if not here.practice.has_logo:
        raise not_found()
    return _unless_known(request, here, lambda: logo.get(here.db, here.practice.practice_id) or b"", "image/png")


def _unless_known(request: Request, here: Here, content: Callable[[], bytes], kind: str) -> Response:
    tag = f'"{here.practice.practice_id.encode().hex()}-{here.practice.version}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content(), media_type=kind, headers=headers)
