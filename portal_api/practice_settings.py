"""What an admin changes of a practice, for pages and programs alike: in force with the next request, no restart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from ledger.store import practices as ledger_practices
from portal_api import audit
from portal_api.identity import people
from portal_api.tenants import logo, practices

if TYPE_CHECKING:
    from ledger.rules.dunning import Dunning
    from portal_api.here import Here
    from portal_api.tenants.practices import Practice

LONGEST_TEXT, LONGEST_LINE = 2_000, 200


def objections(practice: Practice) -> list[str]:
    """Return a sentence for each thing about a practice that will not do: its name, time zone and address."""
    said = [] if practice.name else ["A practice has a name."]
    if practice.time_zone not in available_timezones():
        said.append("Please choose a time zone from the list.")
    if practice.email and not people.EMAIL.match(practice.email):
        said.append("Please write an e-mail address, such as care@example.com.")
    return said


def keep(here: Here, changed: Practice, action: str) -> None:
    """Keep the practice as it is to be, to which there are no objections; `action` is for the audit. Raises 409."""
    practices.keep(here.db, changed)
    audit.record(here, action, f"practice/{here.practice.practice_id}")


def keep_logo(here: Here, picture: bytes | None, alt: str) -> None:
    """Keep a logo as a browser sent it, or none. Raises NoLogo with a sentence for what is none."""
    logo.keep(here.db, here.practice.practice_id, logo.cleaned(picture) if picture is not None else None, alt)
    audit.record(here, "practice.logo_changed", f"practice/{here.practice.practice_id}")


def dunning(here: Here) -> Dunning:
    """Return when the practice's patients may be told of open bills."""
    return ledger_practices.policy(here.books, here.practice.practice_id, here.practice.time_zone).dunning


def keep_dunning(here: Here, wanted: Dunning) -> None:
    """Keep when patients may be told of open bills; `trueup practice set` sets the same."""
    practice_id, zone = here.practice.practice_id, here.practice.time_zone
    before = ledger_practices.policy(here.books, practice_id, zone)
    ledger_practices.set_policy(here.books, practice_id, replace(before, dunning=wanted), zone, "portal")
    audit.record(here, "practice.reminders_changed", f"practice/{practice_id}")
