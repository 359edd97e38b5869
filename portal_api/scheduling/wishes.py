"""What a patient may ask for: read from a form or an address, refused with a sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal_api.problems import Problem
from portal_api.scheduling import catalog
from portal_api.scheduling.slots import Wish

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here

STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky",
    "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire",
    "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "PR": "Puerto Rico", "RI": "Rhode Island",
    "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont",
    "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
ZONES = {
    "America/New_York": "Eastern", "America/Chicago": "Central", "America/Denver": "Mountain",
    "America/Phoenix": "Arizona", "America/Los_Angeles": "Pacific", "America/Anchorage": "Alaska",
    "Pacific/Honolulu": "Hawaii", "America/Puerto_Rico": "Puerto Rico",
}  # fmt: skip


def read(here: Here, visit_type: str, payer: str, state: str, time_zone: str) -> Wish:
    """Return what is asked for; an empty payer is nobody's insurance. Raises 400 with a sentence."""
    kinds = {str(each.id): each.id for each in catalog.visit_types(here)}
    if visit_type not in kinds:
        raise _wrong("Choose what kind of visit you need.")
    if payer and payer not in {each.id for each in catalog.payers(here)}:
        raise _wrong("Choose your insurance from the list, or that you pay yourself.")
    if state not in STATES:
        raise _wrong("Choose the state you will be in during the visit.")
    return Wish(kinds[visit_type], payer or None, state, zone(time_zone).key)


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name: one that names a place, as the database demands. Raises 400."""
    try:
        if name == "UTC" or "/" in name:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise _wrong("Choose your time zone from the list.")


def zone_called(name: str) -> str:
    """Return what a time zone is called on a page."""
    return f"{ZONES[name]} time" if name in ZONES else name.replace("_", " ")


def calendar_of(here: Here, wanted: str) -> UUID | None:
    """Return the calendar that is asked for; an empty one is any. Raises 400 for one that is not there."""
    if not wanted:
        return None
    known = {str(each.id): each.id for each in catalog.calendars(here)}
    if wanted not in known:
        raise _wrong("Choose a provider from the list, or anyone.")
    return known[wanted]


def _wrong(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "no-wish", sentence)
