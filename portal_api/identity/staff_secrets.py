"""What a member of staff proves to be them by: password, authenticator, recovery codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api.access import Kind
from portal_api.identity import asks, passwords, sessions, totp

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here

_SET = "update portal.staff set {} where id = :id"


def by_password(here: Here, email: str, password: str) -> UUID | None:
    """Return whose e-mail address and password these are; None for a wrong one and for somebody disabled."""
    row = here.db.execute(
        sa.text("select id, password_hash, disabled_at from portal.staff where lower(email) = lower(:email)"),
        {"email": email},
    ).one_or_none()
    is_right = passwords.matches(password, row.password_hash if row else None)
    return row.id if row and is_right and row.disabled_at is None else None


def set_password(here: Here, staff_id: UUID, password: str) -> None:
    """Set the password, and end every session that was begun with the one before and every link that sets another."""
    values = {"id": staff_id, "hash": passwords.hashed(password)}
    here.db.execute(sa.text(_SET.format("password_hash = :hash")), values)
    asks.void(here, staff_id)
    sessions.end(here, Kind.STAFF, staff_id)


def has_authenticator(here: Here, staff_id: UUID) -> bool:
    """Tell whether an authenticator is set up."""
    query = sa.text("select totp_confirmed_at is not null from portal.staff where id = :id")
    return bool(here.db.scalar(query, {"id": staff_id}))


def new_authenticator(here: Here, staff_id: UUID) -> str:
    """Return the secret of an authenticator that is being set up, the same one until it is confirmed."""
    query = sa.text("select totp_secret from portal.staff where id = :id and totp_confirmed_at is null for update")
    row = here.db.execute(query, {"id": staff_id}).one()
    if row.totp_secret is not None:
        return here.keys.unseal(bytes(row.totp_secret), "totp", str(staff_id)).decode()
    secret = totp.new_secret()
    sealed = here.keys.seal(secret.encode(), "totp", str(staff_id))
    here.db.execute(sa.text(_SET.format("totp_secret = :sealed")), {"id": staff_id, "sealed": sealed})
    return secret


def by_authenticator(here: Here, staff_id: UUID, code: str) -> bool:
    """Tell whether the code is the authenticator's, and use it up."""
    query = sa.text("select totp_secret, totp_last_step from portal.staff where id = :id for update")
    row = here.db.execute(query, {"id": staff_id}).one()
    if row.totp_secret is None:
        return False
    secret = here.keys.unseal(bytes(row.totp_secret), "totp", str(staff_id)).decode()
    step = totp.step_of(secret, code, here.now, row.totp_last_step)
    if step is not None:
        here.db.execute(sa.text(_SET.format("totp_last_step = :step")), {"id": staff_id, "step": step})
    return step is not None


def by_recovery_code(here: Here, staff_id: UUID, code: str) -> bool:
    """Tell whether it is a recovery code that was not used yet, and use it up."""
    used = here.db.execute(
        sa.text(
            "update portal.recovery_code set used_at = :now"
            " where staff_id = :id and code_hash = :hash and used_at is null"
        ),
        {"now": here.now, "id": staff_id, "hash": _hash(here, staff_id, code)},
    )
    return used.rowcount == 1


def confirm_authenticator(here: Here, staff_id: UUID) -> list[str]:
    """Say that the authenticator works; return new recovery codes, which are shown once."""
    codes = totp.new_recovery_codes()
    here.db.execute(sa.text(_SET.format("totp_confirmed_at = :now")), {"id": staff_id, "now": here.now})
    here.db.execute(sa.text("delete from portal.recovery_code where staff_id = :id"), {"id": staff_id})
    here.db.execute(
        sa.text(
            "insert into portal.recovery_code (practice_id, staff_id, code_hash) values (:practice_id, :id, :hash)"
        ),
        [
            {"practice_id": here.practice.practice_id, "id": staff_id, "hash": _hash(here, staff_id, code)}
            for code in codes
        ],
    )
    return codes


def drop_authenticator(here: Here, staff_id: UUID) -> None:
    """Have the person set up an authenticator anew, and end their sessions."""
    change = "totp_secret = null, totp_confirmed_at = null, totp_last_step = null"
    here.db.execute(sa.text(_SET.format(change)), {"id": staff_id})
    here.db.execute(sa.text("delete from portal.recovery_code where staff_id = :id"), {"id": staff_id})
    sessions.end(here, Kind.STAFF, staff_id)


def _hash(here: Here, staff_id: UUID, code: str) -> bytes:
    return here.keys.mac("recovery", str(staff_id), totp.plain(code))
