"""Staff sign in by password and authenticator, and set both up: for pages and programs alike."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal_api import audit
from portal_api.identity import asks, attempts, passwords, people, rates, staff_secrets
from portal_api.identity.asks import Purpose
from portal_api.notices import Message, Notice, send

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here

BY_ADDRESS = rates.Rate("staff sign-in by address", 20, timedelta(seconds=15))
BY_ACCOUNT = rates.Rate("staff sign-in by account", 5, timedelta(minutes=1))
CODES = rates.Rate("staff codes by account", 5, timedelta(minutes=1))
USED = "This link was used already or is too old. Ask for a new one."


def by_password(here: Here, email: str, password: str) -> UUID | None:
    """Return whose e-mail address and password these are; None for wrong ones, which count. Raises 429."""
    attempts.from_place(here, BY_ADDRESS)
    attempts.on_account(here, BY_ACCOUNT, email)
    staff_id = staff_secrets.by_password(here, email, password)
    if staff_id is None:
        audit.record(here, "sign_in.refused", _account(here, email))
    return staff_id


def by_code(here: Here, staff_id: UUID, code: str) -> bool:
    """Tell whether it is a code of the authenticator or a recovery code, and use it up; a wrong one counts. Raises 429.

    The password was given before: strangers come no farther than that.
    """
    rates.spend(here, CODES, str(staff_id))
    if not staff_secrets.has_authenticator(here, staff_id):
        return False
    if staff_secrets.by_authenticator(here, staff_id, code):
        return True
    if staff_secrets.by_recovery_code(here, staff_id, code):
        audit.record(here, "recovery_code.used", f"staff/{staff_id}")
        return True
    audit.record(here, "sign_in.refused", f"staff/{staff_id}")
    return False


def set_up(here: Here, staff_id: UUID, code: str) -> list[str]:
    """Confirm a new authenticator by its first code; return the recovery codes, none for a wrong one. Raises 429."""
    rates.spend(here, CODES, str(staff_id))
    if staff_secrets.has_authenticator(here, staff_id) or not staff_secrets.by_authenticator(here, staff_id, code):
        return []
    audit.record(here, "authenticator.confirmed", f"staff/{staff_id}")
    return staff_secrets.confirm_authenticator(here, staff_id)


def forgotten(here: Here, email: str) -> None:
    """Mail a link for a new password; nothing tells whether anybody has that address. Raises 429."""
    attempts.from_place(here, BY_ADDRESS)
    attempts.on_account(here, BY_ACCOUNT, email)
    found = people.staff_of_email(here, email)
    if found and found.disabled_at is None:
        secret = asks.make(here, Purpose.SET_PASSWORD, found.email, found.id, is_bound=True)
        link = f"{here.origin}/staff/password/{secret.link}"
        send(here, Message(Notice.SET_PASSWORD, found.email, {"link": link}), expires_at=asks.expiry(here.now))
    audit.record(here, "password.asked", _account(here, email))


def set_password(here: Here, link: str, password: str) -> str:
    """Set the password by a link, the authenticator stays: the link alone lets nobody in. Returns why not, or ''.

    Raises 429. A password that will not do leaves the link as it was.
    """
    attempts.from_place(here, BY_ADDRESS)
    if objection := passwords.objection(password, here.practice.name, here.practice.practice_id):
        return objection
    granted = asks.use_link(here, link, Purpose.SET_PASSWORD)
    if granted is None or granted.person_id is None:
        return USED
    staff_secrets.set_password(here, granted.person_id, password)
    audit.record(here, "password.set", f"staff/{granted.person_id}")
    return ""


def _account(here: Here, email: str) -> str:
    found = people.staff_of_email(here, email)
    return f"staff/{found.id}" if found else "staff/unknown"
