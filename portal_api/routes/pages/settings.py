"""A practice's settings: name and contact, texts, colours, logo, policies; in force with the next page, no restart."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from datetime import time
from http import HTTPStatus
from typing import Any
from zoneinfo import available_timezones

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from ledger.rules.dunning import Dunning
from portal_api import practice_settings as wanted
from portal_api.door import AsAdmin
from portal_api.here import Here
from portal_api.pages import onward, page
from portal_api.tenants import logo, palette, policy_fields
from portal_api.tenants.palette import Palette
from portal_api.tenants.practices import Practice, Texts

router = APIRouter(prefix="/staff/settings")
COLOURS = {
    "brand": "Brand: ground of header and buttons",
    "on_brand": "Writing on the brand color",
    "link": "Links",
    "ink": "Writing",
    "quiet": "Quiet writing",
    "paper": "Ground of cards and fields",
    "ground": "Ground of the page",
    "edge": "Edges of fields",
    "focus": "Ring around what has the keyboard",
}
TIMES = {"quiet_from": "Quiet from", "quiet_until": "Quiet until"}
COUNTS = {
    "visit_hours": "Hours before and after a visit without a reminder",
    "days_apart": "Days from one reminder to the next, at least",
    "most_notices": "Reminders of one bill, at most",
}


@router.get("", response_class=HTMLResponse)
def settings(here: AsAdmin) -> HTMLResponse:
    """Show the settings."""
    return _page(here, here.practice, [])


@router.post("/about", response_model=None)
def about(here: AsAdmin) -> Response:
    """Change name, contact, time zone and texts."""
    form = here.form
    texts = Texts(**{each.name: form.get(each.name)[: wanted.LONGEST_TEXT] for each in fields(Texts)})
    plain: dict[str, Any] = {
        name: form.get(name)[: wanted.LONGEST_LINE] for name in ("name", "time_zone", "email", "phone", "address")
    }
    changed = replace(here.practice, **plain, texts=texts)
    return _kept(here, changed, wanted.objections(changed), "practice.described")


@router.post("/colours", response_model=None)
def colours(here: AsAdmin) -> Response:
    """Change the colours, if people can tell all pairs of them apart."""
    chosen = Palette(**{name: here.form.get(name).lower() for name in COLOURS})
    changed = replace(here.practice, palette=chosen)
    return _kept(here, changed, palette.objections(chosen), "practice.coloured")


@router.post("/policies", response_model=None)
def policies(here: AsAdmin) -> Response:
    """Change the policies; what was booked keeps those it was booked under."""
    changed, problems = policy_fields.read(here.practice.policies, here.form)
    return _kept(here, replace(here.practice, policies=changed), problems, "practice.policies_changed")


@router.post("/reminders", response_model=None)
def reminders(here: AsAdmin) -> Response:
    """Change when patients are reminded of open bills."""
    form, before = here.form, wanted.dunning(here)
    try:
        times: dict[str, Any] = {name: time.fromisoformat(form.get(name)).replace(tzinfo=None) for name in TIMES}
        counts: dict[str, Any] = {name: int(form.get(name)) for name in COUNTS}
    except ValueError:
        return _page(here, here.practice, ["Please write times like 20:00, and whole numbers."])
    try:
        wanted.keep_dunning(here, replace(before, **times, **counts))
    except ValueError as refusal:
        return _page(here, here.practice, [str(refusal)])
    return onward("/staff/settings", "saved")


@router.post("/logo", response_model=None)
def new_logo(here: AsAdmin) -> Response:
    """Change the logo, or take it away."""
    picture = None if here.form.get("remove") else here.form.files.get("logo", b"")
    try:
        wanted.keep_logo(here, picture, here.form.get("logo_alt")[: wanted.LONGEST_LINE])
    except logo.NoLogo as refusal:
        return _page(here, here.practice, [str(refusal)])
    return onward("/staff/settings", "saved")


def _kept(here: Here, changed: Practice, problems: list[str], action: str) -> Response:
    if problems:
        return _page(here, changed, problems)
    wanted.keep(here, changed, action)
    return onward("/staff/settings", "saved")


def _page(here: Here, shown: Practice, problems: list[str]) -> HTMLResponse:
    """Show the settings as they are, or as somebody wants them and cannot have them."""
    status = HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK
    values: dict[str, Any] = {
        "shown": shown,
        "colours": [(name, label, asdict(shown.palette)[name]) for name, label in COLOURS.items()],
        "zones": sorted(available_timezones()),
        "numbers": [(each, each.written(shown.policies)) for each in policy_fields.NUMBERS],
        "flags": policy_fields.FLAGS,
        "partial": policy_fields.PARTIAL,
        "reminders": _shown_reminders(here, wanted.dunning(here)),
        "problems": problems,
    }
    return page(here, "tenants/settings.html", status=status, **values)


def _shown_reminders(here: Here, dunning: Dunning) -> list[tuple[str, str, str]]:
    """Return name, label and value of each field: as it was typed where that would not do."""
    known = {name: getattr(dunning, name).strftime("%H:%M") for name in TIMES}
    known |= {name: str(getattr(dunning, name)) for name in COUNTS}
    return [(name, label, here.form.get(name) or known[name]) for name, label in (TIMES | COUNTS).items()]
