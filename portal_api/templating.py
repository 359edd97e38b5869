"""Turns a template and its values into a page."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

STATIC = resources.files("portal_api").joinpath("static")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def rendered(
    template: str, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None, **values: object
) -> HTMLResponse:
    """Render templates/<template>; what base.html asks for and nobody gives is empty."""
    empty: dict[str, object] = {
        "practice": None,
        "who": None,
        "menus": (),
        "csrf": "",
        "said": "",
        "path": "",
        "has_session": False,
    }
    return HTMLResponse(text(template, **(empty | values)), status, headers)


def text(template: str, **values: object) -> str:
    """Render templates/<template> as text; a name that nobody gives is an error."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(str(resources.files("portal_api").joinpath("templates"))),
        autoescape=select_autoescape(["html"], default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(dollars=dollars, day=day, on_day=on_day, clock=clock, moment=moment)
    return environment


def dollars(cents: int | None) -> str:
    """Write cents as dollars: $1,234.50; nothing known is a dash."""
    if cents is None:
        return "\N{EN DASH}"
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """Write the day in a time zone: Tuesday, March 3, 2026."""
    return on_day(at.astimezone(zone).date())


def on_day(there: date) -> str:
    """Write a day of no time zone, as `day` does."""
    return f"{_DAYS[there.weekday()]}, {_MONTHS[there.month - 1]} {there.day}, {there.year}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Write the time of day in a time zone, and which: 3:30 PM EST."""
    there = at.astimezone(zone)
    return f"{there:%I:%M %p} {there.tzname()}".removeprefix("0")


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Write day and time in a time zone."""
    return f"{day(at, zone)}, {clock(at, zone)}"
