"""Who works at a practice: its admin adds people, gives roles and shuts out, and always leaves it an admin."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal_api import audit
from portal_api.access import STAFF_ROLES, Kind, Role
from portal_api.identity import invitations, people, sessions, staff_secrets
from portal_api.problems import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from portal_api.here import Here
    from portal_api.identity.people import Staff

LONGEST_NAME = 200
# For update: of two admins who shut each other out at once, the second one sees what the first has done.
_ADMINS = sa.text(
    "select id from portal.staff where practice_id = :practice_id and disabled_at is null"
    " and 'practice_admin' = any(roles) order by id for update"
)
# A provider who cannot come to the visits: whose account is shut, or who is no provider any more.
_ABSENT = sa.text("""
select p.ledger_id, count(a.id) as visits, p.is_active
from portal.staff as s
inner join portal.provider as p on p.ledger_id = s.provider_id
inner join portal.calendar as c on c.provider_id = p.id
left join portal.appointment as a
    on a.calendar_id = c.id and a.status = 'booked' and a.patient_id is not null and a.ends_at > :now
where s.practice_id = :practice_id and (s.disabled_at is not null or not 'provider' = any(s.roles))
group by p.ledger_id, p.is_active
having p.is_active or count(a.id) > 0
""")


class Absent(NamedTuple):
    """A provider who cannot come: how many booked visits are to come, and whether patients can book more."""

    visits: int
    is_bookable: bool


def absent(here: Here) -> dict[str, Absent]:
    """Return, by their id in the books, the providers who cannot come though patients wait or can still book."""
    rows = here.db.execute(_ABSENT, {"practice_id": here.practice.practice_id, "now": here.now})
    return {row.ledger_id: Absent(row.visits, row.is_active) for row in rows}


def add(here: Here, email: str, name: str, roles: Iterable[str], provider_id: str | None) -> UUID:
    """Add somebody, who is mailed a link to choose a password; returns the id.

    Raises Problem: 400 (no-person) for what is no address, no name or no role, 409 (known) for an address or a
    provider's id that somebody here has.
    """
    wanted = _roles(roles)
    is_whole = people.can_be(wanted) and _is_whole(wanted, provider_id)
    if not people.EMAIL.match(email) or not name.strip() or not is_whole:
        raise _wrong(
            "Please give an e-mail address, at least one role, of which an auditor has no other, and for a provider"
            " their id in the books."
        )
    try:
        with here.db.begin_nested():
            staff_id = people.add_staff(here, email, name.strip()[:LONGEST_NAME], wanted, provider_id)
    except IntegrityError:
        sentence = "Somebody here has this e-mail address or this provider id already."
        raise Problem(HTTPStatus.CONFLICT, "known", sentence) from None
    invitations.mail(here, staff_id, email)
    audit.record(here, "staff.added", f"staff/{staff_id}")
    return staff_id


def change_roles(here: Here, staff_id: UUID, roles: Iterable[str]) -> None:
    """Give somebody other roles; they hold from their next request on.

    Raises Problem: 404, 400 (no-person) for no role, and for a provider without an id, 409 (last-admin), 403
    (of-all-practices).
    """
    found, wanted = _within_reach(here, staff_id), _roles(roles)
    if not wanted:
        raise _wrong("Everybody has at least one role; disable who has none.")
    if not people.can_be(wanted):
        raise _wrong("An auditor reads the books and does nothing else: they have no other role.")
    if not _is_whole(wanted, found.provider_id):
        raise _wrong("A provider needs an id in the books; add them as one.")
    if Role.PRACTICE_ADMIN not in wanted:
        _keep_an_admin(here, staff_id)
    _done(here, found, "staff.roles_changed", lambda: people.change_staff(here, staff_id, roles=sorted(wanted)))


def disable(here: Here, staff_id: UUID) -> None:
    """Let somebody in no more; their sessions end now. Raises Problem: 404, 409 (last-admin)."""
    found = _known(here, staff_id)
    _keep_an_admin(here, staff_id)
    _done(here, found, "staff.disabled", lambda: people.disable(here, Kind.STAFF, staff_id))


def enable(here: Here, staff_id: UUID) -> None:
    """Let somebody in again. Raises Problem: 404, 403 (of-all-practices)."""
    found = _within_reach(here, staff_id)
    _done(here, found, "staff.enabled", lambda: people.enable(here, Kind.STAFF, staff_id))


def end_sessions(here: Here, staff_id: UUID) -> None:
    """End somebody's sessions. Raises Problem 404."""
    found = _known(here, staff_id)
    _done(here, found, "staff.sessions_ended", lambda: sessions.end(here, Kind.STAFF, staff_id))


def reset_authenticator(here: Here, staff_id: UUID) -> None:
    """Have somebody who lost the phone set up another one; the password stays.

    Raises Problem: 404, 403 (of-all-practices).
    """
    found = _within_reach(here, staff_id)
    _done(here, found, "authenticator.reset", lambda: staff_secrets.drop_authenticator(here, staff_id))


def _done(here: Here, found: Staff, action: str, work: Callable[[], object]) -> None:
    work()
    audit.record(here, action, f"staff/{found.id}")


def _known(here: Here, staff_id: UUID) -> Staff:
    found = people.staff(here, staff_id)
    if found is None:
        raise not_found()
    return found


def _within_reach(here: Here, staff_id: UUID) -> Staff:
    """Return somebody whom this admin may give more: who sees every practice's books is not one practice's."""
    found = _known(here, staff_id)
    if found.sees_all_practices and not here.me.sees_all_practices:
        sentence = "They see every practice's books. trueup staff practices --own takes that back; then change them."
        raise Problem(HTTPStatus.FORBIDDEN, "of-all-practices", sentence)
    return found


def _roles(given: Iterable[str]) -> frozenset[Role]:
    return frozenset(role for role in STAFF_ROLES if role in set(given))


def _is_whole(roles: frozenset[Role], provider_id: str | None) -> bool:
    return Role.PROVIDER not in roles or bool(provider_id)


def _keep_an_admin(here: Here, staff_id: UUID) -> None:
    admins = set(here.db.scalars(_ADMINS, {"practice_id": here.practice.practice_id}))
    if not admins - {staff_id}:
        raise Problem(HTTPStatus.CONFLICT, "last-admin", "A practice needs an admin: make somebody else one first.")


def _wrong(sentence: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "no-person", sentence)
