"""The first link of a member of staff: to choose a password, good for a day, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal_api.identity import asks
from portal_api.identity.asks import Purpose
from portal_api.notices import Message, Notice, send

if TYPE_CHECKING:
    from uuid import UUID

    from portal_api.here import Here


def link(here: Here, staff_id: UUID, email: str) -> str:
    """Return an address where that person chooses a password; whoever has it may do so in their place."""
    secret = asks.make(here, Purpose.SET_PASSWORD, email, staff_id, is_bound=False)
    return f"{here.origin}/staff/password/{secret.link}"


def mail(here: Here, staff_id: UUID, email: str) -> None:
    """Mail it to them."""
    message = Message(Notice.INVITATION, email, {"link": link(here, staff_id, email)})
    send(here, message, expires_at=here.now + asks.PASSWORD_LASTS)
