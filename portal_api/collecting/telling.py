"""Patients are told of their bills: what the ledger says may go out now is mailed in the practice's name, once each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ledger.rules.demand import Message as Told
from ledger.store import notices as ledger_notices
from portal_api import audit, notices
from portal_api.notices import Message, Notice

if TYPE_CHECKING:
    from ledger.store.notices import Notice as Waiting
    from portal_api.here import Here

WORDS = {
    Told.AUTHENTICATE: Notice.BILL_AUTHENTICATE,
    Told.NEW_CARD: Notice.BILL_NEW_CARD,
    Told.PAY: Notice.BILL_PAY,
    Told.RECEIPT: Notice.BILL_RECEIPT,
}
PAGE = "/bills"
"""Where a patient sees and pays bills; a mail has no amount, no visit and no address that opens without signing in."""
UNTIL_ASKED_AGAIN = timedelta(days=1)
# Who changes their mind within days is not told what was true before.
LASTS = timedelta(days=2)
_ADDRESS = sa.text(
    "select id, email from portal.patient"
    " where practice_id = :practice_id and patient_token = :patient_token and disabled_at is null and email <> ''"
)


def tell(here: Here) -> None:
    """Hand what may go out now to the mail, and tick it off in the same transaction.

    The ledger asks once more whether it is still so. Whoever has no account here is asked for again the day after.
    """
    practice_id, zone = here.practice.practice_id, here.practice.time_zone
    while waiting := ledger_notices.claim(here.books, here.now, zone, practice_id):
        found = here.db.execute(_ADDRESS, {"practice_id": practice_id, "patient_token": waiting.patient_token}).first()
        if found is None:
            ledger_notices.put_off(here.books, waiting, here.now + UNTIL_ASKED_AGAIN)
            continue
        _send(here, waiting, found.email)
        ledger_notices.sent(here.books, waiting, here.now, zone)
        audit.record(here, "patient.told", f"patient/{found.id}")


def _send(here: Here, waiting: Waiting, address: str) -> None:
    message = Message(WORDS[Told(waiting.kind)], address, {"link": f"{here.origin}{PAGE}"})
    notices.send(here, message, expires_at=here.now + LASTS, once_key=f"ledger/{waiting.notice_id}")
