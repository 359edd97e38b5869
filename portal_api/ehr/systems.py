"""The systems outside that a practice lets report, each with a secret that signs what it sends."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

from ledger.rules import webhook_signature
from portal_api import audit
from portal_api.store.rows import made

if TYPE_CHECKING:
    from datetime import datetime

    from portal_api.here import Here

HEADER = "X-Trueup-Signature"
_ADD = sa.text(
    "insert into portal.outside_system (practice_id, id, name, secret, created_at)"
    " values (:practice_id, :id, :name, :secret, :now)"
)
_SYSTEMS = sa.text("select id, name, created_at, disabled_at from portal.outside_system order by created_at, id")
_SECRET = sa.text("select secret from portal.outside_system where id = :id and disabled_at is null")
_DISABLE = sa.text("update portal.outside_system set disabled_at = :now where id = :id and disabled_at is null")
_REMEMBER = sa.text(
    "insert into portal.outside_event (practice_id, system_id, sha256, received_at)"
    " values (:practice_id, :system_id, :sha256, :now) on conflict do nothing"
)


@dataclass(frozen=True)
class System:
    """A system outside; a disabled one is not heard any more."""

    id: UUID
    name: str
    created_at: datetime
    disabled_at: datetime | None


def add(here: Here, name: str) -> tuple[UUID, str]:
    """Let a system report; returns its id and its secret, which is shown this once and kept sealed."""
    system_id, secret = uuid4(), f"trueup_{secrets.token_urlsafe(32)}"
    sealed = here.keys.seal(secret.encode(), "outside_system", str(system_id))
    values = {"practice_id": here.practice.practice_id, "id": system_id, "name": name, "now": here.now}
    here.db.execute(_ADD, values | {"secret": sealed})
    audit.record(here, "system.added", f"system/{system_id}")
    return system_id, secret


def all_of(here: Here) -> list[System]:
    """Return every system that was ever added."""
    return made(System, here.db.execute(_SYSTEMS))


def disable(here: Here, system_id: UUID) -> bool:
    """Hear a system no more; False where there is none of that id that is heard."""
    changed = here.db.execute(_DISABLE, {"id": system_id, "now": here.now})
    if changed.rowcount:
        audit.record(here, "system.disabled", f"system/{system_id}")
    return changed.rowcount == 1


def verify(here: Here, system_id: UUID, header: str | None, body: bytes) -> None:
    """Return when the system signed the body. Raises LookupError for no such system, NotSigned with a sentence."""
    sealed = here.db.scalar(_SECRET, {"id": system_id})
    if sealed is None:
        raise LookupError("There is no such system.")
    secret = here.keys.unseal(bytes(sealed), "outside_system", str(system_id)).decode()
    webhook_signature.verify(header, body, secret, int(here.now.timestamp()), HEADER)


def is_new(here: Here, system_id: UUID, body: bytes) -> bool:
    """Remember a body; False when the very same came before."""
    values = {"practice_id": here.practice.practice_id, "system_id": system_id, "now": here.now}
    return here.db.execute(_REMEMBER, values | {"sha256": hashlib.sha256(body).digest()}).rowcount == 1
