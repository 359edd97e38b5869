"""Delivers the notices that are due, each at least once, and forgets what their texts needed."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from ledger.gateways.mail import Mail, NotDelivered, Text
from ledger.rules.sms import NotASentence, Sms, said
from portal_api.notices import Channel, Notice
from portal_api.templating import text

if TYPE_CHECKING:
    from uuid import UUID

    from ledger.gateways.mail import MailGateway, TextGateway
    from portal_api.door import Door
    from portal_api.here import Here

# A telephone lies open and its company reads along: less is said there, in a sentence of ledger.rules.sms.
ON_THE_PHONE = {Notice.VISIT_SOON: Sms.REMINDER, Notice.TIME_OFFERED: Sms.OFFER}


class Gateways(NamedTuple):
    """What delivers."""

    mail: MailGateway
    text: TextGateway


_log = logging.getLogger(__name__)
MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=30)
# Claimed by pushing its next attempt away: whoever dies while delivering has it tried again then.
_CLAIM = sa.text(
    "update portal.notice set attempts = attempts + 1,"
    " not_before = :now + cast(:pause as interval) * (1 << least(attempts, :most))"
    " where id = (select id from portal.notice where not_before <= :now and sent_at is null and given_up_at is null"
    " order by not_before, id limit 1 for update skip locked)"
    " returning id, kind, channel, recipient, sealed, attempts, expires_at"
)


def deliver(door: Door, practice_id: str, gateways: Gateways) -> int:
    """Deliver what is due at a practice, one after the other, each at least once; return how many left."""
    sent = 0
    while (claimed := _claim(door, practice_id)) is not None:
        here, row = claimed
        is_sent = is_final = False
        try:
            if is_final := row.expires_at is not None and row.expires_at <= here.now:
                continue
            _hand_over(here, row, gateways)
            is_sent = True
        except NotDelivered as failure:
            is_final = failure.is_final
        except Exception as error:  # noqa: BLE001 - one that cannot be written keeps no other back; the text has values
            _log.error("a notice (%s) of %s failed: %s", row.kind, practice_id, type(error).__name__)
        finally:
            if is_sent or is_final or row.attempts >= MOST_ATTEMPTS:
                _done(door, practice_id, row.id, is_sent=is_sent)
        sent += is_sent
    return sent


def _claim(door: Door, practice_id: str) -> tuple[Here, sa.Row[tuple[object, ...]]] | None:
    with door.at(practice_id) as here:
        values = {"now": here.now, "pause": FIRST_PAUSE, "most": MOST_ATTEMPTS}
        row = here.db.execute(_CLAIM, values).one_or_none()
        return (here, row) if row else None


def _hand_over(here: Here, row: sa.Row[tuple[object, ...]], gateways: Gateways) -> None:
    values = json.loads(here.keys.unseal(bytes(row.sealed), "notice", str(row.id)))
    if row.channel == Channel.SMS:
        gateways.text(Text(row.recipient, _on_the_phone(Notice(row.kind), values)))
        return
    words = text(f"notices/{row.kind}.txt", practice=here.practice, **values)
    subject, _, body = words.partition("\n")
    gateways.mail(Mail(row.recipient, subject, body.lstrip("\n"), here.practice.name, here.practice.email))


def _on_the_phone(notice: Notice, values: dict[str, str]) -> str:
    sentence = ON_THE_PHONE[notice]
    try:
        return said(sentence, **{name: value for name, value in values.items() if f"{{{name}}}" in sentence})
    except NotASentence as error:
        raise NotDelivered(str(error), is_final=True) from None


def _done(door: Door, practice_id: str, notice_id: UUID, *, is_sent: bool) -> None:
    """Remember the end of it, and forget what its text needed."""
    with door.at(practice_id) as here:
        here.db.execute(
            sa.text(
                f"update portal.notice set {'sent_at' if is_sent else 'given_up_at'} = :now, sealed = null"
                " where id = :id"
            ),
            {"now": here.now, "id": notice_id},
        )
