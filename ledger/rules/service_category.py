"""The taxonomy of services: which category of visit a service code is of. Categories are priced and metered, not codes.

Only the number of a category ever leaves, and only as the name of a meter's events: the name says what care was given.
"""

from __future__ import annotations

from ledger.rules.codes_file import rows_of

# A code that the list does not name, so that every visit has a category.
OTHER = 99
_EVENTS = "visit_category_"
_RANGES = [(row["first_code"], row["last_code"], int(row["service_category"])) for row in rows_of("service_category")]
NAMES = {int(row["service_category"]): row["name"] for row in rows_of("service_category")} | {
    OTHER: "Any other service"
}


def category_of(service_code: str) -> int:
    """Return the category of a CPT or HCPCS code, OTHER for one that is in no range of the list."""
    code = service_code.strip().upper()
    return next((number for first, last, number in _RANGES if len(code) == len(first) and first <= code <= last), OTHER)


def event_name(service_category: int) -> str:
    """Return the name of the events of a category's meter."""
    return f"{_EVENTS}{service_category}"


def category_named(event: str) -> int:
    """Return the category whose meter takes events of this name."""
    return int(event.removeprefix(_EVENTS))
