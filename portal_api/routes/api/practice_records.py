"""/api/v1/practice: consent texts, how long messages are kept, and the systems outside that report visits."""

from __future__ import annotations

from base64 import b64encode
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.responses import Response

from portal_api.door import AsAdmin
from portal_api.ehr import filing, systems
from portal_api.ehr.report import Unusable
from portal_api.here import Here
from portal_api.idempotency import Key, once
from portal_api.intake import consents
from portal_api.messages import retention
from portal_api.problems import Problem, not_found
from portal_api.routes.api.intake import TextShown
from portal_api.routes.api.shapes import Name, Shape

router = APIRouter(prefix="/api/v1/practice", tags=["practice"])
LONGEST_FILE = 240_000


class Texts(BaseModel):
    """The newest version of each text."""

    items: list[TextShown]


class TextAsked(Shape):
    """A new version of a text, which every patient is asked to sign."""

    kind: Literal["telehealth", "privacy", "payment"]
    title: str = Field(min_length=1, max_length=consents.LONGEST_TITLE, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")
    body: str = Field(min_length=1, max_length=consents.LONGEST_BODY, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")


class WeekShown(BaseModel):
    """The messages of a week: how many, why they are held, or when and by what proof (base 64) they ended."""

    week: date
    messages: int
    held_why: str | None
    destroyed_at: datetime | None
    certificate: str | None


class Retention(BaseModel):
    """How many days messages are kept, and every week that ever had some, the newest first."""

    days: int
    items: list[WeekShown]


class HoldAsked(Shape):
    """Why a week's messages are kept beyond their time."""

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


class SystemShown(BaseModel):
    """A system outside; a disabled one is not heard any more."""

    id: UUID
    name: str
    created_at: datetime
    disabled_at: datetime | None


class Systems(BaseModel):
    """Every system that was ever added."""

    items: list[SystemShown]


class SystemAsked(Shape):
    """What the system is called."""

    name: Name


class SystemAdded(BaseModel):
    """Where the system sends its reports, and the secret that signs them, which is shown this once."""

    id: UUID
    address: str
    secret: str


class FileAsked(Shape):
    """A CSV file of reports."""

    csv: str = Field(max_length=LONGEST_FILE, pattern=r"^[^\x00]*$")


class RowRefused(BaseModel):
    """A row that cannot be taken in, and why."""

    line: int
    why: str


class FileTaken(BaseModel):
    """How many rows were taken in, and those that were not."""

    taken: int
    refused: list[RowRefused]


@router.get("/consent-texts", response_model=Texts)
def texts(here: AsAdmin) -> Texts:
    """Return the practice's texts."""
    return Texts(items=[TextShown(**vars(each)) for each in consents.current(here)])


@router.post("/consent-texts", status_code=HTTPStatus.CREATED, response_model=TextShown)
def publish(here: AsAdmin, asked: TextAsked, key: Key = None) -> JSONResponse:
    """Publish a new version; the same words again change nothing, and 409 is for who publishes at the same moment."""

    def published() -> TextShown:
        consents.publish(here, asked.kind, asked.title, asked.body)
        return next(TextShown(**vars(each)) for each in consents.current(here) if each.kind == asked.kind)

    return once(here, key, ["publish", asked.model_dump()], published)


@router.get("/retention", response_model=Retention)
def weeks(here: AsAdmin) -> Retention:
    """Return the weeks of messages; never what is in them."""
    days = here.practice.policies.message_retention_days
    return Retention(days=days, items=[_week(each) for each in retention.weeks(here)])


@router.put("/retention/{week}/hold", status_code=HTTPStatus.NO_CONTENT)
def hold(here: AsAdmin, week: date, asked: HoldAsked) -> Response:
    """Hold a week's messages beyond their time; 404 for a week that has none or is destroyed."""
    return _held(here, week, asked.reason)


@router.delete("/retention/{week}/hold", status_code=HTTPStatus.NO_CONTENT)
def release(here: AsAdmin, week: date) -> Response:
    """End the hold on a week's messages."""
    return _held(here, week, None)


@router.get("/systems", response_model=Systems)
def outside(here: AsAdmin) -> Systems:
    """Return the systems outside."""
    return Systems(items=[SystemShown(**vars(each)) for each in systems.all_of(here)])


@router.post("/systems", status_code=HTTPStatus.CREATED, response_model=SystemAdded)
def add(here: AsAdmin, asked: SystemAsked) -> SystemAdded:
    """Let a system report. Takes no Idempotency-Key: a secret is not kept to be answered again."""
    system_id, secret = systems.add(here, asked.name.strip())
    return SystemAdded(id=system_id, address=f"{here.origin}/api/v1/ehr/{system_id}", secret=secret)


@router.delete("/systems/{outside_system_id}", status_code=HTTPStatus.NO_CONTENT)
def disable(here: AsAdmin, outside_system_id: UUID) -> Response:
    """Hear a system no more."""
    if not systems.disable(here, outside_system_id):
        raise not_found()
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/systems/{outside_system_id}/files", status_code=HTTPStatus.OK, response_model=FileTaken)
def file(here: AsAdmin, outside_system_id: UUID, asked: FileAsked) -> FileTaken:
    """Take in a file of reports: a row that cannot be is named, and the others stay; again it changes nothing."""
    if outside_system_id not in {each.id for each in systems.all_of(here) if each.disabled_at is None}:
        raise not_found()
    try:
        refused, taken = filing.take(here, outside_system_id, asked.csv)
    except Unusable as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-usable", str(error)) from None
    return FileTaken(taken=taken, refused=[RowRefused(line=line, why=why) for line, why in refused])


def _held(here: Here, week: date, why: str | None) -> Response:
    if not retention.hold(here, week, why):
        raise not_found()
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _week(each: retention.Week) -> WeekShown:
    proof = b64encode(each.certificate).decode() if each.certificate else None
    return WeekShown(**{**vars(each), "certificate": proof})
