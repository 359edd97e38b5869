"""One's own account: contact details, and the proof that one is still oneself, for pages and programs alike."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError

from portal_api import audit
from portal_api.access import Kind
from portal_api.identity import asks, attempts, patient_sign_in, people, rates, sessions, staff_secrets, staff_sign_in
from portal_api.identity.asks import Purpose
from portal_api.notices import Message, Notice, send
from portal_api.problems import Problem, not_found

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.identity.people import Patient

LONGEST_PHONE = 40
REFUSED = (
    "That did not work. A link and a code work once, for ten minutes, and only in the browser where you asked for them."
)
TAKEN = "This address cannot be used here. Please ask your practice."


def myself(here: Here) -> Patient:
    """Return the patient who is here."""
    found = people.patient(here, here.me.id)
    if found is None:
        raise not_found()
    return found


def change(here: Here, email: str, phone: str, time_zone: str) -> bool:
    """Change phone and time zone at once, and mail a code to an e-mail address that is new; tell whether one was.

    Raises Problem: 400 (no-contact) for what is no time zone or address, 429.
    """
    mine = myself(here)
    if time_zone not in available_timezones() or not people.EMAIL.match(email) or len(phone) > LONGEST_PHONE:
        sentence = "Please choose a time zone and write an e-mail address, such as name@example.com."
        raise Problem(HTTPStatus.BAD_REQUEST, "no-contact", sentence)
    people.change_patient(here, mine.id, phone=phone, time_zone=time_zone)
    audit.record(here, "contact.changed", f"patient/{mine.id}")
    if phone != mine.phone:
        send(here, Message(Notice.CONTACT_CHANGED, mine.email, {"what": "phone number"}))
    if email.lower() == mine.email.lower():
        return False
    rates.spend(here, patient_sign_in.BY_ACCOUNT, str(mine.id))
    secret = asks.make(here, Purpose.CHANGE_EMAIL, email, mine.id)
    message = Message(Notice.CHANGE_EMAIL, email, {"code": secret.spaced})
    send(here, message, expires_at=asks.expiry(here.now))
    return True


def change_email(here: Here, code: str) -> str:
    """Change the e-mail address by the code that went to the new one, and tell the old one; returns why not, or ''.

    Links and codes of before count no more, and every other session ends: they were opened by the address that was.
    A wrong code counts, so it is answered and not raised.
    """
    attempts.from_place(here, patient_sign_in.CODES)
    before, granted = myself(here).email, asks.use_code(here, code, Purpose.CHANGE_EMAIL)
    if granted is None or granted.person_id != here.me.id:
        return REFUSED
    try:
        with here.db.begin_nested():
            people.change_patient(here, here.me.id, email=granted.email)
    except IntegrityError:
        return TAKEN
    asks.void(here, here.me.id)
    sessions.end_others(here)
    send(here, Message(Notice.CONTACT_CHANGED, before, {"what": "e-mail address"}))
    audit.record(here, "email.changed", f"patient/{here.me.id}")
    return ""


def mail_proof(here: Here) -> None:
    """Mail a patient a code to prove it with. Raises 429."""
    mine = myself(here)
    rates.spend(here, patient_sign_in.BY_ACCOUNT, str(mine.id))
    secret = asks.make(here, Purpose.PROVE, mine.email, mine.id)
    send(here, Message(Notice.PROVE, mine.email, {"code": secret.spaced}), expires_at=asks.expiry(here.now))


def prove(here: Here, code: str, password: str) -> bool:
    """Take the proof of whoever is here, a patient's code, of staff password and authenticator; tell whether it is one.

    Raises 429. A wrong one counts.
    """
    rates.spend(here, staff_sign_in.CODES, str(here.me.id))
    is_proved = _is_proved(here, code, password)
    if is_proved:
        sessions.prove(here)
    audit.record(here, "proof.given" if is_proved else "proof.refused", f"{here.me.kind.value}/{here.me.id}")
    return is_proved


def _is_proved(here: Here, code: str, password: str) -> bool:
    if here.me.kind is Kind.PATIENT:
        granted = asks.use_code(here, code, Purpose.PROVE)
        return granted is not None and granted.person_id == here.me.id
    found = people.staff(here, here.me.id)
    is_right = found and staff_secrets.by_password(here, found.email, password) == here.me.id
    return bool(is_right) and staff_secrets.by_authenticator(here, here.me.id, code)
