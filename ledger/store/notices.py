"""Notices to patients that wait to be sent: what is said is chosen and never written, and when follows the practice.

Here a notice is made, put off, withdrawn and ticked off; a door with addresses delivers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from ledger.rules.demand import Message, message
from ledger.rules.dunning import Span, next_moment, out_of_quiet
from ledger.store import demands, holds, practices

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import psycopg

    from ledger.rules.dunning import Dunning
    from ledger.store.demands import Demand


@dataclass(frozen=True)
class Notice:
    """A notice: which sentence, to whom, of which invoice, and not before when."""

    notice_id: UUID
    kind: str
    patient_token: UUID
    practice_id: str
    visit_token: UUID | None
    invoice_id: str
    not_before: datetime
    state: str


_NOTICE = (
    "select notice_id, kind, patient_token, practice_id, visit_token, invoice_id, not_before, state from ledger.notice"
)


def ask(connection: psycopg.Connection, demand: Demand, timezone: str = "UTC") -> bool:
    """Have the patient told what their open demand asks of them; tell whether a notice is new. The caller commits.

    One notice of a demand waits at a time; the next one is made when it is sent. One that says another thing than the
    demand asks for now is withdrawn.
    """
    kind = message(demand.standing)
    told = connection.execute(
        "select count(*) filter (where state = 'sent'), count(*) filter (where state = 'waiting' and kind = %s),"
        " count(*) from ledger.notice where invoice_id = %s and kind <> 'receipt'",
        (kind, demand.invoice_id),
    ).fetchone()
    sent, waiting, made = told or (0, 0, 0)
    if waiting:
        return False
    withdraw(connection, demand.invoice_id)
    if kind is None or not demand.patient_token or not demand.practice_id:
        return False
    dunning = practices.policy(connection, demand.practice_id, timezone).dunning
    at = _moment(connection, demand.patient_token, dunning, demand.said_at, sent)
    return at is not None and _put(connection, demand, kind, f"dunning:{demand.invoice_id}:{made + 1}", at)


def thank(connection: psycopg.Connection, demand: Demand, timezone: str = "UTC") -> bool:
    """Have the patient told where the receipt of a paid invoice is; it is no dunning: only quiet hours hold it."""
    if not demand.patient_token or not demand.practice_id:
        return False
    dunning = practices.policy(connection, demand.practice_id, timezone).dunning
    at = out_of_quiet(demand.said_at, dunning)
    return _put(connection, demand, Message.RECEIPT, f"receipt:{demand.invoice_id}", at)


def withdraw(connection: psycopg.Connection, invoice_id: str) -> None:
    """Take back what waits to be said of an open demand. The caller commits."""
    connection.execute(
        "update ledger.notice set state = 'withdrawn', changed_at = now()"
        " where invoice_id = %s and state = 'waiting' and kind <> 'receipt'",
        (invoice_id,),
    )


def claim(
    connection: psycopg.Connection, now: datetime, timezone: str = "UTC", practice_id: str | None = None
) -> Notice | None:
    """Take the next notice that may go out now, of a practice where asked; None where none may.

    Locked until the caller commits.

    What was true when it was made is asked again: a notice of a demand that is settled or held is withdrawn, one that
    would come at night, around a visit or too soon after another is put off.
    """
    while True:
        with connection.cursor(row_factory=class_row(Notice)) as cursor:
            found = cursor.execute(
                f"{_NOTICE} where state = 'waiting' and not_before <= %s"
                " and practice_id = coalesce(%s, practice_id) order by not_before, notice_id"
                " for update skip locked limit 1".encode(),
                (now, practice_id),
            ).fetchone()
        if found is None:
            return None
        # One message to a patient at a time: another one that goes out at this moment would not be seen.
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(found.patient_token),))
        if _may_go(connection, found, now, timezone):
            return found


def sent(connection: psycopg.Connection, notice: Notice, now: datetime, timezone: str = "UTC") -> None:
    """Tick off a notice that went out, and make the next one of its demand. The caller commits."""
    connection.execute(
        "update ledger.notice set state = 'sent', changed_at = %s where notice_id = %s and state = 'waiting'",
        (now, notice.notice_id),
    )
    if notice.kind != Message.RECEIPT and (demand := demands.of_invoice(connection, notice.invoice_id)):
        ask(connection, demand, timezone)


def put_off(connection: psycopg.Connection, notice: Notice, until: datetime) -> None:
    """Let a notice wait that cannot go out now. The caller commits."""
    connection.execute(
        "update ledger.notice set not_before = %s where notice_id = %s and state = 'waiting'",
        (until, notice.notice_id),
    )


def listed(connection: psycopg.Connection, *, all_: bool = False) -> list[Notice]:
    """Return the notices that wait, the next one first; those that went out or were withdrawn as well where asked."""
    with connection.cursor(row_factory=class_row(Notice)) as cursor:
        query = f"{_NOTICE} where state = 'waiting' or %s order by not_before, notice_id"
        return cursor.execute(query.encode(), (all_,)).fetchall()


def _put(connection: psycopg.Connection, demand: Demand, kind: Message, key: str, at: datetime) -> bool:
    made = connection.execute(
        "insert into ledger.notice"
        " (business_key, kind, patient_token, practice_id, visit_token, invoice_id, not_before)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict (business_key) do nothing",
        (key, kind.value, demand.patient_token, demand.practice_id, demand.visit_token, demand.invoice_id, at),
    )
    return made.rowcount == 1


def _may_go(connection: psycopg.Connection, notice: Notice, now: datetime, timezone: str) -> bool:
    dunning = practices.policy(connection, notice.practice_id, timezone).dunning
    if notice.kind == Message.RECEIPT:
        at: datetime | None = out_of_quiet(now, dunning)
    else:
        demand = demands.of_invoice(connection, notice.invoice_id)
        is_asked = demand is not None and message(demand.standing) == notice.kind
        if not is_asked or holds.holder(connection, notice.patient_token, notice.visit_token):
            withdraw(connection, notice.invoice_id)
            return False
        of_this = _count(connection, notice.invoice_id)
        at = _moment(connection, notice.patient_token, dunning, now, of_this)
    if at is None:
        withdraw(connection, notice.invoice_id)
        return False
    if at > now:
        connection.execute("update ledger.notice set not_before = %s where notice_id = %s", (at, notice.notice_id))
        return False
    return True


def _count(connection: psycopg.Connection, invoice_id: str) -> int:
    row = connection.execute(
        "select count(*) from ledger.notice where invoice_id = %s and kind <> 'receipt' and state = 'sent'",
        (invoice_id,),
    ).fetchone()
    return int(row[0]) if row else 0


def _moment(
    connection: psycopg.Connection, patient_token: UUID, dunning: Dunning, wanted: datetime, of_this: int
) -> datetime | None:
    visits = connection.execute(
        "select coalesce(started_at, scheduled_start), greatest(coalesce(ended_at, scheduled_end), scheduled_end)"
        " from ledger.visit where patient_token = %s and state not in ('cancelled', 'late_cancelled')"
        " and scheduled_end > %s - interval '60 days'",
        (patient_token, wanted),
    ).fetchall()
    told = connection.execute(
        "select max(changed_at) from ledger.notice where patient_token = %s and kind <> 'receipt' and state = 'sent'"
        " having max(changed_at) is not null",
        (patient_token,),
    ).fetchall()
    spans = [Span(*visit) for visit in visits]
    return next_moment(wanted, dunning, visits=spans, told=[row[0] for row in told], of_this=of_this)
