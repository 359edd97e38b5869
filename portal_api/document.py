"""GET /api/v1/openapi.json: what programs may ask, written from the routes themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import APIRouter, FastAPI, Request

PREFIX = "/api/v1"
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:trueup:problem:NAME; programs go by it."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for a person."},
    },
}
_ANSWER = {
    "description": "A problem (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def add_to(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Serve the document of what the routers have for programs."""
    document = described([route for router in routers for route in router.routes])

    def answer(_request: Request) -> JSONResponse:
        return JSONResponse(document)

    app.add_route(f"{PREFIX}/openapi.json", answer)


def described(routes: Any) -> dict[str, Any]:
    """Return the document of those routes that are for programs: every one may answer with a problem."""
    found = [route for route in routes if getattr(route, "path", "").startswith(f"{PREFIX}/")]
    made = get_openapi(title="Trueup portal", version="1", routes=found)
    parts = made.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
    parts["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "session"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "The token of a session."},
    }
    made["security"] = [{"bearer": []}, {"session": []}]
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _ANSWER
    return made
