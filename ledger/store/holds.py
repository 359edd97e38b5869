"""What keeps a demand from being asked for: a hold for hardship, made and ended by staff and kept; a disputed visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid5

from psycopg.rows import class_row

if TYPE_CHECKING:
    from datetime import datetime

    import psycopg


class NoSuchHold(ValueError):  # noqa: N818 - named for what the caller is told
    """There is no hold to end; the text is a sentence."""


class Whom(NamedTuple):
    """Whom a hold is for: a patient, or a visit, and not both."""

    patient_token: UUID | None = None
    visit_token: UUID | None = None


@dataclass(frozen=True)
class Hold:
    """A hold on a patient or on one visit; it lasts while `ended_at` is None."""

    hold_id: UUID
    patient_token: UUID | None
    visit_token: UUID | None
    practice_id: str
    reason: str
    made_by: str
    made_at: datetime
    ended_why: str | None
    ended_by: str | None
    ended_at: datetime | None


_HOLD = (
    "select hold_id, patient_token, visit_token, practice_id, reason, made_by, made_at, ended_why, ended_by, ended_at"
    " from ledger.hardship_hold"
)


def make(connection: psycopg.Connection, whom: Whom, practice_id: str, reason: str, made_by: str) -> Hold:
    """Hold a patient, or one visit; one that stands already stands. The caller commits."""
    connection.execute(
        "insert into ledger.hardship_hold (patient_token, visit_token, practice_id, reason, made_by)"
        " values (%s, %s, %s, %s, %s) on conflict do nothing",
        (*whom, practice_id, reason, made_by),
    )
    return _standing(connection, whom)


def end(connection: psycopg.Connection, whom: Whom, why: str, ended_by: str) -> Hold:
    """End the hold on a patient, or on one visit. The caller commits. Raises NoSuchHold where none stands."""
    hold = _standing(connection, whom)
    connection.execute(
        "update ledger.hardship_hold set (ended_why, ended_by, ended_at) = (%s, %s, now()) where hold_id = %s",
        (why, ended_by, hold.hold_id),
    )
    return hold


def listed(connection: psycopg.Connection, *, ended_too: bool = False) -> list[Hold]:
    """Return the holds that last, oldest first; those that were ended as well where asked."""
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        query = f"{_HOLD} where ended_at is null or %s order by made_at, hold_id"
        return cursor.execute(query.encode(), (ended_too,)).fetchall()


def lasting(connection: psycopg.Connection, visit_token: UUID) -> list[Hold]:
    """Return the holds that last on a visit and on its patient, the visit's first."""
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        query = (
            f"{_HOLD} where ended_at is null and (visit_token = %(visit)s or patient_token ="
            " (select patient_token from ledger.visit where visit.visit_token = %(visit)s)) order by visit_token"
        )
        return cursor.execute(query.encode(), {"visit": visit_token}).fetchall()


def holder(connection: psycopg.Connection, patient_token: UUID | None, visit_token: UUID | None) -> UUID | None:
    """Return the id of what keeps a demand from being asked for: a hold, its visit's dispute; None for nothing."""
    row = connection.execute(
        "select hold_id from ledger.hardship_hold where ended_at is null and (patient_token = %s or visit_token = %s)"
        " order by made_at limit 1",
        (patient_token, visit_token),
    ).fetchone()
    if row:
        found: UUID = row[0]
        return found
    return dispute(connection, visit_token) if visit_token and is_disputed(connection, visit_token) else None


def is_disputed(connection: psycopg.Connection, visit_token: UUID) -> bool:
    """Tell whether a visit is disputed now."""
    row = connection.execute(
        "select exists (select from ledger.visit where visit_token = %s and state = 'disputed')", (visit_token,)
    ).fetchone()
    return bool(row and row[0])


def disputed(connection: psycopg.Connection) -> list[UUID]:
    """Return the visits that are disputed now."""
    rows = connection.execute("select visit_token from ledger.visit where state = 'disputed' order by 1").fetchall()
    return [row[0] for row in rows]


def dispute(connection: psycopg.Connection, visit_token: UUID) -> UUID:
    """Return the id of the newest dispute of a visit, the same while it lasts and after."""
    row = connection.execute(
        "select count(*) from ledger.visit_event"
        " where visit_token = %s and to_state = 'disputed' and from_state <> 'disputed'",
        (visit_token,),
    ).fetchone()
    return uuid5(visit_token, f"dispute:{row[0] if row else 0}")


def _standing(connection: psycopg.Connection, whom: Whom) -> Hold:
    with connection.cursor(row_factory=class_row(Hold)) as cursor:
        query = (
            f"{_HOLD} where ended_at is null and patient_token is not distinct from %s"
            " and visit_token is not distinct from %s for update"
        )
        found = cursor.execute(query.encode(), tuple(whom)).fetchone()
    if found is None:
        raise NoSuchHold("No hold lasts there.")
    return found
