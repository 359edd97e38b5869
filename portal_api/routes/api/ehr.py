"""POST /api/v1/ehr/{system}: a scheduling system outside reports a FHIR R4 Appointment or Encounter, signed."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from ledger.rules.webhook_signature import NotSigned
from portal_api.door import AtDoor
from portal_api.ehr import fhir, systems, taking
from portal_api.ehr.report import Unusable
from portal_api.forms import MULTIPART, URLENCODED
from portal_api.problems import Problem, not_found

router = APIRouter(prefix="/api/v1", tags=["ehr"])
LARGEST_BODY = 1 << 18


class Taken(BaseModel):
    """What became of a report: taken, known (it came before) or ignored (nothing has become of the visit yet)."""

    report: str
    visit_token: UUID | None = None
    state: str | None = None


async def _raw(request: Request) -> bytes:
    """Read the very bytes that are signed, and no more than a resource has."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind in {URLENCODED, MULTIPART}:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-fhir", "Send the resource as application/fhir+json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "A resource has at most 262,144 bytes.")
    return bytes(body)


@router.post("/ehr/{system_id}", response_model=Taken)
def receive(here: AtDoor, system_id: UUID, request: Request, body: Annotated[bytes, Depends(_raw)]) -> Taken:
    """Take a report in, once. Signed in X-Trueup-Signature as `t=<seconds>,v1=<hex of HMAC-SHA256 over t.body>`."""
    try:
        systems.verify(here, system_id, request.headers.get(systems.HEADER), body)
    except LookupError:
        raise not_found() from None
    except NotSigned as refused:
        raise Problem(HTTPStatus.BAD_REQUEST, "not-signed", str(refused)) from None
    try:
        report = fhir.read(json.loads(body))
        if report is None:
            return Taken(report="ignored")
        if not systems.is_new(here, system_id, body):
            return Taken(report="known")
        visit = taking.take(here, system_id, report)
    except (Unusable, ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, Unusable) else "The body is no JSON."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-usable", detail) from None
    return Taken(report="taken", visit_token=visit.visit_token, state=visit.state.value)
