"""Patients sign in by what is mailed to them: the asking, the code and the joining, for pages and programs alike."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal_api import audit
from portal_api.identity import asks, attempts, people, rates
from portal_api.identity.asks import Purpose
from portal_api.notices import Message, Notice, send

if TYPE_CHECKING:
    from portal_api.here import Here

BY_ADDRESS = rates.Rate("sign-in by address", 20, timedelta(seconds=30))
BY_ACCOUNT = rates.Rate("sign-in by account", 5, timedelta(minutes=3))
CODES = rates.Rate("codes by address", 20, timedelta(seconds=30))


def ask(here: Here, email: str) -> None:
    """Mail a link and a code to a patient, or to somebody new where new patients are welcome; raises 429."""
    attempts.from_place(here, BY_ADDRESS)
    attempts.on_account(here, BY_ACCOUNT, email)
    found = people.patient_of_email(here, email)
    secret = asks.make(here, Purpose.SIGN_IN, email, found.id if found else None)
    if found.disabled_at is None if found else here.practice.policies.accepts_new_patients:
        values = {"link": f"{here.origin}/sign-in/link/{secret.link}", "code": secret.spaced}
        send(here, Message(Notice.SIGN_IN, email, values), expires_at=asks.expiry(here.now))
    audit.record(here, "sign_in.asked", f"patient/{found.id}" if found else "patient/unknown")


def by_code(here: Here, code: str) -> asks.Asked | None:
    """Return what a code grants in this browser, and use it up; None for a wrong one, which counts. Raises 429."""
    attempts.from_place(here, CODES)
    return _noted(here, asks.use_code(here, code, Purpose.SIGN_IN))


def by_link(here: Here, link: str) -> asks.Asked | None:
    """Return what a link grants in this browser, and use it up; None for one that grants nothing. Raises 429."""
    attempts.from_place(here, CODES)
    return _noted(here, asks.use_link(here, link, Purpose.SIGN_IN))


def _noted(here: Here, granted: asks.Asked | None) -> asks.Asked | None:
    if granted is None:
        audit.record(here, "sign_in.refused", "patient/unknown")
    return granted
