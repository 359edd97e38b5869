"""A practice's settings: name and contact, texts, colours, logo, policies; in force with the next page, no restart."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from http import HTTPStatus
from typing import Any
from zoneinfo import available_timezones

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from portal_api import audit
from portal_api.door import AsAdmin
from portal_api.here import Here
from portal_api.identity import people
from portal_api.pages import onward, page
from portal_api.tenants import logo, palette, policy_fields, practices
from portal_api.tenants.palette import Palette
from portal_api.tenants.practices import Practice, Texts

router = APIRouter(prefix="/staff/settings")
LONGEST_TEXT = 2_000
COLOURS = {
    "brand": "Brand: ground of header and buttons",
    "on_brand": "Writing on the brand colour",
    "link": "Links",
    "ink": "Writing",
    "quiet": "Quiet writing",
    "paper": "Ground of cards and fields",
    "ground": "Ground of the page",
    "edge": "Edges of fields",
    "focus": "Ring around what has the keyboard",
}


@router.get("", response_class=HTMLResponse)
def settings(here: AsAdmin) -> HTMLResponse:
    """Show the settings."""
    return _page(here, here.practice, [])


@router.post("/about", response_model=None)
def about(here: AsAdmin) -> Response:
    """Change name, contact, time zone and texts."""
    form = here.form
    texts = Texts(**{each.name: form.get(each.name)[:LONGEST_TEXT] for each in fields(Texts)})
    plain = {name: form.get(name)[:200] for name in ("name", "time_zone", "email", "phone", "address")}
    changed = replace(here.practice, **plain, texts=texts)  # type: ignore[arg-type]
    problems = [] if changed.name else ["A practice has a name."]
    if changed.time_zone not in available_timezones():
        problems.append("Please choose a time zone from the list.")
    if changed.email and not people.EMAIL.match(changed.email):
        problems.append("Please write an e-mail address, such as care@example.com.")
    return _kept(here, changed, problems, "practice.described")


@router.post("/colours", response_model=None)
def colours(here: AsAdmin) -> Response:
    """Change the colours, if people can tell all pairs of them apart."""
    wanted = Palette(**{name: here.form.get(name).lower() for name in COLOURS})
    changed = replace(here.practice, palette=wanted)
    return _kept(here, changed, palette.objections(wanted), "practice.coloured")


@router.post("/policies", response_model=None)
def policies(here: AsAdmin) -> Response:
    """Change the policies; what was booked keeps those it was booked under."""
    changed, problems = policy_fields.read(here.practice.policies, here.form)
    return _kept(here, replace(here.practice, policies=changed), problems, "practice.policies_changed")


@router.post("/logo", response_model=None)
def new_logo(here: AsAdmin) -> Response:
    """Change the logo, or take it away."""
    picture, given = None, here.form.files.get("logo", b"")
    if not here.form.get("remove"):
        try:
            picture = logo.cleaned(given)
        except logo.NoLogo as refusal:
            return _page(here, here.practice, [str(refusal)])
    logo.keep(here.db, here.practice.practice_id, picture, here.form.get("logo_alt")[:200])
    audit.record(here, "practice.logo_changed", f"practice/{here.practice.practice_id}")
    return onward("/staff/settings", "saved")


def _kept(here: Here, changed: Practice, problems: list[str], action: str) -> Response:
    if problems:
        return _page(here, changed, problems)
    practices.keep(here.db, changed)
    audit.record(here, action, f"practice/{here.practice.practice_id}")
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
        "problems": problems,
    }
    return page(here, "tenants/settings.html", status=status, **values)
