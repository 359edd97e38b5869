"""Sessions: begun by a proof, ended by leaving, by idling, by time, or by somebody who may."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal_api import cookies
from portal_api.access import Kind, Role, Who

if TYPE_CHECKING:
    from portal_api.here import Here
    from portal_api.tenants.practices import Policies, Practice

# Written at most once in so long, so that reading a page is seldom a write.
SEEN_EVERY = timedelta(seconds=60)


@dataclass(frozen=True)
class Session:
    """A session as its owner is shown it."""

    id: UUID
    signed_in_at: datetime
    seen_at: datetime
    address: str
    agent: str


_RESUME = sa.text(
    "select session.id, session.signed_in_at, session.proved_at, session.seen_at, session.expires_at,"
    " session.patient_id, session.staff_id, patient.given_name || ' ' || patient.family_name as patient_name,"
    " patient.patient_token, staff.name as staff_name, staff.roles, staff.provider_id, staff.sees_all_practices,"
    " coalesce(patient.disabled_at, staff.disabled_at) as disabled_at"
    " from portal.session left join portal.patient on patient.id = session.patient_id"
    " left join portal.staff on staff.id = session.staff_id"
    " where session.token_hash = :token_hash and session.practice_id = :practice_id and session.ended_at is null"
)
_BEGIN = sa.text(
    "insert into portal.session (id, practice_id, token_hash, patient_id, staff_id, signed_in_at, proved_at, seen_at,"
    " expires_at, address, agent) values (:id, :practice_id, :token_hash, :patient_id, :staff_id, :now, :now, :now,"
    " :expires_at, :address, :agent)"
)


def idle(policies: Policies, kind: Kind) -> timedelta:
    """Return after how long without a request a session ends."""
    return timedelta(minutes=policies.patient_idle_minutes if kind is Kind.PATIENT else policies.staff_idle_minutes)


def longest(policies: Policies, kind: Kind) -> timedelta:
    """Return after how long a session ends in any case."""
    return timedelta(hours=policies.patient_session_hours if kind is Kind.PATIENT else policies.staff_session_hours)


def begin(here: Here, kind: Kind, person_id: UUID) -> str:
    """Begin a session of a person who has just proved to be them; return the token for their cookie."""
    token = cookies.new_token()
    here.db.execute(
        _BEGIN,
        {
            "id": uuid4(),
            "practice_id": here.practice.practice_id,
            "token_hash": _hash(token),
            "patient_id": person_id if kind is Kind.PATIENT else None,
            "staff_id": person_id if kind is Kind.STAFF else None,
            "now": here.now,
            "expires_at": here.now + longest(here.practice.policies, kind),
            "address": here.browser.address,
            "agent": here.browser.agent,
        },
    )
    return token


def resume(db: sa.Connection, practice: Practice, token: str, now: datetime) -> Who | None:
    """Return whose session the token is of, None when it is none, is over, or its person is disabled."""
    row = db.execute(_RESUME, {"token_hash": _hash(token), "practice_id": practice.practice_id}).one_or_none()
    if row is None or row.disabled_at is not None or now >= row.expires_at:
        return None
    kind = Kind.PATIENT if row.patient_id else Kind.STAFF
    if now >= row.seen_at + idle(practice.policies, kind):
        return None
    if now >= row.seen_at + SEEN_EVERY:
        db.execute(sa.text("update portal.session set seen_at = :now where id = :id"), {"now": now, "id": row.id})
    return Who(
        kind=kind,
        id=row.patient_id or row.staff_id,
        name=row.patient_name or row.staff_name,
        roles=frozenset({Role.PATIENT}) if row.patient_id else frozenset(map(Role, row.roles)),
        session_id=row.id,
        signed_in_at=row.signed_in_at,
        proved_at=row.proved_at,
        patient_token=row.patient_token,
        provider_id=row.provider_id,
        sees_all_practices=bool(row.sees_all_practices),
    )


def of_person(here: Here, kind: Kind, person_id: UUID) -> list[Session]:
    """Return the sessions of a person that are not over, the newest first."""
    rows = here.db.execute(
        sa.text(
            f"select id, signed_in_at, seen_at, address, agent from portal.session where {kind.value}_id = :person_id"
            " and practice_id = :practice_id and ended_at is null and expires_at > :now and seen_at > :idle_since"
            " order by seen_at desc"
        ),
        {
            "person_id": person_id,
            "practice_id": here.practice.practice_id,
            "now": here.now,
            "idle_since": here.now - idle(here.practice.policies, kind),
        },
    )
    return [Session(**row) for row in rows.mappings()]


def end(here: Here, kind: Kind, person_id: UUID, session_id: UUID | None = None) -> int:
    """End a session of a person, or all of them; return how many."""
    return _end(here, kind, person_id, "id = coalesce(cast(:session_id as uuid), id)", session_id)


def end_others(here: Here) -> int:
    """End every session of whoever is here but the one they are in; return how many."""
    return _end(here, here.me.kind, here.me.id, "id <> :session_id", here.me.session_id)


def _end(here: Here, kind: Kind, person_id: UUID, which: str, session_id: UUID | None) -> int:
    query = (
        f"update portal.session set ended_at = :now where {kind.value}_id = :person_id and ended_at is null"
        f" and practice_id = :practice_id and {which}"
    )
    mine = {"person_id": person_id, "practice_id": here.practice.practice_id, "session_id": session_id}
    return here.db.execute(sa.text(query), {**mine, "now": here.now}).rowcount


def prove(here: Here) -> None:
    """Remember that whoever is here has just proved again to be them."""
    here.db.execute(
        sa.text("update portal.session set proved_at = :now where id = :id"),
        {"now": here.now, "id": here.me.session_id},
    )


def _hash(token: str) -> bytes:
    # 256 random bits: nothing to guess, so no salt and no slow hash.
    return hashlib.sha256(token.encode()).digest()
