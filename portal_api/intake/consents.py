"""Consents: a practice's texts in versions, signed by a typed name; what was signed stays as it was read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal_api import audit
from portal_api.problems import Problem, not_found
from portal_api.store.rows import made

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from portal_api.here import Here

KINDS = {
    "telehealth": "Consent to telehealth",
    "privacy": "Notice of privacy practices",
    "payment": "Authorization of payments",
}
LONGEST_NAME, LONGEST_TITLE, LONGEST_BODY = 200, 200, 50_000


@dataclass(frozen=True)
class Text:
    """A version of a text; `sha256` is of title, an empty line and body."""

    id: UUID
    kind: str
    version: int
    title: str
    body: str
    sha256: str
    made_at: datetime


@dataclass(frozen=True)
class Consent:
    """What a patient signed, and how: the text is that version, whatever is asked now."""

    id: UUID
    typed_name: str
    signed_at: datetime
    address: str
    browser: str
    text: Text


_TEXT = ", ".join(f"t.{name}" for name in Text.__dataclass_fields__)
_NOW = sa.text(
    f"select distinct on (t.kind) {_TEXT} from portal.consent_text as t where t.practice_id = :practice_id"
    " order by t.kind, t.version desc"
)
_SIGNED = f"""
select c.id, c.typed_name, c.signed_at, c.address, c.browser, {_TEXT}
from portal.consent as c
inner join portal.consent_text as t on t.practice_id = c.practice_id and t.id = c.text_id
where c.practice_id = :practice_id and c.patient_id = :patient_id
order by c.signed_at desc, c.id
"""
_PUBLISH = sa.text(
    "insert into portal.consent_text (practice_id, kind, version, title, body, sha256, made_at)"
    " select :practice_id, :kind, coalesce(max(version), 0) + 1, :title, :body, :sha256, :now"
    " from portal.consent_text where practice_id = :practice_id and kind = :kind"
    " on conflict (practice_id, kind, version) do nothing"
)
_SIGN = sa.text(
    "insert into portal.consent (practice_id, patient_id, text_id, sha256, typed_name, signed_at, address, browser)"
    " values (:practice_id, :patient_id, :text_id, :sha256, :typed_name, :now, :address, :browser)"
    " on conflict (practice_id, patient_id, text_id) do nothing"
)
_PLAIN = 5


def current(here: Here) -> list[Text]:
    """Return the newest version of each text of the practice, in the order of KINDS."""
    found = {each.kind: each for each in made(Text, here.db.execute(_NOW, {"practice_id": here.practice.practice_id}))}
    return [found[kind] for kind in KINDS if kind in found]


def signed(here: Here, patient_id: UUID) -> list[Consent]:
    """Return all that a patient signed, the newest first."""
    values = {"practice_id": here.practice.practice_id, "patient_id": patient_id}
    return made(_consent, here.db.execute(sa.text(_SIGNED), values))


def unsigned(here: Here, patient_id: UUID) -> list[Text]:
    """Return the texts that a patient has still to sign: new ones, and those with a newer version than was signed."""
    known = {each.text.id for each in signed(here, patient_id)}
    return [each for each in current(here) if each.id not in known]


def sign(here: Here, text_id: UUID, typed_name: str, *, is_agreed: bool) -> None:
    """Sign a text as the patient who is here; what is signed already stays as it was.

    Raises 404 for a text that is not the practice's, 409 (newer-text) for one that is not asked any more, 422
    (not-signed) without a name or the tick.
    """
    text = next((each for each in current(here) if each.id == text_id), None)
    if text is None:
        raise _newer(here, text_id)
    if not is_agreed or not 1 < len(typed_name) <= LONGEST_NAME:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "not-signed", "To sign, tick that you agree and type your full name."
        )
    values = {"practice_id": here.practice.practice_id, "patient_id": here.me.id, "text_id": text.id, "now": here.now}
    browser = {"address": here.browser.address, "browser": here.browser.agent}
    here.db.execute(_SIGN, {**values, **browser, "sha256": text.sha256, "typed_name": typed_name})
    audit.record(here, "consent.signed", f"consent_text/{text.id}")


def publish(here: Here, kind: str, title: str, body: str) -> None:
    """Make a new version of a text, which every patient is asked to sign; the same words again change nothing.

    Raises 422 (no-text) for what is no text, 409 (newer-text) where somebody else publishes at this moment.
    """
    if kind not in KINDS or not 0 < len(title) <= LONGEST_TITLE or not 0 < len(body) <= LONGEST_BODY:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-text", "A text has a kind, a title and words.")
    digest = hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()
    if any((each.kind, each.sha256) == (kind, digest) for each in current(here)):
        return
    values = {"practice_id": here.practice.practice_id, "kind": kind, "title": title, "body": body}
    if not here.db.execute(_PUBLISH, {**values, "sha256": digest, "now": here.now}).rowcount:
        raise Problem(
            HTTPStatus.CONFLICT,
            "newer-text",
            "Somebody else published this text a moment ago: read theirs first, then publish yours.",
        )
    audit.record(here, "consent_text.published", f"consent_text/{kind}")


def text_of(here: Here, text_id: UUID) -> Text:
    """Return a text that is asked now; raises as `sign` does."""
    for each in current(here):
        if each.id == text_id:
            return each
    raise _newer(here, text_id)


def _consent(*row: Any) -> Consent:
    whole: tuple[Any, ...] = (*row[:_PLAIN], Text(*row[_PLAIN:]))
    return Consent(*whole)


def _newer(here: Here, text_id: UUID) -> Problem:
    query = sa.text("select from portal.consent_text where practice_id = :practice_id and id = :id")
    if here.db.execute(query, {"practice_id": here.practice.practice_id, "id": text_id}).first() is None:
        return not_found()
    return Problem(
        HTTPStatus.CONFLICT, "newer-text", "There is a newer version of this text: please read and sign that one."
    )
