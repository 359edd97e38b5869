"""Mails of a month to finance: written once for every month and address, and ticked off when they left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.rows import class_row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import psycopg


@dataclass(frozen=True)
class MonthMail:
    """A mail as it was written; `sent_at` is None while it waits."""

    mail_id: UUID
    period: str
    recipient: str
    subject: str
    body: str
    written_at: datetime
    attempts: int
    sent_at: datetime | None


_MAIL = "select mail_id, period, recipient, subject, body, written_at, attempts, sent_at from ledger.month_mail"


def write(connection: psycopg.Connection, period: str, recipients: Sequence[str], subject: str, body: str) -> None:
    """Write a month's mail to those who have none of that month yet; it stays as it was written. The caller commits."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ledger.month_mail (period, recipient, subject, body) values (%s, %s, %s, %s)"
            " on conflict (period, recipient) do nothing",
            [(period, recipient, subject, body) for recipient in recipients],
        )


def claim(connection: psycopg.Connection, period: str, recipient: str) -> MonthMail | None:
    """Take a mail that waits, counting the attempt; None when it left, or while another takes care of it.

    It is locked until the caller commits: whoever dies while sending leaves it waiting.
    """
    with connection.cursor(row_factory=class_row(MonthMail)) as cursor:
        return cursor.execute(
            "update ledger.month_mail set attempts = attempts + 1 where mail_id = ("
            " select mail_id from ledger.month_mail where period = %s and recipient = %s and sent_at is null"
            " for update skip locked) returning *",
            (period, recipient),
        ).fetchone()


def sent(connection: psycopg.Connection, mail: MonthMail) -> None:
    """Tick off a mail that left. The caller commits."""
    connection.execute("update ledger.month_mail set sent_at = clock_timestamp() where mail_id = %s", (mail.mail_id,))


def of_month(connection: psycopg.Connection, period: str) -> list[MonthMail]:
    """Return the mails of a month by address."""
    with connection.cursor(row_factory=class_row(MonthMail)) as cursor:
        return cursor.execute(f"{_MAIL} where period = %s order by recipient".encode(), (period,)).fetchall()
