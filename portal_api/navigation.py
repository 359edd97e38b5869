"""The links at the head of every page, by who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from portal_api.access import STAFF_ROLES, Role

if TYPE_CHECKING:
    from portal_api.access import Who


class Link(NamedTuple):
    """A link, for people who have one of the roles."""

    label: str
    path: str
    roles: frozenset[Role]


PATIENT = frozenset({Role.PATIENT})
PLANNERS = frozenset({Role.PROVIDER, Role.FRONT_DESK, Role.PRACTICE_ADMIN})
CLERKS = STAFF_ROLES - {Role.PROVIDER}
LINKS = (
    Link("Home", "/", PATIENT),
    Link("Home", "/staff", STAFF_ROLES),
    Link("Day", "/staff/day", STAFF_ROLES),
    Link("Worklist", "/staff/worklist", CLERKS),
    Link("Book", "/book", PATIENT),
    Link("My visits", "/visits", PATIENT),
    Link("Card", "/card", PATIENT),
    Link("Messages", "/messages", PATIENT | {Role.PROVIDER}),
    Link("Retention", "/staff/retention", frozenset({Role.PRACTICE_ADMIN})),
    Link("Hours", "/staff/hours", PLANNERS),
    Link("Why no time?", "/staff/why", PLANNERS),
    Link("Offer", "/staff/offer", frozenset({Role.PRACTICE_ADMIN})),
    Link("Consent texts", "/staff/consents", frozenset({Role.PRACTICE_ADMIN})),
    Link("People", "/staff/people", frozenset({Role.PRACTICE_ADMIN})),
    Link("Systems", "/staff/systems", frozenset({Role.PRACTICE_ADMIN})),
    Link("Settings", "/staff/settings", frozenset({Role.PRACTICE_ADMIN})),
    Link("Account", "/account", PATIENT | STAFF_ROLES),
)


def links_of(who: Who | None) -> list[Link]:
    """Return the links for a person, in their order."""
    return [link for link in LINKS if who and who.has(*link.roles)]
