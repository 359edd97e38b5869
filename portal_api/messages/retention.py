"""The end of messages: deleted when their time is over, their week's key destroyed, and a certificate that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal_api import audit
from portal_api.messages import providers, sealing

if TYPE_CHECKING:
    from portal_api.here import Here

_ENDED = sa.text(
    "delete from portal.message using portal.message_key"
    " where message.week = message_key.week and message_key.held_why is null and message.sent_at <= :oldest"
)
# A key goes when the last moment of its week is past its time. It leaves the database first, and what unwraps it after:
# whoever dies between the two does the second again.
_DOOMED = sa.text(
    "update portal.message_key set wrapped = null, doomed_at = :now"
    " where week + 7 <= cast(:oldest as date) and held_why is null and wrapped is not null"
)
_UNCERTIFIED = sa.text(
    "select week, key_id, doomed_at from portal.message_key where doomed_at < :now"
    " and not exists (select from portal.key_destroyed where key_destroyed.week = message_key.week) order by week"
)
_CERTIFY = sa.text(
    "insert into portal.key_destroyed (practice_id, week, key_id, destroyed_at, certificate)"
    " values (:practice_id, :week, :key_id, :now, :certificate) on conflict (practice_id, week) do nothing"
)
_WEEKS = sa.text(
    "select message_key.week, held_why, key_destroyed.destroyed_at, certificate,"
    " (select count(*) from portal.message where message.week = message_key.week) as messages"
    " from portal.message_key left join portal.key_destroyed using (practice_id, week) order by week desc"
)


@dataclass(frozen=True)
class Week:
    """The messages of a week: how many there are, whether they are held, or when and by what proof they ended."""

    week: date
    messages: int
    held_why: str | None
    destroyed_at: datetime | None
    certificate: bytes | None


def enforce(here: Here) -> None:
    """Delete what is over at the practice and destroy the keys of weeks that are over whole. A chore."""
    oldest = here.now - timedelta(days=here.practice.policies.message_retention_days)
    sealing.forget()
    for row in here.db.execute(_UNCERTIFIED, {"now": here.now}).all():
        _destroy(here, row.week, row.key_id)
    here.db.execute(_ENDED, {"oldest": oldest})
    here.db.execute(_DOOMED, {"oldest": oldest, "now": here.now})


def weeks(here: Here) -> list[Week]:
    """Return every week that ever had messages, the newest first."""
    return [
        Week(row.week, row.messages, row.held_why, row.destroyed_at, row.certificate) for row in here.db.execute(_WEEKS)
    ]


def hold(here: Here, week: date, why: str | None) -> bool:
    """Keep the messages of a week whatever the retention says (a legal hold), or no longer (None).

    Returns False when there is no such week or it is destroyed.
    """
    changed = here.db.execute(
        sa.text("update portal.message_key set held_why = :why where week = :week and wrapped is not null"),
        {"week": week, "why": why},
    )
    if changed.rowcount:
        audit.record(here, "messages.held" if why else "messages.hold_ended", f"week/{week}")
    return changed.rowcount == 1


def certificate(here: Here, week: date, key_id: str, destroyed_at: datetime) -> bytes:
    """Return the proof that a key was destroyed: an HMAC by the portal's key over what it says."""
    said = (here.practice.practice_id, str(week), key_id, destroyed_at.isoformat())
    return here.keys.mac("key destroyed", *said)


def _destroy(here: Here, week: date, key_id: str) -> None:
    named = sealing.context(here.practice.practice_id, week)
    providers.found(here.settings).destroy(named)
    sealing.forget(named)
    values = {"practice_id": here.practice.practice_id, "week": week, "key_id": key_id, "now": here.now}
    here.db.execute(_CERTIFY, values | {"certificate": certificate(here, week, key_id, here.now)})
    audit.record(here, "messages.destroyed", f"week/{week}")
