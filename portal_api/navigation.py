"""The links at the head of every page, by who is signed in: those of every day, and menus of what is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from portal_api.access import READERS, STAFF_ROLES, WORKERS, Role

if TYPE_CHECKING:
    from portal_api.access import Who


class Link(NamedTuple):
    """A link, for people who have one of the roles; in a menu or at the top, and what staff find there."""

    label: str
    path: str
    roles: frozenset[Role]
    menu: str = ""
    about: str = ""


class Menu(NamedTuple):
    """Links under one word; without a word they stand at the top."""

    label: str
    links: tuple[Link, ...]

    def holds(self, path: str) -> bool:
        """Tell whether one of its links leads to a page."""
        return any(link.path == path for link in self.links)


PATIENT = frozenset({Role.PATIENT})
PLANNERS = frozenset({Role.PROVIDER, Role.FRONT_DESK, Role.PRACTICE_ADMIN})
CLERKS = WORKERS - {Role.PROVIDER}
OFFICE = frozenset({Role.FRONT_DESK, Role.BILLING, Role.PRACTICE_ADMIN})
ADMIN = frozenset({Role.PRACTICE_ADMIN})
SCHEDULE, PRACTICE = "Schedule", "Practice"
LINKS = (
    Link("Home", "/", PATIENT),
    Link("Home", "/staff", STAFF_ROLES),
    Link("Day", "/staff/day", WORKERS, about="Today's visits: video, outcome, what waits to be closed out"),
    Link("Worklist", "/staff/worklist", CLERKS, about="What to look into: charges, remittances, close-outs"),
    Link("Patients", "/staff/patients", OFFICE, about="Contact, insurance, what was signed, and who is established"),
    Link("Books", "/books/", READERS, about="The month in figures, leaks, memos and tie-outs; exports"),
    Link("Book", "/book", PATIENT),
    Link("My visits", "/visits", PATIENT),
    Link("Bills", "/bills", PATIENT),
    Link("Card", "/card", PATIENT),
    Link("Messages", "/messages", PATIENT | {Role.PROVIDER}, about="What patients wrote, and your answers"),
    Link("Hours", "/staff/hours", PLANNERS, SCHEDULE, "When each provider works; days off and extra hours"),
    Link("Offer", "/staff/offer", ADMIN, SCHEDULE, "Kinds of visits, prices, insurers, licenses"),
    Link("Why no time?", "/staff/why", PLANNERS, SCHEDULE, "Why a patient is not offered a time"),
    Link("People", "/staff/people", ADMIN, PRACTICE, "Who works here, and what they may do"),
    Link("Consent texts", "/staff/consents", ADMIN, PRACTICE, "What patients sign before their first visit"),
    Link("Retention", "/staff/retention", ADMIN, PRACTICE, "How long messages are kept"),
    Link("Systems", "/staff/systems", ADMIN, PRACTICE, "Other scheduling systems that send visits"),
    Link("Settings", "/staff/settings", ADMIN, PRACTICE, "Logo, colors, texts, policies and reminders"),
)


def links_of(who: Who | None) -> list[Link]:
    """Return the links for a person, in their order."""
    return [link for link in LINKS if who and who.has(*link.roles)]


def menus_of(who: Who | None) -> list[Menu]:
    """Return the links for a person: first those at the top, then each menu."""
    links = links_of(who)
    labels = dict.fromkeys(("", *(link.menu for link in links)))
    return [Menu(label, tuple(link for link in links if link.menu == label)) for label in labels if links]
