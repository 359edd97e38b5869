"""What people are sent: texts of ours, chosen by name, that say nothing of health; written with their cause."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import sqlalchemy as sa

if TYPE_CHECKING:
    from datetime import datetime

    from portal_api.here import Here


class Notice(StrEnum):
    """Every notice there is; its words are in templates/notices/<name>.txt, the subject of the mail in line one."""

    SIGN_IN = "sign_in"
    SET_PASSWORD = "set_password"  # noqa: S105 - the name of a notice
    CHANGE_EMAIL = "change_email"
    CONTACT_CHANGED = "contact_changed"
    INVITATION = "invitation"
    PROVE = "prove"
    VISIT_BOOKED = "visit_booked"
    VISIT_MOVED = "visit_moved"
    VISIT_CANCELLED = "visit_cancelled"
    VISIT_SOON = "visit_soon"
    TIME_OFFERED = "time_offered"
    NEW_MESSAGE = "new_message"
    BILL_AUTHENTICATE = "bill_authenticate"
    BILL_NEW_CARD = "bill_new_card"
    BILL_PAY = "bill_pay"
    BILL_RECEIPT = "bill_receipt"


class Channel(StrEnum):
    """How a notice goes."""

    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True)
class Message:
    """A notice to somebody. `values` are what its template asks for; they say nothing of health."""

    notice: Notice
    recipient: str
    values: dict[str, str] = field(default_factory=dict)
    channel: Channel = Channel.MAIL


_INSERT = sa.text(
    "insert into portal.notice (id, practice_id, kind, channel, recipient, sealed, once_key, created_at, not_before,"
    " expires_at) values (:id, :practice_id, :kind, :channel, :recipient, :sealed, :once_key, :now, :not_before,"
    " :expires_at) on conflict (practice_id, once_key) do nothing returning id"
)


def send(
    here: Here,
    message: Message,
    *,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    once_key: str | None = None,
) -> UUID | None:
    """Have a notice sent when the transaction has committed, now or from a later time on; return its id.

    `once_key`: the same key again sends nothing, and None is returned. After `expires_at` it is not sent any more.
    """
    notice_id = uuid4()
    sealed = here.keys.seal(json.dumps(message.values).encode(), "notice", str(notice_id))
    made: UUID | None = here.db.scalar(
        _INSERT,
        {
            "id": notice_id,
            "practice_id": here.practice.practice_id,
            "kind": message.notice,
            "channel": message.channel,
            "recipient": message.recipient,
            "sealed": sealed,
            "once_key": once_key,
            "now": here.now,
            "not_before": not_before or here.now,
            "expires_at": expires_at,
        },
    )
    here.deeds.has_notices = True
    return made
