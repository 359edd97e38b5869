"""Links and codes by mail: ten minutes, used once, for the browser that asked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal_api import cookies

if TYPE_CHECKING:
    from portal_api.here import Here

LASTS = timedelta(minutes=10)  # ASVS 5.0, 6.5.5
PASSWORD_LASTS = timedelta(hours=24)
CODE_DIGITS = 8  # 26 bits; ASVS 5.0, 6.5.4 wants 20
MOST_WRONG_CODES = 5


class Purpose(StrEnum):
    """What a link or a code is for."""

    SIGN_IN = "sign_in"
    SET_PASSWORD = "set_password"  # noqa: S105 - the name of a purpose
    CHANGE_EMAIL = "change_email"
    PROVE = "prove"


@dataclass(frozen=True)
class Secret:
    """What the mail says: the end of a link, and a code to type instead."""

    link: str
    code: str

    @property
    def spaced(self) -> str:
        """The code as people read it."""
        return f"{self.code[:4]} {self.code[4:]}"


@dataclass(frozen=True)
class Asked:
    """What was asked for, when it is granted."""

    id: UUID
    purpose: Purpose
    email: str
    person_id: UUID | None


_INSERT = sa.text(
    "insert into portal.ask (id, practice_id, purpose, email, person_id, link_hash, code_hash, binding_hash, asked_at,"
    " expires_at) values (:id, :practice_id, :purpose, :email, :person_id, :link_hash, :code_hash, :binding_hash, :now,"
    " :expires_at)"
)
_COLUMNS = "id, purpose, email, person_id, code_hash, binding_hash, wrong_codes"
_OPEN = "used_at is null and expires_at > :now"
_BY_LINK = sa.text(f"select {_COLUMNS} from portal.ask where link_hash = :link_hash and {_OPEN} for update")
_BY_BROWSER = sa.text(
    f"select {_COLUMNS} from portal.ask where binding_hash = :binding_hash and purpose = :purpose and {_OPEN}"
    " order by asked_at desc limit 1 for update"
)
_USE = sa.text("update portal.ask set used_at = :now where id = :id")
_VOID = sa.text("update portal.ask set used_at = :now where person_id = :person_id and used_at is null")


def make(here: Here, purpose: Purpose, email: str, person_id: UUID | None = None, *, is_bound: bool = True) -> Secret:
    """Make a link and a code; those that this browser asked for before no longer count.

    Not bound to a browser is only the first link of staff, which somebody else asked for; it lasts a day, and those
    that were mailed to that person before no longer count.
    """
    made = Secret(cookies.new_token(), f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}")
    ask_id = uuid4()
    if is_bound:
        here.db.execute(
            sa.text("update portal.ask set used_at = :now where binding_hash = :binding_hash and used_at is null"),
            {"now": here.now, "binding_hash": _hash(here.browser.token)},
        )
    elif person_id is not None:
        void(here, person_id)
    here.db.execute(
        _INSERT,
        {
            "id": ask_id,
            "practice_id": here.practice.practice_id,
            "purpose": purpose,
            "email": email,
            "person_id": person_id,
            "link_hash": _hash(made.link),
            "code_hash": here.keys.mac("code", str(ask_id), made.code),
            "binding_hash": _hash(here.browser.token) if is_bound else None,
            "now": here.now,
            "expires_at": here.now + (LASTS if is_bound else PASSWORD_LASTS),
        },
    )
    return made


def use_link(here: Here, link: str, purpose: Purpose) -> Asked | None:
    """Grant what a link is for, once, in the browser that asked; else None."""
    row = here.db.execute(_BY_LINK, {"link_hash": _hash(link), "now": here.now}).one_or_none()
    if row is None or row.purpose != purpose or not _is_bound(here, row.binding_hash):
        return None
    return _used(here, row)


def use_code(here: Here, code: str, purpose: Purpose) -> Asked | None:
    """Grant what a code is for, once, in the browser that asked; else None, and after a few wrong ones always."""
    row = here.db.execute(
        _BY_BROWSER, {"binding_hash": _hash(here.browser.token), "purpose": purpose, "now": here.now}
    ).one_or_none()
    if row is None or row.wrong_codes >= MOST_WRONG_CODES:
        return None
    digits = "".join(sign for sign in code if sign.isdigit())
    if hmac.compare_digest(bytes(row.code_hash), here.keys.mac("code", str(row.id), digits)):
        return _used(here, row)
    here.db.execute(sa.text("update portal.ask set wrong_codes = wrong_codes + 1 where id = :id"), {"id": row.id})
    return None


def void(here: Here, person_id: UUID) -> None:
    """Have no link and no code of a person's count any more: what they were asked for is not what it was."""
    here.db.execute(_VOID, {"person_id": person_id, "now": here.now})


def _used(here: Here, row: sa.Row[tuple[object, ...]]) -> Asked:
    here.db.execute(_USE, {"id": row.id, "now": here.now})
    return Asked(row.id, Purpose(row.purpose), row.email, row.person_id)


def _is_bound(here: Here, binding: bytes | None) -> bool:
    return binding is None or hmac.compare_digest(bytes(binding), _hash(here.browser.token))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def expiry(now: datetime) -> datetime:
    """Return when a link asked for now is over."""
    return now + LASTS
