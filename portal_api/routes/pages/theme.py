"""`/theme.css`: the colours of the practice whose portal it is."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal_api.door import AtDoor

router = APIRouter()


@router.get("/theme.css")
def theme(request: Request, here: AtDoor) -> Response:
    """Return the practice's colours; asked again, a browser is told whether they are still the same."""
    tag = f'"{here.practice.practice_id.encode().hex()}-{here.practice.version}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(here.practice.palette.css(), media_type="text/css", headers=headers)
