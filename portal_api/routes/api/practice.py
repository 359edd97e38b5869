"""/api/v1/practice: what a practice says of itself, and what its admin changes of it: looks, texts, policies."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, replace
from datetime import time
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from ledger.rules.billing import PartialVisit
from portal_api import practice_settings as settings
from portal_api.door import AsAdmin, AtDoor
from portal_api.here import Here
from portal_api.problems import Problem
from portal_api.routes.api.shapes import Line, Shape
from portal_api.tenants import logo, palette, policy_fields
from portal_api.tenants.palette import Palette
from portal_api.tenants.practices import Policies, Practice, Texts

router = APIRouter(prefix="/api/v1/practice", tags=["practice"])
Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
Long = Annotated[str, Field(max_length=settings.LONGEST_TEXT, pattern=r"^[^\x00]*$")]
_BOUNDS = {each.name: (each.least, each.most) for each in policy_fields.NUMBERS}
LONGEST_LOGO = logo.LARGEST_BYTES * 4 // 3 + 4


def _bounded(name: str) -> Any:
    least, most = _BOUNDS[name]
    return Field(ge=least, le=most)


class TextsShown(Shape):
    """What the practice says on its pages; plain text."""

    welcome: Long
    emergency: Long
    privacy: Long


class PaletteShown(Shape):
    """Colors as #rrggbb."""

    brand: Colour
    on_brand: Colour
    link: Colour
    ink: Colour
    quiet: Colour
    paper: Colour
    ground: Colour
    edge: Colour
    focus: Colour


class AboutAsked(Shape):
    """Name, contact and texts."""

    name: Line
    time_zone: str = Field(max_length=64, description="An IANA name, such as America/New_York.")
    email: Line
    phone: Line
    address: Line
    texts: TextsShown


class PoliciesShown(Shape):
    """What the practice decides; fees are cents. What was booked keeps the policies it was booked under."""

    accepts_new_patients: bool
    patient_idle_minutes: int = _bounded("patient_idle_minutes")
    patient_session_hours: int = _bounded("patient_session_hours")
    staff_idle_minutes: int = _bounded("staff_idle_minutes")
    staff_session_hours: int = _bounded("staff_session_hours")
    message_retention_days: int = _bounded("message_retention_days")
    cancel_hours: int = _bounded("cancel_hours")
    late_cancel_fee_cents: int = _bounded("late_cancel_fee_cents")
    no_show_fee_cents: int = _bounded("no_show_fee_cents")
    partial_visit: PartialVisit
    wants_card: bool
    hold_minutes: int = _bounded("hold_minutes")
    offer_minutes: int = _bounded("offer_minutes")
    video_recording: bool


class Reminders(Shape):
    """When patients may be told of open bills; equal times are no quiet hours. Local times, as 20:00."""

    quiet_from: str = Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")
    quiet_until: str = Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")
    visit_hours: int = Field(ge=0, le=168)
    days_apart: int = Field(ge=1, le=90)
    most_notices: int = Field(ge=0, le=20)


class PracticeShown(BaseModel):
    """A practice as anybody sees it."""

    practice_id: str
    name: str
    time_zone: str
    email: str
    phone: str
    address: str
    texts: TextsShown
    palette: PaletteShown
    has_logo: bool
    logo_alt: str


class SettingsShown(PracticeShown):
    """A practice as its admin sees it."""

    policies: PoliciesShown
    reminders: Reminders


class LogoAsked(Shape):
    """A PNG of at most 1024 by 512 pixels and 64 KB, in base 64, and what it says to those who do not see it."""

    png: str = Field(max_length=LONGEST_LOGO)
    alt: Line


@router.get("", response_model=PracticeShown)
def about(here: AtDoor) -> PracticeShown:
    """Return what the practice says of itself; nobody needs to be signed in."""
    return PracticeShown(**_plain(here.practice))


@router.get("/settings", response_model=SettingsShown)
def shown(here: AsAdmin) -> SettingsShown:
    """Return the settings."""
    return _shown(here, here.practice)


@router.put("/settings/about", response_model=SettingsShown)
def describe(here: AsAdmin, asked: AboutAsked) -> SettingsShown:
    """Change name, contact, time zone and texts."""
    said = asked.model_dump()
    changed = replace(here.practice, **{**said, "name": asked.name.strip(), "texts": Texts(**said["texts"])})
    return _kept(here, changed, settings.objections(changed), "practice.described")


@router.put("/settings/colors", response_model=SettingsShown)
def colour(here: AsAdmin, asked: PaletteShown) -> SettingsShown:
    """Change the colors; 400 for a pair that people cannot tell apart."""
    chosen = Palette(**{name: value.lower() for name, value in asked.model_dump().items()})
    changed = replace(here.practice, palette=chosen)
    return _kept(here, changed, palette.objections(chosen), "practice.coloured")


@router.put("/settings/policies", response_model=SettingsShown)
def decide(here: AsAdmin, asked: PoliciesShown) -> SettingsShown:
    """Change the policies."""
    changed = replace(here.practice, policies=Policies(**asked.model_dump(mode="json")))
    return _kept(here, changed, [], "practice.policies_changed")


@router.put("/settings/reminders", response_model=SettingsShown)
def remind(here: AsAdmin, asked: Reminders) -> SettingsShown:
    """Change when patients may be told of open bills."""
    times = {name: time.fromisoformat(getattr(asked, name)) for name in ("quiet_from", "quiet_until")}
    settings.keep_dunning(here, replace(settings.dunning(here), **(asked.model_dump() | times)))
    return _shown(here, here.practice)


@router.put("/settings/logo", status_code=HTTPStatus.NO_CONTENT)
def picture(here: AsAdmin, asked: LogoAsked) -> Response:
    """Show a logo at the head of every page."""
    try:
        settings.keep_logo(here, base64.b64decode(asked.png, validate=True), asked.alt)
    except binascii.Error:
        raise _wrong("`png` must be base 64.") from None
    except logo.NoLogo as refusal:
        raise _wrong(str(refusal)) from None
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.delete("/settings/logo", status_code=HTTPStatus.NO_CONTENT)
def no_picture(here: AsAdmin) -> Response:
    """Take the logo away."""
    settings.keep_logo(here, None, "")
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _kept(here: Here, changed: Practice, objections: list[str], action: str) -> SettingsShown:
    if objections:
        raise _wrong(" ".join(objections))
    settings.keep(here, changed, action)
    return _shown(here, changed)


def _shown(here: Here, practice: Practice) -> SettingsShown:
    known = asdict(settings.dunning(here))
    del known["timezone"]
    times = {name: known[name].strftime("%H:%M") for name in ("quiet_from", "quiet_until")}
    policies = PoliciesShown(**asdict(practice.policies))
    return SettingsShown(**_plain(practice), policies=policies, reminders=Reminders(**(known | times)))


def _plain(practice: Practice) -> dict[str, Any]:
    return {name: value for name, value in asdict(practice).items() if name in PracticeShown.model_fields}


def _wrong(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "no-settings", sentence)
